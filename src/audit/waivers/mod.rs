//! Waivers: findings that somebody answers for until a day. They are files of the workspace; an audit marks what they
//! cover and finds those that are expired, unused or forbidden, and the door asks them for a breach.

mod grounds;
mod matching;
mod read;
#[cfg(test)]
mod tests;
pub mod write;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::config::Config;
use crate::error::{Place, Result, nearest};
use crate::report::{Audit, Covering, Detection, Finding, ObjectName, PolicyLevel, RuleInfo, Severity, Waived};
use crate::world::Clock;
pub use grounds::{Grounds, grounds, need};
use matching::About;
pub use matching::{Fields, Glob};
pub use read::{files, is_yaml};

/// The name under which waivers themselves are found fault with.
pub const POLICY: &str = "waiver";

/// The day by a clock, in UTC: a waiver holds through its last day there.
pub fn today(clock: &Clock) -> Date {
    let now = jiff::Timestamp::from_second(clock.now()).unwrap_or_default();
    now.to_zoned(TimeZone::UTC).date()
}

/// What a finding is about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The policy that found it.
    pub policy: &'a str,
    /// The object; none where a file isn't readable.
    pub object: Option<&'a ObjectName>,
    /// The file, from the workspace's folder or from `repository/`.
    pub file: &'a str,
    /// The field within the object.
    pub path: &'a str,
}

/// What of the workspace an audit looked at.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The folder that the names of files start at.
    pub here: &'a Path,
    /// The workspace's folder.
    pub root: &'a Path,
    /// Whether all of the workspace was looked at, so that an object that wasn't seen isn't there.
    pub whole: bool,
    /// The ids of policies that there are beside those that are asked; nothing is said of names where it is empty.
    pub known: &'a [String],
}

/// A waiver, as its document says it.
#[derive(Debug, Clone)]
struct Waiver {
    policies: Vec<Glob>,
    policies_place: Place,
    objects: Vec<About>,
    told: Arc<Waived>,
    expires: Date,
    expires_place: Place,
}

impl Waiver {
    fn is_of(&self, policy: &str) -> bool {
        self.policies.iter().any(|glob| glob.matches(policy))
    }

