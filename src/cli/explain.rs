//! `idp-run explain`: what a function, a script, a setting or an error code is, with its cause, its cure, an example.

use std::collections::BTreeSet;

use clap::Args;
use serde_json::{Value, json};

use super::{Global, current_folder};
use crate::config::Config;
use crate::config::settings::{self, Setting};
use crate::error::codes::{self, Meaning};
use crate::error::{Error, Exit, Result, nearest};
use crate::library::{Library, header};
use crate::output::{self, Format, Look};
use crate::schemas::offers::{self, Offer};
use crate::schemas::workspace::Offers;
use crate::script::check::{self, Rule};
use crate::script::reference::{self, Chapter, Entry, Of, Usage};

#[derive(Args)]
pub struct ExplainArgs {
    /// A function (repo.commit), a primitive (repo), a module (std/gitops), a script, a key of idp.yaml, an error code
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

/// What a name stands for, as data and as text.
struct Explanation {
    data: Value,
    text: String,
}

pub fn explain(global: &Global, args: &ExplainArgs) -> Result<Exit> {
    let config = global.config()?;
    let library = Library::new(&config.root);
    let found = match &args.name {
        None => vec![topics(&library)?],
        Some(name) => named(&config, &library, name)?,
    };
    let options = global.options(false);
    match options.format {
        Format::Json => output::records(&options, found.into_iter().map(|one| one.data)),
        _ => {
            let texts: Vec<String> = found.iter().map(|one| one.text.trim_end().to_string()).collect();
            output::text(&texts.join("\n\n"));
        }
    }
    Ok(Exit::Ok)
}

/// Everything that has the name.
fn named(config: &Config, library: &Library, name: &str) -> Result<Vec<Explanation>> {
    let name = name.trim_end_matches("()");
    if let Some(meaning) = codes::find(name) {
        return Ok(vec![of_code(meaning)]);
    }
    if let Some(rule) = check::rules().find(|rule| rule.id == name || rule.code() == name) {
        return Ok(vec![of_rule(rule)]);
    }
    let mut chapters = reference::all(library)?;
    let module = name.split("::").next().unwrap_or(name);
    if module.contains('/') && !module.starts_with("std/") && !module.ends_with(".rhai") {
        // A module of the workspace's own.
        chapters.extend(reference::module(library, module).ok());
    }
    let mut found = functions(&chapters, name);
    if found.is_empty() {
        chapters.push(reference::language());
        found = functions(&chapters, name);
    }
    found.extend(chapters.iter().filter(|chapter| chapter.name == name).map(of_chapter));
    if ["claim", "claimables"].contains(&name) {
        found.extend(on_offer(config)?);
    }
    if found.is_empty() {
        found.extend(of_kind(config, name)?);
    }
    let settings = settings::find(name);
    if !settings.is_empty() {
        found.push(of_settings(name, &settings));
    }
    if library.scripts()?.iter().any(|script| script.name == name) || name.ends_with(".rhai") {
        found.push(of_script(library, name)?);
    }
    if found.is_empty() {
        return Err(unknown(config, library, &chapters, name)?);
    }
    Ok(found)
}

/// What the workspace's platform offers. A workspace whose definitions can't be read has nothing to add to an explanation.
fn offers_of(config: &Config) -> Offers {
    super::form::on_offer(config).unwrap_or_default()
}

/// The kinds that can be claimed in this workspace, with the names of their fields; of those whose definition is refused, why.
///
/// # Errors
/// Those of definitions that can't be read.
fn on_offer(config: &Config) -> Result<Option<Explanation>> {
    let offers = super::form::on_offer(config)?;
    if offers.is_empty() {
        return Ok(None);
    }
    let mut text = String::from("On offer in this workspace\n\n");
    for offer in offers.iter() {
        let form = &offer.form;
        if let Some(refused) = offer.refused() {
            text.push_str(&format!("  {} ({}) can't be asked for: {}\n", form.kind, form.word, refused.message()));
            continue;
        }
        let fields: Vec<&str> = form.fields.iter().map(|field| field.name.as_str()).collect();
        text.push_str(&format!("  {} ({}): {}\n    {}\n", form.kind, form.word, form.title, fields.join(", ")));
    }
    text.push_str("\n`idp-run form KIND` shows defaults and bounds.\n");
    let kind = |offer: &Offer| {
        let Offer { form, file, .. } = offer;
        let fields: Vec<&str> = form.fields.iter().map(|field| field.name.as_str()).collect();
        json!({ "kind": form.kind, "type": form.word, "title": form.title, "file": file, "fields": fields, "refused": offer.refused().map(Error::message) })
    };
    let kinds: Vec<Value> = offers.iter().map(|offer| kind(offer)).collect();
    Ok(Some(Explanation { data: json!({ "type": "explanation", "of": "offers", "kinds": kinds }), text }))
}

/// One kind that can be claimed, with its fields.
///
/// # Errors
/// `idp::schema::definition` for one whose definition is refused; those of a form's defaults.
fn of_kind(config: &Config, name: &str) -> Result<Option<Explanation>> {
    let offer = match offers::named(&offers_of(config), name) {
        Err(error) if error.code() == "idp::schema::definition" => return Err(error),
        Err(_) => return Ok(None),
        Ok(offer) => offer,
    };
    let Offer { form, file, .. } = &*offer;
    let mut text = format!("{} {}, {}\n\n", form.kind, form.api_version(), form.title);
    text.push_str(&super::form::table(form)?.render(&Look {
        color: false,
        unicode: true,
        width: None,
        terminal: false,
    }));
    text.push_str(&format!("\nDefined in {file}\nAsk for it: idp-run create-resource type={} --help\n", form.word));
    let fields: Vec<Value> = form.fields.iter().map(|field| super::form::field(form, field)).collect::<Result<_>>()?;
    let data = json!({ "type": "explanation", "of": "kind", "kind": form.kind, "file": file, "fields": fields });
    Ok(Some(Explanation { data, text }))
}

/// The functions of a name: `repo.commit`, `Repo.commit`, `commit`, `std/gitops::services`, `gitops::services`.
fn functions(chapters: &[Chapter], name: &str) -> Vec<Explanation> {
    let entries = || chapters.iter().flat_map(|chapter| chapter.entries.iter().map(move |entry| (chapter, entry)));
    let qualified = |entry: &Entry| {
        let typed = entry.on.as_ref().map(|on| format!("{on}.{}", entry.name));
        let short = entry.title.rsplit('/').next().unwrap_or(&entry.title);
        entry.title == name || typed.as_deref() == Some(name) || short == name
    };
    let exact: Vec<_> = entries().filter(|(_, entry)| qualified(entry)).collect();
    let chosen = match exact.is_empty() {
        true => entries().filter(|(_, entry)| entry.name == name).collect(),
        false => exact,
    };
    chosen.into_iter().map(|(chapter, entry)| of_entry(chapter, entry)).collect()
}

fn unknown(config: &Config, library: &Library, chapters: &[Chapter], name: &str) -> Result<Error> {
    let mut names = BTreeSet::new();
    for chapter in chapters {
        names.insert(chapter.name.clone());
        for entry in &chapter.entries {
            names.extend([entry.title.clone(), entry.name.clone()]);
        }
    }
    names.extend(codes::all().iter().map(|meaning| meaning.code.to_string()));
    names.extend(check::rules().map(Rule::code));
    names.extend(settings::all().iter().map(|setting| setting.key.to_string()));
    names.extend(library.scripts()?.into_iter().map(|script| script.name));
    for offer in offers_of(config).iter() {
        names.extend([offer.form.kind.clone(), offer.form.word.clone()]);
    }
    if name.trim().is_empty() {
        let error = Error::invalid("idp::explain::unknown", "the name of what is to be explained is empty");
        return Ok(error.help("name it, as in `idp-run explain repo.commit`; `idp-run explain` lists what there is"));
    }
    let error = Error::invalid("idp::explain::unknown", format!("there is nothing to explain about `{name}`"));
    Ok(match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => error.help(format!("did you mean `{near}`? `idp-run explain` lists what there is")),
        None => error.help("`idp-run explain` lists what there is"),
    })
}

