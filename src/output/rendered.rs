//! ApplicationSets as they are rendered: tables of Applications, what appears, changes and vanishes, and what is wrong.

use serde_json::{Value, json};

use super::look::{Look, clean, one_line};
use super::stream::Streams;
use super::table::Table;
use super::words::count;
use super::{Format, Options, json};
use crate::formats::yaml;
use crate::report::{
    Action, ApplicationChange, ApplicationField, Comparison, ProblemEffect, RenderedApplication, RenderedSet,
    RenderedSource,
};

/// Applications of a set that a plan shows before `--verbose` is needed.
const MOST: usize = 12;
/// Fields of an Application that are shown of it.
const FIELDS: usize = 20;
/// Letters of a value that is shown in a line.
const LONGEST: usize = 120;

/// Writes what sets give, or what changes in it.
pub fn rendered(options: &Options, sets: &[RenderedSet]) {
    let mut streams = Streams::standard(options.color);
    match options.format {
        Format::Json => {
            let mut text = json::version();
            for set in sets {
                lines(set).for_each(|line| text.push_str(&format!("{line}\n")));
            }
            streams.stdout.raw(&json::tame(&text));
            json::end(&mut streams, sets.iter().any(|set| !set.missing.is_empty()));
        }
        Format::Yaml => {
            let look = streams.stderr.look();
            for (at, application) in sets.iter().flat_map(|set| &set.applications).enumerate() {
                let between = if at > 0 { "---\n" } else { "" };
                streams.stdout.write(&format!("{between}{}", yaml::render(&application.manifest)));
            }
            for set in sets {
                streams.stderr.write(&troubles(&look, set));
            }
        }
        _ => {
            let look = streams.stdout.look();
            for (at, set) in sets.iter().enumerate() {
                let gap = if at > 0 { "\n" } else { "" };
                streams.stdout.write(&format!("{gap}{}", whole(&look, set, options.verbose)));
            }
        }
    }
}

/// A set for machines: a line for it, and one for each Application that it brings along.
pub(super) fn lines(set: &RenderedSet) -> impl Iterator<Item = Value> + '_ {
    let typed = |kind: &str, fields: Value| {
        let mut line = json!({ "type": kind });
        if let (Some(line), Value::Object(fields)) = (line.as_object_mut(), fields) {
            line.extend(fields);
        }
        line
    };
    let alone = RenderedSet { applications: Vec::new(), ..set.clone() };
    let first = typed("application_set", serde_json::to_value(alone).unwrap_or_default());
    let rest = set.applications.iter().map(move |application| {
        let mut fields = serde_json::to_value(application).unwrap_or_default();
        fields["set"] = json!(set.name);
        typed("application", fields)
    });
    std::iter::once(first).chain(rest)
}

/// All of a set for people.
fn whole(look: &Look, set: &RenderedSet, verbose: bool) -> String {
    let mut text = match &set.compared {
        Some(compared) => {
            let against = compared.against.as_deref().unwrap_or_default();
            let head = format!("{} against {}", named(look, set), one_line(against));
            format!("{head}: {}\n{}", size(compared), changed(look, compared, verbose, usize::MAX))
        }
        None => {
            let known = if set.missing.is_empty() { "" } else { ", as far as is known" };
            let head = format!("{} gives {}{known}\n", named(look, set), count(set.count, "Application"));
            format!("{head}{}", table(&set.applications).render(look))
        }
    };
    text.push_str(&troubles(look, set));
    text
}

/// What a plan says of a set, in lines.
pub(super) fn planned(look: &Look, set: &RenderedSet, verbose: bool) -> Vec<String> {
    let compared = set.compared.clone().unwrap_or_default();
    let most = if verbose { usize::MAX } else { MOST };
    let mut text = format!("{}: {}\n{}", named(look, set), size(&compared), changed(look, &compared, verbose, most));
    text.push_str(&troubles(look, set));
    text.lines().map(str::to_owned).collect()
}

fn named(look: &Look, set: &RenderedSet) -> String {
    let name = if set.name.is_empty() { "without a name" } else { &set.name };
    let place = look.dim(&format!("({})", one_line(&set.place.to_string())));
    format!("ApplicationSet {} {place}", look.bold(&one_line(name)))
}

fn size(compared: &Comparison) -> String {
    if compared.stopped.is_some() {
        return "nothing to compare".to_owned();
    }
    let parts = compared.counts().into_iter().filter(|(_, number)| *number > 0).map(|(action, number)| {
        let many = number > 1;
        let word = match action {
            Action::Create if many => "appear",
            Action::Create => "appears",
            Action::Update if many => "change",
            Action::Update => "changes",
            Action::Delete if many => "vanish",
            Action::Delete => "vanishes",
        };
        format!("{} {word}", count(number, "Application"))
    });
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { "no Application changes".to_owned() } else { parts.join(", ") }
}

