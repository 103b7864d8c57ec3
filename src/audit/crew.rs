//! The threads that look at texts, each with engines of its own, and the watch on them: a rule that takes too long is told
//! to stop, a thread that takes no notice is left behind, and what it had in hand goes to another.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rhai::Dynamic;

use super::Text;
use super::examine::{Examined, examine};
use super::fix::{self, Mended, Todo};
use super::panel::{Chosen, Panel, error_of};
use super::whole::{self, Answer};
use crate::bridge::{Stop, Trouble};
use crate::error::{Error, Place, Result};
use crate::primitives::policy::Objects;
use crate::report::{Detection, Finding, PolicyLevel, Severity};
use crate::script::{Progress, Seat, level};

/// How long a rule may look at one object, or at all of them.
pub const DEADLINE: Duration = Duration::from_secs(5);

/// How long a thread may take to notice that it is told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// How often the threads are looked at.
pub const LOOK: Duration = Duration::from_millis(20);

/// What all threads of an audit share.
pub struct Job {
    pub texts: Vec<Text>,
    pub panel: Arc<Panel>,
    next: AtomicUsize,
    /// What came of texts, with their numbers. Nobody is woken for each: that costs more than to look at a small file.
    done: Mutex<Vec<(usize, Examined)>>,
}

impl Job {
    pub fn new(texts: Vec<Text>, panel: Arc<Panel>) -> Arc<Job> {
        Arc::new(Job { texts, panel, next: AtomicUsize::new(0), done: Mutex::default() })
    }
}

/// A rule that is being asked.
#[derive(Debug, Clone, Copy)]
struct Asking {
    since: Instant,
    pack: usize,
    rule: usize,
    setup: usize,
}

/// What is known of a thread from outside.
pub struct Watch {
    progress: Progress,
    asking: Option<Asking>,
    text: usize,
    /// The object of the text, and its line.
    object: (usize, usize),
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The packs of one thread.
pub struct Seats<'j> {
    pub panel: &'j Panel,
    watch: Arc<Mutex<Watch>>,
    seats: Vec<Option<Seat>>,
    /// By pack and setup.
    params: Vec<Vec<Dynamic>>,
}

