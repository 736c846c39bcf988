//! Tasks on several threads, and what comes of them in the order of the tasks.
//!
//! Whoever is free takes the next task, and whoever brings the result that is
//! next in order folds it, and those behind it that are there already. There is
//! no barrier; and nobody takes a task that is far ahead of what is folded, so
//! that the results that wait are few, however many tasks there are.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// How many tasks for each thread may be under way or wait to be folded.
const AHEAD: usize = 3;

/// Does tasks 0 to `tasks` on so many threads, of which the caller's is one,
/// and gives the results to `fold` in order, one at a time, on any of them.
/// After an error of `fold` no more tasks are begun, and it gets no more results.
pub fn side_by_side<R: Send, E: Send>(
    threads: NonZeroUsize,
    tasks: usize,
    work: impl Fn(usize) -> R + Sync,
    fold: impl FnMut(R) -> Result<(), E> + Send,
) -> Result<(), E> {
    let threads = threads.get().min(tasks);
    let bench = Bench {
        tasks,
        ahead: threads.saturating_mul(AHEAD),
        state: Mutex::new(State { next: 0, done: VecDeque::new(), folded: 0, over: false }),
        moved: Condvar::new(),
        fold: Mutex::new((fold, Ok(()))),
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            // Without a thread that cannot be had, the others do its tasks.
            let _ = thread::Builder::new().spawn_scoped(scope, || bench.work(&work));
        }
        bench.work(&work);
    });
    bench.fold.into_inner().unwrap_or_else(PoisonError::into_inner).1
}

/// Where the threads meet.
struct Bench<R, F, E> {
    tasks: usize,
    /// How many tasks there may be between the last begun and the last folded.
    ahead: usize,
    state: Mutex<State<R>>,
    /// A result was folded, or all is over.
    moved: Condvar,
    /// What folds, and what came of that.
    fold: Mutex<(F, Result<(), E>)>,
}

struct State<R> {
    /// The task that is begun next.
    next: usize,
    /// The results from `folded` on, where they are there.
    done: VecDeque<Option<R>>,
    folded: usize,
    over: bool,
}

impl<R, E, F: FnMut(R) -> Result<(), E>> Bench<R, F, E> {
    /// One thread's work.
    fn work(&self, work: impl Fn(usize) -> R) {
        // A thread that panics must not leave the others waiting for its result.
        let _alarm = Alarm(self);
        while let Some(task) = self.take() {
            let result = work(task);
            let mut state = self.state();
            let place = task - state.folded;
            if state.done.len() <= place {
                state.done.resize_with(place + 1, || None);
            }
            state.done[place] = Some(result);
            if place == 0 {
                self.fold(state);
            }
        }
    }

    /// The next task, once it is near enough; `None` when there is no other.
    fn take(&self) -> Option<usize> {
        let mut state = self.state();
        while !state.over && state.next < self.tasks && state.next >= state.folded + self.ahead {
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.over || state.next == self.tasks {
            return None;
        }
        state.next += 1;
        Some(state.next - 1)
    }

    /// Folds the results that are next in order. Until the first of them is
    /// counted as folded, nobody else has a result that is next.
    fn fold<'b>(&'b self, mut state: MutexGuard<'b, State<R>>) {
        while !state.over
            && let Some(result) = state.done.front_mut().and_then(Option::take)
        {
            drop(state);
            let mut fold = self.fold.lock().unwrap_or_else(PoisonError::into_inner);
            let folded = (fold.0)(result);
            let failed = folded.is_err();
            fold.1 = folded;
            drop(fold);
            state = self.state();
            state.done.pop_front();
            state.folded += 1;
            state.over |= failed;
            self.moved.notify_all();
        }
    }

    fn state(&self) -> MutexGuard<'_, State<R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends the work of all when its thread panics.
struct Alarm<'b, R, F, E>(&'b Bench<R, F, E>);

impl<R, F, E> Drop for Alarm<'_, R, F, E> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.state.lock().unwrap_or_else(PoisonError::into_inner).over = true;
            self.0.moved.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const THREADS: NonZeroUsize = NonZeroUsize::new(4).unwrap();

    /// A result that counts how many of it there are at once.
    struct Live<'c>(usize, &'c AtomicUsize);

    impl Drop for Live<'_> {
        fn drop(&mut self) {
            self.1.fetch_sub(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn results_are_folded_in_order_and_few_are_there_at_once() {
        let (live, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = |task: usize| {
            most.fetch_max(1 + live.fetch_add(1, Ordering::SeqCst), Ordering::SeqCst);
            // Every seventh takes longer, so that those behind it pile up.
            let long = if task.is_multiple_of(7) { 20_000 } else { 100 };
            (0..long).for_each(|_| std::hint::spin_loop());
            Live(task, &live)
        };
        let mut next = 0;
        let fold = |result: Live<'_>| -> Result<(), ()> {
            assert_eq!(result.0, next);
            next += 1;
            Ok(())
        };
        side_by_side(THREADS, 1_000, work, fold).unwrap();
        assert_eq!((next, live.load(Ordering::SeqCst)), (1_000, 0));
        let most = most.load(Ordering::SeqCst);
        assert!(most <= THREADS.get() * AHEAD, "{most} results at once");
    }

    #[test]
    fn nothing_follows_the_first_error() {
        for threads in [NonZeroUsize::MIN, THREADS] {
            let (mut seen, begun) = (vec![], AtomicUsize::new(0));
            let work = |task| {
                begun.fetch_add(1, Ordering::SeqCst);
                task
            };
            let fold = |task| {
                seen.push(task);
                if task == 5 { Err(task) } else { Ok(()) }
            };
            assert_eq!(side_by_side(threads, 1_000, work, fold), Err(5));
            assert_eq!(seen, [0, 1, 2, 3, 4, 5]);
            assert!(begun.into_inner() <= 6 + threads.get() * AHEAD);
        }
    }

    #[test]
    fn a_panic_reaches_the_caller_and_ends_the_others() {
        let work = |task| assert!(task != 9, "task 9");
        let all = || side_by_side(THREADS, 1_000, work, |()| -> Result<(), ()> { Ok(()) });
        assert!(std::panic::catch_unwind(all).is_err());
    }

    #[test]
    fn no_task_is_no_work() {
        let fold = |()| -> Result<(), ()> { Err(()) };
        assert_eq!(side_by_side(THREADS, 0, |_| (), fold), Ok(()));
    }
}
