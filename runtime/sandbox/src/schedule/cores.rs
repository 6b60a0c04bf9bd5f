//! Turns on the cores: at most one runnable guest per core, accounts in turn, one slice of fuel each.
//!
//! A guest's first slice runs where it was called, if a core is free and nobody waits: most guests end within it, and
//! a hop between threads would cost more than they do. What does not end moves to the guest threads, which run at low
//! priority, so that a guest that spins on every core takes time from other guests and not from the server.
//!
//! After each slice a guest thread also yields to the kernel, so that a server's thread that has just woken on its core
//! waits for a slice of fuel, not for one of the kernel's, which is thirty times as long.
//!
//! Measured as the p99 of a line echoed over loopback beside four spinning guests, on two cores that were busy with
//! other work, so that single runs strayed by milliseconds: without guests 0.04 to 0.14 ms in most runs; on guest
//! threads that yield 0.04 to 0.06 ms in four runs of four, without yielding 0.06 to 4 ms; as tasks of the server's own
//! runtime 0.8 to 16 ms.
//!
//! INVARIANT: `running` counts the guests that are being polled, here or on callers' threads; never more than `cores`.

use super::turns::Turns;
use parking_lot::{Condvar, Mutex};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use stepwell_types::AccountId;
use tokio::sync::oneshot;

/// Niceness of the guest threads: a tenth of the weight of the server's threads, should these want all cores.
const GUEST_NICENESS: i32 = 10;

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The guest threads and their queue.
pub(crate) struct Cores {
    shared: Arc<Shared>,
    threads: Vec<thread::JoinHandle<()>>,
}

struct Shared {
    cores: usize,
    runtime: tokio::runtime::Handle,
    state: Mutex<State>,
    work: Condvar,
}

struct State {
    running: usize,
    queue: Turns<Arc<Task>>,
    closed: bool,
}

/// Where the first slice of a guest runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FirstSlice {
    /// On the caller's thread, if a core is free and nobody waits.
    WithCaller,
    /// On a guest thread: it is known to be long.
    OnGuestThread,
}

/// Whether the first slice was enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Course {
    /// It ended within its first slice, on the caller's thread.
    Short,
    /// It took a guest thread.
    Long,
}

impl Cores {
    pub(crate) fn start(cores: usize, runtime: tokio::runtime::Handle) -> std::io::Result<Self> {
        let cores = cores.max(1);
        let state = State { running: 0, queue: Turns::new(), closed: false };
        let shared = Arc::new(Shared { cores, runtime, state: Mutex::new(state), work: Condvar::new() });
        let threads = (0..cores)
            .map(|number| {
                let shared = shared.clone();
                thread::Builder::new().name(format!("guest-{number}")).spawn(move || shared.run_guests())
            })
            .collect::<std::io::Result<_>>()?;
        Ok(Self { shared, threads })
    }

    /// Runs a guest to its end; `None` if a host function panicked or the threads have ended. Dropping this stops the
    /// guest at its next yield.
    pub(crate) async fn run<F>(
        &self,
        account: AccountId,
        first: FirstSlice,
        guest: F,
    ) -> Option<(F::Output, Course)>
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        let mut guest = Box::pin(guest);
        if first == FirstSlice::WithCaller
            && let Some(_core) = self.shared.take_core()
        {
            // No waker: if this slice is not enough, the guest is polled again at once on a guest thread, and
            // registers there.
            match poll_caught(guest.as_mut(), Waker::noop())? {
                Poll::Ready(output) => return Some((output, Course::Short)),
                Poll::Pending => {}
            }
        }
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::pin(async move {
            // Nobody may be waiting any more; then nobody misses it.
            let _ = answer.send(guest.await);
        });
        let task = Arc::new(Task {
            shared: self.shared.clone(),
            account,
            phase: AtomicU8::new(QUEUED),
            abandoned: AtomicBool::new(false),
            job: Mutex::new(Some(job)),
        });
        let abandon = AbandonOnDrop(task.clone());
        self.shared.enqueue(task);
        let output = answered.await.ok();
        drop(abandon);
        output.map(|output| (output, Course::Long))
    }
}