fn changed(look: &Look, compared: &Comparison, verbose: bool, most: usize) -> String {
    if let Some(stopped) = &compared.stopped {
        return format!("  {} {}\n", look.yellow("!"), one_line(stopped));
    }
    // Cutting one or two saves nothing.
    let shown = if compared.changes.len() < most.saturating_add(3) { compared.changes.len() } else { most };
    let mut text: String = compared.changes[..shown].iter().map(|change| one(look, change, verbose)).collect();
    if shown < compared.changes.len() {
        let more = count(compared.changes.len() - shown, "more Application");
        let line = format!("{} {more} (--verbose shows all)", look.symbol("…", "..."));
        text.push_str(&format!("  {}\n", look.dim(&line)));
    }
    text
}

fn one(look: &Look, change: &ApplicationChange, verbose: bool) -> String {
    let application = &change.application;
    let name = look.bold(&one_line(&application.name));
    let mut text = format!("  {} {name}", look.action(change.action));
    let arrow = look.symbol("→", "->");
    match change.action {
        Action::Create => {
            let sources: Vec<String> = application.sources.iter().map(shown).collect();
            let about = format!("{} {arrow} {}", sources.join(", "), destination(application));
            text.push_str(&format!("  {}\n", look.dim(&one_line(&about))));
        }
        Action::Delete => {
            let what = match (&change.kept, change.with_resources) {
                (Some(why), _) => format!("stays: {why}"),
                (None, true) => "goes, and what it deployed with it".to_owned(),
                (None, false) => "goes; what it deployed stays".to_owned(),
            };
            text.push_str(&format!("  {}\n", look.dim(&one_line(&what))));
        }
        Action::Update => {
            text.push('\n');
            let most = if verbose { usize::MAX } else { FIELDS };
            for field in change.fields.iter().take(most) {
                text.push_str(&format!("      {}\n", field_line(look, field, arrow)));
            }
            if let Some(more) = change.fields.len().checked_sub(most).filter(|more| *more > 0) {
                text.push_str(&format!("      {}\n", look.dim(&format!("{} (--verbose)", count(more, "more field")))));
            }
            if let Some(why) = &change.kept {
                text.push_str(&format!("      {}\n", look.dim(&format!("stays as it is: {}", one_line(why)))));
            }
        }
    }
    text
}

fn field_line(look: &Look, field: &ApplicationField, arrow: &str) -> String {
    let value = |value: &Value| match value {
        Value::Null => look.dim("(none)"),
        Value::String(text) => look.value(&cut(&one_line(text))),
        other => look.value(&cut(&one_line(&other.to_string()))),
    };
    let ignored = if field.ignored { look.dim(" (ignored: stays as it is)") } else { String::new() };
    format!(
        "{}  {} {} {}{ignored}",
        look.dim(&one_line(&field.path)),
        value(&field.before),
        look.dim(arrow),
        value(&field.after)
    )
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}

/// What is wrong, and what nobody knows, each at its place.
fn troubles(look: &Look, set: &RenderedSet) -> String {
    let mut text = String::new();
    for problem in &set.problems {
        let (word, effect) = match problem.effect {
            ProblemEffect::Stops => (look.red("error"), "the controller changes no Application of the set"),
            ProblemEffect::LeavesOut => (look.red("error"), "the controller leaves the Application out"),
            ProblemEffect::Warns => (look.yellow("warning"), "the controller goes on"),
        };
        let place = one_line(&problem.place.to_string());
        text.push_str(&format!("{word} {place} {}: {}\n", one_line(&problem.path), clean(&problem.message)));
        text.push_str(&format!("  {}\n", look.dim(effect)));
    }
    for missing in &set.missing {
        let place = one_line(&missing.place.to_string());
        let what = one_line(&missing.what);
        text.push_str(&format!("{} {place} {}: {what}\n", look.yellow("unknown"), one_line(&missing.path)));
        text.push_str(&format!("  {}\n", look.dim(&one_line(&missing.help))));
    }
    text
}

fn table(applications: &[RenderedApplication]) -> Table {
    let mut table = Table::new(["NAME", "PROJECT", "REPOSITORY", "PATH", "REVISION", "DESTINATION"]);
    for application in applications {
        let nothing = RenderedSource::default();
        let (first, more) = application.sources.split_first().unwrap_or((&nothing, &[]));
        let dash = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
        let row = |name: &str, project: &str, source: &RenderedSource, destination: &str| {
            let RenderedSource { repository, path, revision } = source;
            let cells = [name, project, short(repository), path, revision, destination];
            cells.map(dash)
        };
        table.row(row(&application.name, &application.project, first, &destination(application)));
        for source in more {
            let mut cells = row("", "", source, "");
            ([0, 1, 5]).into_iter().for_each(|at| cells[at].clear());
            table.row(cells);
        }
    }
    table
}

fn destination(application: &RenderedApplication) -> String {
    format!("{} {}", application.cluster, application.namespace).trim().to_owned()
}

fn shown(source: &RenderedSource) -> String {
    let RenderedSource { repository, path, revision } = source;
    let at = if revision.is_empty() { String::new() } else { format!("@{revision}") };
    format!("{} {path}{at}", short(repository))
}

/// A URL without what all of them have.
fn short(url: &str) -> &str {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or(url);
    rest.trim_end_matches('/').trim_end_matches(".git")
}
