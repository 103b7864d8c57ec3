//! What is under way at the proxy: how many requests wait for their answers, and gatherings, which hold requests back until
//! all of them are there.

use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use super::http::Request;

/// For how long a gathering waits for those who don't come. Only a test that fails waits so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Requests that are held back until so many of them are there.
pub struct Gathering {
    matches: Box<dyn Fn(&Request) -> bool + Send + Sync>,
    count: usize,
    /// How long those who are there are held beyond that: one too many would come meanwhile. A client that keeps its bound
    /// passes whatever the machine's speed.
    linger: Duration,
    there: Mutex<usize>,
    came: Condvar,
}

impl Gathering {
    pub fn new(
        count: usize,
        linger: Duration,
        matches: impl Fn(&Request) -> bool + Send + Sync + 'static,
    ) -> Gathering {
        Gathering { matches: Box::new(matches), count, linger, there: Mutex::new(0), came: Condvar::new() }
    }

    /// Holds a request that is one of them until all are there. Those who come later pass.
    pub fn hold(&self, request: &Request) -> Result<(), String> {
        if !(self.matches)(request) {
            return Ok(());
        }
        let mut there = self.there.lock().unwrap();
        *there += 1;
        if *there > self.count {
            return Ok(());
        }
        self.came.notify_all();
        let end = Instant::now() + PATIENCE;
        while *there < self.count {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(format!("{} {}: of {} at once {there} came", request.method, request.target, self.count));
            }
            there = self.came.wait_timeout(there, left).unwrap().0;
        }
        drop(there);
        std::thread::sleep(self.linger);
        Ok(())
    }
}

/// How many requests wait for their answers.
#[derive(Default)]
pub struct Flight(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    now: usize,
    most: usize,
    rounds: usize,
}

/// One of them; it counts until it is dropped.
pub struct Waiting<'a>(&'a Flight);

impl Flight {
    pub fn begin(&self) -> Waiting<'_> {
        let mut counts = self.0.lock().unwrap();
        counts.rounds += usize::from(counts.now == 0);
        counts.now += 1;
        counts.most = counts.most.max(counts.now);
        Waiting(self)
    }

    /// The most there were at once, and how often the first came when there was none, since the last time.
    pub fn taken(&self) -> (usize, usize) {
        let mut counts = self.0.lock().unwrap();
        (std::mem::take(&mut counts.most), std::mem::take(&mut counts.rounds))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.0.lock().unwrap().now -= 1;
    }
}
