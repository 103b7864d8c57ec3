//! Why a policy says of an object what it says: the object is found, what decides is compared one by one, and the check is
//! run once more under watch. Called by the command line for `--explain`.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::examine::number_of;
use super::panel::{Panel, error_of};
use super::waivers::{Scope, Waivers};
use super::{Text, crew};
use crate::config::Limits;
use crate::error::{Error, Place, Result, nearest};
use crate::formats::lists;
use crate::formats::objects::{self, Shape};
use crate::formats::yaml::{self, Path};
use crate::library::Library;
use crate::primitives::manifest::Manifest;
use crate::primitives::policy::{Candidate, Objects, Report};
use crate::report::{Audit, Explanation, InForce, ObjectName, Said, Seen};
use crate::script::harness::coverage::Counter;
use crate::script::{Ended, Extras, Fence, Given, Pack, Progress, as_params};

/// An object as somebody names it.
#[derive(Debug)]
pub enum Wanted {
    /// By kind, namespace, if one is given, and name.
    Named(String, Option<String>, String),
    /// The one at a line of a file.
    At(String, usize),
}

impl Wanted {
    /// `Deployment/web`, `Deployment/shop/web` or `k8s/web.yaml:12`.
    ///
    /// # Errors
    /// `idp::audit::object` for anything else.
    pub fn of(text: &str) -> Result<Wanted> {
        if let Some((file, line)) = text.rsplit_once(':')
            && let Ok(line) = line.parse()
        {
            return Ok(Wanted::At(file.trim_start_matches("./").to_owned(), line));
        }
        match text.split(['/', ' ']).filter(|part| !part.is_empty()).collect::<Vec<_>>()[..] {
            [kind, name] => Ok(Wanted::Named(kind.into(), None, name.into())),
            [kind, namespace, name] => Ok(Wanted::Named(kind.into(), Some(namespace.into()), name.into())),
            _ => Err(Error::invalid("idp::audit::object", format!("`{text}` names no object"))
                .help("write KIND/NAME, KIND/NAMESPACE/NAME or FILE:LINE: Deployment/payments/api")),
        }
    }

    fn is(&self, object: &ObjectName) -> bool {
        let Wanted::Named(kind, namespace, name) = self else { return false };
        object.kind.eq_ignore_ascii_case(kind)
            && object.name.as_ref() == Some(name)
            && namespace.as_ref().is_none_or(|namespace| object.namespace.as_ref() == Some(namespace))
    }

    /// The number of the object among those that an audit looked at.
    ///
    /// # Errors
    /// `idp::audit::object` if it is none of them, or several are.
    pub fn find(&self, audit: &Audit, texts: &[Text]) -> Result<usize> {
        let seen = audit.objects.iter().enumerate();
        let found: Vec<usize> = match self {
            Wanted::At(file, line) => at_line(file, *line, audit, texts)?,
            Wanted::Named(..) => seen.filter(|(_, seen)| self.is(&seen.object)).map(|(at, _)| at).collect(),
        };
        let wrong = |what: String| Error::invalid("idp::audit::object", what);
        match found[..] {
            [one] => Ok(one),
            [] => {
                let error = wrong(format!("there is no object {self}"));
                let bare = |object: &ObjectName| ObjectName { namespace: None, ..object.clone() };
                let both = |seen: &Seen| [seen.object.to_string(), bare(&seen.object).to_string()];
                let all = audit.objects.iter().flat_map(both).map(|name| name.replace(' ', "/"));
                let all: Vec<String> = all.collect();
                Err(match nearest(&self.to_string(), all.iter().map(String::as_str)) {
                    Some(near) => error.help(format!("did you mean `{near}`?")),
                    None => error.help("name the paths in which it is behind the object"),
                })
            }
            _ => {
                let places =
                    found.iter().map(|at| &audit.objects[*at]).map(|seen| format!("{}:{}", seen.file, seen.line));
                let places: Vec<String> = places.take(10).collect();
                Err(wrong(format!("there are {} objects {self}", found.len()))
                    .help(format!("say which: {}", places.join(", "))))
            }
        }
    }
}

