//! `idp-run SCRIPT --help`: what a script does, and its parameters, without running it. Completions know the parameters
//! from here, too.

use std::sync::Arc;

use super::desk::Desk;
use super::run::{Commanded, RunArgs};
use super::{Global, runtime};
use crate::audit::gate;
use crate::bridge::Trouble;
use crate::config::Config;
use crate::library::{Library, Script, header};
use crate::primitives::param::bounds;
use crate::report::Silence;
use crate::script::{Attempt, Declared, Extras, Progress, Surroundings};
use crate::world::Mode;

/// The help of a script; with values given, also the parameters that depend on them, unless that fails.
pub fn of(commanded: &Commanded, attempt: &mut Attempt) -> Result<String, Trouble> {
    let mut declared = attempt.declared().to_vec();
    let mut more = attempt.declares_more();
    if more && let Ok(given) = commanded.given() {
        let all = attempt.all_declared(commanded.called(), &given, |key| commanded.looking(key));
        if let Ok(all) = all {
            more = all.len() == declared.len();
            declared = all;
        }
    }
    Ok(text(commanded.called(), &commanded.script, &declared, more))
}

/// The parameters of a script, with those that depend on the values given, unless that fails.
pub fn parameters(
    global: &Global,
    config: &Config,
    script: Script,
    pairs: Vec<String>,
) -> Result<Vec<Declared>, Trouble> {
    let runtime = runtime()?;
    let surroundings = Surroundings {
        library: Library::new(&config.root).beside(&script),
        config: Arc::new(config.clone()),
        sink: Arc::new(Silence),
        progress: Progress::new(config.limits.memory),
        mode: Mode::Plan,
        in_memory: true,
        handle: runtime.handle().clone(),
        extras: Extras::default(),
        reviewers: gate::reviewers(),
    };
    let commanded = Commanded {
        desk: Desk::of(config, &global.options(true), false),
        args: RunArgs { script: Some(script.name.clone()), pairs, ..RunArgs::default() },
        known: Arc::default(),
        ask: false,
        hushed: Arc::default(),
        outside: Arc::default(),
        script,
        surroundings,
    };
    let mut attempt = Attempt::prepare(commanded.script.clone(), commanded.surroundings.clone())?;
    let all = attempt.all_declared(commanded.called(), &commanded.given()?, |key| commanded.looking(key));
    Ok(all.unwrap_or_else(|_| attempt.declared().to_vec()))
}

/// The help text of a script, as the command line called it. `more` says that some parameters depend on others that weren't
/// given.
pub fn text(called: &str, script: &Script, declared: &[Declared], more: bool) -> String {
    let (title, description) = header(&script.text);
    let mut text = String::new();
    for part in [&title, &description] {
        if !part.is_empty() {
            text.push_str(part);
            text.push_str("\n\n");
        }
    }
    let pairs = if declared.is_empty() { "" } else { " [NAME=VALUE]..." };
    text.push_str(&format!("Usage: idp-run {called}{pairs} [--plan] [OPTIONS]\n"));
    if !declared.is_empty() {
        text.push_str("\nParameters:\n");
        let width = declared.iter().map(|param| param.name.len()).max().unwrap_or(0);
        for param in declared {
            let rules = rules(param);
            let rules = if rules.is_empty() { String::new() } else { format!("  [{}]", rules.join("; ")) };
            let (name, description) = (&param.name, &param.rule.description);
            text.push_str(&format!("  {name:width$}  {description}{rules}\n"));
        }
        if more {
            text.push_str(&format!(
                "  ...\n\nMore parameters depend on these: `idp-run {called} NAME=VALUE... --help` shows them.\n"
            ));
        }
        text.push_str(
            "\nValues come from NAME=VALUE, --params FILE (YAML or JSON), IDP_PARAM_<NAME>, or are asked for on a terminal.\n",
        );
    }
    text.push_str("\nOptions:\n");
    for (flag, what) in [
        ("--plan", "Show every change, make none"),
        ("--detailed-exitcode", "With --plan: exit with 5 if there are changes"),
        ("--param NAME=VALUE", "A parameter; the same as NAME=VALUE"),
        ("--params FILE", "Parameters from a YAML or JSON file"),
        ("--grants FILE", "What the run may change outside the embedded world"),
        ("-w, --workspace DIR", "The folder with idp.yaml"),
        ("--output human|json", "What stdout gets"),
        ("-v, --verbose", "Whole diffs, unchanged objects"),
    ] {
        text.push_str(&format!("  {flag:21} {what}\n"));
    }
    text
}

fn rules(param: &Declared) -> Vec<String> {
    let rule = &param.rule;
    let shown = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut rules = Vec::new();
    if rule.kind.name() != "string" {
        rules.push(rule.kind.name().to_string());
    }
    match &rule.default {
        Some(default) if shown(default).is_empty() => rules.push("optional".into()),
        Some(default) => rules.push(format!("default: {}", shown(default))),
        None if rule.optional => rules.push("optional".into()),
        None => rules.push("required".into()),
    }
    if !rule.choices.is_empty() {
        rules.push(rule.choices.iter().map(shown).collect::<Vec<_>>().join("|"));
    }
    if let Some(range) = rule.range {
        rules.push(bounds(range));
    }
    match (&rule.words, &rule.pattern) {
        (Some(words), _) => rules.push(words.clone()),
        (None, Some(pattern)) => rules.push(pattern.to_string()),
        (None, None) => {}
    }
    rules
}
