//! A script's thread: a stack that fits its memory, a watch on its time, and an end even when it has none itself.
//! The command line runs scripts on it, and so does whatever runs several of them in one process.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::sync::oneshot;

use super::{Progress, memory};
use crate::bridge::Stop;
use crate::config::Limits;
use crate::error::Error;

/// How long a thread that was told to stop may take to notice.
const GRACE: Duration = Duration::from_secs(10);

/// How often the thread is looked at: it can't say itself that it stands still.
const LOOK: Duration = Duration::from_millis(50);

/// Work on a thread of its own.
pub struct Fence<T> {
    ended: oneshot::Receiver<Finished<T>>,
    progress: Progress,
    time: Duration,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// What the thread says at its end.
struct Finished<T> {
    result: Result<T, String>,
    most: usize,
}

/// How the work ended.
#[derive(Debug)]
pub enum Ended<T> {
    /// It came to its end, well or not.
    Itself {
        /// What it said.
        result: T,
        /// The most bytes that its thread held.
        most: usize,
    },
    /// It didn't: it asked for more memory than there is in one call, or took no notice of being told to stop. The
    /// thread is left where it is, with what it holds.
    Left(Error),
    /// It panicked: a fault of this program.
    Panicked(Error),
}

impl<T: Send + 'static> Fence<T> {
    /// Starts the work. `progress` is what the work's engine reads.
    pub fn start(
        limits: Limits,
        progress: &Progress,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<Fence<T>> {
        let (done, ended) = oneshot::channel();
        let watch = progress.clone();
        let thread = std::thread::Builder::new().name("script".into()).stack_size(limits.stack()).spawn(move || {
            let up = watch.put_ceiling();
            let result = catch_unwind(AssertUnwindSafe(work)).map_err(|panic| words(&*panic));
            drop(up);
            let _ = done.send(Finished { result, most: memory::most() });
        })?;
        Ok(Fence { ended, progress: progress.clone(), time: limits.time, thread: Some(thread) })
    }

    /// Waits for the end, and brings it about when the time is up. To be polled by the runtime that the script's
    /// futures are driven by.
    pub async fn ended(&mut self) -> Ended<T> {
        let deadline = tokio::time::sleep(self.time);
        tokio::pin!(deadline);
        let mut look = tokio::time::interval(LOOK);
        let mut told: Option<tokio::time::Instant> = None;
        let mut looked = tokio::time::Instant::now();
        loop {
            tokio::select! {
                biased;
                finished = &mut self.ended => return self.finished(finished),
                () = &mut deadline, if self.progress.why() == Stop::No && !self.progress.is_asking() => self.progress.stop(Stop::Time),
                _ = look.tick() => {}
            }
            let now = tokio::time::Instant::now();
            if self.progress.is_asking() {
                let later = deadline.deadline() + now.duration_since(looked);
                deadline.as_mut().reset(later);
            }
            looked = now;
            if self.progress.stands_still() {
                self.progress.stop(Stop::Memory);
                return self.left();
            }
            // A person who stops a run may be patient, and says so again if not.
            if matches!(self.progress.why(), Stop::No | Stop::Cancelled) {
                continue;
            }
            if now.duration_since(*told.get_or_insert(now)) > GRACE {
                return self.left();
            }
        }
    }

    fn finished(&mut self, finished: Result<Finished<T>, oneshot::error::RecvError>) -> Ended<T> {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let words = match finished {
            Ok(Finished { result: Ok(result), most }) => return Ended::Itself { result, most },
            Ok(Finished { result: Err(words), .. }) => words,
            Err(_) => "its thread is gone".to_string(),
        };
        Ended::Panicked(
            Error::failed("idp::script::crash", format!("the script made idp-run itself fail: {words}"))
                .help("this is a fault of idp-run, whatever the script does; a rerun finds what was made so far"),
        )
    }

    fn left(&self) -> Ended<T> {
        let error = self.progress.why().error().unwrap_or_else(crate::world::door::cancelled);
        Ended::Left(error)
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_string());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { time: Duration::from_secs(60), memory: 8 << 20 };

    async fn ended<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> (Ended<T>, Progress) {
        let progress = Progress::new(LIMITS.memory);
        let ended = match Fence::start(LIMITS, &progress, work) {
            Ok(mut fence) => fence.ended().await,
            Err(error) => unreachable!("{error}"),
        };
        (ended, progress)
    }

    #[tokio::test]
    async fn work_that_ends_is_handed_back_with_what_it_held() {
        let (ended, _) = ended(|| std::hint::black_box(vec![1u8; 1 << 20]).len()).await;
        assert!(matches!(ended, Ended::Itself { result: 0x10_0000, most } if most + 4096 >= 1 << 20), "{ended:?}");
    }

    #[tokio::test]
    async fn a_panic_is_an_error() {
        let (ended, _) = ended(|| -> () { panic!("oh no") }).await;
        let Ended::Panicked(error) = ended else { unreachable!("{ended:?}") };
        assert_eq!(error.code(), "idp::script::crash");
        assert!(error.message().contains("oh no"));
    }

    /// The clock is tokio's own: it jumps ahead whenever nothing else is to be done.
    #[tokio::test(start_paused = true)]
    async fn work_that_takes_no_notice_is_left() {
        let (ended, progress) = ended(|| std::thread::sleep(Duration::from_secs(30))).await;
        let Ended::Left(error) = ended else { unreachable!("{ended:?}") };
        assert_eq!((error.code(), progress.why()), ("idp::script::time", Stop::Time));
    }

    #[tokio::test]
    async fn work_that_asks_for_too_much_at_once_is_left() {
        let (ended, progress) = ended(|| std::hint::black_box(vec![1u8; 1 << 30]).len()).await;
        let Ended::Left(error) = ended else { unreachable!("{ended:?}") };
        assert_eq!((error.code(), progress.why()), ("idp::script::memory", Stop::Memory));
    }
}
