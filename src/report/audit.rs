//! What policies found in manifests: findings with the object and the field that they are about.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{FileDiff, Finding, Place, RuleInfo, Severity};

/// A Kubernetes object, as findings name it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectName {
    /// `apps/v1`.
    pub api_version: String,
    /// `Deployment`.
    pub kind: String,
    /// Its namespace, if the manifest names one.
    pub namespace: Option<String>,
    /// Its name, or the prefix that the server makes one from.
    pub name: Option<String>,
}

impl std::fmt::Display for ObjectName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.kind.is_empty() { "object" } else { &self.kind })?;
        match (&self.namespace, &self.name) {
            (Some(namespace), Some(name)) => write!(f, " {namespace}/{name}"),
            (None, Some(name)) => write!(f, " {name}"),
            _ => Ok(()),
        }
    }
}

/// What follows from a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PolicyLevel {
    /// Nothing: the policy isn't asked.
    Off,
    /// It is told, and never fails anything.
    Audit,
    /// It is told as a warning, and never fails anything.
    Warn,
    /// It fails the audit, and the change at the door.
    Deny,
}

impl PolicyLevel {
    /// All of them, from the strictest.
    pub const ALL: [PolicyLevel; 4] = [PolicyLevel::Deny, PolicyLevel::Warn, PolicyLevel::Audit, PolicyLevel::Off];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            PolicyLevel::Off => "off",
            PolicyLevel::Audit => "audit",
            PolicyLevel::Warn => "warn",
            PolicyLevel::Deny => "deny",
        }
    }

    /// The level of this name.
    pub fn named(name: &str) -> Option<PolicyLevel> {
        PolicyLevel::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// One change of an object that mends it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Edit {
    /// Where, from the object's root, as `formats::yaml::parse_path` reads it. An index one past the end of a list adds
    /// to it; maps on the way that aren't there are made.
    pub path: String,
    /// What shall be there; none takes away what is there.
    pub to: Option<serde_json::Value>,
}

/// One finding of a policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Detection {
    /// What follows from it.
    pub level: PolicyLevel,
    /// Who says so, how bad, where, how to mend it.
    pub finding: Finding,
    /// Which of the objects; none where a file isn't readable.
    pub object: Option<usize>,
    /// The field within the object, such as `spec.replicas`; empty for the whole.
    pub path: String,
    /// Whether its policy can mend it.
    pub fixable: bool,
    /// Whether it is that the policy itself failed, so that what it would have said is unknown.
    pub failed: bool,
    /// Whether a planned fix mends it, so that it doesn't count.
    pub mended: bool,
    /// Who answers for it, so that it doesn't count.
    pub waived: Option<Arc<Waived>>,
}

impl Detection {
    /// Whether somebody has to do something: nobody answers for it, and no planned fix mends it.
    pub fn is_open(&self) -> bool {
        self.waived.is_none() && !self.mended
    }
}

/// What a waiver says of the findings that it covers, and an exemption of checks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waived {
    /// Who answers for them: a team, a person.
    pub owner: String,
    /// Why they are let be.
    pub reason: String,
    /// Where it was agreed.
    pub ticket: Option<String>,
    /// The last day on which it holds, `2027-03-31`.
    pub expires: String,
    /// Where the waiver is written.
    pub place: Place,
}

impl std::fmt::Display for Waived {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ticket = self.ticket.as_ref().map(|ticket| format!(", {ticket}")).unwrap_or_default();
        write!(f, "{} until {}: {} ({}{ticket})", self.owner, self.expires, self.reason, self.place)
    }
}

/// A fix that wasn't made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RefusedFix {
    /// Whose.
    pub policy: String,
    /// Of which finding.
    pub place: Place,
    /// Why not.
    pub why: String,
}

/// What fixes did, or would do.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fixes {
    /// Whether nothing was written.
    pub plan: bool,
    /// The files that they change.
    pub files: Vec<FileDiff>,
    /// How many findings are gone.
    pub mended: usize,
    /// Those that weren't made.
    pub refused: Vec<RefusedFix>,
}

/// An object that was looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Its name.
    pub object: ObjectName,
    /// The file that it is in.
    pub file: Arc<str>,
    /// The line at which it begins.
    pub line: usize,
}

/// What policies found in a set of files.
#[derive(Debug, Clone)]
pub struct Audit {
    /// The policies, found or not.
    pub policies: Vec<RuleInfo>,
    /// The findings, in the order of files and lines; under a plan of fixes those of the files as they are.
    pub detections: Vec<Detection>,
    /// The objects, in the same order.
    pub objects: Vec<Seen>,
    /// The texts of the files with findings, by their names.
    pub sources: BTreeMap<String, Arc<str>>,
    /// How many files were read.
    pub files: usize,
    /// How many of them hold no Kubernetes object.
    pub skipped: usize,
    /// How many objects packs weren't asked about, since they are patches.
    pub patches: usize,
    /// From which severity on a finding fails the audit.
    pub fail_on: Severity,
    /// What fixes did before, if they were asked for.
    pub fixes: Option<Fixes>,
}

impl Audit {
    /// What codes of findings begin with.
    pub const FAMILY: &'static str = "idp::audit";

    /// The code of what a policy finds: `idp::audit::schema`.
    pub fn code(policy: &str) -> String {
        format!("idp::audit::{}", policy.replace('-', "_").replace('/', "::"))
    }

    /// Whether a finding fails the audit.
    pub fn counts(&self, detection: &Detection) -> bool {
        detection.is_open() && detection.level == PolicyLevel::Deny && detection.finding.severity >= self.fail_on
    }

    /// Whether any finding fails it.
    pub fn fails(&self) -> bool {
        self.detections.iter().any(|detection| self.counts(detection))
    }

    /// Leaves one finding of each policy that failed, and of each level that it has, at the first object that it failed over,
    /// and says of how many more it did. Those that somebody answers for stay by themselves.
    pub fn fold_failures(&mut self) {
        let mut firsts: BTreeMap<(String, PolicyLevel), usize> = BTreeMap::new();
        let mut kept: Vec<Detection> = Vec::with_capacity(self.detections.len());
        let mut further: BTreeMap<usize, usize> = BTreeMap::new();
        for detection in std::mem::take(&mut self.detections) {
            if detection.failed && detection.waived.is_none() {
                let key = (detection.finding.policy.clone(), detection.level);
                if let Some(first) = firsts.get(&key) {
                    *further.entry(*first).or_default() += 1;
                    continue;
                }
                firsts.insert(key, kept.len());
            }
            kept.push(detection);
        }
        for (first, count) in further {
            let objects = if count == 1 { "object" } else { "objects" };
            kept[first].finding.message.push_str(&format!(", and so it did over {count} further {objects}"));
        }
        self.detections = kept;
    }

    /// The object that a finding is about.
    pub fn object(&self, detection: &Detection) -> Option<&ObjectName> {
        Some(&self.objects.get(detection.object?)?.object)
    }

    /// How many findings somebody has to do something about.
    pub fn open(&self) -> usize {
        self.detections.iter().filter(|detection| detection.is_open()).count()
    }

    /// How many findings somebody answers for.
    pub fn waived(&self) -> usize {
        self.detections.iter().filter(|detection| detection.waived.is_some()).count()
    }
}
