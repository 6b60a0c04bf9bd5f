//! Why a data folder cannot be opened, in words for whoever runs the server.

use redb::{DatabaseError, StorageError};
use std::io;
use std::path::{Path, PathBuf};
use stepwell_store::ReadError;
use stepwell_store::StopReason;
use stepwell_store::backend::core::OpenCoreError;

/// A data folder that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process holds the lock.
    #[error("another Stepwell server has this folder open: {}", .0.display())]
    InUse(PathBuf),
    /// No permission to write, or a disk mounted read-only.
    #[error("the data folder {} is read-only: Stepwell must be able to write to it", .0.display())]
    ReadOnly(PathBuf),
    /// No room.
    #[error("the disk of the data folder {} is full", .0.display())]
    DiskFull(PathBuf),
    /// Not a folder, and cannot become one; or something in it is not what it should be.
    #[error("the data folder {} cannot be used: {reason}", .folder.display())]
    Unusable {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// The file is there and is not what Stepwell wrote.
    #[error("the store file {} is damaged: {reason}; restore it from a backup, or start with an empty folder", .file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Written by a newer release.
    #[error("the store file {} was written by another release: {reason}; open it with that release or a newer one", .file.display())]
    Unsupported {
        /// The file.
        file: PathBuf,
        /// What is not known here.
        reason: String,
    },
    /// Another failure of the disk.
    #[error("the store file {} cannot be opened: {reason}", .file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// What the system says.
        reason: String,
    },
}

impl OpenError {
    /// From a failure of the file system at the folder.
    pub(crate) fn of_folder(folder: &Path, reason: io::Error) -> Self {
        let folder = folder.to_owned();
        match reason.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly(folder),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull(folder),
            _ => Self::Unusable { folder, reason },
        }
    }

    /// From redb's refusal to open the file.
    pub(crate) fn of_database(folder: &Path, file: &Path, error: DatabaseError) -> Self {
        let file = file.to_owned();
        match error {
            DatabaseError::DatabaseAlreadyOpen => Self::InUse(folder.to_owned()),
            DatabaseError::UpgradeRequired(version) => {
                Self::Unsupported { file, reason: format!("file format {version}") }
            }
            DatabaseError::Storage(StorageError::Io(error)) => match error.kind() {
                io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                    Self::Damaged { file, reason: error.to_string() }
                }
                io::ErrorKind::PermissionDenied
                | io::ErrorKind::ReadOnlyFilesystem
                | io::ErrorKind::StorageFull
                | io::ErrorKind::QuotaExceeded => Self::of_folder(folder, error),
                _ => Self::Io { file, reason: error.to_string() },
            },
            DatabaseError::Storage(StorageError::Corrupted(reason)) => Self::Damaged { file, reason },
            error => Self::Damaged { file, reason: error.to_string() },
        }
    }

    /// From the first reads and the first write.
    pub(crate) fn of_core(folder: &Path, file: &Path, error: OpenCoreError) -> Self {
        use stepwell_store::StopKind;
        let file = file.to_owned();
        match error {
            OpenCoreError::Read(ReadError::Damaged(reason)) => Self::Damaged { file, reason },
            OpenCoreError::Read(ReadError::Unsupported(reason)) => Self::Unsupported { file, reason },
            OpenCoreError::Read(ReadError::Io(reason)) => Self::Io { file, reason },
            OpenCoreError::Read(ReadError::Stopped(stop)) | OpenCoreError::Write(stop) => {
                let StopReason { kind, message } = stop;
                match kind {
                    StopKind::DiskFull => Self::DiskFull(folder.to_owned()),
                    StopKind::Damaged => Self::Damaged { file, reason: message.to_string() },
                    StopKind::WriteFailed | StopKind::Closed => {
                        Self::Io { file, reason: message.to_string() }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: io::ErrorKind, want: &str) {
        let error = OpenError::of_folder(Path::new("/data"), kind.into());
        assert!(error.to_string().starts_with(want), "{error}");
    }

    #[test]
    fn folder_troubles_are_told_apart() {
        check(io::ErrorKind::ReadOnlyFilesystem, "the data folder /data is read-only");
        check(io::ErrorKind::PermissionDenied, "the data folder /data is read-only");
        check(io::ErrorKind::StorageFull, "the disk of the data folder /data is full");
        check(io::ErrorKind::NotADirectory, "the data folder /data cannot be used");
    }
}
