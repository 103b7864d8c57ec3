//! The door's promises that need a service which can't be asked, a world that answers late, or a grant.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tempfile::TempDir;

use super::contact::{Contact, Notification};
use super::door::Parts;
use super::fault::Faults;
use super::forge::{RepoId, Settings};
use super::git::GitForge;
use super::journal::{Intent, Journal, RunKey, Start};
use super::permission::Permissions;
use super::plan::Planned;
use super::plan::guard::{Bound, Guard};
use super::sqlite::SqliteJournal;
use super::{Change, Clock, Door, Mode, World, hash};
use crate::config::Grant;
use crate::error::{Error, Result};
use crate::report::{Action, Event, Sink};

/// A chat service: it takes messages and answers no questions.
#[derive(Default)]
struct Chat {
    got: AtomicUsize,
    deduplicates: bool,
    busy: AtomicUsize,
}

#[async_trait]
impl Contact for Chat {
    fn deduplicates(&self) -> bool {
        self.deduplicates
    }

    async fn has(&self, _: &str) -> Result<Option<bool>> {
        Ok(None)
    }

    async fn send(&self, _: &Notification) -> Result<()> {
        if self.busy.load(Ordering::SeqCst) > 0 {
            self.busy.fetch_sub(1, Ordering::SeqCst);
            return Err(Error::failed("test::busy", "try later").retryable());
        }
        self.got.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Sink for Heard {
    fn emit(&self, event: Event) {
        if let Event::Warning { message, .. } = event {
            self.0.lock().unwrap().push(message);
        }
    }
}

struct Stage {
    folder: TempDir,
    chat: Arc<Chat>,
    heard: Arc<Heard>,
    journal: Arc<dyn Journal>,
}

fn run() -> RunKey {
    RunKey { key: "hello".into(), hash: hash::short("hello"), script: "hello".into(), input_hash: "1".into() }
}

impl Stage {
    fn new(chat: Chat) -> Stage {
        let folder = TempDir::new().unwrap();
        let journal = SqliteJournal::open(&folder.path().join("journal.sqlite"), Faults::default()).unwrap();
        Stage { folder, chat: Arc::new(chat), heard: Arc::default(), journal: Arc::new(journal) }
    }

    async fn door(&self, permissions: Permissions, embedded: bool) -> Door {
        self.guarded(permissions, embedded, None).await
    }

    async fn guarded(&self, permissions: Permissions, embedded: bool, guard: Option<Arc<dyn Guard>>) -> Door {
        let start = Start { run: run(), params: serde_json::Value::Null, command: Vec::new(), plan: None, time: 0 };
        let attempt = self.journal.begin(&start).await.unwrap();
        let contact: Arc<dyn Contact> = self.chat.clone();
        let forge = GitForge::new(self.folder.path().join("forge"), "acme", "https://git.example", BTreeMap::new());
        Door::new(Parts {
            world: World {
                forge: Arc::new(forge),
                clusters: BTreeMap::new(),
                contacts: BTreeMap::from([("chat".to_string(), contact)]),
                http: BTreeMap::new(),
                secrets: Default::default(),
                clock: Clock::Fixed(0),
                embedded,
            },
            mode: Mode::Apply,
            run: run(),
            script: "scripts/hello.rhai".into(),
            actor: "idp-run".into(),
            permissions,
            reviewers: Vec::new(),
            guard,
            journal: Some((self.journal.clone(), attempt)),
            sink: self.heard.clone(),
            cancelled: Arc::new(AtomicBool::new(false)),
        })
    }

    async fn say(&self) {
        let message = BTreeMap::from([("text".to_string(), "hi".into())]);
        self.door(Permissions::default(), true).await.notify("chat", "greeting", message).await.unwrap();
    }

    /// What a kill between sending and recording leaves.
    async fn killed_while_sending(&self) {
        let start = Start { run: run(), params: serde_json::Value::Null, command: Vec::new(), plan: None, time: 0 };
        let attempt = self.journal.begin(&start).await.unwrap();
        let key = format!("{}/{}", run().hash, hash::short("chat\ngreeting"));
        let intent = Intent {
            action: Action::Create,
            kind: "notification",
            target: "chat greeting",
            position: 0,
            effect: Some(&key),
        };
        self.journal.intend(attempt, &intent).await.unwrap();
    }
}

#[tokio::test]
async fn what_the_service_can_not_be_asked_the_journal_remembers() {
    let stage = Stage::new(Chat::default());
    stage.say().await;
    stage.say().await;
    assert_eq!(stage.chat.got.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_uncertain_message_is_not_sent_again_and_said() {
    let stage = Stage::new(Chat::default());
    stage.killed_while_sending().await;
    stage.say().await;
    assert_eq!(stage.chat.got.load(Ordering::SeqCst), 0);
    let heard = stage.heard.0.lock().unwrap().clone();
    assert_eq!(heard, ["whether chat got `greeting` is uncertain: a run was killed while sending it"]);
}

#[tokio::test]
async fn an_uncertain_message_goes_out_again_where_the_service_tells_twins() {
    let stage = Stage::new(Chat { deduplicates: true, ..Chat::default() });
    stage.killed_while_sending().await;
    stage.say().await;
    assert_eq!(stage.chat.got.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn what_may_succeed_later_is_tried_again() {
    let stage = Stage::new(Chat { busy: AtomicUsize::new(3), ..Chat::default() });
    stage.say().await;
    assert_eq!(stage.chat.got.load(Ordering::SeqCst), 1);
}

fn create(name: &str) -> Change {
    let repo = RepoId::new("acme", name).unwrap();
    Change::CreateRepository { repo, settings: Settings::default(), marker: run().hash, template: None }
}

fn grants(target: &str) -> Vec<Grant> {
    vec![Grant { script: "scripts/**".into(), change: "repository".into(), target: target.into() }]
}

#[tokio::test]
async fn outside_the_embedded_world_nothing_is_allowed_that_is_not_granted() {
    let stage = Stage::new(Chat::default());
    std::fs::create_dir_all(stage.folder.path().join("forge/acme")).unwrap();
    let refused = stage.door(Permissions::default(), false).await.pass(create("api")).await.unwrap_err();
    assert_eq!(refused.code(), "idp::permission");
    let given = grants("acme/api*");
    let granted = || Permissions::new(Some(("grants.yaml", &given)), None).unwrap();
    stage.door(granted(), false).await.pass(create("api")).await.unwrap();
    let refused = stage.door(granted(), false).await.pass(create("web")).await.unwrap_err();
    assert_eq!(refused.code(), "idp::permission");
    assert!(!stage.folder.path().join("forge/acme/web.git").exists());
}

#[tokio::test]
async fn the_workspace_may_only_narrow() {
    let stage = Stage::new(Chat::default());
    let narrow = grants("acme/web");
    let narrowed = Permissions::new(None, Some(("idp.yaml", &narrow))).unwrap();
    let refused = stage.door(narrowed, true).await.pass(create("api")).await.unwrap_err();
    assert_eq!(refused.code(), "idp::permission");
    let wide = grants("**");
    let widened = Permissions::new(None, Some(("idp.yaml", &wide))).unwrap();
    let refused = stage.door(widened, false).await.pass(create("api")).await.unwrap_err();
    assert_eq!(refused.code(), "idp::permission");
}

#[tokio::test]
async fn a_door_that_is_bound_to_a_plan_lets_nothing_else_pass() {
    let stage = Stage::new(Chat::default());
    let bound = Arc::new(Bound::to(vec![Planned::of(&create("api")), Planned::of(&create("web"))]));
    let door = stage.guarded(Permissions::default(), true, Some(bound.clone() as Arc<dyn Guard>)).await;
    door.pass(create("api")).await.unwrap();
    assert!(bound.refusal().is_none());
    let refused = door.pass(create("other")).await.unwrap_err();
    assert_eq!(refused.code(), super::plan::MOVED);
    // A script may catch that; nothing passes afterwards, and the run is told.
    assert_eq!(door.pass(create("web")).await.unwrap_err().code(), super::plan::MOVED);
    assert!(bound.refusal().is_some());
    let there = door.world().forge.repositories().await.unwrap();
    assert_eq!(there.iter().map(RepoId::name).collect::<Vec<_>>(), ["api"]);
}