impl Drop for Cores {
    fn drop(&mut self) {
        self.shared.state.lock().closed = true;
        self.shared.work.notify_all();
        let here = thread::current().id();
        for thread in self.threads.drain(..) {
            if thread.thread().id() != here {
                // A panic on a guest thread was caught and logged there.
                let _ = thread.join();
            }
        }
    }
}

/// One poll; `None` if it panicked, which only a host function can do. That invocation is lost and no other.
fn poll_caught<F: Future + ?Sized>(future: Pin<&mut F>, waker: &Waker) -> Option<Poll<F::Output>> {
    let poll = std::panic::AssertUnwindSafe(|| future.poll(&mut Context::from_waker(waker)));
    let polled = std::panic::catch_unwind(poll).ok();
    if polled.is_none() {
        tracing::error!("a host function panicked; its invocation is lost");
    }
    polled
}

/// One guest on the guest threads.
struct Task {
    shared: Arc<Shared>,
    account: AccountId,
    phase: AtomicU8,
    abandoned: AtomicBool,
    job: Mutex<Option<Job>>,
}

/// Waits for something; not in the queue.
const IDLE: u8 = 0;
/// In the queue.
const QUEUED: u8 = 1;
/// Being polled.
const RUNNING: u8 = 2;
/// Being polled, and to be queued again.
const WOKEN: u8 = 3;

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let next = |phase| match phase {
            IDLE => Some(QUEUED),
            RUNNING => Some(WOKEN),
            _ => None,
        };
        if self.phase.fetch_update(Ordering::AcqRel, Ordering::Acquire, next) == Ok(IDLE) {
            self.shared.enqueue(self.clone());
        }
    }
}

struct AbandonOnDrop(Arc<Task>);

impl Drop for AbandonOnDrop {
    fn drop(&mut self) {
        self.0.abandoned.store(true, Ordering::Release);
        self.0.wake_by_ref();
    }
}

/// A core held by a caller's thread.
struct CallersCore<'a>(&'a Shared);

impl Drop for CallersCore<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.running -= 1;
        let waiting = !state.queue.is_empty();
        drop(state);
        if waiting {
            self.0.work.notify_one();
        }
    }
}

impl Shared {
    fn take_core(&self) -> Option<CallersCore<'_>> {
        let mut state = self.state.lock();
        if state.running >= self.cores || !state.queue.is_empty() {
            return None;
        }
        state.running += 1;
        Some(CallersCore(self))
    }

    fn enqueue(&self, task: Arc<Task>) {
        let mut state = self.state.lock();
        if state.closed {
            // Guests end with the sandbox. The lock goes first: a guest's end may wake others.
            drop(state);
            task.job.lock().take();
            return;
        }
        state.queue.push(task.account, task);
        drop(state);
        self.work.notify_one();
    }

    fn run_guests(&self) {
        if let Err(error) = rustix::process::setpriority_process(None, GUEST_NICENESS) {
            tracing::warn!(%error, "guest threads run at the server's own priority");
        }
        // Timers and WASI's pollables look for the runtime of the thread that polls them.
        let _runtime = self.runtime.enter();
        let mut state = self.state.lock();
        loop {
            if state.closed {
                // The tasks still queued are dropped by whoever comes last, outside the lock.
                let rest: Vec<_> = std::iter::from_fn(|| state.queue.pop()).collect();
                drop(state);
                for task in rest {
                    task.job.lock().take();
                }
                return;
            }
            if state.running >= self.cores {
                self.work.wait(&mut state);
                continue;
            }
            let Some(task) = state.queue.pop() else {
                self.work.wait(&mut state);
                continue;
            };
            state.running += 1;
            drop(state);
            let again = task.turn();
            if again {
                thread::yield_now();
            }
            state = self.state.lock();
            state.running -= 1;
            if again {
                state.queue.push(task.account, task);
            }
        }
    }
}

