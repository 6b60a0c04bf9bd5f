//! What commands say: results on stdout, for people or as JSON; troubles and progress on stderr.
//!
//! Colours follow the terminal, `NO_COLOR`, `CLICOLOR_FORCE` and `CI`.

use crate::exit::CommandError;
use clap::builder::styling::AnsiColor;
pub(crate) use clap::builder::styling::Style;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;
use std::io::{IsTerminal, Write as _};
use std::time::Duration;
use tabled::builder::Builder;
use tabled::settings::object::{Columns, Rows};
use tabled::settings::{Alignment, Padding};

/// What went well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// What failed.
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
/// What deserves a look.
pub(crate) const ODD: Style = AnsiColor::Yellow.on_default();
/// Headings.
pub(crate) const STRONG: Style = Style::new().bold();
/// What may be passed over.
pub(crate) const FAINT: Style = Style::new().dimmed();
/// As it is.
pub(crate) const PLAIN: Style = Style::new();

/// Who reads the results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A person.
    Human,
    /// A program.
    Json,
}

/// A text in a style.
pub(crate) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Writes a line of results.
pub(crate) fn say(line: &str) -> Result<(), CommandError> {
    let mut stdout = anstream::stdout().lock();
    writeln!(stdout, "{line}").and_then(|()| stdout.flush()).map_err(CommandError::Output)
}

/// Writes a result as one line of JSON.
pub(crate) fn say_json(value: &Value) -> Result<(), CommandError> {
    say(&value.to_string())
}

/// Writes what a program's own output is, byte for byte, and ends its last line.
pub(crate) fn say_raw(bytes: &[u8]) -> Result<(), CommandError> {
    let mut stdout = std::io::stdout().lock();
    let end: &[u8] = if bytes.ends_with(b"\n") { b"" } else { b"\n" };
    stdout
        .write_all(bytes)
        .and_then(|()| stdout.write_all(end))
        .and_then(|()| stdout.flush())
        .map_err(CommandError::Output)
}

/// Says on stderr what went wrong.
pub(crate) fn complain(text: &str) {
    let mark = paint(BAD.bold(), "error:");
    // If even stderr is gone, the exit code has to do.
    let _ = writeln!(anstream::stderr(), "{mark} {text}");
}

/// Says on stderr what is worth knowing.
pub(crate) fn note(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// A value in several lines, for people.
pub(crate) fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
}

/// A table without lines: a faint heading, and a style for each row. Columns in `right` are numbers.
pub(crate) fn table(heading: &[&str], rows: Vec<(Style, Vec<String>)>, right: &[usize]) -> String {
    let mut builder = Builder::default();
    builder.push_record(heading.iter().copied());
    let mut styles = vec![FAINT];
    for (style, cells) in rows {
        styles.push(style);
        // A cell is one line, so that a row is one.
        builder.push_record(cells.into_iter().map(|cell| cell.replace(['\n', '\r', '\t'], " ")));
    }
    let mut table = builder.build();
    table.with(tabled::settings::Style::empty());
    table.modify(Rows::new(..), Padding::new(0, 2, 0, 0));
    for column in right {
        table.modify(Columns::one(*column), Alignment::right());
    }
    let text = table.to_string();
    let lines = text.lines().zip(styles).map(|(line, style)| {
        if style == PLAIN { line.trim_end().to_owned() } else { paint(style, line.trim_end()) }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A text cut to so many characters.
pub(crate) fn cut(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    text.chars().take(chars_max.saturating_sub(1)).chain(['…']).collect()
}

/// A text of several lines, or with wide gaps, as one line.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a person watches stderr: progress is shown to nobody else.
pub(crate) fn is_watched() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("CI").is_none()
}

/// A sign that something is under way, on a terminal only. Gone when dropped.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// For work whose length is not known.
    pub(crate) fn spinner(what: &str) -> Self {
        let bar = ProgressBar::with_draw_target(None, target()).with_style(ProgressStyle::default_spinner());
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(100));
        Self(bar)
    }

    /// For so many steps.
    pub(crate) fn bar(what: &str, steps: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(steps), target());
        if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len}") {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        Self(bar)
    }

    /// One step done.
    pub(crate) fn step(&self) {
        self.0.inc(1);
    }

    /// Says what is under way now.
    pub(crate) fn tell(&self, what: &str) {
        self.0.set_message(what.to_owned());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn target() -> ProgressDrawTarget {
    if is_watched() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_align() {
        let rows = vec![
            (PLAIN, vec!["a".to_owned(), "1\n".to_owned()]),
            (BAD, vec!["long".to_owned(), "100".to_owned()]),
        ];
        let text = table(&["name", "n"], rows, &[1]);
        let plain = anstream::adapter::strip_str(&text).to_string();
        assert_eq!(plain, "name    n\na      1\nlong  100");
    }

    #[test]
    fn cuts_between_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äö…");
    }
}
