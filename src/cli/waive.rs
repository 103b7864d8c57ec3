//! `idp-run waive`: writes down that somebody answers for findings until a day, in a file of the workspace.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::civil::Date;
use jiff::{Span, ToSpan};
use serde_json::Value;

use super::audit::known_policies;
use super::check::collect;
use super::{Global, current_folder};
use crate::audit::panel::BUILT_IN;
use crate::audit::waivers::write::{self, Wanted};
use crate::audit::waivers::{ALL_OF_PACKS, Fields, Glob, Waivers, files, is_yaml, today};
use crate::audit::{self, Text, walk};
use crate::config::{Config, file};
use crate::error::{Error, Exit, Result, io, nearest};
use crate::formats::yaml::{self, Step};
use crate::library::{Library, Script};
use crate::output;
use crate::primitives::policy::id_of;
use crate::report::{Action, Counts, Diff, Event, FileDiff, Status};
use crate::schemas::{Found, Workspace, kubernetes};
use crate::script::check::Kinds;
use crate::world::{Clock, store};

const EXAMPLES: &str = "\
Examples:
  idp-run waive schema Deployment/payments/api --path spec.replicas \\
    --owner team-payments --reason 'the operator reads it' --ticket PAY-12 --expires 30d
  idp-run waive 'workload/*' 'Deployment/legacy-*/*' --owner team-platform \\
    --reason 'goes with the move in spring' --expires 2027-03-31 --plan

The findings that it covers stay in the reports, as waived, and no longer fail an audit. From the day after, they
count again, and the waiver itself is a finding. The same waiver again changes its terms; there is no second one.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct WaiveArgs {
    /// The policy: its id, or a glob such as workload/*
    #[arg(value_name = "POLICY")]
    policy: String,
    /// The objects: KIND/NAME or KIND/NAMESPACE/NAME, each part a name or a glob
    #[arg(value_name = "OBJECT")]
    object: String,
    /// Only findings at this field or below it, such as spec.template.spec.containers[*].image
    #[arg(long, value_name = "FIELD")]
    path: Option<String>,
    /// Only objects in files that this glob matches, from the workspace's folder: legacy/**
    #[arg(long, value_name = "GLOB")]
    file: Option<String>,
    /// Who answers for it: a team or a person
    #[arg(long, value_name = "TEAM")]
    owner: String,
    /// Why it is let be
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Where that was agreed
    #[arg(long, value_name = "TICKET")]
    ticket: Option<String>,
    /// The last day on which it holds: 2027-03-31, or 30d, 6w from today
    #[arg(long, value_name = "DAY")]
    expires: String,
    /// Show what would be written, and write nothing
    #[arg(long)]
    plan: bool,
}

pub fn waive(global: &Global, args: &WaiveArgs) -> Result<Exit> {
    let here = current_folder()?;
    let config = global.config()?;
    let day = today(&Clock::System);
    let wanted = wanted(args, day, &config)?;
    let mut seen = Seen::of(&config, args);
    known_field(&mut seen, &config, args)?;
    // What is wrong with those that are there is told before another one is written.
    Waivers::of(&config, &here, day)?;
    let (path, shown, before, after) = place(&config, &here, &wanted)?;
    let options = global.options(args.plan);
    let sink = output::sink(&options);
    let old = before.as_deref().map(str::as_bytes);
    let mut counts = Counts::default();
    if before.as_ref() == Some(&after) {
        counts.unchanged = 1;
        sink.emit(Event::Unchanged { kind: "waiver", target: shown });
    } else {
        if !args.plan {
            write(&config, &path, &after)?;
        }
        let action = if before.is_some() { Action::Update } else { Action::Create };
        if before.is_some() {
            counts.update = 1
        } else {
            counts.create = 1
        }
        let diff = Diff { files: vec![FileDiff::between(&shown, old, Some(after.as_bytes()))], ..Diff::default() };
        sink.emit(Event::Change { action, kind: "waiver", target: shown, diff, note: Some(wanted.expires.clone()) });
    }
    sink.emit(Event::Summary { counts, status: if args.plan { Status::Planned } else { Status::Applied } });
    seen.warn(&options);
    if args.policy == "*" {
        output::warning_to_stderr(
            &options,
            "`*` is `schema` and `manifest`, and no policy of a pack",
            Some(ALL_OF_PACKS),
        );
    }
    Ok(Exit::Ok)
}

