//! Which files have changed and are at rest: nobody seems to be writing them any more.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// What a file looks like from outside. Whoever writes it, or puts another in its place, changes that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stamp {
    /// There is none, or it may not be seen.
    Missing,
    /// There is one.
    There {
        /// Another file in its place has another number.
        inode: (u64, u64),
        /// Its length.
        bytes: u64,
        /// When its content or anything else of it last changed: seconds and nanoseconds. Unlike the time of its last
        /// write, nobody can set it back.
        changed: (i64, i64),
    },
}

impl Stamp {
    /// What the file at a path looks like; of a link, what it points to.
    pub(super) fn of(path: &Path) -> Self {
        match std::fs::metadata(path) {
            Err(_) => Self::Missing,
            Ok(found) => Self::There {
                inode: (found.dev(), found.ino()),
                bytes: found.len(),
                changed: (found.ctime(), found.ctime_nsec()),
            },
        }
    }
}

/// What files looked like: the time before, and when they were last taken.
#[derive(Debug, Default)]
pub(super) struct Rest {
    before: BTreeMap<String, Stamp>,
    taken: BTreeMap<String, Stamp>,
}

impl Rest {
    /// Takes what the files look like now; the answer is those that look as they did the time before, and not as they
    /// did when they were last in an answer. A file that is not looked at any more is forgotten.
    pub(super) fn look(&mut self, now: BTreeMap<String, Stamp>) -> BTreeSet<String> {
        self.taken.retain(|file, _| now.contains_key(file));
        let changed: BTreeSet<String> = now
            .iter()
            .filter(|(file, stamp)| {
                self.before.get(*file) == Some(stamp) && self.taken.get(*file) != Some(stamp)
            })
            .map(|(file, _)| file.clone())
            .collect();
        for file in &changed {
            self.taken.extend(now.get(file).map(|stamp| (file.clone(), *stamp)));
        }
        self.before = now;
        changed
    }

    /// Whether a file looks as it did when it was last in an answer.
    pub(super) fn is_at_rest(&self, file: &str) -> bool {
        self.taken.contains_key(file) && self.taken.get(file) == self.before.get(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file in a number of looks, each of them its length, `-` for none, or `.` for one that is not looked at; the
    /// answers: `!` for taken.
    #[track_caller]
    fn check(looks: &str, expected: &str) {
        let mut rest = Rest::default();
        let mut found = String::new();
        for look in looks.chars() {
            let stamp = look.to_digit(10).map_or(Stamp::Missing, |bytes| Stamp::There {
                inode: (0, 0),
                bytes: bytes.into(),
                changed: (0, 0),
            });
            let now = if look == '.' { BTreeMap::new() } else { BTreeMap::from([("f".to_owned(), stamp)]) };
            let changed = rest.look(now);
            found.push(if changed.contains("f") { '!' } else { ' ' });
            assert!(changed.is_empty() || rest.is_at_rest("f"));
        }
        assert_eq!(found, expected, "{looks}");
    }

    #[test]
    fn a_file_counts_when_it_is_at_rest() {
        check("111111", " !    ");
        check("1122", " ! !");
        // It grows while it is looked at.
        check("11234455", " !   ! !");
        // It is replaced: gone for a moment, or never.
        check("11-22", " !  !");
        check("112222", " ! !  ");
        // It goes, and comes back as it was.
        check("11--11", " ! ! !");
        check("11-1", " !  ");
        check("----", " !  ");
        // It is taken out of the project and put in again.
        check("11.11", " !  !");
    }

    #[test]
    fn stamps_tell_files_apart() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f");
        let mut stamps = vec![Stamp::of(&file)];
        std::fs::write(&file, "a").unwrap();
        stamps.push(Stamp::of(&file));
        // As editors do it; of the same length.
        std::fs::write(folder.path().join("g"), "b").unwrap();
        std::fs::rename(folder.path().join("g"), &file).unwrap();
        stamps.push(Stamp::of(&file));
        assert_eq!(Stamp::of(&file), stamps[2]);
        for (at, stamp) in stamps.iter().enumerate() {
            assert!(!stamps[..at].contains(stamp), "{stamps:?}");
        }
    }
}
