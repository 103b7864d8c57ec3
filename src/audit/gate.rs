//! At the door: what a change would commit or apply is shown to the policies that the workspace enforces, as it will be.
//! What they deny refuses the change, unless it was so before, or somebody answers for it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

use super::Text;
use super::examine::{Examined, READING};
use super::panel::{self, BUILT_IN, Panel};
use super::standing::{Question, Standing};
use super::tree::Trees;
use super::waivers::{Subject, Waivers, today};
use crate::config::Config;
use crate::error::{Error, Place, Result};
use crate::formats::objects::{self, object_of};
use crate::formats::yaml::{Document, Step};
use crate::formats::{lists, yaml};
use crate::primitives::manifest::Manifest;
use crate::rendering::Projects;
use crate::report::{Detection, Finding, ObjectName, PolicyLevel, Severity, Waived};
use crate::schemas::reviewer;
use crate::script::Reviewers;
use crate::world::World;
use crate::world::beside::{self, Patches};
use crate::world::change::{Change, File};
use crate::world::review::Reviewer;

/// The code of a change that a policy refuses.
const DENIED: &str = "idp::policy::denied";

/// What the gates of this process know, by workspace: a plan and the run behind it ask the same.
#[derive(Default)]
struct Gates(Mutex<HashMap<PathBuf, Arc<Gate>>>);

impl Gates {
    /// The reviewers of a run's door: those of the world, that of schemas, and the policies that are enforced. Nothing is
    /// read yet.
    fn reviewers(&self, config: &Config) -> Result<Vec<Box<dyn Reviewer>>> {
        let mut reviewers = reviewer::all(config)?;
        reviewers.push(Box::new(Projects));
        if config.policies.enforce.iter().any(|(word, _)| !BUILT_IN.contains(&word.as_str())) {
            let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let gate = gates.entry(config.root.clone()).or_insert_with(|| Arc::new(Gate::of(config)));
            reviewers.push(Box::new(AtDoor(gate.clone())));
        }
        Ok(reviewers)
    }
}

/// What doors take their reviewers from.
pub fn reviewers() -> Reviewers {
    let gates = Gates::default();
    Arc::new(move |config| gates.reviewers(config))
}

/// The policies that a workspace enforces, compiled once.
struct Gate {
    config: Config,
    made: OnceCell<Result<Made>>,
    /// Threads that have nothing to do.
    idle: Mutex<Vec<Standing>>,
    trees: Trees,
}

struct Made {
    panel: Arc<Panel>,
    waivers: Waivers,
}

/// Puts the gate among the reviewers of a door.
struct AtDoor(Arc<Gate>);

#[async_trait]
impl Reviewer for AtDoor {
    async fn ready(&self, world: &World) -> Result<()> {
        self.0.made(world).await.map(drop)
    }

    fn code(&self) -> &'static str {
        DENIED
    }

    async fn review(&self, change: &Change, world: &World) -> Vec<Finding> {
        self.0.look(change, world).await.unwrap_or_else(|error| {
            let place = error.place().cloned().unwrap_or_else(|| Place::file(change.target()));
            let (message, help) = (error.message().to_owned(), error.help_text().map(str::to_owned));
            vec![Finding { policy: "policies".into(), severity: Severity::High, place, message, help }]
        })
    }
}

/// What a change brings.
struct Brought {
    /// The texts as they will be, whole objects alone.
    texts: Vec<Text>,
    /// What each of them is called in waivers.
    known_as: Vec<String>,
    /// What is there beside them, if rules that look at all objects are asked.
    others: Option<Arc<Vec<Manifest>>>,
}

/// A finding, with what tells it from others.
struct Told {
    text: usize,
    detection: Detection,
    object: Option<ObjectName>,
    key: Key,
    /// Where in the object it is: of several of one key each is known by its own.
    spot: String,
}

/// Policy, object and message, the value that is there, if it is a plain one, and the environment: what passes in one of
/// them is news in another.
type Key = (String, String, String, String, String);

/// Findings of one key that were there before, by their spots.
#[derive(Default)]
struct Known {
    left: usize,
    spots: HashMap<String, usize>,
}