fn wanted(args: &WaiveArgs, today: Date, config: &Config) -> Result<Wanted> {
    known_policy(&args.policy, config)?;
    let (kind, namespace, name) = object(&args.object)?;
    known_kind(&kind, config)?;
    for (flag, text) in [("--owner", &args.owner), ("--reason", &args.reason)] {
        if text.trim().is_empty() {
            return Err(Error::invalid(ARGUMENT, format!("{flag} says nothing")));
        }
    }
    let parts = [Some(&kind), namespace.as_ref(), Some(&name)];
    let globs =
        parts.into_iter().flatten().map(|part| ("OBJECT", part)).chain(args.file.iter().map(|file| ("--file", file)));
    for (what, text) in globs {
        if let Err(error) = Glob::new(text) {
            return Err(Error::invalid(ARGUMENT, format!("{what}: `{text}` is not a glob: {}", error.kind())));
        }
    }
    if let Some(path) = &args.path {
        Fields::new(path).map_err(|error| {
            let error = Error::invalid(ARGUMENT, format!("--path: {}", error.message()));
            error.help(
                "write it as findings do: spec.template.spec.containers[0].image; `[*]` is any element, `*` any key",
            )
        })?;
    }
    let mut about = vec![("kind", kind)];
    about.extend(namespace.map(|namespace| ("namespace", namespace)));
    about.push(("name", name));
    about.extend(args.file.iter().map(|file| ("file", file.clone())));
    about.extend(args.path.iter().map(|path| ("path", path.clone())));
    Ok(Wanted {
        policy: args.policy.clone(),
        object: about,
        owner: args.owner.trim().into(),
        reason: args.reason.trim().into(),
        ticket: args.ticket.clone(),
        expires: until(&args.expires, today)?.to_string(),
    })
}

fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

/// What an argument can't be.
const ARGUMENT: &str = "idp::waiver::argument";

/// What there isn't.
const UNKNOWN: &str = "idp::waiver::unknown";

/// A policy that has no name may still be one of a script that is asked by its path, if a script of the workspace declares it.
fn known_policy(policy: &str, config: &Config) -> Result<()> {
    let known = known_policies(config);
    if let Some(rule) = known.iter().find(|rule| rule.id == policy) {
        let error = || Error::invalid("idp::waiver::forbidden", format!("`{policy}` allows no waiver"));
        return if rule.waivable { Ok(()) } else { Err(error().help("mend what it finds")) };
    }
    let glob = Glob::new(policy)
        .map_err(|error| Error::invalid(ARGUMENT, format!("`{policy}` is not a glob: {}", error.kind())))?;
    let mut ids: Vec<String> = known.into_iter().map(|rule| rule.id).collect();
    if ids.iter().any(|id| glob.matches(id)) {
        return Ok(());
    }
    ids.extend(declared_policies(config)?);
    if ids.iter().any(|id| glob.matches(id)) {
        return Ok(());
    }
    let error = Error::invalid(UNKNOWN, format!("there is no policy `{policy}`"));
    if ids.iter().any(|id| glob.nearly_matches(id)) {
        return Err(error.help(ALL_OF_PACKS));
    }
    if let Some(near) = nearest(policy, ids.iter().map(String::as_str)) {
        return Err(error.help(format!("did you mean `{near}`?")));
    }
    let packs: BTreeSet<&str> = ids.iter().filter_map(|id| id.split_once('/')).map(|(pack, _)| pack).collect();
    let pack = policy.split_once('/').map(|(pack, _)| pack).filter(|pack| !packs.contains(pack));
    let near = pack.and_then(|pack| nearest(pack, packs.iter().copied()));
    Err(match (pack, near) {
        (_, Some(near)) => error.help(format!("did you mean the pack `{near}`?")),
        (Some(pack), None) => {
            let packs: Vec<&str> = packs.into_iter().collect();
            error.help(format!(
                "no script of the workspace declares a policy of `{pack}`; packs are {}",
                packs.join(", ")
            ))
        }
        (None, None) => error.help("`idp-run audit` names the policy of each finding"),
    })
}

