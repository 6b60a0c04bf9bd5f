//! A value that another thread delivers once: awaited in any runtime, or waited for by a plain thread.

use std::fmt;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

/// The waiting side; every clone gets the value.
pub struct Promise<T>(Arc<Shared<T>>);

/// The delivering side. Dropped without a value (its thread panicked), it delivers the one that [`promise_or`] was
/// given for this, so that nobody waits for ever; one of [`promise`] leaves its promises pending.
///
/// How a waiter wakes: [`Pledge::keep`] stores the value under the lock, then calls the wakers that `poll` left
/// there, on the thread that keeps the pledge. So `keep` must not be called under a lock that a woken task takes.
pub struct Pledge<T> {
    shared: Arc<Shared<T>>,
    broken: Option<fn() -> T>,
}

struct Shared<T>(Mutex<State<T>>);

struct State<T> {
    value: Option<T>,
    wakers: Vec<Waker>,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // No code of ours panics under this lock; a poisoned one still holds a whole state.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A promise and its pledge.
#[must_use]
pub fn promise<T: Clone>() -> (Promise<T>, Pledge<T>) {
    let shared = Arc::new(Shared(Mutex::new(State { value: None, wakers: Vec::new() })));
    (Promise(Arc::clone(&shared)), Pledge { shared, broken: None })
}

/// A promise and its pledge, which delivers `broken()` if it is dropped without a value.
#[must_use]
pub fn promise_or<T: Clone>(broken: fn() -> T) -> (Promise<T>, Pledge<T>) {
    let (promise, mut pledge) = promise();
    pledge.broken = Some(broken);
    (promise, pledge)
}

impl<T: Clone> Promise<T> {
    /// A promise that is kept already.
    #[must_use]
    pub fn kept(value: T) -> Self {
        let (promise, pledge) = promise();
        pledge.keep(value);
        promise
    }

    /// The value, if it is there.
    #[must_use]
    pub fn peek(&self) -> Option<T> {
        self.0.lock().value.clone()
    }

    /// Blocks this thread until the value is there. Not for a thread of an async runtime.
    #[must_use]
    pub fn wait(&self) -> T {
        block_on(self.clone())
    }
}

impl<T> Pledge<T> {
    /// Delivers the value and wakes all who wait. Of several deliveries the first counts.
    pub fn keep(&self, value: T) {
        let wakers = {
            let mut state = self.shared.lock();
            if state.value.is_some() {
                return;
            }
            state.value = Some(value);
            std::mem::take(&mut state.wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl<T> Drop for Pledge<T> {
    fn drop(&mut self) {
        if let Some(broken) = self.broken
            && self.shared.lock().value.is_none()
        {
            self.keep(broken());
        }
    }
}

impl<T: Clone> Future for Promise<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let mut state = self.0.lock();
        if let Some(value) = &state.value {
            return Poll::Ready(value.clone());
        }
        if !state.wakers.iter().any(|waker| waker.will_wake(context.waker())) {
            state.wakers.push(context.waker().clone());
        }
        Poll::Pending
    }
}

impl<T> Clone for Promise<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for Promise<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.lock().value.is_some() { "Promise(kept)" } else { "Promise(open)" })
    }
}

impl<T> fmt::Debug for Pledge<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pledge")
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future to its end on this thread, for callers without a runtime: tests and tools.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        std::thread::park();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_promise_tells() {
        let (promise, pledge) = promise_or(|| "broken");
        drop(pledge);
        assert_eq!(promise.wait(), "broken");
        let (promise, pledge) = promise_or(|| "broken");
        pledge.keep("kept");
        drop(pledge);
        assert_eq!(promise.wait(), "kept");
    }

    #[test]
    fn a_promise_is_kept_once_and_to_all() {
        let (first, pledge) = promise();
        let second = first.clone();
        assert_eq!(first.peek(), None);
        let waiter = std::thread::spawn(move || block_on(second));
        pledge.keep(1);
        pledge.keep(2);
        assert_eq!((first.wait(), waiter.join().unwrap(), block_on(first)), (1, 1, 1));
    }
}
