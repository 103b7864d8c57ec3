//! Work on all cores, with results in the order of the items. Called by those who look at many files.

use std::sync::atomic::{AtomicUsize, Ordering};

/// The stack of each thread, in bytes: that of a main thread, on which the same work is done where there is one core.
const STACK: usize = 8 << 20;

/// Calls `work` with each item, several at a time.
pub fn spread<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    spread_with(items, || (), |(), item| work(item))
}

/// The same where each thread needs something of its own, which it makes when it starts.
pub fn spread_with<T: Sync, R: Send, O>(
    items: &[T],
    own: impl Fn() -> O + Sync,
    work: impl Fn(&O, &T) -> R + Sync,
) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(items.len());
    let next = AtomicUsize::new(0);
    let some = || {
        let own = own();
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            match items.get(at) {
                Some(item) => done.push((at, work(&own, item))),
                None => return done,
            }
        }
    };
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        // Where no thread is to be had, those that there are do all of it.
        let start = |_| std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, some).ok();
        let others: Vec<_> = (1..threads).filter_map(start).collect();
        let mut done = some();
        for other in others {
            match other.join() {
                Ok(more) => done.extend(more),
                // A panic of another thread is this one's, too.
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_order_of_the_items() {
        let items: Vec<usize> = (0..1000).collect();
        assert_eq!(spread(&items, |item| item * 2), (0..1000).map(|item| item * 2).collect::<Vec<_>>());
        assert!(spread(&[], |item: &usize| *item).is_empty());
    }
}