/// The objects of a file at a line of it.
fn at_line(file: &str, line: usize, audit: &Audit, texts: &[Text]) -> Result<Vec<usize>> {
    let own: Vec<usize> =
        audit.objects.iter().enumerate().filter(|(_, seen)| *seen.file == *file).map(|(at, _)| at).collect();
    let Some(text) = texts.iter().find(|text| *text.shown == *file).filter(|_| !own.is_empty()) else {
        return Ok(Vec::new());
    };
    let text = text.read()?;
    let (documents, _) = yaml::parse_each(&text.shown, text.content.as_deref().unwrap_or_default());
    let mut lines = Vec::new();
    for document in &documents {
        for part in lists::of(&document.value).objects {
            if let Shape::Object { .. } = objects::shape(&part.value, &text.shown) {
                lines.push((document.place(&part.path).line, document.last_line(&part.path)));
            }
        }
    }
    let found: Vec<usize> = own
        .iter()
        .zip(&lines)
        .filter(|(_, (first, last))| (*first..=*last).contains(&line))
        .map(|(at, _)| *at)
        .collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let shown = own.iter().zip(&lines).take(10).map(|(at, (first, last))| {
        let object = &audit.objects[*at].object;
        format!(
            "{object} in {}",
            if first == last { format!("line {first}") } else { format!("lines {first} to {last}") }
        )
    });
    let error = Error::invalid("idp::audit::object", format!("no object is at {file}:{line}"));
    let more = own.len().saturating_sub(10);
    let rest = if more > 0 { format!(", and {more} more") } else { String::new() };
    Err(error.help(format!("there is {}{rest}", shown.collect::<Vec<_>>().join(", "))))
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Wanted::Named(kind, Some(namespace), name) => write!(f, "{kind}/{namespace}/{name}"),
            Wanted::Named(kind, None, name) => write!(f, "{kind}/{name}"),
            Wanted::At(file, line) => write!(f, "at {file}:{line}"),
        }
    }
}

/// Everything that an explanation needs beside the policy and the object.
pub struct Asked<'a> {
    /// Whose rule it is.
    pub panel: &'a Panel,
    /// What was looked at.
    pub texts: &'a [Text],
    /// What came of that, with waivers.
    pub audit: &'a Audit,
    /// Where scripts import from.
    pub library: &'a Library,
    /// Parameters of the command line.
    pub params: &'a [(String, String)],
    /// Who answers for what.
    pub waivers: &'a Waivers,
    /// What of the workspace was looked at.
    pub scope: &'a Scope<'a>,
}

/// Explains what a policy says of an object.
///
/// # Errors
/// `idp::audit::policy` for a policy that isn't asked; what running its script again says.
pub fn explain(asked: &Asked<'_>, policy: &str, object: usize) -> Result<Explanation> {
    let Asked { panel, audit, .. } = asked;
    let known = || audit.policies.iter().map(|rule| rule.id.as_str());
    let seen = &audit.objects[object];
    let title = audit.policies.iter().find(|rule| rule.id == policy).map(|rule| rule.about.clone());
    let found: Vec<_> = audit.detections.iter().filter(|found| found.object == Some(object)).cloned().collect();
    let found: Vec<_> = found.into_iter().filter(|found| found.finding.policy == policy).collect();
    let fails = found.iter().any(|found| audit.counts(found));
    let place = Place::at(&*seen.file, seen.line, 1);
    let mut explanation = Explanation {
        policy: (policy.to_owned(), title.clone().unwrap_or_default()),
        script: None,
        severity: None,
        level: None,
        object: seen.object.clone(),
        place,
        environment: None,
        applies_to: Vec::new(),
        not_asked: None,
        params: Vec::new(),
        ran: Vec::new(),
        said: Vec::new(),
        waivers: asked.waivers.about(audit, policy, object, asked.scope),
        found,
        fix: None,
        fails,
    };
    let rule_of = |pack: &Pack| pack.rules().iter().position(|facts| facts.id == policy);
    let rule = panel.packs.iter().find_map(|chosen| Some((chosen, rule_of(chosen.pack())?)));
    let Some((chosen, rule)) = rule else {
        if title.is_some() {
            return Ok(explanation);
        }
        let error = Error::invalid("idp::audit::policy", format!("there is no policy `{policy}`"));
        return Err(match nearest(policy, known()) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help("`--with` names the pack or script that it is in"),
        });
    };
    let facts = chosen.pack().rules()[rule].clone();
    let script = chosen.pack().script();
    explanation.policy.1 = facts.title.clone();
    explanation.script = Some(Place::at(script.shown.as_str(), facts.line, 1));
    explanation.severity = Some(facts.severity);
    let all = objects_of(asked.texts)?;
    let Some((text, manifest)) = all.get(object) else { return Ok(explanation) };
    let environment = panel.environment_of(&asked.texts[*text], seen.object.namespace.as_deref());
    explanation.environment = environment.map(str::to_owned);
    let setup = chosen.setup(environment);
    let values = chosen.values(setup).cloned().unwrap_or_default();
    explanation.level = chosen.level(rule, setup);
    explanation.params = in_force(chosen.pack(), &values, asked.params);
    let candidate = Candidate { object: manifest, file: &seen.file, environment };
    explanation.applies_to = facts.applies_to.each(&candidate);
    let view = facts.applies_to.view_or_why(&candidate);
    explanation.not_asked = match (&view, explanation.level) {
        (_, None) => Some("its level is off".into()),
        _ if asked.texts[*text].partial => {
            Some("a kustomization names its file as a patch, which is no whole object".into())
        }
        (Err(why), _) if facts.of_one => Some(why.clone()),
        _ => None,
    };
    if explanation.not_asked.is_some() {
        return Ok(explanation);
    }
    let whole = facts.of_all.then(|| all.iter().map(|(_, manifest)| manifest.clone()).collect());
    let traced = Traced { rule, view: view.ok().filter(|_| facts.of_one), whole, values };
    let (said, ran) = trace(chosen.pack(), asked.library, panel.limits, traced)?;
    explanation.ran = ran;
    explanation.said = said
        .into_iter()
        .filter(|report| report.at.number() == manifest.number())
        .map(|report| Said {
            level: report.level,
            path: Path(&report.at.path()).to_string(),
            line: report.line,
            message: report.message,
        })
        .collect();
    Ok(explanation)
}

