//! `wrong-policy`: declarations of policies that an audit refuses, or that mean nothing.

use std::collections::{BTreeSet, HashMap};

use globset::Glob;
use rhai::Position;

use super::{Checked, Report, Rule};
use crate::error::nearest;
use crate::primitives::policy::{APPLIES_TO, id_of, is_severity, of_another};
use crate::report::{PolicyLevel, Severity};
use crate::script::check::declarations::{self, Policy, values};
use crate::script::check::types::Type;

/// The rule.
pub const RULE: Rule = Rule {
    id: "wrong-policy",
    severity: Severity::High,
    about: "A policy is declared in a way that audits refuse, or that can't mean anything",
    why: "An audit stops at the declaration, or asks the policy about no object.",
    bad: r#"policy("example/latest", #{
    title: "An image without a version",
    severity: "hihg",
    applies_to: #{ kind: ["Pod"] },
    check: |o| for c in o.containers() { deny(c.at("image"), ""); },
});
"#,
    good: r#"policy("example/latest", #{
    title: "An image without a version",
    severity: "high",
    applies_to: #{ kinds: ["Pod"] },
    check: |o| for c in o.containers() { deny(c.at("image"), `${c.name} has no version`); },
});
"#,
    files: &[],
    find,
};

const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];

fn find(checked: &Checked, report: &mut Report) {
    let policies = declarations::of(checked);
    let mut ids: HashMap<&str, usize> = HashMap::new();
    for policy in &policies {
        let line = policy.call.position.line().unwrap_or(0);
        if let Some(id) = policy.id {
            of_id(id, checked, policy, report);
            if let Some(first) = ids.insert(id, line) {
                let message = format!("line {first} has a policy `{id}`, too");
                report.add(policy.call.arguments[0].position, message, "give each of them an id of its own");
            }
        }
        if policy.call.decided {
            let message = "the policy is there only if something holds";
            let help = "declare it in any case: `applies_to` says which objects it is for, and `level: off` in idp.yaml that it isn't asked";
            report.warn(policy.call.position, message, help);
        }
        of_words(policy, report);
        of_functions(checked, policy, report);
        of_match(checked, policy, report);
    }
    if policies.is_empty() {
        return;
    }
    for call in
        checked.facts.calls.iter().filter(|call| {
            matches!(call.name.as_str(), "deny" | "warn" | "audit") && matches!(call.arguments.len(), 2 | 3)
        })
    {
        let message = &call.arguments[1];
        if !checked.knows(&call.name) && message.text.as_ref().is_some_and(|text| text.trim().is_empty()) {
            let help = "write a sentence about the object: what is wrong with it";
            report.add(message.position, format!("`{}` says nothing", call.name), help);
        }
    }
}

fn of_id(id: &str, checked: &Checked, policy: &Policy<'_>, report: &mut Report) {
    let at = policy.call.arguments[0].position;
    if id_of(id).is_none() {
        let help = "an id is PACK/RULE in lower-case letters, digits and hyphens, such as shop/replicas";
        report.add(at, format!("`{id}` can't be the id of a policy"), help);
        return;
    }
    if let Some(error) = checked.pack.as_deref().and_then(|own| of_another(id, own)) {
        report.add(at, error.message(), error.help_text().unwrap_or_default());
    }
}

fn of_words(policy: &Policy<'_>, report: &mut Report) {
    let at = policy.call.position;
    let blank = |text: &String| text.trim().is_empty();
    match policy.key("title") {
        None => report.add(at, "the policy has no title", "say in one line what it finds: `title: \"...\"`"),
        Some(key) if key.value.text.as_ref().is_some_and(blank) => {
            report.add(key.value.position, "the title says nothing", "say in one line what the policy finds");
        }
        Some(_) => {}
    }
    let levels = PolicyLevel::ALL.map(PolicyLevel::name);
    let mut word = |key: &str, known: &[&str], is_known: &dyn Fn(&str) -> bool| {
        let Some(value) = policy.key(key).map(|key| &key.value) else { return };
        let Some(text) = value.text.as_deref().filter(|text| !is_known(text)) else { return };
        let help = match nearest(text, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it is one of {}", known.join(", ")),
        };
        report.add(value.position, format!("there is no {key} `{text}`"), help);
    };
    word("severity", &SEVERITIES, &is_severity);
    word("level", &levels, &|text| PolicyLevel::named(text).is_some());
}

fn of_functions(checked: &Checked, policy: &Policy<'_>, report: &mut Report) {
    let at = policy.call.position;
    let has = |key: &str| policy.key(key).is_some();
    if !has("check") && !has("check_all") {
        report.add(at, "the policy checks nothing", "give it `check: |o| { ... }`, or `check_all: |all| { ... }`");
    }
    if let Some(fix) = policy.key("fix").filter(|_| !has("check") && has("check_all")) {
        let help = "a fix goes with `check: |o| { ... }`, which can be asked again once the object is mended";
        report.add(fix.position, "the policy mends what it finds among all objects", help);
    }
    for key in ["check", "check_all", "fix"].iter().filter_map(|key| policy.key(key)) {
        let Some(closure) = key.value.closure.map(|number| &checked.facts.closures[number]) else { continue };
        let takes = closure.definition.params.len().saturating_sub(closure.captures);
        if !(1..=2).contains(&takes) {
            let about = if key.name == "check_all" { "all" } else { "o" };
            let help = format!("write |{about}| or |{about}, p|: what it looks at, and the parameters of the pack");
            report.add(closure.position, format!("`{}` has {takes} arguments", key.name), help);
        }
    }
}