fn of_code(meaning: &Meaning) -> Explanation {
    let mut text = format!(
        "{}\n\n{}\n\n{}\n\n{}\n",
        meaning.code,
        meaning.title,
        wrapped("Cause: ", &meaning.cause),
        wrapped("Cure:  ", &meaning.cure)
    );
    if let Some(example) = meaning.example {
        text.push_str(&format!("\nA script that ends in it:\n\n{}", indented(example)));
    }
    let data = json!({
        "type": "explanation", "of": "code", "name": meaning.code, "about": meaning.title, "cause": meaning.cause,
        "cure": meaning.cure, "example": meaning.example,
    });
    Explanation { data, text }
}

fn of_rule(rule: &Rule) -> Explanation {
    let kind = if rule.is_error() { "an error" } else { "a warning" };
    let text = format!(
        "{}  [a rule of check; {kind}]\n\n{}.\n\n{}\n\nFound in:\n\n{}\nMended:\n\n{}",
        rule.id,
        rule.about,
        wrapped("Why: ", rule.why),
        indented(rule.bad.trim_start()),
        indented(rule.good.trim_start())
    );
    let data = json!({
        "type": "explanation", "of": "rule", "name": rule.id, "code": rule.code(), "about": rule.about, "why": rule.why,
        "bad": rule.bad, "good": rule.good,
    });
    Explanation { data, text }
}