impl<'j> Seats<'j> {
    fn new(panel: &'j Panel, watch: Arc<Mutex<Watch>>) -> Seats<'j> {
        let params = panel.packs.iter().map(|chosen| chosen.params()).collect();
        let seats = panel.packs.iter().map(|_| None).collect();
        Seats { panel, watch, seats, params }
    }

    /// Notes which object of the text rules are asked about from here on, and its line.
    pub fn look_at(&self, object: usize, line: usize) {
        locked(&self.watch).object = (object, line);
    }

    /// Asks a rule something.
    ///
    /// # Errors
    /// What it throws; and that it took too long or too much, after which nobody asks it again.
    pub fn ask<T: Default>(
        &mut self,
        (pack, setup): (usize, usize),
        rule: usize,
        question: impl FnOnce(&Seat, &Dynamic) -> Result<T, Trouble>,
    ) -> Result<T, Error> {
        let chosen = &self.panel.packs[pack];
        if self.seats[pack].is_none() {
            let progress = locked(&self.watch).progress.clone();
            self.seats[pack] = Some(chosen.pack().seat(progress).map_err(error_of)?);
        }
        let Some(seat) = &self.seats[pack] else { return Ok(T::default()) };
        chosen.ask(rule);
        locked(&self.watch).asking = Some(Asking { since: Instant::now(), pack, rule, setup });
        let answer = question(seat, &self.params[pack][setup]);
        let mut watch = locked(&self.watch);
        watch.asking = None;
        let why = watch.progress.why();
        if why == Stop::No {
            return answer.map_err(error_of);
        }
        // An engine that was stopped stays so.
        watch.progress = watch.progress.renewed();
        drop(watch);
        self.seats.iter_mut().for_each(|seat| *seat = None);
        chosen.give_up(rule);
        Err(stopped(why, answer.err().map(error_of)))
    }
}

/// What is said of a rule that had to be stopped.
fn stopped(why: Stop, error: Option<Error>) -> Error {
    let seconds = DEADLINE.as_secs();
    let (code, what) = match why {
        Stop::Time => ("idp::script::time", format!("it took longer than {seconds} s")),
        Stop::Memory => ("idp::script::memory", "it used more memory than `limits.memory` allows".to_owned()),
        _ => ("idp::script::size", "it made more than a script may".to_owned()),
    };
    let place = error.and_then(|error| error.place().cloned());
    let error = Error::failed(code, what).help("it is asked about no other object in this run: mend the policy");
    place.into_iter().fold(error, Error::at)
}

/// A policy that failed is a finding of its level: what it would have said is unknown. It stands at the object, which is what
/// people and forges can look at, and tells where in the script it happened.
pub fn failed(
    chosen: &Chosen,
    (rule, setup): (usize, usize),
    error: &Error,
    object: Option<usize>,
    place: Place,
) -> Detection {
    let (facts, script) = (&chosen.pack().rules()[rule], chosen.pack().script());
    let here = Place::at(script.shown.as_str(), facts.line, 1);
    let finding = Finding {
        policy: facts.id.clone(),
        severity: Severity::High,
        place,
        message: format!("the policy itself failed: {} ({})", error.message(), error.place().unwrap_or(&here)),
        help: error.help_text().map(str::to_owned),
    };
    let (level, path) = (chosen.said(rule, setup).unwrap_or(PolicyLevel::Deny), String::new());
    Detection { level, finding, object, path, fixable: false, failed: true, mended: false, waived: None }
}

/// Shows every text to the panel, on all cores. What comes back is in the order of the texts.
pub fn work(texts: Vec<Text>, panel: Arc<Panel>) -> Result<(Arc<Job>, Vec<Examined>)> {
    let job = Job::new(texts, panel);
    let (ended, heard) = channel();
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(job.texts.len());
    let mut crew = Vec::new();
    for _ in 0..threads.max(1) {
        crew.push(hire(&job, &ended, None)?);
    }
    let results = supervise(&job, &mut crew, &ended, &heard)?;
    Ok((job, results))
}

/// Starts a thread that is watched.
pub fn start(job: &Arc<Job>, work: impl FnOnce(&Job, &mut Seats<'_>) + Send + 'static) -> Result<Arc<Mutex<Watch>>> {
    let progress = Progress::new(job.panel.limits.memory);
    let watch = Arc::new(Mutex::new(Watch { progress: progress.clone(), asking: None, text: 0, object: (0, 0) }));
    let (job, own) = (job.clone(), watch.clone());
    // Without scripts nothing recurses but what the formats bound.
    let scripts = !job.panel.packs.is_empty();
    let stack = if scripts { job.panel.limits.stack() } else { 8 << 20 };
    let thread = std::thread::Builder::new().name("audit".into()).stack_size(stack);
    let body = move || {
        let _up = scripts.then(|| progress.put_ceiling());
        work(&job, &mut Seats::new(&job.panel, own));
    };
    thread.spawn(body).map_err(|error| Error::failed("idp::io", format!("can't start a thread: {error}")))?;
    Ok(watch)
}

/// Starts a thread that looks at texts, and says when none is left. `first` is one that another thread left.
fn hire(job: &Arc<Job>, ended: &Sender<()>, first: Option<usize>) -> Result<Arc<Mutex<Watch>>> {
    let ended = ended.clone();
    start(job, move |job, seats| {
        let mut at = first.unwrap_or_else(|| job.next.fetch_add(1, Ordering::Relaxed));
        while let Some(text) = job.texts.get(at) {
            locked(&seats.watch).text = at;
            let panel = seats.panel;
            let work = AssertUnwindSafe(|| level(|| examine(at, text, panel, seats)));
            let examined = catch_unwind(work).unwrap_or_else(|_| Examined::of_nothing(text));
            locked(&job.done).push((at, examined));
            at = job.next.fetch_add(1, Ordering::Relaxed);
        }
        let _ = ended.send(());
    })
}

/// Waits for the results, and looks after those who make them.
fn supervise(
    job: &Arc<Job>,
    crew: &mut [Arc<Mutex<Watch>>],
    ended: &Sender<()>,
    heard: &Receiver<()>,
) -> Result<Vec<Examined>> {
    let mut results: Vec<Option<Examined>> = job.texts.iter().map(|_| None).collect();
    let mut extra: Vec<(usize, Detection)> = Vec::new();
    let mut missing = results.len();
    while missing > 0 {
        let heard = heard.recv_timeout(LOOK);
        for (at, examined) in std::mem::take(&mut *locked(&job.done)) {
            missing -= usize::from(results[at].replace(examined).is_none());
        }
        match heard {
            Ok(()) => continue,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        for member in crew.iter_mut() {
            if let Some((text, detection)) = look_at(job, member) {
                extra.push((text, detection));
                *member = hire(job, ended, Some(text))?;
            }
        }
    }
    let mut results: Vec<Examined> = results.into_iter().map(Option::unwrap_or_default).collect();
    for (text, mut detection) in extra {
        let objects = results[text].objects.len();
        detection.object = detection.object.filter(|object| *object < objects);
        results[text].detections.push(detection);
    }
    Ok(results)
}

/// Tells a thread to stop whose rule takes too long. One that takes no notice is left; what it was at is handed back.
fn look_at(job: &Job, member: &Mutex<Watch>) -> Option<(usize, Detection)> {
    let (text, (object, line)) = {
        let watch = locked(member);
        (watch.text, watch.object)
    };
    let Answer { pack, rule, setup, said } = stuck(job, member)?;
    let error = said.err()?;
    let place = Place::at(&*job.texts[text].shown, line, 1);
    Some((text, failed(&job.panel.packs[pack], (rule, setup), &error, Some(object), place)))
}

/// The rule that a thread is stuck in.
pub fn stuck(job: &Job, member: &Mutex<Watch>) -> Option<Answer> {
    let watch = locked(member);
    let Asking { since, pack, rule, setup } = watch.asking?;
    let stands_still = watch.progress.stands_still();
    if since.elapsed() < DEADLINE && !stands_still {
        return None;
    }
    watch.progress.stop(if stands_still { Stop::Memory } else { Stop::Time });
    if since.elapsed() < DEADLINE + GRACE && !stands_still {
        return None;
    }
    job.panel.packs[pack].give_up(rule);
    Some(Answer { pack, rule, setup, said: Err(stopped(watch.progress.why(), None)) })
}

/// Asks the rules that look at all objects, on one thread. One that has to be left takes the answers of those behind it
/// with it.
pub fn whole(job: &Arc<Job>, all: Objects) -> Result<Vec<Answer>> {
    let (said, heard) = channel();
    loop {
        let watch = start(job, {
            let (said, all) = (said.clone(), all.clone());
            move |_, seats| drop(said.send(whole::ask(seats.panel, &all, seats)))
        })?;
        let mut left = Vec::new();
        loop {
            match heard.recv_timeout(LOOK) {
                Ok(mut answers) => {
                    answers.append(&mut left);
                    return Ok(answers);
                }
                Err(_) => {
                    if let Some(stuck) = stuck(job, &watch) {
                        left.push(stuck);
                        break;
                    }
                }
            }
        }
    }
}

/// Makes the fixes of texts, on one thread. One that has to be left takes the text that it had in hand with it.
pub fn mend(texts: Vec<Text>, panel: Arc<Panel>, todo: Vec<Todo>) -> Result<Vec<Mended>> {
    let job = Job::new(texts, panel);
    let todo = Arc::new(todo);
    let mut done: Vec<Mended> = Vec::new();
    while done.len() < todo.len() {
        let (said, heard) = channel();
        let (first, rest) = (done.len(), todo.clone());
        let watch = start(&job, move |job, seats| {
            for todo in &rest[first..] {
                let panel = seats.panel;
                let work = AssertUnwindSafe(|| level(|| fix::mend(todo, &job.texts[todo.text], panel, seats)));
                let fault = |_| todo.given_up("idp-run itself failed over it; that is a fault of idp-run");
                if said.send(catch_unwind(work).unwrap_or_else(fault)).is_err() {
                    return;
                }
            }
        })?;
        while let Some(todo) = todo.get(done.len()) {
            match heard.recv_timeout(LOOK) {
                Ok(mended) => done.push(mended),
                Err(_) => {
                    if let Some(Answer { said: Err(error), .. }) = stuck(&job, &watch) {
                        done.push(todo.given_up(error.message()));
                        break;
                    }
                }
            }
        }
    }
    Ok(done)
}
