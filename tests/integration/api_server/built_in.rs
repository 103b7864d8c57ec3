//! Kubernetes' own kinds: what our schemas refuse the server refuses, too. It knows more than they can say.

use std::collections::BTreeMap;

use idp_run::formats::yaml::{self, Step};
use idp_run::schemas::{Checks, Problem, Schemas};
use serde_json::Value;

use super::random::{Dice, odd};
use crate::support::api_server::{Strictness, client};

/// Objects that the server takes, one of each kind that platforms are made of, with many of its fields.
const GOOD: &str = include_str!("built_in.yaml");

/// How often each of them is spoilt.
const TIMES: usize = 60;

/// Where the server takes what its published schemas refuse: kind, field, why.
const LENIENT: [(&str, &str, &str); 5] = [
    ("ConfigMap", "binaryData.", "Go reads a list of numbers, too, where it wants bytes"),
    ("Secret", "data.", "Go reads a list of numbers, too, where it wants bytes"),
    ("LimitRange", "metadata.name", "the server gives one without a name a name"),
    ("LimitRange", "spec.limits", "the schema requires it, the server doesn't"),
    ("PodDisruptionBudget", "metadata.name", "the server doesn't look at its name"),
];

/// Where objects of these are made.
fn at(object: &Value) -> String {
    let (api_version, kind) = (object["apiVersion"].as_str().unwrap(), object["kind"].as_str().unwrap());
    let plural = match kind {
        "Ingress" => "ingresses".to_owned(),
        "NetworkPolicy" => "networkpolicies".to_owned(),
        other => format!("{}s", other.to_lowercase()),
    };
    let root = if api_version.contains('/') { format!("/apis/{api_version}") } else { format!("/api/{api_version}") };
    let cluster =
        ["Namespace", "ClusterRole", "ClusterRoleBinding", "PersistentVolume", "StorageClass", "PriorityClass"];
    if cluster.contains(&kind) { format!("{root}/{plural}") } else { format!("{root}/namespaces/default/{plural}") }
}

/// Every path below a value.
fn paths(value: &Value, here: &[Step], found: &mut Vec<Vec<Step>>) {
    let mut into = |step: Step, value: &Value| {
        let path = [here, &[step]].concat();
        found.push(path.clone());
        paths(value, &path, found);
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, field)| into(Step::Key(name.clone()), field)),
        Value::Array(items) => items.iter().enumerate().for_each(|(at, item)| into(Step::Index(at), item)),
        _ => {}
    }
}

/// One thing is spoilt: a field is renamed, gone, or holds something else.
fn spoil(dice: &mut Dice, object: &mut Value) {
    let mut all = Vec::new();
    paths(object, &[], &mut all);
    all.retain(|path| path.len() > 1);
    let path = dice.pick(&all).clone();
    let (last, up) = path.split_last().unwrap();
    let Some(above) = yaml::get_mut(object, up) else { return };
    match (above, last) {
        (Value::Object(fields), Step::Key(name)) => match dice.below(3) {
            0 => {
                let value = fields.shift_remove(name).unwrap();
                let mut wrong = name.clone();
                wrong.remove(dice.below(name.len()));
                fields.insert(wrong, value);
            }
            1 => drop(fields.shift_remove(name)),
            _ => drop(fields.insert(name.clone(), odd(dice))),
        },
        (Value::Array(items), Step::Index(at)) => items[*at] = odd(dice),
        _ => {}
    }
}

fn is_named(object: &Value, problem: &Problem) -> bool {
    let path = yaml::Path(&problem.path).to_string();
    LENIENT.iter().any(|(kind, field, _)| object["kind"] == *kind && path.starts_with(field))
}

#[test]
fn what_our_schemas_refuse_the_server_refuses() {
    let Some(mut client) = client() else { return };
    let schemas = Schemas::embedded("1.36").unwrap();
    let good = yaml::parse("built_in.yaml", GOOD).unwrap();
    let mut dice = Dice::new(36);
    let (mut both, mut neither, mut theirs_alone) = (0, 0, BTreeMap::new());
    let (mut lenient, mut differences) = (0, Vec::new());
    for document in &good {
        let object = &document.value;
        let answer = client.would_create(&at(object), object, Strictness::Strict);
        assert!(answer.is_good(), "{object}: {:#?}", answer.causes());
        let problems = schemas.check(object, Checks::default());
        assert!(problems.is_empty(), "{object}: {problems:#?}");
        for _ in 0..TIMES {
            let mut object = object.clone();
            spoil(&mut dice, &mut object);
            let answer = client.would_create(&at(&document.value), &object, Strictness::Strict);
            let problems = schemas.check(&object, Checks::default());
            match (answer.is_good(), problems.is_empty()) {
                (true, true) => neither += 1,
                (false, false) => both += 1,
                // What the server decodes or defaults its schema says; its rules in Go no schema says.
                (false, true) if answer.status == 422 => {
                    *theirs_alone.entry(answer.causes().remove(0)).or_insert(0) += 1;
                }
                (true, false) if problems.iter().all(|problem| is_named(&object, problem)) => lenient += 1,
                _ => differences.push(format!(
                    "{object}\n  server {} {:#?}\n  ours {problems:#?}",
                    answer.status,
                    answer.causes()
                )),
            }
        }
    }
    println!(
        "api server, Kubernetes' own kinds: {} objects spoilt {TIMES} times each: {both} refused by both, {neither} by neither, \
         {} by the server's own rules alone, {lenient} by ours where the server is known to be lenient; {} differences",
        good.len(),
        theirs_alone.values().sum::<usize>(),
        differences.len()
    );
    let shown: Vec<&String> = differences.iter().take(12).collect();
    assert!(
        differences.is_empty(),
        "{} differences: {}",
        differences.len(),
        shown.iter().map(|text| format!("\n\n{text}")).collect::<String>()
    );
}