fn of_entry(chapter: &Chapter, entry: &Entry) -> Explanation {
    let mut text = String::new();
    for (at, usage) in entry.usages.iter().enumerate() {
        if at > 0 {
            text.push('\n');
        }
        text.push_str(&of_usage(usage));
    }
    if !entry.errors.is_empty() {
        text.push_str("\nErrors:\n");
        for code in &entry.errors {
            let title = codes::find(code).map(|meaning| meaning.title.as_str()).unwrap_or_default();
            text.push_str(&format!("  {code:28} {title}\n"));
        }
    }
    let of = match chapter.of {
        Of::Primitive => String::new(),
        Of::Module => format!("\nFrom: import \"{}\" as {};\n", chapter.name, short(&chapter.name)),
        Of::Test => "\nIn test files alone: NAME.test.rhai.\n".into(),
        Of::Language => "\nA function of the language.\n".into(),
    };
    text.push_str(&of);
    let data = json!({
        "type": "explanation", "of": "function", "name": entry.title, "chapter": chapter.name, "function": entry,
    });
    Explanation { data, text }
}

fn of_usage(usage: &Usage) -> String {
    let mut text = format!("{}\n\n{}\n", usage.signature, wrapped("", &usage.about));
    if !usage.options.is_empty() {
        text.push_str("\nOptions:\n");
        let width = usage.options.iter().map(|option| option.key.len()).max().unwrap_or(0);
        for option in &usage.options {
            let default = match option.default.as_str() {
                "" => String::new(),
                default => format!("; default: {default}"),
            };
            text.push_str(&format!("  {:width$}  {} [{}{default}]\n", option.key, option.about, option.takes));
        }
        if usage.open {
            text.push_str("  Other keys are data of your own.\n");
        }
    }
    for example in &usage.examples {
        text.push_str(&format!("\nExample:\n\n{}", indented(example)));
    }
    text
}

fn of_chapter(chapter: &Chapter) -> Explanation {
    let mut text = format!("{}\n\n{}\n\n", chapter.name, wrapped("", &chapter.about));
    let width = chapter.entries.iter().map(|entry| entry.title.chars().count()).max().unwrap_or(0);
    for entry in &chapter.entries {
        text.push_str(&format!("  {:width$}  {}\n", entry.title, entry.brief()));
    }
    let data = json!({
        "type": "explanation", "of": chapter.of, "name": chapter.name, "about": chapter.about,
        "functions": chapter.entries.iter().map(|entry| &entry.title).collect::<Vec<_>>(),
    });
    Explanation { data, text }
}

