//! Policies asked by tests: the same audit as of files, of texts that a test has. Packs are compiled once for all tests,
//! and what each rule was seen to do is counted.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;

use super::panel::{self, Panel, Settings};
use super::schema::{self, BySchema};
use super::waivers::{Scope, Waivers, today};
use super::{Text, audit, fix};
use crate::error::{Error, Result, nearest};
use crate::library::{Library, Script};
use crate::primitives::policy::Facts;
use crate::report::{Audit, PolicyLevel, RuleCoverage, Severity};
use crate::schemas::Workspace;
use crate::script::harness::{Answer, Examiner, Question};
use crate::script::{Extras, Pack};
use crate::world::{Clock, open};

/// The built-in policy.
const SCHEMA: &str = "schema";

/// Asks policies for tests.
#[derive(Default)]
pub struct Trial {
    extras: Extras,
    packs: Mutex<HashMap<String, Arc<Pack>>>,
    seen: Mutex<BTreeMap<String, Seen>>,
}

/// What a rule was seen to do.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    passed: usize,
    failed: usize,
    waived: usize,
    mended: usize,
}

/// Who is asked: everyone on the panel, or one rule of its pack.
struct Bench {
    panel: Arc<Panel>,
    rule: Option<String>,
}

impl Trial {
    /// With what watches the engines.
    pub fn new(extras: Extras) -> Trial {
        Trial { extras, ..Trial::default() }
    }

    /// What was seen of the rules of all packs below these folders (and of packs that were asked).
    ///
    /// # Errors
    /// What is wrong with a pack.
    pub fn coverage(&self, root: &Path, folders: &[PathBuf]) -> Vec<RuleCoverage> {
        let library = Library::new(root);
        let mut scripts = Vec::new();
        for folder in folders {
            let shown = folder.strip_prefix(root).unwrap_or(folder).display().to_string();
            scripts.extend(panel::scripts(&shown, &library, root, &[]).unwrap_or_default());
        }
        for script in scripts {
            // What is no pack, or none yet, has no rules.
            let _ = self.pack(script, &library, crate::config::Limits::default());
        }
        let packs = self.packs.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = Vec::new();
        for pack in packs.values() {
            let file = pack.script().shown.clone();
            for facts in pack.rules() {
                let Seen { passed, failed, waived, mended } = seen.get(&facts.id).copied().unwrap_or_default();
                let (rule, mends) = (facts.id.clone(), facts.mends);
                found.push(RuleCoverage { rule, file: file.clone(), mends, passed, failed, waived, mended });
            }
        }
        found.sort_by(|a, b| (&a.file, &a.rule).cmp(&(&b.file, &b.rule)));
        found
    }

    /// A pack, compiled once.
    fn pack(&self, script: Script, library: &Library, limits: crate::config::Limits) -> Result<Arc<Pack>> {
        let key = script.shown.clone();
        if let Some(pack) = self.packs.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(pack.clone());
        }
        let read = panel::read(vec![script], library, limits, &self.extras)?;
        let pack = read.into_iter().next().map(Arc::new).ok_or_else(|| unknown(&key))?;
        let mut packs = self.packs.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(packs.entry(key).or_insert(pack).clone())
    }

    fn bench(&self, question: &Question) -> Result<Bench> {
        let Question { policy, config, .. } = question;
        let mut panel = Panel { environment: question.environment.clone(), ..Panel::of(config) };
        if policy == SCHEMA {
            let (definitions, broken) = schema::definitions(&texts(question));
            let schemas = Workspace::new(config).own()?.before(definitions).with_broken(broken);
            panel.built_in.push(Box::new(BySchema::new(schemas)));
            return Ok(Bench { panel: Arc::new(panel), rule: None });
        }
        let library = Library::new(&config.root);
        let script = script(question, &library)?;
        let pack = self.pack(script, &library, config.limits)?;
        let rule = rule(policy, &pack)?;
        let name = pack.script().name.clone();
        let mut settings = Settings { params: question.pairs.clone(), ..Settings::default() };
        settings.values.insert(name.clone(), question.params.clone());
        for facts in pack.rules() {
            if let Some(level) = level(facts, rule.as_deref(), question.level) {
                settings.levels.insert(facts.id.clone(), level);
            }
        }
        Ok(Bench { panel: Arc::new(panel.with_read(vec![pack], &settings)?), rule })
    }

    fn asked(&self, question: &Question, bench: &Bench) -> Result<Audit> {
        let mut audit = audit(texts(question), bench.panel.clone(), Severity::Low)?;
        if let Some(broken) = audit.detections.iter().find(|found| found.failed) {
            let error =
                Error::failed("idp::test::policy", format!("{}: {}", broken.finding.policy, broken.finding.message));
            let error = broken.finding.help.iter().fold(error, |error, help| error.help(help));
            return Err(error.at(broken.finding.place.clone()));
        }
        if audit.objects.is_empty() && audit.detections.is_empty() {
            let error = Error::invalid("idp::test::manifests", "there is no object in these manifests");
            return Err(error.help("an object has apiVersion and kind"));
        }
        if let Some(text) = &question.waivers {
            let root = &question.config.root;
            let waivers = Waivers::of_text("waivers", text, day(question)?)?;
            waivers.apply(&mut audit, &Scope { here: root, root, whole: true, known: &[] });
        }
        Ok(audit)
    }

    /// Counts what the rules were seen to do. That an object passes counts for the rule that was named: others that are
    /// content with it may not look at it at all.
    fn count(&self, bench: &Bench, audit: &Audit) -> usize {
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut asked = 0;
        for chosen in &bench.panel.packs {
            for (at, facts) in chosen.pack().rules().iter().enumerate() {
                let times = chosen.times(at);
                asked += times;
                let named = bench.rule.as_deref() == Some(facts.id.as_str());
                if times == 0 && !named {
                    continue;
                }
                let of = |waived: bool| -> BTreeSet<Option<usize>> {
                    let own = audit.detections.iter().filter(|found| found.finding.policy == facts.id);
                    own.filter(|found| found.waived.is_some() == waived).map(|found| found.object).collect()
                };
                let (failed, waived) = (of(false), of(true));
                let seen = all.entry(facts.id.clone()).or_default();
                seen.failed += failed.len();
                seen.waived += waived.len();
                if named {
                    // What it isn't asked about passes, too: some rules forbid all that they are asked about.
                    let looked_at = if times == 0 { audit.objects.len() } else { times };
                    seen.passed += looked_at.saturating_sub(failed.union(&waived).count());
                }
            }
        }
        asked
    }
}