impl Known {
    fn add(&mut self, spot: String) {
        self.left += 1;
        *self.spots.entry(spot).or_default() += 1;
    }

    /// Takes one of a spot, if there is one left.
    fn take(&mut self, spot: &str) -> bool {
        let Some(number) = self.spots.get_mut(spot).filter(|number| **number > 0) else { return false };
        *number -= 1;
        self.take_any()
    }

    /// Takes one, wherever it was.
    fn take_any(&mut self) -> bool {
        let is_left = self.left > 0;
        self.left = self.left.saturating_sub(1);
        is_left
    }
}

impl Gate {
    fn of(config: &Config) -> Gate {
        Gate { config: config.clone(), made: OnceCell::new(), idle: Mutex::default(), trees: Trees::default() }
    }

    async fn made(self: &Arc<Gate>, world: &World) -> Result<&Made> {
        let make = || async {
            let (gate, today) = (self.clone(), today(&world.clock));
            let make = move || {
                let waivers = Waivers::of(&gate.config, &gate.config.root, today)?;
                Ok(Made { panel: Arc::new(panel::of_workspace(&gate.config)?), waivers })
            };
            spawn_blocking(make).await.unwrap_or_else(|error| Err(fault(&error)))
        };
        self.made.get_or_init(make).await.as_ref().map_err(Error::clone)
    }

    /// What is wrong with a change.
    async fn look(self: &Arc<Gate>, change: &Change, world: &World) -> Result<Vec<Finding>> {
        let made = self.made(world).await?;
        let Some(brought) = self.brought(made, change, world).await? else { return Ok(Vec::new()) };
        let Brought { texts, known_as, others } = brought;
        let question = Question { texts: Arc::new(texts), others: others.clone() };
        let mut told = self.asked(made, question).await?;
        if others.is_none() {
            told = without_patches(told, change, world).await;
        }
        if told.is_empty() {
            return Ok(Vec::new());
        }
        let mut known: HashMap<Key, Known> = HashMap::new();
        let before = self.before(change, world).await;
        if !before.is_empty() {
            for was in self.asked(made, Question { texts: Arc::new(before), others }).await? {
                known.entry(was.key).or_default().add(was.spot);
            }
        }
        let is_file = change.repo().is_some();
        // Those in their old places first: what is left over stands for others that moved.
        let mut was_there: Vec<bool> =
            told.iter().map(|told| known.get_mut(&told.key).is_some_and(|known| known.take(&told.spot))).collect();
        for (told, was_there) in told.iter().zip(&mut was_there).filter(|(_, was_there)| !**was_there) {
            *was_there = known.get_mut(&told.key).is_some_and(Known::take_any);
        }
        let mut findings = Vec::new();
        for (told, was_there) in told.into_iter().zip(was_there) {
            let waived = made.who_answers(&told, known_as.get(told.text).map_or("", String::as_str));
            findings.extend(finding(told, was_there, waived, is_file));
        }
        Ok(findings)
    }

    /// The texts of a change, and what is beside them; nothing if there is no object to look at.
    async fn brought(&self, made: &Made, change: &Change, world: &World) -> Result<Option<Brought>> {
        if let Change::ApplyManifest { cluster, after, .. } = change {
            let texts = vec![self.applied(change, after)];
            return Ok(Some(Brought { texts, known_as: vec![cluster.clone()], others: None }));
        }
        let Some(repo) = change.repo() else { return Ok(None) };
        let later = beside::rendered_later(change, world).await;
        let conflicts = change.rendering().map(|rendering| &rendering.conflicts);
        let mut files: Vec<(&str, Text)> = Vec::new();
        for file in change.files() {
            // Conflict markers are for people to take out.
            let is_theirs = conflicts.is_some_and(|conflicts| conflicts.contains(&file.path));
            if is_theirs || file.before == file.after || later.contains(&file.path.as_str()) {
                continue;
            }
            let text = text_of(change, &file.path, file.after.as_ref()).filter(holds_objects);
            files.extend(text.map(|text| (file.path.as_str(), text)));
        }
        let mut others = None;
        if made.panel.looks_at_all()
            && !files.is_empty()
            && let Some(tree) = self.trees.of(change, world).await?
        {
            // A patch has only what it changes.
            files.retain(|(path, _)| !tree.named.is_patch(path));
            others = Some(tree.others);
        }
        let known_as = files.iter().map(|(path, _)| format!("{}/{path}", repo.name())).collect();
        let texts: Vec<Text> = files.into_iter().map(|(_, text)| text).collect();
        Ok(Some(Brought { texts, known_as, others }).filter(|brought| !brought.texts.is_empty()))
    }

