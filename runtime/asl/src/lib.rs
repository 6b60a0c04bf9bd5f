//! Amazon States Language: text to a checked definition, every finding at once.
