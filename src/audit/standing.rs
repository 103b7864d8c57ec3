//! A thread that is asked again and again: its engines stay warm between the changes of a run, and it is watched like
//! those of an audit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};

use super::Text;
use super::crew::{Job, LOOK, Seats, Watch, failed, start, stuck};
use super::examine::{Examined, examine};
use super::panel::Panel;
use super::whole::{self, Answer};
use crate::error::{Error, Place, Result};
use crate::primitives::manifest::Manifest;
use crate::primitives::policy::Objects;
use crate::script::level;

/// What is asked: what is wrong with these texts.
#[derive(Clone, Default)]
pub struct Question {
    /// The texts.
    pub texts: Arc<Vec<Text>>,
    /// Objects that are there beside those of the texts; none if rules that look at all of them aren't asked.
    pub others: Option<Arc<Vec<Manifest>>>,
}

/// The thread, as it is seen from outside.
pub struct Standing {
    job: Arc<Job>,
    questions: Sender<Question>,
    answers: Receiver<Result<Vec<Examined>>>,
    watch: Arc<Mutex<Watch>>,
}

impl Standing {
    /// Starts it.
    ///
    /// # Errors
    /// `idp::io` if no thread can be started.
    pub fn start(panel: Arc<Panel>) -> Result<Standing> {
        let job = Job::new(Vec::new(), panel);
        let (questions, asked) = channel::<Question>();
        let (said, answers) = channel();
        let watch = start(&job, move |_, seats| {
            while let Ok(question) = asked.recv() {
                if said.send(level(|| answered(&question, seats))).is_err() {
                    return;
                }
            }
        })?;
        Ok(Standing { job, questions, answers, watch })
    }

    /// What is wrong with each of the texts. A thread that a rule keeps is left, and the others are asked on a new one.
    ///
    /// # Errors
    /// `idp::io` if no thread can be started.
    pub fn ask(&mut self, question: &Question) -> Result<Vec<Examined>> {
        let mut left = Vec::new();
        loop {
            let gone = || Error::failed("idp::io", "the thread that asks policies is gone");
            self.questions.send(question.clone()).map_err(|_| gone())?;
            let stuck = loop {
                match self.answers.recv_timeout(LOOK) {
                    Ok(found) => {
                        let mut found = found?;
                        if let Some(first) = found.first_mut() {
                            first.detections.append(&mut left);
                        }
                        return Ok(found);
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return Err(gone()),
                }
                if let Some(stuck) = stuck(&self.job, &self.watch) {
                    break stuck;
                }
            };
            if let (Answer { pack, rule, setup, said: Err(error) }, Some(first)) = (stuck, question.texts.first()) {
                let place = Place::file(&*first.shown);
                left.push(failed(&self.job.panel.packs[pack], (rule, setup), &error, None, place));
            }
            *self = Standing::start(self.job.panel.clone())?;
        }
    }
}

fn answered(question: &Question, seats: &mut Seats<'_>) -> Result<Vec<Examined>> {
    let (texts, panel) = (&question.texts, seats.panel);
    let mut found = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        let work = AssertUnwindSafe(|| examine(at, text, panel, seats));
        found.push(catch_unwind(work).unwrap_or_else(|_| Examined::of_nothing(text)));
    }
    if let Some(others) = question.others.as_ref().filter(|_| panel.looks_at_all()) {
        let own = found.iter_mut().flat_map(|examined| std::mem::take(&mut examined.kept));
        let all = Objects::new(own.chain(others.iter().cloned()).collect());
        let answers = whole::ask(panel, &all, seats);
        whole::place(panel, texts, answers, &mut found)?;
    }
    Ok(found)
}
