//! `unknown-manifest-field`: fields of objects that policies ask for, by the schemas of their kinds.

use super::{Checked, Report, Rule};
use crate::formats::yaml::Path;
use crate::report::Severity;
use crate::script::check::declarations;
use crate::script::check::views::{Named, Place, Thing, Views};

/// The rule.
pub const RULE: Rule = Rule {
    id: "unknown-manifest-field",
    severity: Severity::High,
    about: "A policy asks for a field that no object of its kinds has, or for objects of a kind that there isn't",
    why: "What isn't there reads as `()`: the policy finds nothing, or finds fault with every object.",
    bad: r#"policy("example/replicas", #{
    title: "A Deployment with one replica",
    applies_to: #{ kinds: ["Deployment"] },
    check: |o| if (o.spec?.replcas ?? 1) < 2 { deny(o.at("spec"), "one replica serves nobody while it restarts"); },
});
"#,
    good: r#"policy("example/replicas", #{
    title: "A Deployment with one replica",
    applies_to: #{ kinds: ["Deployment"] },
    check: |o| if (o.spec?.replicas ?? 1) < 2 { deny(o.at("spec"), "one replica serves nobody while it restarts"); },
});
"#,
    files: &[],
    find,
};

fn find(checked: &Checked, report: &mut Report) {
    let policies = declarations::of(checked);
    if policies.is_empty() {
        return;
    }
    let Some(schemas) = checked.kinds() else { return };
    // A field is right if any of the kinds has it; of a kind that nobody knows all fields are.
    let is_known = |place: &Place| {
        let lacks = |kind: &String| place.paths.iter().all(|path| schemas.lacks(kind, path).is_some());
        // Where it may be of another kind, only what is nearly a field is taken for a slip.
        let slip =
            |kind: &String| place.paths.iter().any(|path| !schemas.lacks(kind, path).unwrap_or_default().is_empty());
        !place.kinds.iter().all(lacks) || place.open && !place.kinds.iter().any(slip)
    };
    let function = |name: &str| checked.function(name);
    let mut views = Views::new(&function, &is_known);
    for policy in &policies {
        let one = match policy.kinds() {
            // A group that nobody knows may have a kind of that name, too.
            Some(kinds) if !kinds.is_empty() && policy.groups().iter().all(|group| schemas.knows_group(group)) => {
                Thing::View(Place::of_kinds(&kinds))
            }
            _ => Thing::Other,
        };
        for (key, first) in [("check", &one), ("fix", &one), ("check_all", &Thing::All)] {
            let Some(closure) = policy.key(key).and_then(|key| key.value.closure) else { continue };
            let closure = &checked.facts.closures[closure];
            views.closure(&closure.definition, closure.captures, first.clone());
        }
    }
    for (kind, position) in &views.kinds {
        if let Some(meant) = schemas.meant(kind) {
            report.add(*position, format!("no schema knows the kind `{kind}`"), format!("did you mean `{meant}`?"));
        }
    }
    for Named { position, place, .. } in views.unknown() {
        let Some(path) = place.paths.first() else { continue };
        let help = place.kinds.iter().filter_map(|kind| schemas.lacks(kind, path)).find(|help| !help.is_empty());
        let who = match place.kinds.as_slice() {
            _ if place.open => "no object with a pod template has a field".to_owned(),
            [one] => format!("{one} has no field"),
            several => format!("none of {} has a field", several.join(", ")),
        };
        // Any element of a list is meant.
        let path = Path(path).to_string().replace("[0]", "[*]");
        report.add(position, format!("{who} `{path}`"), help.unwrap_or_default());
    }
}
