//! The door: the one function that every change passes. Here live permission, review, plan or apply, the journal,
//! retry, counting and progress. Primitives hand it changes and read the world; nothing else writes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::World;
use super::change::Change;
use super::contact::Notification;
use super::fault::Faults;
use super::forge::{Actor, Outcome};
use super::http::{Request, Response};
use super::journal::{Attempt, Effect, Intent, Journal, RunKey};
use super::permission::Permissions;
use super::plan::guard::Guard;
use super::review::{Reviewer, refused};
use crate::config::HeaderText;
use crate::error::{Error, Kind, Result};
use crate::report::{Action, Counts, Event, Sink};

/// Whether changes are made or only shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Against an overlay: nothing outside the process changes.
    Plan,
    /// For real.
    Apply,
}

/// How often a change is tried when its error says that it may succeed later.
const TRIES: u32 = 5;

/// What a door is made of.
pub struct Parts {
    /// The world: overlaid for plans.
    pub world: World,
    /// Plan or apply.
    pub mode: Mode,
    /// Whose changes these are.
    pub run: RunKey,
    /// The script as grants name it.
    pub script: String,
    /// The user that the forge records: `idp-run`, or a person.
    pub actor: String,
    /// Who may change what.
    pub permissions: Permissions,
    /// Who looks at each change first.
    pub reviewers: Vec<Box<dyn Reviewer>>,
    /// Who looks on: a plan that is written down, or one that is applied.
    pub guard: Option<Arc<dyn Guard>>,
    /// The record, with this run's attempt; none for plans and for acts of people.
    pub journal: Option<(Arc<dyn Journal>, Attempt)>,
    /// Where events go.
    pub sink: Arc<dyn Sink>,
    /// Set by Ctrl-C: no further change is begun.
    pub cancelled: Arc<AtomicBool>,
}

/// The one way for changes. One door a run; items beside each other pass it with a sink and a position of their own.
pub struct Door {
    parts: Arc<Parts>,
    faults: Faults,
    ledger: Arc<Mutex<Ledger>>,
    sink: Arc<dyn Sink>,
    position: AtomicI64,
}