/// The ids that scripts of the workspace declare, wherever they are, as far as they are written as texts.
pub(super) fn declared_policies(config: &Config) -> Result<Vec<String>> {
    let mut scripts = Vec::new();
    collect(&config.root, &config.root, &Library::new(&config.root), &mut scripts)?;
    let ids = |script: &Script| -> Vec<String> {
        let behind = script.text.split("policy(").skip(1);
        let quoted = behind.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
        quoted.filter(|id| id_of(id).is_some()).map(str::to_owned).collect()
    };
    Ok(scripts.iter().filter(|script| !script.name.ends_with(".test")).flat_map(ids).collect())
}

/// `Deployment/payments/api`, or as findings name it, `Deployment payments/api`.
fn object(text: &str) -> Result<(String, Option<String>, String)> {
    let parts: Vec<&str> = text.split(['/', ' ']).collect();
    match parts.as_slice() {
        [kind, name] if !kind.is_empty() && !name.is_empty() => Ok(((*kind).into(), None, (*name).into())),
        [kind, namespace, name] if parts.iter().all(|part| !part.is_empty()) => {
            Ok(((*kind).into(), Some((*namespace).into()), (*name).into()))
        }
        _ => {
            let error = Error::invalid(ARGUMENT, format!("`{text}` names no object"));
            Err(error.help("write it as KIND/NAME or KIND/NAMESPACE/NAME: Deployment/payments/api"))
        }
    }
}

/// A kind that nobody knows may still be somebody's, but not if it is nearly the name of a known one.
fn known_kind(kind: &str, config: &Config) -> Result<()> {
    let own = Workspace::new(config).own()?;
    let defined = own.definitions().into_iter().map(|definition| definition.kind.as_str());
    let known: Vec<&str> = kubernetes::kinds().iter().map(|known| known.kind).chain(defined).collect();
    if is_glob(kind) || known.contains(&kind) {
        return Ok(());
    }
    let same = known.iter().copied().find(|known| known.eq_ignore_ascii_case(kind));
    match same.or_else(|| nearest(kind, known)) {
        Some(near) => {
            let error = Error::invalid(UNKNOWN, format!("no kind `{kind}` is known"));
            Err(error.help(format!("did you mean `{near}`?")))
        }
        None => Ok(()),
    }
}

/// A day, or one so many days or weeks from today.
fn until(text: &str, today: Date) -> Result<Date> {
    let ahead = |unit: char, span: fn(i64) -> Span| {
        let number = text.strip_suffix(unit)?.parse::<i64>().ok().filter(|number| (1..=5000).contains(number))?;
        today.checked_add(span(number)).ok()
    };
    let day = text.parse::<Date>().ok();
    let day = day.or_else(|| ahead('d', |days| days.days())).or_else(|| ahead('w', |weeks| weeks.weeks()));
    match day {
        Some(day) if day >= today => Ok(day),
        Some(day) => {
            let error = Error::invalid(ARGUMENT, format!("--expires: {day} is over"));
            Err(error.help("name a day to come: the last one on which the waiver holds"))
        }
        None => {
            let error = Error::invalid(ARGUMENT, format!("--expires: `{text}` is no day"));
            Err(error.help("write a day such as 2027-03-31, or 30d or 6w from today"))
        }
    }
}

/// The file of the waiver: where it is, how it is shown, its text before, if it is there, and after.
fn place(config: &Config, here: &Path, wanted: &Wanted) -> Result<(PathBuf, String, Option<String>, String)> {
    for (shown, text) in files(config, here)? {
        if let Some(after) = write::changed(&shown, &text, wanted)? {
            return Ok((here.join(&shown), shown, Some(text), after));
        }
    }
    let first = config.waivers.first().cloned().unwrap_or_else(|| config.root.join("waivers"));
    let path = if first.is_file() || is_yaml(&first) { first } else { first.join(write::file_name(&wanted.policy)) };
    let shown = path.strip_prefix(here).unwrap_or(&path).display().to_string();
    let before = match file::read_text(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(io("read", &path)(error)),
    };
    let after = write::appended(&shown, before.as_deref().unwrap_or_default(), wanted)?;
    Ok((path, shown, before, after))
}

fn write(config: &Config, path: &Path, text: &str) -> Result<()> {
    if path.starts_with(&config.root) && !file::stays_inside(&config.root, path) {
        let message = format!("{} leads out of the workspace by a link", path.display());
        return Err(Error::invalid("idp::workspace", message).help("put a folder in its place"));
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(io("make the folder", folder))?;
    }
    store::replace_in_place(path, text.as_bytes())
}