    /// The texts as they were: of an open pull request where it is proposed to, since what its branch says was never
    /// delivered.
    async fn before(&self, change: &Change, world: &World) -> Vec<Text> {
        if let Change::ApplyManifest { before, .. } = change {
            return before.iter().map(|before| self.applied(change, before)).collect();
        }
        let mut texts = Vec::new();
        for file in change.files() {
            let delivered = match change {
                Change::UpdatePullRequest { .. } => {
                    let bytes = beside::in_repository(change, &file.path, world).await;
                    bytes.map(|bytes| File { bytes, executable: false })
                }
                _ => file.before.clone(),
            };
            texts.extend(text_of(change, &file.path, delivered.as_ref()).filter(holds_objects));
        }
        texts
    }

    /// An object as a text. It is for the environment whose cluster takes it.
    fn applied(&self, change: &Change, object: &Value) -> Text {
        let mut text = Text::new(&change.target(), yaml::render(object));
        if let Change::ApplyManifest { cluster, .. } = change {
            let mut of_cluster = self.config.environments.iter().filter(|known| known.cluster == *cluster);
            if let (Some(only), None) = (of_cluster.next(), of_cluster.next()) {
                text.environment = Some(only.name.as_str().into());
            }
        }
        text
    }

    /// What the policies deny and warn of.
    async fn asked(self: &Arc<Gate>, made: &Made, question: Question) -> Result<Vec<Told>> {
        let (gate, panel) = (self.clone(), made.panel.clone());
        let ask = move || {
            // What took too long for one change refuses the next one, too.
            panel.renew();
            let idle = gate.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut standing = idle.map_or_else(|| Standing::start(panel.clone()), Ok)?;
            let found = standing.ask(&question)?;
            gate.idle.lock().unwrap_or_else(PoisonError::into_inner).push(standing);
            let told = question.texts.iter().zip(found).enumerate();
            Ok(told.flat_map(|(at, (text, examined))| of_text(at, text, examined, &panel)).collect())
        };
        spawn_blocking(ask).await.unwrap_or_else(|error| Err(fault(&error)))
    }
}

impl Made {
    /// Who answers for a finding, if its policy allows that.
    fn who_answers(&self, told: &Told, file: &str) -> Option<Arc<Waived>> {
        let Told { detection, object, .. } = told;
        let policy = detection.finding.policy.as_str();
        let rules = self.panel.packs.iter().flat_map(|chosen| chosen.pack().rules());
        let waivable = rules.into_iter().find(|facts| facts.id == policy).is_some_and(|facts| facts.waivable);
        let subject = Subject { policy, object: object.as_ref(), file, path: &detection.path };
        self.waivers.waived(&subject).filter(|_| waivable)
    }
}

/// A file of a change as a text; nothing if it is none, or holds no object by its name.
fn text_of(change: &Change, path: &str, file: Option<&File>) -> Option<Text> {
    let text = std::str::from_utf8(&file?.bytes).ok()?;
    let shown = format!("{}:{path}", change.repo()?);
    let says = objects::may_hold(path) && objects::may_say(path, text);
    says.then(|| Text { named: false, ..Text::new(&shown, text.to_owned()) })
}

/// Whether there is an object in it. What doesn't parse, another reviewer tells.
fn holds_objects(text: &Text) -> bool {
    let documents = yaml::parse(&text.shown, text.content.as_deref().unwrap_or_default()).unwrap_or_default();
    let is_one =
        |document: &Document| lists::of(&document.value).objects.iter().any(|part| object_of(&part.value).is_some());
    documents.iter().any(is_one)
}

