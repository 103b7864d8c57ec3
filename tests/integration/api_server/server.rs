//! The API server of the tests itself: it answers, defaults, prunes and refuses as clusters do.

use serde_json::json;

use crate::support::api_server::{Strictness, client, definition};

#[test]
fn it_defaults_prunes_and_refuses() {
    let Some(mut client) = client() else { return };
    let schema = json!({ "type": "object", "properties": { "spec": {
        "type": "object",
        "required": ["size"],
        "properties": {
            "size": { "type": "string", "enum": ["small", "large"] },
            "replicas": { "type": "integer", "minimum": 1, "default": 2 },
        },
    } } });
    let definition = definition("server.tests.example", "Thing", &[schema]);
    client.define(std::slice::from_ref(&definition));
    let at = "/apis/server.tests.example/v1/namespaces/default/things";
    let thing = |spec| json!({ "apiVersion": "server.tests.example/v1", "kind": "Thing", "metadata": { "name": "a" }, "spec": spec });

    let answer = client.would_create(at, &thing(json!({ "size": "small", "colour": "red" })), Strictness::Ignore);
    assert!(answer.is_good(), "{answer:?}");
    assert_eq!(answer.body["spec"], json!({ "size": "small", "replicas": 2 }));

    let answer = client.would_create(at, &thing(json!({ "size": "small", "colour": "red" })), Strictness::Strict);
    assert_eq!(
        answer.causes(),
        [r#"Thing in version "v1" cannot be handled as a Thing: strict decoding error: unknown field "spec.colour""#]
    );

    let answer = client.would_create(at, &thing(json!({ "size": "tiny", "replicas": 0 })), Strictness::Strict);
    assert_eq!(
        answer.causes(),
        [
            "spec.replicas: Invalid value: 0: spec.replicas in body should be greater than or equal to 1",
            r#"spec.size: Unsupported value: "tiny": supported values: "small", "large""#,
        ]
    );
    client.remove(&definition);
}

#[test]
fn it_compares_with_what_is_there() {
    let Some(mut client) = client() else { return };
    let size = json!({ "type": "integer", "x-kubernetes-validations": [{ "rule": "self >= oldSelf", "message": "it can't shrink" }] });
    let schema =
        json!({ "type": "object", "properties": { "spec": { "type": "object", "properties": { "size": size } } } });
    let definition = definition("updates.tests.example", "Disk", &[schema]);
    client.define(std::slice::from_ref(&definition));
    let at = "/apis/updates.tests.example/v1/namespaces/default/disks";
    let disk = |size: u32| json!({ "apiVersion": "updates.tests.example/v1", "kind": "Disk", "metadata": { "name": "a" }, "spec": { "size": size } });
    let made = client.send("POST", at, Some(&disk(2)));
    assert!(made.is_good(), "{made:?}");
    let update = |size| {
        let mut object = disk(size);
        object["metadata"]["resourceVersion"] = made.body["metadata"]["resourceVersion"].clone();
        object
    };
    assert!(client.would_update(at, &update(3), Strictness::Strict).is_good());
    let refused = client.would_update(at, &update(1), Strictness::Strict);
    assert_eq!(refused.causes(), ["spec.size: Invalid value: 1: it can't shrink"]);
    client.remove(&definition);
}
