//! `wrong-policy`: declarations of policies that an audit refuses, or that mean nothing.

use std::collections::HashMap;

use super::{Checked, Report, Rule};
use crate::error::nearest;
use crate::primitives::policy::{APPLIES_TO, id_of, is_severity};
use crate::report::{PolicyLevel, Severity};
use crate::script::check::declarations::{self, Policy, values};
use crate::script::check::types::Type;

/// The rule.
pub const RULE: Rule = Rule {
    id: "wrong-policy",
    severity: Severity::High,
    about: "A policy is declared in a way that audits refuse, or that can't mean anything",
    why: "An audit stops at the declaration, and tells one mistake at a time.",
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
    let Some((pack, rule)) = id_of(id) else {
        let help = "an id is PACK/RULE in lower-case letters, digits and hyphens, such as shop/replicas";
        report.add(at, format!("`{id}` can't be the id of a policy"), help);
        return;
    };
    if let Some(own) = checked.pack.as_ref().filter(|own| *own != pack) {
        let message = format!("`{id}` is in the pack `{own}`: a pack is known by the name of its file");
        report.add(at, message, format!("call it `{own}/{rule}`, or the file {pack}.rhai"));
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
    let kinds = policy.applies_to().iter().find(|key| key.name == "kinds").and_then(|key| values(&key.value));
    let Some(known) = kinds.as_ref().and_then(|_| checked.kinds()) else { return };
    for value in kinds.into_iter().flatten() {
        let plain = value.text.as_deref().filter(|text| !text.contains(['*', '?', '[', '{']));
        if let Some((kind, meant)) = plain.and_then(|kind| Some((kind, known.meant(kind)?))) {
            report.add(
                value.position,
                format!("no schema knows the kind `{kind}`"),
                format!("did you mean `{meant}`?"),
            );
        }
    }
}