fn of_match(checked: &Checked, policy: &Policy<'_>, report: &mut Report) {
    for key in policy.applies_to() {
        if !APPLIES_TO.contains(&key.name.as_str()) {
            let help = match nearest(&key.name, APPLIES_TO) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it has {}", APPLIES_TO.join(", ")),
            };
            report.add(key.position, format!("applies_to has no `{}`", key.name), help);
            continue;
        }
        let (wanted, fits) = match key.name.as_str() {
            "labels" => ("a map of names and values", matches!(key.value.is, Type::Map | Type::Unknown)),
            _ => ("a list of texts", matches!(key.value.is, Type::List | Type::Text | Type::Unknown)),
        };
        if !fits {
            let message = format!("`{}` must be {wanted}, and it is {}", key.name, key.value.is.words());
            report.add(key.value.position, message, "");
        }
    }
    of_globs(checked, policy, report);
    of_groups(checked, policy, report);
    let kinds = policy.applies_to().iter().find(|key| key.name == "kinds").and_then(|key| values(&key.value));
    let Some(known) = kinds.as_ref().and_then(|_| checked.kinds()) else { return };
    for value in kinds.into_iter().flatten() {
        let plain = value.text.as_deref().filter(|text| !is_glob(text));
        if let Some((kind, meant)) = plain.and_then(|kind| Some((kind, known.meant(kind)?))) {
            report.add(
                value.position,
                format!("no schema knows the kind `{kind}`"),
                format!("did you mean `{meant}`?"),
            );
        }
    }
}

fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '[', '{', '\\'])
}

/// The texts of a field of `applies_to`, as far as they are written down.
fn texts<'a>(policy: &Policy<'a>, name: &str) -> Vec<(&'a str, Position)> {
    let key = policy.applies_to().iter().find(|key| key.name == name);
    let values = key.and_then(|key| values(&key.value)).into_iter().flatten();
    values.filter_map(|value| Some((value.text.as_deref()?, value.position))).collect()
}

/// Globs that are none, and environments that the workspace doesn't have.
fn of_globs(checked: &Checked, policy: &Policy<'_>, report: &mut Report) {
    let labels = policy.applies_to().iter().find(|key| key.name == "labels").and_then(|key| key.value.keys.as_deref());
    let of_labels = labels.into_iter().flatten().flat_map(|key| values(&key.value).into_iter().flatten());
    let of_labels = of_labels.filter_map(|value| Some((value.text.as_deref()?, value.position)));
    let all = APPLIES_TO.iter().flat_map(|name| texts(policy, name)).chain(of_labels);
    for (text, position) in all {
        if let Err(error) = Glob::new(text) {
            let help = "`*` is any text, `?` one letter, `[ab]` one of them, `{a,b}` one of several; `\\` before one of these is that letter";
            report.add(position, format!("`{text}` is not a glob: {}", error.kind()), help);
        }
    }
    let Some(environments) = checked.environments() else { return };
    for (text, position) in texts(policy, "environments") {
        let Ok(glob) = Glob::new(text).map(|glob| glob.compile_matcher()) else { continue };
        if environments.iter().any(|name| glob.is_match(name)) {
            continue;
        }
        let help = match nearest(text, environments.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("idp.yaml declares {}", environments.join(", ")),
        };
        report.add(position, format!("there is no environment `{text}`"), help);
    }
}

/// Groups that no known kind has, or none of the kinds that are named. Others may know more, so that it is a warning.
fn of_groups(checked: &Checked, policy: &Policy<'_>, report: &mut Report) {
    let wanted = texts(policy, "api_groups");
    let Some(known) = checked.kinds().filter(|_| !wanted.is_empty()) else { return };
    let groups = known.groups();
    let kinds = policy.kinds().unwrap_or_default();
    // Pods are asked for by the groups of their controllers, too.
    let of_kinds: Option<BTreeSet<String>> = kinds
        .iter()
        .map(|kind| Some(known.groups_of(kind)).filter(|groups| *kind != "Pod" && !groups.is_empty()))
        .collect::<Option<Vec<_>>>()
        .map(|groups| groups.into_iter().flatten().collect());
    for (text, position) in wanted {
        let Ok(glob) = Glob::new(text).map(|glob| glob.compile_matcher()) else { continue };
        if !groups.iter().any(|group| glob.is_match(group)) {
            // Versions are no part of a group.
            let bare = text.split('/').next().unwrap_or(text);
            let near = nearest(bare, groups.iter().map(String::as_str)).filter(|near| !near.is_empty());
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                // Groups of definitions have a dot, and nobody knows all of them.
                None if is_glob(text) || bare == text && text.contains('.') => continue,
                None => "the group is what stands before the slash of an apiVersion; the core group is \"\"".into(),
            };
            report.warn(position, format!("no known kind is of the API group `{text}`"), help);
        } else if let Some(own) =
            of_kinds.as_ref().filter(|own| !own.is_empty() && !own.iter().any(|group| glob.is_match(group)))
        {
            let shown = |group: &String| if group.is_empty() { "\"\"".to_owned() } else { group.clone() };
            let own: Vec<String> = own.iter().map(shown).collect();
            let message = format!("no {} is of the API group `{text}`", kinds.join(" or "));
            report.warn(position, message, format!("its groups are {}", own.join(", ")));
        }
    }
}
