//! A real file system of a chosen size, in a mount namespace of its own: nothing of it is left when it is dropped, or
//! when the test is killed.

use crate::tool::{self, Tool};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use tempfile::TempDir;

/// Mounts, says so, and mounts anew with each line of options until its input ends.
const SCRIPT: &str = r#"
mount -t tmpfs -o "$1",mode=755 stepwell "$2" || exit
echo ready
while read -r options; do
    mount -o "remount,$options" "$2" && echo ready || echo refused
done
"#;

/// Whoever may mount anyway, and whoever may where they are root of their own.
const NAMESPACES: [&[&str]; 2] = [&["-m"], &["-r", "-m"]];

/// Whether file systems can be mounted here.
pub(crate) fn can_be_mounted() -> bool {
    let Ok(folder) = tempfile::tempdir() else { return false };
    NAMESPACES.iter().any(|namespace| mount(namespace, 1 << 20, folder.path()).is_some())
}

/// The file system. What is in memory stays there; what is full is full.
#[derive(Debug)]
pub struct SmallDisk {
    holder: Holder,
    /// Its root, as every process of this user reaches it.
    path: PathBuf,
    /// Where it is mounted; files beside it are on the ordinary disk.
    _folder: TempDir,
}

#[derive(Debug)]
struct Holder {
    process: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Holder {
    fn is_ready(&mut self) -> bool {
        let mut line = String::new();
        self.answers.read_line(&mut line).is_ok() && line == "ready\n"
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.orders = None;
        let _ = self.process.wait();
    }
}

fn mount(namespace: &[&str], bytes: u64, at: &Path) -> Option<Holder> {
    let mut command = Command::new("unshare");
    command.args(namespace).args(["sh", "-c", SCRIPT, "sh", &format!("size={bytes}")]).arg(at);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut process = command.spawn().ok()?;
    let orders = process.stdin.take();
    let answers = BufReader::new(process.stdout.take()?);
    let mut holder = Holder { process, orders, answers };
    holder.is_ready().then_some(holder)
}

impl SmallDisk {
    /// An empty one with so many bytes; nothing where that cannot be, which the test says.
    ///
    /// # Panics
    /// If there is no room for a folder, or `STEPWELL_REQUIRE` names `mount` and there is none.
    #[must_use]
    #[track_caller]
    pub fn new(bytes: u64) -> Option<Self> {
        if !tool::has(&[Tool::Mount]) {
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let at = folder.path().join("data");
        std::fs::create_dir(&at).expect("a folder can be made");
        let holder = NAMESPACES.iter().find_map(|namespace| mount(namespace, bytes, &at));
        let holder = holder.expect("what could be mounted can be mounted again");
        // A process's view of the file systems is a path to those who may look into it.
        let root = PathBuf::from(format!("/proc/{}/root", holder.process.id()));
        let path = root.join(at.strip_prefix("/").expect("temporary folders have absolute paths"));
        Some(Self { holder, path, _folder: folder })
    }

    /// Its root.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes that can still be written.
    ///
    /// # Panics
    /// If the file system does not say.
    #[must_use]
    pub fn free_bytes(&self) -> u64 {
        let space = rustix::fs::statvfs(&self.path).expect("it is mounted");
        space.f_bavail * space.f_frsize
    }

    /// Leaves so many free bytes, at least a page.
    ///
    /// # Panics
    /// If the system does not want to.
    pub fn leave(&mut self, free_bytes: u64) {
        // What is written in between counts, so that a size may be refused, and is said anew.
        for _ in 0..1_000 {
            let space = rustix::fs::statvfs(&self.path).expect("it is mounted");
            let used_bytes = (space.f_blocks - space.f_bfree) * space.f_frsize;
            if self.remount(&format!("size={}", used_bytes + free_bytes.max(space.f_frsize))) {
                return;
            }
        }
        panic!("the file system does not take its new size");
    }

    /// Lets nothing be written any more.
    ///
    /// # Panics
    /// If the system does not want to.
    pub fn make_read_only(&mut self) {
        assert!(self.remount("ro"), "the file system is busy");
    }

    fn remount(&mut self, options: &str) -> bool {
        let orders = self.holder.orders.as_mut().expect("it is open until the end");
        writeln!(orders, "{options}").expect("the holder listens");
        self.holder.is_ready()
    }
}