/// The objects of texts in the order of an audit, each with the number of its text.
fn objects_of(texts: &[Text]) -> Result<Vec<(usize, Manifest)>> {
    let mut found = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let text = text.read()?;
        let Some(content) = &text.content else { continue };
        if !text.named && !objects::may_say(&text.shown, content) {
            continue;
        }
        let (documents, _) = yaml::parse_each(&text.shown, content);
        let mut at = 0;
        for document in &documents {
            for part in lists::of(&document.value).objects {
                if let Shape::Object { .. } = objects::shape(&part.value, &text.shown) {
                    found.push((number, Manifest::numbered(Cow::into_owned(part.value), number_of(number, at))));
                    at += 1;
                }
            }
        }
    }
    Ok(found)
}

/// Parameters with who says so.
fn in_force(pack: &Pack, values: &Map<String, Value>, given: &[(String, String)]) -> Vec<InForce> {
    let defaults = pack.values(&Given::default()).unwrap_or_default();
    let of = |(name, value): (&String, &Value)| {
        let qualified = format!("{}.{name}", pack.script().name);
        let origin = match given.iter().any(|(param, _)| param == name || *param == qualified) {
            true => "--param",
            false if defaults.get(name) == Some(value) => "default",
            false => "idp.yaml",
        };
        InForce { name: name.clone(), value: value.clone(), origin }
    };
    values.iter().map(of).collect()
}

/// What is asked once more.
struct Traced {
    rule: usize,
    view: Option<Manifest>,
    whole: Option<Vec<Manifest>>,
    values: Map<String, Value>,
}

/// Asks a rule on a watched engine: what it reports, and which lines of its script that took.
fn trace(pack: &Pack, library: &Library, limits: Limits, asked: Traced) -> Result<(Vec<Report>, Vec<usize>)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|error| Error::failed("idp::io", format!("can't start the runtime: {error}")))?;
    let counter = Counter::default();
    let extras = Extras { observer: Some(counter.observer()), ..Extras::default() };
    let (script, library, progress) = (pack.script().clone(), library.clone(), Progress::new(limits.memory));
    let (file, watch, counts) = (script.shown.clone(), progress.clone(), counter.clone());
    let work = move || {
        let seat = Pack::load(script, &library, watch.clone(), extras)?.seat(watch)?;
        // What declaring the rules ran is no news.
        counts.forget();
        let params = as_params(&asked.values);
        let mut said = Vec::new();
        if let Some(view) = asked.view {
            said.extend(seat.check(asked.rule, view, &params)?);
        }
        if let Some(whole) = asked.whole {
            said.extend(seat.check_all(asked.rule, Objects::new(whole), &params)?);
        }
        Ok(said)
    };
    let limits = Limits { time: limits.time.min(crew::DEADLINE * 2), ..limits };
    let mut fence = Fence::start(limits, &progress, work)
        .map_err(|error| Error::failed("idp::io", format!("can't start a thread: {error}")))?;
    let said = match runtime.block_on(fence.ended()) {
        // A check that throws is among the findings, and the lines tell how far it came.
        Ended::Itself { result, .. } => match result {
            Ok(said) => said,
            Err(trouble) if counter.lines(&file).is_empty() => return Err(error_of(trouble)),
            Err(_) => Vec::new(),
        },
        Ended::Left(error) | Ended::Panicked(error) => return Err(error),
    };
    Ok((said, counter.lines(&file)))
}
