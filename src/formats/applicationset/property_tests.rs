//! Laws that hold for all ApplicationSets, hostile ones too: nothing panics, and each rendering is the same.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

/// A world that has whatever a test wrote into files and names.
struct World(String);

impl Answers for World {
    fn directories(&self, _: Source<'_>) -> Answer<Vec<String>> {
        Ok(vec![self.0.clone(), "a".to_owned(), "a/b".to_owned()])
    }

    fn files(&self, _: Source<'_>, _: &Choice) -> Answer<BTreeMap<String, String>> {
        Ok(BTreeMap::from([("a/b.yaml".to_owned(), self.0.clone())]))
    }

    fn clusters(&self) -> Answer<Vec<Cluster>> {
        Ok(vec![Cluster { name: self.0.clone(), ..Cluster::default() }])
    }

    fn plugin(&self, _: &str, _: &Value) -> Answer<String> {
        Ok(self.0.clone())
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("{{ .a }}".to_owned()),
        Just("{{a}}-{{ path.basename }}".to_owned()),
        Just("{{ . | toJson }}".to_owned()),
        Just("{{ range $k, $v := . }}{{ $v }}{{ end".to_owned()),
        Just("spec: {source: {helm: {valuesObject: {a: 1}}}, $patch: replace}".to_owned()),
        Just("- a: 1".to_owned()),
        "[a-c{}.* \\[\\]!$/:\"-]{0,12}",
        any::<String>(),
    ]
}

/// Values with the names that ApplicationSets have, of any sort.
fn value() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "a",
        "values",
        "template",
        "metadata",
        "spec",
        "name",
        "labels",
        "elements",
        "elementsYaml",
        "generators",
        "mergeKeys",
        "selector",
        "matchLabels",
        "matchExpressions",
        "key",
        "operator",
        "directories",
        "files",
        "path",
        "exclude",
        "list",
        "git",
        "clusters",
        "matrix",
        "merge",
        "plugin",
        "input",
        "source",
        "helm",
        "valuesObject",
        "flatList",
        "destination",
        "server",
        "$patch",
        "finalizers",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..5).prop_map(|entries| {
                Value::Object(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>())
            }),
        ]
    })
}

/// Entries of generators that are nearly right.
fn generator() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        prop::collection::vec(value(), 0..3).prop_map(|elements| json!({ "list": { "elements": elements } })),
        (text(), text()).prop_map(|(a, b)| json!({ "list": { "elements": [{ "a": a }, { "a": b, "b": "x" }] } })),
        (text(), value())
            .prop_map(|(path, values)| json!({ "git": { "files": [{ "path": path }], "values": values } })),
        (text(), text()).prop_map(|(path, value)| {
            json!({ "git": { "directories": [{ "path": path }, { "path": "*" }], "values": { "v": value } } })
        }),
        value().prop_map(|selector| json!({ "clusters": { "selector": selector } })),
        value().prop_map(|input| json!({ "plugin": { "input": { "parameters": input } } })),
        value(),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|inner| json!({ "matrix": { "generators": inner } })),
            prop::collection::vec(inner, 1..4)
                .prop_map(|inner| json!({ "merge": { "mergeKeys": ["a"], "generators": inner } })),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn nothing_panics_and_each_rendering_is_the_same(
        generators in prop::collection::vec(generator(), 0..3),
        template in value(),
        patch in prop::option::of(text()),
        name in text(),
        is_go in any::<bool>(),
    ) {
        let template = json!({ "metadata": { "name": name, "labels": template }, "spec": { "source": template } });
        let set = json!({ "spec": {
            "goTemplate": is_go, "generators": generators, "template": template, "templatePatch": patch,
        } });
        let world = World(name);
        let settings = Settings { globbing: Globbing::New, ..Settings::default() };
        let once = render(&set, &world, &settings);
        prop_assert_eq!(&once, &render(&set, &world, &settings));
        let applications: Vec<&Value> = once.applications.iter().map(|made| &made.application).collect();
        let same = differences(&applications, &applications, &Policy::of(&set));
        prop_assert_eq!(same, Differences::default());
    }
}
