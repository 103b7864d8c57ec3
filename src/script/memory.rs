//! Counts the bytes that each thread holds, so that a script can be stopped before it takes the process down.
//! One of the crate's two files with `unsafe`: an allocator can't be written without it.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The system's allocator, with a count.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What one thread holds, and where it ends.
struct Count {
    held: Cell<isize>,
    most: Cell<isize>,
    ceiling: Cell<isize>,
    /// Null, or the flag of the [`Ceiling`] that is up.
    reached: Cell<*const AtomicBool>,
}

thread_local! {
    // `const` and without a destructor, so that reading it never allocates and works while a thread ends.
    static COUNT: Count = const {
        Count {
            held: Cell::new(0),
            most: Cell::new(0),
            ceiling: Cell::new(isize::MAX),
            reached: Cell::new(std::ptr::null()),
        }
    };
}

fn count(bytes: isize) {
    let _ = COUNT.try_with(|count| {
        let held = count.held.get().wrapping_add(bytes);
        if held > count.most.get() {
            if held > count.ceiling.get() {
                stand(count);
            }
            count.most.set(held);
        }
        count.held.set(held);
    });
}

/// Stands still for good: one native call asked for more than there is to give, and an allocator can neither fail
/// (the process would abort) nor unwind.
#[cold]
fn stand(count: &Count) -> ! {
    // SAFETY: `Ceiling` keeps its flag until it has taken the pointer back, on this thread.
    if let Some(reached) = unsafe { count.reached.get().as_ref() } {
        reached.store(true, Ordering::SeqCst);
    }
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}

// SAFETY: every call is handed on to the system's allocator with the arguments as they came; the count touches a
// thread-local value only and never allocates.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as isize - layout.size() as isize);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// The bytes that this thread allocated less those that it freed. What it freed of others' makes it less than nothing.
pub fn balance() -> isize {
    COUNT.try_with(|count| count.held.get()).unwrap_or(0)
}

/// The most that its balance ever was.
pub fn most() -> usize {
    COUNT.try_with(|count| count.most.get()).map_or(0, |bytes| usize::try_from(bytes).unwrap_or(0))
}

/// Counts bytes that another thread allocated as this one's, now that it ended and left them.
pub fn adopt(bytes: isize) {
    let _ = COUNT.try_with(|count| count.held.set(count.held.get().wrapping_add(bytes)));
}

/// Does work whose results leave this thread: what they hold is no longer counted as its own.
pub fn level<T>(work: impl FnOnce() -> T) -> T {
    let before = balance();
    let result = work();
    adopt(before - balance());
    result
}

/// A bound that this thread can't pass: at it the thread stands still, and the flag says so. For what a check between
/// operations comes too late for. It is down again when this is dropped.
pub struct Ceiling {
    /// The thread-local pointer points into it.
    _reached: Arc<AtomicBool>,
    /// The pointer is this thread's, so the ceiling must be dropped there.
    _here: PhantomData<*const ()>,
}

impl Ceiling {
    /// Puts it up for this thread, at this many bytes.
    pub fn put(bytes: usize, reached: Arc<AtomicBool>) -> Ceiling {
        let _ = COUNT.try_with(|count| {
            count.reached.set(Arc::as_ptr(&reached));
            count.ceiling.set(isize::try_from(bytes).unwrap_or(isize::MAX));
        });
        Ceiling { _reached: reached, _here: PhantomData }
    }
}

impl Drop for Ceiling {
    fn drop(&mut self) {
        let _ = COUNT.try_with(|count| {
            count.ceiling.set(isize::MAX);
            count.reached.set(std::ptr::null());
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_asks_for_too_much_stands_still_and_says_so() {
        let reached = Arc::new(AtomicBool::new(false));
        let flag = reached.clone();
        let (said, heard) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let _ceiling = Ceiling::put(1 << 20, flag);
            let small = std::hint::black_box(vec![0u8; 1 << 10]);
            let _ = said.send(small.len());
            let large = std::hint::black_box(vec![0u8; 2 << 20]);
            let _ = said.send(large.len());
        });
        assert_eq!(heard.recv().ok(), Some(1 << 10));
        assert!(heard.recv_timeout(Duration::from_millis(100)).is_err());
        assert!(reached.load(Ordering::SeqCst));
        // Other threads go on.
        assert_eq!(std::hint::black_box(vec![0u8; 4 << 20]).len(), 4 << 20);
    }

    #[test]
    fn what_was_held_at_most_is_remembered() {
        let most = std::thread::spawn(|| {
            let before = balance();
            drop(std::hint::black_box(vec![0u8; 1 << 20]));
            (most(), before, balance())
        });
        let (most, before, after) = most.join().unwrap_or_default();
        // The thread frees a little that others allocated for it.
        assert!(most as isize + 4096 >= before + (1 << 20) && after < before + (1 << 20));
    }
}