fn of_settings(name: &str, settings: &[&Setting]) -> Explanation {
    let mut text = String::new();
    for setting in settings {
        let rule = match setting.takes {
            "" => "an environment variable".to_string(),
            takes => format!("{takes}; default: {}", setting.default),
        };
        text.push_str(&format!("{}  [{}]\n  {}\n", setting.key, rule.replace('`', ""), setting.about));
    }
    if let Some(example) = settings.iter().find_map(|setting| setting.example) {
        text.push_str(&format!("\nIn idp.yaml:\n\n{}", indented(example)));
    }
    let all = settings.iter().map(|setting| {
        json!({ "key": setting.key, "takes": setting.takes, "default": setting.default, "about": setting.about })
    });
    let data = json!({ "type": "explanation", "of": "setting", "name": name, "settings": all.collect::<Vec<_>>() });
    Explanation { data, text }
}

fn of_script(library: &Library, name: &str) -> Result<Explanation> {
    let script = library.script(name, &current_folder()?)?;
    let (title, description) = header(&script.text);
    let about = [title.as_str(), description.as_str()].join("\n\n");
    let text = format!(
        "{}  [script: {}]\n\n{}\n\n`idp-run {name} --help` shows its parameters, `idp-run {name} --plan` what it would do.\n",
        script.name,
        script.shown,
        about.trim()
    );
    let data = json!({
        "type": "explanation", "of": "script", "name": script.name, "file": script.shown, "title": title,
        "about": description,
    });
    Ok(Explanation { data, text })
}

/// What there is to explain.
fn topics(library: &Library) -> Result<Explanation> {
    let chapters = reference::all(library)?;
    let mut text = String::from("`idp-run explain NAME` explains a function, a script, a setting or an error code.\n");
    for chapter in &chapters {
        text.push_str(&format!("\n{}: {}\n", chapter.name, reference::first_sentence(&chapter.about)));
        let titles: Vec<&str> = chapter.entries.iter().map(|entry| entry.title.as_str()).collect();
        text.push_str(&format!("{}\n", wrapped("  ", &titles.join(" "))));
    }
    text.push_str("\nScripts\n");
    for script in library.scripts()? {
        text.push_str(&format!("  {}: {}\n", script.name, script.title));
    }
    let keys: Vec<&str> = settings::all().iter().map(|setting| setting.key).collect();
    text.push_str(&format!("\nSettings\n{}\n", wrapped("  ", &keys.join(" "))));
    let rules: Vec<&str> = check::rules().map(|rule| rule.id).collect();
    text.push_str(&format!("\nRules of check\n{}\n", wrapped("  ", &rules.join(" "))));
    let known: Vec<&str> = codes::all().iter().map(|meaning| meaning.code).collect();
    text.push_str(&format!("\nError codes\n{}\n", wrapped("  ", &known.join(" "))));
    let data = json!({
        "type": "topics",
        "chapters": chapters.iter().map(|chapter| &chapter.name).collect::<Vec<_>>(),
        "functions": chapters.iter().flat_map(|chapter| &chapter.entries).map(|entry| &entry.title).collect::<Vec<_>>(),
        "settings": keys,
        "rules": rules,
        "codes": known,
    });
    Ok(Explanation { data, text })
}

fn short(module: &str) -> &str {
    module.rsplit('/').next().unwrap_or(module)
}

fn indented(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_string() } else { format!("    {line}\n") }).collect()
}

/// Words broken into lines below a lead, each paragraph for itself.
fn wrapped(lead: &str, text: &str) -> String {
    const WIDTH: usize = 100;
    let indent = " ".repeat(lead.len());
    let mut all = String::new();
    for (number, paragraph) in text.split("\n\n").enumerate() {
        let mut line = if number == 0 { lead.to_string() } else { format!("\n\n{indent}") };
        let mut width = lead.len();
        for word in paragraph.split_whitespace() {
            let long = word.chars().count();
            if width > lead.len() && width + 1 + long > WIDTH {
                line.push_str(&format!("\n{indent}"));
                width = lead.len();
            }
            if width > lead.len() {
                line.push(' ');
                width += 1;
            }
            line.push_str(word);
            width += long;
        }
        all.push_str(&line);
    }
    all
}
