//! For backends: what they share, so that the rules of placing and reading exist once.