/// What became of each object, by kind and target.
type Ledger = BTreeMap<(&'static str, String), Option<Action>>;

impl Door {
    /// A door of these parts.
    pub fn new(parts: Parts) -> Door {
        let sink = parts.sink.clone();
        let parts = Arc::new(parts);
        Door { parts, faults: Faults::from_env(), ledger: Arc::default(), sink, position: AtomicI64::new(0) }
    }

    /// The same door, for one of several items beside each other: its events go to that sink, and the journal lists
    /// its changes at that position.
    pub fn beside(&self, sink: Arc<dyn Sink>, position: i64) -> Door {
        let (parts, ledger) = (self.parts.clone(), self.ledger.clone());
        Door { parts, faults: self.faults.clone(), ledger, sink, position: AtomicI64::new(position) }
    }

    /// Where the journal lists what passes.
    pub fn position(&self) -> i64 {
        self.position.load(Ordering::SeqCst)
    }

    /// Lists what passes from now on there.
    pub fn move_on(&self, position: i64) {
        self.position.store(position, Ordering::SeqCst);
    }

    /// The world as it is behind the door; in a plan with the plan's own changes in it.
    pub fn world(&self) -> &World {
        &self.parts.world
    }

    /// Plan or apply.
    pub fn mode(&self) -> Mode {
        self.parts.mode
    }

    /// Whose changes these are.
    pub fn run(&self) -> &RunKey {
        &self.parts.run
    }

    /// Where events go.
    pub fn sink(&self) -> &Arc<dyn Sink> {
        &self.sink
    }

    /// The journal with this run's attempt, if the run is recorded.
    pub fn journal(&self) -> Option<&(Arc<dyn Journal>, Attempt)> {
        self.parts.journal.as_ref()
    }

    /// The four numbers so far.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for action in self.ledger.lock().unwrap_or_else(PoisonError::into_inner).values() {
            match action {
                Some(Action::Create) => counts.create += 1,
                Some(Action::Update) => counts.update += 1,
                Some(Action::Delete) => counts.delete += 1,
                None => counts.unchanged += 1,
            }
        }
        counts
    }

    /// Says that an ensured object was found as asked.
    pub fn unchanged(&self, kind: &'static str, target: &str) {
        self.count(kind, target, None);
        self.sink.emit(Event::Unchanged { kind, target: target.to_string() });
    }

    /// Makes a change, or in a plan shows it.
    ///
    /// Errors: `idp::permission`, `idp::review::refused`, `idp::policy::denied`, `idp::cancelled` before anything happened; the world's own
    /// otherwise. `idp::forge::moved` asks the caller to redo its edit on the new head and pass again.
    pub async fn pass(&self, change: Change) -> Result<Outcome> {
        self.pass_effect(change, None).await
    }

    async fn pass_effect(&self, change: Change, effect: Option<&str>) -> Result<Outcome> {
        if self.parts.cancelled.load(Ordering::SeqCst) {
            return Err(cancelled());
        }
        self.parts.permissions.check(&self.parts.script, &change, &self.parts.world)?;
        if let Some(guard) = &self.parts.guard {
            guard.admit(&change)?;
        }
        let (mut findings, mut code) = (Vec::new(), None);
        for reviewer in &self.parts.reviewers {
            reviewer.ready(&self.parts.world).await?;
        }
        for reviewer in &self.parts.reviewers {
            let found = reviewer.review(&change, &self.parts.world).await;
            let refuses = found.iter().any(|finding| finding.refuses());
            code = code.or(refuses.then(|| reviewer.code()));
            findings.extend(found);
        }
        let refusal = code.and_then(|code| refused(code, &change, &findings));
        for finding in findings {
            self.sink.emit(Event::Finding(finding));
        }
        if let Some(error) = refusal {
            return Err(error);
        }
        self.need_secrets(&change)?;
        let (action, kind, target) = (change.action(), change.kind(), change.target());
        let entry = match &self.parts.journal {
            Some((journal, attempt)) => {
                let intent = Intent { action, kind, target: &target, position: self.position(), effect };
                Some((journal, journal.intend(*attempt, &intent).await?))
            }
            None => None,
        };
        self.faults.pass();
        let result = self.make(&change).await;
        self.faults.pass();
        if let Some((journal, entry)) = entry {
            journal.done(entry, result.as_ref().ok()).await?;
        }
        let outcome = result?;
        for (message, help) in &outcome.warnings {
            self.sink.emit(Event::Warning { message: message.clone(), help: Some(help.clone()) });
        }
        // A marker that is put back is nothing that was asked for.
        if matches!(change, Change::RestoreMarker { .. }) {
            return Ok(outcome);
        }
        if outcome.already {
            self.unchanged(kind, &target);
        } else {
            if let Some(guard) = &self.parts.guard {
                guard.made(&change, self.position());
            }
            let diff = change.diff();
            self.count(kind, &target, Some(action));
            self.sink.emit(Event::Change { action, kind, target, diff, note: None });
        }
        Ok(outcome)
    }

    /// Refuses what a forge outside would be handed a secret for that isn't there, in a plan, too.
    fn need_secrets(&self, change: &Change) -> Result<()> {
        let world = &self.parts.world;
        match change {
            Change::SetWebhook(hook) if !world.embedded => {
                let name = hook.secret.as_ref().and_then(HeaderText::secret);
                name.map_or(Ok(()), |name| world.secrets.value(name).map(drop))
            }
            _ => Ok(()),
        }
    }

    /// Sends a message to a contact, at most once for this run and cause.
    pub async fn notify(&self, contact: &str, cause: &str, message: BTreeMap<String, serde_json::Value>) -> Result<()> {
        let key = format!("{}/{}", self.parts.run.hash, super::hash::short(&format!("{contact}\n{cause}")));
        let service = self.parts.world.contact(contact)?;
        let target = format!("{contact} {cause}");
        match service.has(&key).await? {
            Some(true) => {
                self.unchanged("notification", &target);
                return Ok(());
            }
            Some(false) => {}
            None => {
                let known = match &self.parts.journal {
                    Some((journal, _)) => journal.effect(&key).await?,
                    None => Effect::Unknown,
                };
                if known == Effect::Done || (known == Effect::Uncertain && !service.deduplicates()) {
                    if known == Effect::Uncertain {
                        self.sink.emit(Event::Warning {
                            message: format!(
                                "whether {contact} got `{cause}` is uncertain: a run was killed while sending it"
                            ),
                            help: Some("it is not sent again; ask those who should have got it".into()),
                        });
                    }
                    self.unchanged("notification", &target);
                    return Ok(());
                }
            }
        }
        let change = Change::Notify { contact: contact.into(), key: key.clone(), cause: cause.into(), message };
        self.pass_effect(change, Some(&key)).await.map(drop)
    }

    /// Sends a request that changes something; with a cause at most once for this run and cause, as far as the journal
    /// and the service know. Nothing comes back in a plan, and for what was sent before.
    pub async fn request(&self, request: Request) -> Result<Option<Response>> {
        request.check()?;
        let service = self.parts.world.service(&request.service)?;
        let key = request.once.as_ref().map(|once| once.key.clone());
        if let (Some(key), Some((journal, _))) = (&key, &self.parts.journal) {
            let known = journal.effect(key).await?;
            let target = request.to_string();
            if known == Effect::Done || (known == Effect::Uncertain && !service.deduplicates()) {
                if known == Effect::Uncertain {
                    self.sink.emit(Event::Warning {
                        message: format!("whether `{target}` was done is uncertain: a run was killed while sending it"),
                        help: Some("it is not sent again; look at the service".into()),
                    });
                }
                self.unchanged("request", &target);
                return Ok(None);
            }
        }
        Ok(self.pass_effect(Change::Request(request), key.as_deref()).await?.response)
    }

    /// The world's answer to a change, asked again while the error says that it may succeed.
    async fn make(&self, change: &Change) -> Result<Outcome> {
        let mut tries = 1;
        loop {
            let result = self.apply(change).await;
            match result {
                Err(error) if error.is_retryable() && tries < TRIES => {
                    tokio::time::sleep(backoff(tries, &change.target())).await;
                    tries += 1;
                }
                result => return result,
            }
        }
    }

    async fn apply(&self, change: &Change) -> Result<Outcome> {
        let world = &self.parts.world;
        match change {
            Change::ApplyManifest { cluster, .. } => {
                world.cluster(cluster)?.apply(change).await.map(|()| Outcome::default())
            }
            Change::Notify { contact, key, cause, message } => {
                let notification = Notification { key: key.clone(), cause: cause.clone(), message: message.clone() };
                world.contact(contact)?.send(&notification).await.map(|()| Outcome::default())
            }
            Change::Request(request) => {
                let response = world.service(&request.service)?.send(request).await?;
                Ok(Outcome { response, ..Outcome::default() })
            }
            _ => {
                let actor = Actor { name: self.parts.actor.clone(), time: world.clock.now() };
                world.forge.apply(change, &actor).await
            }
        }
    }

    /// An object that a run creates and then updates was created; one that it finds and then updates was updated.
    fn count(&self, kind: &'static str, target: &str, action: Option<Action>) {
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = ledger.entry((kind, target.to_string())).or_insert(action);
        *entry = match (*entry, action) {
            (Some(Action::Create), Some(Action::Update) | None) => Some(Action::Create),
            (before, None) => before,
            (_, action) => action,
        };
    }
}

/// The error of a run that a person stopped.
pub fn cancelled() -> Error {
    Error::new(Kind::Interrupted, "idp::cancelled", "stopped before the next change")
        .help("run the same command again to go on from here")
}

/// 200 ms, doubled with each further try up to 5 s, give or take a quarter: from the target, so that two runs differ.
pub(in crate::world) fn backoff(tries: u32, target: &str) -> Duration {
    let base = Duration::from_millis(100) * 2u32.pow(tries.min(6));
    let spread = super::hash::digest(format!("{target}{}{tries}", std::process::id()).as_bytes());
    let quarter = u32::from_str_radix(&spread[..2], 16).unwrap_or(0);
    (base * (768 + quarter * 2) / 1024).min(Duration::from_secs(5))
}