    fn named(&self) -> String {
        self.policies.iter().map(|glob| glob.text.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// The waivers of a workspace, on a day.
#[derive(Debug, Clone)]
pub struct Waivers {
    waivers: Vec<Waiver>,
    sources: BTreeMap<String, Arc<str>>,
    /// Files beside them that nobody reads.
    unread: Vec<String>,
    today: Date,
}

/// What an audit made of a waiver.
#[derive(Debug, Clone, Default)]
struct Use {
    /// Which of its objects had a finding.
    used: Vec<bool>,
    /// Policies that allow no waiver and had a finding that it covers.
    forbidden: Vec<String>,
}

impl Waivers {
    /// Those of a workspace. `here` is where the names of files in findings start.
    ///
    /// # Errors
    /// `idp::waiver::invalid` for a waiver that lacks a field, or says what waivers don't, with its place; `idp::io`.
    pub fn of(config: &Config, here: &Path, today: Date) -> Result<Waivers> {
        let unread = read::unread(config, here)?;
        let mut waivers = Waivers { waivers: Vec::new(), sources: BTreeMap::new(), unread, today };
        for (file, text) in read::files(config, here)? {
            waivers.waivers.extend(read::waivers(&file, &text)?);
            waivers.sources.insert(file, text.into());
        }
        Ok(waivers)
    }

    /// Those of a text, by the name that places in it get.
    ///
    /// # Errors
    /// `idp::waiver::invalid`.
    pub fn of_text(file: &str, text: &str, today: Date) -> Result<Waivers> {
        let sources = BTreeMap::from([(file.to_owned(), text.into())]);
        Ok(Waivers { waivers: read::waivers(file, text)?, sources, unread: Vec::new(), today })
    }

    /// Files beside them that nobody reads.
    pub fn unread(&self) -> &[String] {
        &self.unread
    }

    /// The policies that they name and that aren't among these, each with its place and what was probably meant.
    pub fn of_nobody(&self, known: &[String]) -> Vec<(String, Place, Option<String>)> {
        let ids = || known.iter().map(String::as_str);
        let named = self
            .waivers
            .iter()
            .flat_map(|waiver| waiver.policies.iter().map(|glob| (glob, waiver.policies_place.clone())));
        let odd = named.filter(|(glob, _)| !ids().any(|id| glob.matches(id)));
        let meant = |glob: &Glob| match nearest(&glob.text, ids()) {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None => ids().any(|id| glob.nearly_matches(id)).then(|| ALL_OF_PACKS.to_owned()),
        };
        odd.map(|(glob, place)| (glob.text.clone(), place, meant(glob))).collect()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.waivers.is_empty()
    }

    /// Whether all of them are of policies among these.
    pub fn are_of(&self, policies: &[RuleInfo]) -> bool {
        let known = |glob: &Glob| policies.iter().any(|rule| glob.matches(&rule.id));
        self.waivers.iter().all(|waiver| waiver.policies.iter().all(known))
    }

    /// Who answers for a finding today, if anybody does. Whether its policy allows that is for the caller to know.
    pub fn waived(&self, subject: &Subject<'_>) -> Option<Arc<Waived>> {
        let holding = self.waivers.iter().filter(|waiver| waiver.expires >= self.today);
        let mut covering = holding
            .filter(|waiver| waiver.is_of(subject.policy) && waiver.objects.iter().any(|about| about.covers(subject)));
        covering.next().map(|waiver| waiver.told.clone())
    }

    /// Marks the findings that are waived, and adds what is wrong with the waivers themselves.
    pub fn apply(&self, audit: &mut Audit, scope: &Scope<'_>) {
        if self.is_empty() && self.unread.is_empty() {
            return;
        }
        let mut uses: Vec<Use> = self
            .waivers
            .iter()
            .map(|waiver| Use { used: vec![false; waiver.objects.len()], forbidden: Vec::new() })
            .collect();
        let mut detections = std::mem::take(&mut audit.detections);
        for detection in &mut detections {
            detection.waived = self.mark(audit, detection, scope, &mut uses);
        }
        audit.detections = detections;
        for (waiver, uses) in self.waivers.iter().zip(&uses) {
            self.judge(waiver, uses, audit, scope);
            for name in &waiver.policies {
                if let Some(help) = unknown(name, audit, scope) {
                    let message = format!("there is no policy `{}`, so the waiver covers nothing of it", name.text);
                    self.tell(audit, Severity::Low, waiver.policies_place.clone(), message, help);
                }
            }
        }
        for file in &self.unread {
            let message = "a file among the waivers that isn't read".to_owned();
            let help = "waivers are YAML or JSON: give it the ending .yaml, or put it elsewhere".to_owned();
            self.tell(audit, Severity::Low, Place::at(file, 1, 1), message, help);
        }
        audit.policies.push(about());
    }

    /// The waivers of a policy, and what each does for its findings of an object.
    pub fn about(&self, audit: &Audit, policy: &str, object: usize, scope: &Scope<'_>) -> Vec<Covering> {
        let Some(seen) = audit.objects.get(object) else { return Vec::new() };
        let own =
            audit.detections.iter().filter(|found| found.object == Some(object) && found.finding.policy == policy);
        let own: Vec<&Detection> = own.collect();
        let file = within(&seen.file, scope);
        let waivable = audit.policies.iter().find(|rule| rule.id == policy).is_none_or(|rule| rule.waivable);
        let told = |waiver: &Waiver| {
            let covered = own.iter().filter(|found| {
                let subject = Subject { policy, object: Some(&seen.object), file: &file, path: &found.path };
                waiver.objects.iter().any(|about| about.covers(&subject))
            });
            let covers = covered.count();
            let misses: Vec<Option<String>> =
                waiver.objects.iter().map(|about| about.misses(&seen.object, &file)).collect();
            let why = match misses.iter().all(Option::is_some) {
                true => misses.into_iter().flatten().next(),
                false if waiver.expires < self.today => Some(format!("it expired with {}", waiver.told.expires)),
                false if !waivable => Some(format!("{policy} allows no waiver")),
                false if own.is_empty() => Some("nothing is found here".to_owned()),
                false if covers == 0 => Some("its path is none of the fields that are found fault with".to_owned()),
                false => None,
            };
            Covering { waiver: waiver.told.clone(), covers, why }
        };
        self.waivers.iter().filter(|waiver| waiver.is_of(policy)).map(told).collect()
    }

    fn mark(&self, audit: &Audit, detection: &Detection, scope: &Scope<'_>, uses: &mut [Use]) -> Option<Arc<Waived>> {
        let file = within(&detection.finding.place.file, scope);
        let policy = detection.finding.policy.as_str();
        let subject = Subject { policy, object: audit.object(detection), file: &file, path: &detection.path };
        let waivable = audit.policies.iter().find(|rule| rule.id == policy).is_none_or(|rule| rule.waivable);
        let mut waived = None;
        for (waiver, uses) in self.waivers.iter().zip(uses).filter(|(waiver, _)| waiver.is_of(policy)) {
            for (about, used) in waiver.objects.iter().zip(&mut uses.used) {
                if !about.covers(&subject) {
                    continue;
                }
                *used = true;
                if !waivable && !uses.forbidden.iter().any(|said| said == policy) {
                    uses.forbidden.push(policy.to_owned());
                }
                if waivable && waiver.expires >= self.today {
                    waived.get_or_insert_with(|| waiver.told.clone());
                }
            }
        }
        waived
    }

    /// What is wrong with a waiver itself. Of one whose policies weren't asked, or whose objects weren't looked at, nothing
    /// can be said.
    fn judge(&self, waiver: &Waiver, uses: &Use, audit: &mut Audit, scope: &Scope<'_>) {
        let asked = |glob: &Glob| audit.policies.iter().any(|rule| glob.matches(&rule.id));
        if !waiver.policies.iter().all(asked) {
            return;
        }
        let seen = |about: &About| {
            audit.objects.iter().any(|seen| about.is_nearly_about(Some(&seen.object), &within(&seen.file, scope)))
        };
        let looked_at: Vec<bool> =
            waiver.objects.iter().zip(&uses.used).map(|(about, used)| *used || scope.whole || seen(about)).collect();
        if !looked_at.contains(&true) {
            return;
        }
        let Waived { owner, ticket, expires, .. } = &*waiver.told;
        let agreed = ticket.as_ref().map(|ticket| format!(", {ticket}")).unwrap_or_default();
        let mut found = Vec::new();
        let named = audit.policies.iter().filter(|rule| waiver.policies.iter().any(|glob| glob.text == rule.id));
        let mut forbidden: Vec<String> = named.filter(|rule| !rule.waivable).map(|rule| rule.id.clone()).collect();
        forbidden
            .extend(uses.forbidden.iter().filter(|policy| !forbidden.contains(policy)).cloned().collect::<Vec<_>>());
        if !forbidden.is_empty() {
            found.push((
                Severity::High,
                waiver.policies_place.clone(),
                format!("{} allows no waiver", forbidden.join(", ")),
                format!("mend what it finds, and remove the waiver; {owner} wrote it{agreed}"),
            ));
        }
        if waiver.expires < self.today {
            found.push((
                Severity::High,
                waiver.expires_place.clone(),
                format!("the waiver of {} expired with {expires}", waiver.named()),
                match uses.used.contains(&true) {
                    true => format!("mend what it covers, or have {owner} agree on another day{agreed}"),
                    false => "nothing needs it any more: remove it".to_owned(),
                },
            ));
        } else if forbidden.is_empty() {
            let unused = waiver.objects.iter().zip(&uses.used).zip(&looked_at);
            for ((about, _), _) in unused.filter(|((_, used), looked_at)| !**used && **looked_at) {
                let is_of = |found: &Detection| waiver.is_of(&found.finding.policy);
                let here = seen(about);
                let help = match nearly_covers(waiver, about, audit, scope) {
                    Some(found) if !is_of(found) => ALL_OF_PACKS,
                    Some(_) => "`*` doesn't cross `/`: write `**` where it should",
                    None if here => "remove it, or mend its names if it should cover something",
                    // A golden path's files are in other repositories; the door looks at them, an audit doesn't.
                    None => "remove it or mend its names, unless it is for what golden paths deliver elsewhere",
                };
                found.push((
                    Severity::Low,
                    about.place.clone(),
                    format!("{} finds nothing that this waiver covers", waiver.named()),
                    help.to_owned(),
                ));
            }
        }
        for (severity, place, message, help) in found {
            self.tell(audit, severity, place, message, help);
        }
    }

    /// Adds a finding about a waiver.
    fn tell(&self, audit: &mut Audit, severity: Severity, place: Place, message: String, help: String) {
        if let Some(source) = self.sources.get(&place.file) {
            audit.sources.insert(place.file.clone(), source.clone());
        }
        let level = if severity < Severity::High { PolicyLevel::Warn } else { PolicyLevel::Deny };
        let finding = Finding { policy: POLICY.into(), severity, place, message, help: Some(help) };
        let path = String::new();
        audit.detections.push(Detection {
            level,
            finding,
            object: None,
            path,
            fixable: false,
            failed: false,
            mended: false,
            waived: None,
        });
    }
}

/// What to write for policies, whose ids have a slash.
pub const ALL_OF_PACKS: &str = "`*` doesn't cross `/`: `*/*` is every policy of every pack, `workload/*` those of one";

/// A finding that a waiver would cover if `*` crossed slashes.
fn nearly_covers<'a>(waiver: &Waiver, about: &About, audit: &'a Audit, scope: &Scope<'_>) -> Option<&'a Detection> {
    audit.detections.iter().find(|found| {
        let file = within(&found.finding.place.file, scope);
        waiver.policies.iter().any(|glob| glob.nearly_matches(&found.finding.policy))
            && about.nearly_covers(&Subject {
                policy: &found.finding.policy,
                object: audit.object(found),
                file: &file,
                path: &found.path,
            })
    })
}

/// What to do about a policy's name that nothing has. A policy of a pack that isn't known may be that of a script which
/// others ask by its path: it is told only where all of the workspace was looked at.
fn unknown(glob: &Glob, audit: &Audit, scope: &Scope<'_>) -> Option<String> {
    let asked = audit.policies.iter().map(|rule| rule.id.as_str());
    let known: Vec<&str> = asked.chain(scope.known.iter().map(String::as_str)).collect();
    if scope.known.is_empty() || known.iter().any(|id| glob.matches(id)) {
        return None;
    }
    let pack = glob.text.split_once('/').map_or("", |(pack, _)| pack);
    let has_pack = known.iter().any(|id| id.split_once('/').is_some_and(|(known, _)| known == pack));
    match nearest(&glob.text, known.iter().copied()) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None if known.iter().any(|id| glob.nearly_matches(id)) => Some(ALL_OF_PACKS.into()),
        None if has_pack || scope.whole => Some("`idp-run audit` names the policy of each finding".into()),
        None => None,
    }
}

/// A file from the workspace's folder, if it is below that.
fn within(file: &str, scope: &Scope<'_>) -> String {
    let whole = scope.here.join(file);
    whole.strip_prefix(scope.root).unwrap_or(&whole).to_string_lossy().into_owned()
}

/// What is found of waivers.
fn about() -> RuleInfo {
    RuleInfo {
        id: POLICY.into(),
        about: "A waiver that is expired, covers nothing, isn't read, or is of a policy that allows none or that there isn't".into(),
        why: "What somebody answers for is answered for by nobody once they forget it".into(),
        is_error: true,
        waivable: false,
    }
}
