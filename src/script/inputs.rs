//! What an attempt was made with: the digests of its script, of the modules that it imported and of the templates that
//! it rendered. Compared later, they say which runs were made with older versions.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::attempt::Surroundings;
use super::engine::Host;
use crate::bridge::Run;
use crate::formats::digest::{digest, short};
use crate::library::Library;
use crate::world::journal::{Inputs, Made};

/// What an attempt was made with so far. Templates are known once they were rendered.
pub fn inputs(host: &Host, surroundings: &Surroundings, run: Option<&Run>) -> Inputs {
    let main = host.script().granted(&surroundings.config.root);
    let is_module = |name: &String| name.ends_with(".rhai") && !name.contains("templates/") && *name != main;
    Inputs {
        script: digest(host.script().text.as_bytes()),
        modules: surroundings.library.reads().all().into_iter().filter(|(name, _)| is_module(name)).collect(),
        templates: run.map(Run::templates).unwrap_or_default(),
    }
}

/// The digest of all that an attempt was asked for: the same key with another one is an update.
pub fn input_hash(inputs: &Inputs, values: &Map<String, Value>) -> String {
    let sorted: BTreeMap<&String, &Value> = values.iter().collect();
    let mut text = format!("{}\n", inputs.script);
    for (name, digest) in inputs.modules.iter().chain(&inputs.templates) {
        text.push_str(&format!("{name} {digest}\n"));
    }
    for (name, value) in sorted {
        text.push_str(&format!("{name}={value}\n"));
    }
    short(&text)
}

/// What the files that a run delivered were made with, and its parameters then: from the attempt on that delivered
/// them, the first version of each thing.
pub fn basis(attempts: &[Made], from: usize) -> Option<(Inputs, &Value)> {
    let mut attempts =
        attempts.get(from..)?.iter().filter_map(|attempt| Some((attempt.inputs.clone()?, &attempt.params)));
    let (mut inputs, params) = attempts.next()?;
    for (later, _) in attempts {
        for (name, digest) in later.modules {
            inputs.modules.entry(name).or_insert(digest);
        }
        for (name, digest) in later.templates {
            inputs.templates.entry(name).or_insert(digest);
        }
    }
    Some((inputs, params))
}

/// The same things as they are now. What is gone has no digest.
pub fn present(inputs: &Inputs, library: &Library, script: &str) -> Inputs {
    let module = |name: &String| library.bytes_of(name).ok().flatten().map(|bytes| digest(&bytes)).unwrap_or_default();
    let template = |name: &String| library.template(name).map(|template| template.digest()).unwrap_or_default();
    Inputs {
        script: digest(script.as_bytes()),
        modules: inputs.modules.keys().map(|name| (name.clone(), module(name))).collect(),
        templates: inputs.templates.keys().map(|name| (name.clone(), template(name))).collect(),
    }
}

/// What differs, in words: `script`, `module std/gitops`, `template java-spring-boot`, `parameter owner`.
pub fn differences(before: (&Inputs, &Value), now: (&Inputs, &Value)) -> Vec<String> {
    let mut found = Vec::new();
    if before.0.script != now.0.script {
        found.push("script".to_string());
    }
    let mut compare = |what: &str, before: &BTreeMap<String, String>, now: &BTreeMap<String, String>| {
        let changed = before.iter().filter(|(name, digest)| now.get(*name).is_some_and(|now| now != *digest));
        found.extend(changed.map(|(name, _)| format!("{what} {}", module_name(name))));
    };
    compare("module", &before.0.modules, &now.0.modules);
    compare("template", &before.0.templates, &now.0.templates);
    let empty = Map::new();
    let (old, new) = (before.1.as_object().unwrap_or(&empty), now.1.as_object().unwrap_or(&empty));
    let null = Value::Null;
    let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let changed = names.into_iter().filter(|name| old.get(*name).unwrap_or(&null) != new.get(*name).unwrap_or(&null));
    found.extend(changed.map(|name| format!("parameter {name}")));
    found
}

/// A module as scripts import it: `std/gitops`.
fn module_name(shown: &str) -> String {
    let name = shown.strip_suffix(".rhai").unwrap_or(shown);
    name.strip_prefix("embedded:stdlib/").map_or_else(|| name.to_string(), |name| format!("std/{name}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn made(script: &str, templates: &[(&str, &str)], params: Value) -> Made {
        let templates = templates.iter().map(|(name, digest)| ((*name).into(), (*digest).into())).collect();
        let inputs = Inputs { script: script.into(), modules: BTreeMap::new(), templates };
        Made { inputs: Some(inputs), params, update: false, ok: true }
    }

    #[test]
    fn files_are_as_old_as_the_attempt_that_delivered_them() {
        let attempts = [
            made("1", &[("java", "1")], json!({ "owner": "a" })),
            made("2", &[("java", "2"), ("later", "2")], json!({ "owner": "b" })),
        ];
        let (inputs, params) = basis(&attempts, 0).unwrap();
        assert_eq!(
            (inputs.script.as_str(), &inputs.templates["java"], &inputs.templates["later"]),
            ("1", &"1".into(), &"2".into())
        );
        assert_eq!(params, &json!({ "owner": "a" }));
        let now = attempts[1].inputs.clone().unwrap();
        assert_eq!(
            differences((&inputs, params), (&now, &attempts[1].params)),
            ["script", "template java", "parameter owner"]
        );
        let (inputs, params) = basis(&attempts, 1).unwrap();
        assert!(differences((&inputs, params), (&now, &attempts[1].params)).is_empty());
        assert!(basis(&attempts, 2).is_none());
    }

    #[test]
    fn names_are_those_that_people_write() {
        assert_eq!(module_name("embedded:stdlib/gitops.rhai"), "std/gitops");
        assert_eq!(module_name("lib/own.rhai"), "lib/own");
    }
}
