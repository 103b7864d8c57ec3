//! Thousands of random objects of random schemas: the server's verdicts, defaults and pruning are ours.

use serde_json::Value;

use super::comparison::{Kind, Tally};
use super::random::{Dice, schema, value};
use crate::support::api_server::{Client, client, definition};

/// How many schemas, and for each how many objects and how many changes of one. `IDP_TEST_SEEDS=FROM..TO` looks at others.
const SEEDS: std::ops::Range<u64> = 0..60;
const OBJECTS: usize = 40;
const CHANGES: usize = 15;

fn seeds() -> std::ops::Range<u64> {
    let given = std::env::var("IDP_TEST_SEEDS").ok();
    let range = given.as_deref().and_then(|text| text.split_once(".."));
    range.and_then(|(from, to)| Some(from.parse().ok()?..to.parse().ok()?)).unwrap_or(SEEDS)
}

#[test]
fn random_objects_are_judged_as_the_server_judges_them() {
    let Some(mut client) = client() else { return };
    let (mut tally, mut used, mut refused) = (Tally::default(), Vec::new(), Vec::new());
    for seed in seeds() {
        let mut dice = Dice::new(seed);
        let raw = schema(&mut dice);
        let definition = definition(&format!("s{seed}.random.example"), "Random", std::slice::from_ref(&raw));
        match client.try_define(&definition) {
            Ok(()) => used.push((dice, definition)),
            Err(why) => refused.push(format!("{seed}: {why:?}: {raw}")),
        }
    }
    for (dice, definition) in &mut used {
        client.wait_for(definition);
        let kind = Kind::of(definition).remove(0);
        objects(dice, &mut client, &mut tally, &kind);
        client.remove(definition);
    }
    println!("api server: {} random schemas; {} more that the server doesn't take", used.len(), refused.len());
    assert!(used.len() >= 2 * refused.len(), "most random schemas should be good ones:\n{}", refused.join("\n"));
    tally.conclude("random objects");
}

fn objects(dice: &mut Dice, client: &mut Client, tally: &mut Tally, kind: &Kind) {
    let mut made: Option<Value> = None;
    for _ in 0..OBJECTS {
        let object = kind.object(&value(dice, &kind.raw));
        let is_good = tally.compare(client, kind, &object);
        if is_good && made.is_none() {
            let mut object = object.clone();
            object["metadata"]["name"] = "made".into();
            made = Some(client.send("POST", &kind.at, Some(&object)).body);
        }
        if dice.once_in(4) {
            tally.compare_strictly(client, kind, &object);
        }
    }
    let Some(old) = made else { return };
    for _ in 0..CHANGES {
        // Some fields of the old object and some of another one.
        let mut object = kind.object(&value(dice, &kind.raw));
        for (name, field) in old.as_object().into_iter().flatten() {
            if name == "metadata" || dice.once_in(3) {
                object[name] = field.clone();
            }
        }
        tally.compare_update(client, kind, &old, &object);
    }
}