/// Those that aren't about patches, which have only what they change.
async fn without_patches(told: Vec<Told>, change: &Change, world: &World) -> Vec<Told> {
    let patches = Patches::new(change, world);
    let mut left = Vec::new();
    for told in told {
        let file = told.detection.finding.place.file.split_once(':').map(|(_, path)| path.to_owned());
        let is_patch = match file.filter(|path| change.files().iter().any(|file| file.path == *path)) {
            Some(path) => patches.name(&path).await,
            None => false,
        };
        if !is_patch {
            left.push(told);
        }
    }
    left
}

/// What is denied and warned of in a text. What can't be read, other reviewers tell.
fn of_text(at: usize, text: &Text, examined: Examined, panel: &Panel) -> Vec<Told> {
    let Examined { detections, objects, roots, .. } = examined;
    let asked = |found: &Detection| found.level >= PolicyLevel::Warn && found.finding.policy != READING;
    let mut detections: Vec<Detection> = detections.into_iter().filter(asked).collect();
    if detections.is_empty() {
        return Vec::new();
    }
    detections.sort_by_key(|found| (found.finding.place.line, found.finding.place.column));
    let documents = yaml::parse(&text.shown, text.content.as_deref().unwrap_or_default()).unwrap_or_default();
    let told = |detection: Detection| {
        let object = detection.object.and_then(|at| objects.get(at)).map(|seen| seen.object.clone());
        let root = detection.object.and_then(|at| roots.get(at));
        let whole = root.and_then(|(document, root)| yaml::get(&documents.get(*document)?.value, root));
        let there = whole.and_then(|whole| yaml::get(whole, &yaml::parse_path(&detection.path).ok()?));
        let namespace = object.as_ref().and_then(|object| object.namespace.as_deref());
        let plain = there.filter(|value| !value.is_object() && !value.is_array());
        let key = (
            detection.finding.policy.clone(),
            object.as_ref().map(ToString::to_string).unwrap_or_default(),
            detection.finding.message.clone(),
            plain.map(ToString::to_string).unwrap_or_default(),
            panel.environment_of(text, namespace).unwrap_or_default().to_owned(),
        );
        let spot = spot(whole, &detection.path);
        Told { text: at, detection, object, key, spot }
    };
    detections.into_iter().map(told).collect()
}

/// A path of an object on which elements of lists go by their names, as strategic merges know them: numbers move.
fn spot(whole: Option<&Value>, path: &str) -> String {
    let (mut value, mut spot) = (whole, String::new());
    for step in yaml::parse_path(path).unwrap_or_default() {
        value = value.and_then(|value| yaml::get(value, std::slice::from_ref(&step)));
        let name = value.filter(|_| matches!(step, Step::Index(_))).and_then(|value| value["name"].as_str());
        let step = name.map_or_else(|| yaml::Path(&[step]).to_string(), |name| format!("[name={name}]"));
        spot.push_str(&format!("{step}/"));
    }
    spot
}

/// The finding as the door takes it: what refuses is of high severity at least, what doesn't is of medium at most.
fn finding(told: Told, was_there: bool, waived: Option<Arc<Waived>>, is_file: bool) -> Option<Finding> {
    let Told { detection, object, .. } = told;
    let Detection { level, mut finding, .. } = detection;
    if let Some(object) = object {
        finding.message = format!("{object}: {}", finding.message);
    }
    if !is_file {
        finding.place = Place::file(finding.place.file);
    }
    finding.severity = match (level, waived, was_there) {
        (_, Some(waived), _) => {
            finding.help = Some(format!("waived by {waived}"));
            Severity::Low
        }
        // Whoever edits a file isn't told of what was warned of before.
        (PolicyLevel::Warn, None, true) => return None,
        (PolicyLevel::Deny, None, true) => {
            finding.message.push_str(", as before this change");
            finding.severity.min(Severity::Medium)
        }
        (PolicyLevel::Deny, None, false) => finding.severity.max(Severity::High),
        _ => finding.severity.min(Severity::Medium),
    };
    Some(finding)
}

fn fault(error: &tokio::task::JoinError) -> Error {
    Error::failed("idp::script::crash", format!("policies made idp-run itself fail: {error}"))
        .help("this is a fault of idp-run, whatever the policies do")
}