impl Examiner for Trial {
    fn examine(&self, question: &Question) -> Result<Answer> {
        let bench = self.bench(question)?;
        let audit = self.asked(question, &bench)?;
        let asked = self.count(&bench, &audit);
        Ok(Answer { audit, asked })
    }

    fn mend(&self, question: &Question) -> Result<Vec<String>> {
        let bench = self.bench(question)?;
        let before = self.asked(question, &bench)?;
        let texts = texts(question);
        let todo = fix::todo(&before, &texts);
        let mut new: Vec<String> = question.texts.iter().map(|(_, text)| text.clone()).collect();
        for mended in fix::make(texts, bench.panel.clone(), todo)? {
            if let Some(refused) = mended.refused.first() {
                let error = Error::failed(
                    "idp::test::fix",
                    format!("the fix of {} isn't made: {}", refused.policy, refused.why),
                );
                return Err(error.at(refused.place.clone()));
            }
            if let (Some(content), Some(text)) = (mended.content, new.get_mut(mended.text)) {
                *text = content;
            }
        }
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = |file: &str| question.texts.iter().zip(&new).any(|((name, old), new)| name == file && old != new);
        for found in before.detections.iter().filter(|found| found.fixable && changed(&found.finding.place.file)) {
            all.entry(found.finding.policy.clone()).or_default().mended += 1;
        }
        Ok(new)
    }
}

fn texts(question: &Question) -> Vec<Text> {
    question.texts.iter().map(|(file, text)| Text::new(file, text.clone())).collect()
}

fn day(question: &Question) -> Result<Date> {
    let Some(day) = &question.today else { return Ok(today(&Clock::Fixed(open::TEST_TIME))) };
    day.parse().map_err(|_| {
        let error =
            Error::invalid("idp::script::option", format!("the option `today` must be a day, and it is `{day}`"));
        error.help("write it as 2027-03-31")
    })
}

/// The level that a rule is asked at, where that isn't the one that it declares.
fn level(facts: &Facts, only: Option<&str>, wanted: Option<PolicyLevel>) -> Option<PolicyLevel> {
    match only {
        Some(only) if only != facts.id => Some(PolicyLevel::Off),
        // A rule that nobody asks unless they say so was asked for.
        Some(_) if facts.level == PolicyLevel::Off => wanted.or(Some(PolicyLevel::Deny)),
        _ => wanted,
    }
}

/// The script that a policy is in, known by its path from the workspace however it was found.
fn script(question: &Question, library: &Library) -> Result<Script> {
    let mut script = found(question, library)?;
    let shown = Path::new(&script.shown);
    script.shown = shown.strip_prefix(&question.config.root).unwrap_or(shown).display().to_string();
    Ok(script)
}

/// The script that a policy is in: beside the test first.
fn found(question: &Question, library: &Library) -> Result<Script> {
    let Question { policy, folder, config, .. } = question;
    let root = &config.root;
    if policy.ends_with(".rhai") {
        let beside = folder.as_ref().map(|folder| folder.join(policy)).filter(|path| path.is_file());
        return match beside {
            Some(path) => library.script(&path.display().to_string(), root),
            None => library.script(policy, root),
        };
    }
    let pack = policy.split('/').next().unwrap_or(policy);
    let beside = folder.as_ref().map(|folder| folder.join(format!("{pack}.rhai"))).filter(|path| path.is_file());
    if let Some(path) = beside {
        return library.script(&path.display().to_string(), root);
    }
    let found = panel::scripts(pack, library, root, &[SCHEMA])?;
    found.into_iter().next().ok_or_else(|| unknown(policy))
}

fn unknown(policy: &str) -> Error {
    Error::invalid("idp::audit::policy", format!("there is no policy `{policy}`"))
}

/// The rule that a policy names, if it names one.
fn rule(policy: &str, pack: &Pack) -> Result<Option<String>> {
    if policy.ends_with(".rhai") || !policy.contains('/') {
        return Ok(None);
    }
    let mut ids = pack.rules().iter().map(|facts| facts.id.as_str());
    if ids.any(|id| id == policy) {
        return Ok(Some(policy.to_owned()));
    }
    let near = nearest(policy, pack.rules().iter().map(|facts| facts.id.as_str()));
    let shown = &pack.script().shown;
    let error = Error::invalid("idp::audit::policy", format!("there is no policy `{policy}` in {shown}"));
    Err(near.map_or(error.clone(), |near| error.help(format!("did you mean `{near}`?"))))
}