/// What files of the workspace have of the object that is named: it may come from elsewhere, or be misspelt.
#[derive(Default)]
struct Seen {
    /// It, wherever it is.
    objects: Vec<Value>,
    /// What to say where it is nowhere.
    missing: Option<(String, Option<String>)>,
}

impl Seen {
    fn of(config: &Config, args: &WaiveArgs) -> Seen {
        let Ok((kind, namespace, name)) = object(&args.object) else { return Seen::default() };
        if [&kind, &name].into_iter().chain(&namespace).any(|part| is_glob(part)) {
            return Seen::default();
        }
        let files = walk::files(&[".".to_owned()], &[], &config.root).unwrap_or_default();
        let texts = audit::read(&files, &config.root).unwrap_or_default();
        let read = |text: &Text| Some(yaml::parse_each(&text.shown, text.content.as_ref()?).0);
        let documents = texts.iter().filter_map(read).flatten();
        let (mut near, mut objects) = (Vec::new(), Vec::new());
        for document in documents.filter(|document| document.value["kind"] == kind.as_str()) {
            let metadata = |field: &str| document.value["metadata"][field].as_str().map(str::to_owned);
            let Some(its_name) = metadata("name") else { continue };
            let its_namespace = metadata("namespace");
            if its_name == name && (namespace.is_none() || namespace == its_namespace) {
                objects.push(document.value);
                continue;
            }
            near.push(its_namespace.map_or(its_name.clone(), |its| format!("{its}/{its_name}")));
        }
        let wanted = namespace.map_or(name.clone(), |namespace| format!("{namespace}/{name}"));
        let missing = objects.is_empty().then(|| {
            let help = nearest(&wanted, near.iter().map(String::as_str)).map(|near| format!("there is {kind}/{near}"));
            (format!("no file of the workspace has a {kind} {wanted}"), help)
        });
        Seen { objects, missing }
    }

    fn warn(&self, options: &output::Options) {
        if let Some((message, help)) = &self.missing {
            output::warning_to_stderr(options, message, help.as_deref());
        }
    }
}

/// Refuses a field that the object neither has nor may have: no finding will be there. Of an object that is nowhere to be
/// seen, the schemas of its kind know; it may have a wrong field all the same, which `schema` would find.
fn known_field(seen: &mut Seen, config: &Config, args: &WaiveArgs) -> Result<()> {
    let Some(text) = args.path.as_ref() else { return Ok(()) };
    let path = Fields::sample(text)?;
    let own = Workspace::new(config).own()?;
    let mut meant = None;
    let of_schema = Glob::new(&args.policy).is_ok_and(|glob| glob.matches(BUILT_IN[0]));
    if seen.objects.is_empty() {
        let (kind, ..) = object(&args.object)?;
        match Kinds::of(own.clone()).lacks(&kind, &path) {
            Some(help) => meant = Some(help).filter(|help| !help.is_empty()),
            None => return Ok(()),
        }
        if of_schema {
            if let Some((message, help)) = &mut seen.missing {
                message.push_str(&format!(", and no {kind} has a field `{text}`"));
                *help = help.take().or(meant);
            }
            return Ok(());
        }
    }
    for object in &seen.objects {
        if yaml::get(object, &path).is_some() {
            return Ok(());
        }
        let (Some(version), Some(kind)) = (object["apiVersion"].as_str(), object["kind"].as_str()) else {
            return Ok(());
        };
        let Found::Known(kind) = own.find(version, kind) else { return Ok(()) };
        let Some(schema) = kind.schema().ok().filter(|_| !kind.is_partial()) else { return Ok(()) };
        let wanted = path.iter().rev().fold(Value::Bool(true), |inner, step| match step {
            Step::Key(key) => Value::Object([(key.clone(), inner)].into_iter().collect()),
            Step::Index(_) => Value::Array(vec![inner]),
        });
        let unknown = schema.unknown(&wanted).into_iter().find(|violation| path.starts_with(&violation.path));
        let Some(unknown) = unknown else { return Ok(()) };
        meant = meant.or(unknown.help);
    }
    let error = Error::invalid(UNKNOWN, format!("--path: {} has no field `{text}`", args.object));
    Err(error.help(meant.unwrap_or_else(|| "`idp-run audit --output json` has the path of each finding".into())))
}
