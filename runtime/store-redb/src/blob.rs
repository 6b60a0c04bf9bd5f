//! Blobs as files named by their hash.
//!
//! A blob is written under another name, synced, renamed, and its folder synced, before its id is given away: so a
//! row may name it, and a crash leaves at most a file that nobody names.

use bytes::Bytes;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::SystemTime;
use stepwell_store::{BlobEntry, BlobError, BlobId, Blobs, Promise, RemovalReport, promise_or};

const UNFINISHED: &str = "unfinished-";
/// Threads that read and write, so that a large blob does not hold up all others.
const WORKERS: usize = 2;

type Job = Box<dyn FnOnce(&Folder) + Send>;

/// Blobs in a folder.
#[derive(Debug)]
pub struct DirectoryBlobs {
    jobs: Option<mpsc::Sender<Job>>,
    workers: Vec<std::thread::JoinHandle<()>>,
}

struct Folder {
    path: PathBuf,
    unfinished: AtomicU64,
    times: Mutex<()>,
}

impl DirectoryBlobs {
    /// Opens the folder, makes it if it is not there, and removes what a crash left unfinished.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                fs::remove_file(entry.path())?;
            }
        }
        let folder =
            Arc::new(Folder { path: path.to_owned(), unfinished: AtomicU64::new(0), times: Mutex::new(()) });
        let (jobs, inbox) = mpsc::channel::<Job>();
        let inbox = Arc::new(Mutex::new(inbox));
        let mut workers = Vec::with_capacity(WORKERS);
        for _ in 0..WORKERS {
            let (folder, inbox) = (Arc::clone(&folder), Arc::clone(&inbox));
            let worker = std::thread::Builder::new().name("stepwell-blobs".to_owned()).spawn(move || {
                loop {
                    let job = inbox.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(job) = job else { return };
                    job(&folder);
                }
            })?;
            workers.push(worker);
        }
        Ok(Self { jobs: Some(jobs), workers })
    }

    fn run<T: Clone + Send + 'static>(
        &self,
        job: impl FnOnce(&Folder) -> Result<T, BlobError> + Send + 'static,
    ) -> Promise<Result<T, BlobError>> {
        let (promise, pledge) = promise_or(|| Err(BlobError::Io("its worker is gone".to_owned())));
        if let Some(jobs) = &self.jobs {
            // Were no worker left, the pledge would be dropped with the job, and the promise tell so.
            let _ = jobs.send(Box::new(move |folder| pledge.keep(job(folder))));
        }
        promise
    }
}

impl Drop for DirectoryBlobs {
    fn drop(&mut self) {
        self.jobs = None;
        for worker in self.workers.drain(..) {
            let _ = worker.join();
        }
    }
}

impl Blobs for DirectoryBlobs {
    fn put(&self, bytes: Bytes) -> Promise<Result<BlobId, BlobError>> {
        self.run(move |folder| folder.put(&bytes))
    }

    fn get(&self, id: BlobId) -> Promise<Result<Option<Bytes>, BlobError>> {
        self.run(move |folder| folder.get(id))
    }

    fn touch(&self, id: BlobId) -> Promise<Result<(), BlobError>> {
        self.run(move |folder| folder.touch(id).map(drop).map_err(|error| failed(id, &error)))
    }

    fn list(&self) -> Promise<Result<Vec<BlobEntry>, BlobError>> {
        self.run(|folder| folder.list().map_err(|error| BlobError::Io(error.to_string())))
    }

    fn remove(
        &self,
        ids: Vec<BlobId>,
        unused_before: SystemTime,
    ) -> Promise<Result<RemovalReport, BlobError>> {
        self.run(move |folder| {
            folder.remove(&ids, unused_before).map_err(|error| BlobError::Io(error.to_string()))
        })
    }
}

fn failed(id: BlobId, error: &io::Error) -> BlobError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            BlobError::DiskFull(id)
        }
        _ => BlobError::Io(error.to_string()),
    }
}

impl Folder {
    fn file(&self, id: BlobId) -> PathBuf {
        self.path.join(id.to_string())
    }

    fn put(&self, bytes: &[u8]) -> Result<BlobId, BlobError> {
        let id = BlobId::of(bytes);
        // A whole one is used again. Touched before it is read, so that no removal takes it in between; a damaged one
        // is written anew.
        if self.touch(id).map_err(|error| failed(id, &error))? && matches!(self.get(id), Ok(Some(_))) {
            return Ok(id);
        }
        let number = self.unfinished.fetch_add(1, Ordering::Relaxed);
        let unfinished = self.path.join(format!("{UNFINISHED}{number}"));
        let written = self.write(&unfinished, id, bytes);
        if written.is_err() {
            let _ = fs::remove_file(&unfinished);
        }
        written.map(|()| id).map_err(|error| failed(id, &error))
    }

    fn write(&self, unfinished: &Path, id: BlobId, bytes: &[u8]) -> io::Result<()> {
        let mut file = File::create(unfinished)?;
        file.write_all(bytes)?;
        // The kernel's own time of a write lags behind the clock by milliseconds.
        file.set_modified(SystemTime::now())?;
        file.sync_all()?;
        {
            let _judged = self.times();
            fs::rename(unfinished, self.file(id))?;
        }
        File::open(&self.path)?.sync_all()
    }

    fn get(&self, id: BlobId) -> Result<Option<Bytes>, BlobError> {
        match fs::read(self.file(id)) {
            Ok(bytes) if BlobId::of(&bytes) == id => Ok(Some(bytes.into())),
            Ok(_) => {
                tracing::error!(file = %self.file(id).display(), "the file's bytes are not those it is named by");
                Err(BlobError::Damaged(id))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(BlobError::Io(format!("{}: {error}", self.file(id).display()))),
        }
    }

    /// Held while a blob's time is read or set and acted upon.
    fn times(&self) -> MutexGuard<'_, ()> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is such a blob.
    fn touch(&self, id: BlobId) -> io::Result<bool> {
        let _judged = self.times();
        match File::options().write(true).open(self.file(id)) {
            Ok(file) => file.set_modified(SystemTime::now()).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn list(&self) -> io::Result<Vec<BlobEntry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let Ok(id) = entry.file_name().to_string_lossy().parse::<BlobId>() else { continue };
            match entry.metadata().and_then(|data| data.modified()) {
                Ok(used) => entries.push(BlobEntry { id, used }),
                // Removed since the folder was read.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(entries)
    }

    fn remove(&self, ids: &[BlobId], unused_before: SystemTime) -> io::Result<RemovalReport> {
        let mut report = RemovalReport::default();
        for id in ids {
            let file = self.file(*id);
            let _judged = self.times();
            let data = match fs::metadata(&file) {
                Ok(data) => data,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            if data.modified()? < unused_before {
                fs::remove_file(file)?;
                report.removed += 1;
                report.removed_bytes += data.len();
            }
        }
        Ok(report)
    }
}
