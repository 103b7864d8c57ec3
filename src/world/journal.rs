//! The durable record of runs, attempts, steps and changes. It is memory, not truth: all that can be observed
//! converges without it. It decides only effects that can't be observed afterwards.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::Serialize;

use super::forge::Outcome;
use crate::error::Result;
use crate::report::{Action, Counts, Status};

/// What a run is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunKey {
    /// Script name and identity parameters: `create-service project=payments service=api`.
    pub key: String,
    /// The first 16 digits of the key's SHA-256: what markers carry.
    pub hash: String,
    /// The script's name.
    pub script: String,
    /// The digest of the other parameters and of the script.
    pub input_hash: String,
}

/// The start of one attempt at a run.
#[derive(Debug, Clone)]
pub struct Start {
    /// The run.
    pub run: RunKey,
    /// What was asked for, as `name → value`, secrets as `***`.
    pub params: serde_json::Value,
    /// The arguments with which the same run is started again, without `idp-run`.
    pub command: Vec<String>,
    /// The digest of the saved plan that is applied, if one is.
    pub plan: Option<String>,
    /// Seconds since 1970-01-01 UTC.
    pub time: i64,
}

/// An attempt's number in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt(pub i64);

/// A change's number in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry(pub i64);

/// What the journal knows of an effect that can't be observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: it was never begun.
    Unknown,
    /// It was begun, and no answer was recorded: a crash fell between the two.
    Uncertain,
    /// It was done.
    Done,
}

/// What an attempt was made with: SHA-256 digests, of what has several by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Inputs {
    /// Of the script's text.
    pub script: String,
    /// Of the modules that it imported, by their paths within the workspace or the binary.
    pub modules: BTreeMap<String, String>,
    /// Of the templates that it rendered.
    pub templates: BTreeMap<String, String>,
}

/// An attempt, for telling how old what it delivered is.
#[derive(Debug, Clone)]
pub struct Made {
    /// What it was made with, if it ended.
    pub inputs: Option<Inputs>,
    /// Its parameters.
    pub params: serde_json::Value,
    /// Whether it was to bring up to date what was delivered before.
    pub update: bool,
    /// Whether it ended well, or waits.
    pub ok: bool,
}

/// How an attempt ended.
#[derive(Debug, Clone)]
pub struct End<'a> {
    /// In which state.
    pub status: Status,
    /// After how many changes.
    pub counts: Counts,
    /// Why it failed or what it waits for.
    pub note: Option<&'a str>,
    /// What it was made with, and the digest of that and of its parameters before it.
    pub inputs: Option<(String, Inputs)>,
    /// When, in seconds since 1970-01-01 UTC.
    pub time: i64,
}

/// A run, for listing.
#[derive(Debug, Clone, Serialize)]
pub struct RunRow {
    /// Its key.
    pub key: String,
    /// Its key's hash.
    pub hash: String,
    /// Its script.
    pub script: String,
    /// How its last attempt ended; `running` if it didn't (see `interrupted` in [`AttemptRow`]).
    pub status: String,
    /// How many attempts there were.
    pub attempts: i64,
    /// When the last one began, in seconds since 1970-01-01 UTC.
    pub started: i64,
    /// What it waits for, if it waits.
    pub waiting_for: Option<String>,
    /// The arguments of the last attempt.
    pub command: Vec<String>,
    /// The parameters of the last attempt.
    pub params: serde_json::Value,
}

/// An attempt, for showing.
#[derive(Debug, Clone, Serialize)]
pub struct AttemptRow {
    /// Its number within the run, from 1.
    pub number: i64,
    /// When it began and ended, in seconds since 1970-01-01 UTC.
    pub started: i64,
    /// None while it runs, or if it was killed.
    pub ended: Option<i64>,
    /// How it ended; `running` or `interrupted` if it didn't.
    pub status: String,
    /// The digest of its input.
    pub input_hash: String,
    /// The digest of the saved plan that it applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// Why it failed or what it waits for.
    pub note: Option<String>,
    /// Its changes, in order.
    pub changes: Vec<ChangeRow>,
    /// Its steps, in order: name, depth, how it ended.
    pub steps: Vec<StepRow>,
}

/// A step, for showing.
#[derive(Debug, Clone, Serialize)]
pub struct StepRow {
    /// Its name.
    pub name: String,
    /// How many steps it stands in.
    pub depth: i64,
    /// `done`, `failed`, or `running`.
    pub status: String,
}

/// A change, for showing.
#[derive(Debug, Clone, Serialize)]
pub struct ChangeRow {
    /// What it did.
    pub action: String,
    /// To what kind of object.
    pub kind: String,
    /// To which.
    pub target: String,
    /// `done`, `failed`, or `uncertain` if no answer was recorded.
    pub status: String,
    /// The pull request's number, if the forge gave one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// The commit that it made, if it made one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// The durable record.
///
/// Every call that returns `Ok` is on disk. Errors: `idp::journal` when the record can't be read or written; a run
/// stops at them, since an effect without its record might be made twice.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Records that an attempt begins. Attempts of the same run that never ended are marked as interrupted.
    async fn begin(&self, start: &Start) -> Result<Attempt>;
    /// Records that a step begins; returns its number. Steps and changes are listed by position, then as they came.
    async fn step(&self, attempt: Attempt, name: &str, depth: usize, position: i64) -> Result<i64>;
    /// Records how a step ended.
    async fn step_ended(&self, step: i64, ok: bool) -> Result<()>;
    /// Records the intent of a change before it is made. `effect` is the key of an effect that can't be observed.
    async fn intend(&self, attempt: Attempt, change: &Intent<'_>) -> Result<Entry>;
    /// Records the world's answer; none if it was an error.
    async fn done(&self, entry: Entry, made: Option<&Outcome>) -> Result<()>;
    /// What is known of an effect.
    async fn effect(&self, key: &str) -> Result<Effect>;
    /// Records how an attempt ended.
    async fn end(&self, attempt: Attempt, end: &End<'_>) -> Result<()>;
    /// What the attempts at a run were made with, oldest first.
    async fn made(&self, hash: &str) -> Result<Vec<Made>>;
    /// All runs, the newest attempt first.
    async fn runs(&self) -> Result<Vec<RunRow>>;
    /// The attempts of a run, oldest first.
    async fn attempts(&self, hash: &str) -> Result<Vec<AttemptRow>>;
}

/// A change about to be made.
#[derive(Debug)]
pub struct Intent<'a> {
    /// What it does.
    pub action: Action,
    /// To what kind of object.
    pub kind: &'a str,
    /// To which.
    pub target: &'a str,
    /// Where it is listed: what items beside each other did comes in the order of the items.
    pub position: i64,
    /// The key of an effect that can't be observed afterwards.
    pub effect: Option<&'a str>,
}
