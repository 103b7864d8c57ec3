//! The XRDs of the example platform: what Crossplane makes of them the server takes, and judges as we do.

use std::path::{Path, PathBuf};

use idp_run::formats::definitions::{self, Role};
use idp_run::formats::yaml;
use serde_json::Value;

use super::comparison::{Kind, Tally};
use super::random::{Dice, value};
use crate::support::api_server::client;

/// Objects of each kind.
const OBJECTS: usize = 150;

/// The files below a folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries.into_iter().flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// All documents of the example's repositories.
fn documents() -> Vec<yaml::Document> {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/acme/seeds");
    let yaml = files(&seeds).into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    // Skeletons and chart values that are no YAML define nothing.
    let read = |path: PathBuf| yaml::parse(&path.display().to_string(), &std::fs::read_to_string(&path).unwrap());
    yaml.flat_map(|path| read(path).unwrap_or_default()).collect()
}

#[test]
fn what_crossplane_makes_of_our_xrds_is_judged_as_the_server_judges_it() {
    let Some(mut client) = client() else { return };
    let documents = documents();
    let defined: Vec<_> = documents.iter().flat_map(|document| definitions::read(document).unwrap()).collect();
    assert!(defined.iter().any(|definition| matches!(definition.role, Role::Claim { .. })), "the example has XRDs");
    let (mut tally, mut dice) = (Tally::default(), Dice::new(7));
    for definition in defined {
        let manifest = definition.manifest();
        client.define(std::slice::from_ref(&manifest));
        for kind in Kind::of(&manifest) {
            for document in documents.iter().filter(|document| is_of(&document.value, &kind)) {
                let mut object = document.value.clone();
                object["metadata"]["namespace"] = "default".into();
                assert!(tally.compare(&mut client, &kind, &object), "the server takes what the example has: {object}");
            }
            for _ in 0..OBJECTS {
                let mut object = kind.object(&value(&mut dice, &kind.raw));
                // The server takes no status from those who create an object.
                object.as_object_mut().unwrap().shift_remove("status");
                tally.compare(&mut client, &kind, &object);
                tally.compare_strictly(&mut client, &kind, &object);
            }
        }
        client.remove(&manifest);
    }
    tally.conclude("XRDs of the example");
}

fn is_of(document: &Value, kind: &Kind) -> bool {
    document["apiVersion"] == kind.api_version.as_str() && document["kind"] == kind.kind.as_str()
}