impl Task {
    /// One slice. True if it is to be queued again.
    fn turn(self: &Arc<Self>) -> bool {
        let mut job = self.job.lock();
        if self.abandoned.load(Ordering::Acquire) {
            *job = None;
            return false;
        }
        let Some(future) = job.as_mut() else { return false };
        self.phase.store(RUNNING, Ordering::Release);
        let waker = Waker::from(self.clone());
        match poll_caught(future.as_mut(), &waker) {
            Some(Poll::Pending) => {}
            Some(Poll::Ready(())) | None => {
                *job = None;
                return false;
            }
        }
        drop(job);
        if self.phase.compare_exchange(RUNNING, IDLE, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            return false;
        }
        self.phase.store(QUEUED, Ordering::Release);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    fn account(number: u64) -> AccountId {
        AccountId::from_u64(number).unwrap()
    }

    fn one_core() -> Cores {
        Cores::start(1, tokio::runtime::Handle::current()).unwrap()
    }

    async fn check(guest: impl Future<Output = u8> + Send + 'static, want: Option<(u8, Course)>) {
        assert_eq!(one_core().run(account(1), FirstSlice::WithCaller, guest).await, want);
    }

    #[tokio::test]
    async fn guests_end_where_their_first_slice_or_a_thread_takes_them() {
        check(async { 7 }, Some((7, Course::Short))).await;
        let yielding = async {
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            7
        };
        check(yielding, Some((7, Course::Long))).await;
        let sleeping = async {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            7
        };
        check(sleeping, Some((7, Course::Long))).await;
    }

    #[tokio::test]
    async fn a_panic_loses_one_guest() {
        async fn broken() -> u8 {
            panic!("as a host function might")
        }
        check(broken(), None).await;
        let cores = one_core();
        assert_eq!(cores.run(account(1), FirstSlice::OnGuestThread, broken()).await, None);
        let next = cores.run(account(1), FirstSlice::OnGuestThread, async { 7 }).await;
        assert_eq!(next, Some((7, Course::Long)));
    }

    #[tokio::test]
    async fn accounts_share_a_core_slice_by_slice() {
        let cores = Arc::new(one_core());
        let (open, opened) = mpsc::channel::<()>();
        let gate = cores.clone();
        let gate = tokio::spawn(async move {
            gate.run(account(9), FirstSlice::OnGuestThread, async move { opened.recv() }).await.is_some()
        });
        let (tell, turns) = mpsc::channel();
        let mut guests = Vec::new();
        for (name, number) in [("a1", 1), ("a2", 1), ("a3", 1), ("b1", 2)] {
            let (cores, tell) = (cores.clone(), tell.clone());
            guests.push(tokio::spawn(async move {
                let guest = async move {
                    for _ in 0..3 {
                        tell.send(name).unwrap();
                        // Yields to whoever polls, with no runtime in between.
                        let mut yielded = false;
                        std::future::poll_fn(|cx| {
                            cx.waker().wake_by_ref();
                            if std::mem::replace(&mut yielded, true) {
                                Poll::Ready(())
                            } else {
                                Poll::Pending
                            }
                        })
                        .await;
                    }
                };
                cores.run(account(number), FirstSlice::OnGuestThread, guest).await.is_some()
            }));
            tokio::task::yield_now().await;
        }
        open.send(()).unwrap();
        assert!(gate.await.unwrap());
        for guest in guests {
            assert!(guest.await.unwrap());
        }
        drop(tell);
        let turns: Vec<_> = turns.iter().collect();
        assert_eq!(turns[..6], ["a1", "b1", "a2", "b1", "a3", "b1"]);
        assert_eq!(turns.len(), 12);
    }
}
