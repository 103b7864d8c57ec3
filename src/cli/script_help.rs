//! `idp-run SCRIPT --help`: what a script does, and its parameters, without running it.

use crate::library::{Script, header};
use crate::primitives::param::bounds;
use crate::script::Declared;

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
    if let Some(pattern) = &rule.pattern {
        rules.push(pattern.to_string());
    }
    rules
}
