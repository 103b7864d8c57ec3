//! A form as a Template of Backstage's scaffolder: pages as TeraSky's kubernetes-ingestor makes them, and its steps, which
//! write the manifest and open a pull request. Unlike there, what is required stays required.

use serde_json::{Map, Value, json};

use super::fields::{is_advanced, is_hidden, ordered};
use super::json_schema::clean;
use super::{Form, Makes};
use crate::formats::digest::short;

/// The toggle that shows advanced fields. It is the form's own, and never part of a claim.
const TOGGLE: &str = "showAdvancedSettings";
/// The longest name of an entity.
const LONGEST: usize = 63;

/// What the Template needs to know of the portal and the forge.
#[derive(Debug, Clone, Default)]
pub struct Portal {
    /// Who owns the Template: `group:platform-team`.
    pub owner: String,
    /// The host of the forge: `github.com`. Pull requests go to repositories of it.
    pub host: String,
    /// The forge's owner of repositories.
    pub organisation: String,
    /// The clusters that a manifest can be for.
    pub clusters: Vec<String>,
    /// The folder of claims in a repository.
    pub folder: String,
}

/// The Template of a form.
pub fn template(form: &Form, portal: &Portal) -> Value {
    let mut excluded = vec!["owner".to_string(), "xrName".into(), "repoUrl".into(), "targetBranch".into()];
    if form.makes.namespaced() {
        excluded.push("xrNamespace".into());
    }
    let mut pages = vec![metadata(form)];
    if !form.fields.is_empty() {
        pages.push(page(form, &mut excluded));
    }
    pages.extend(crossplane(form));
    pages.push(creation(portal));
    let namespace = if form.makes.namespaced() { "xrNamespace" } else { "" };
    let folder = portal.folder.trim_matches('/');
    let manifest = json!({
        "id": "generateManifest",
        "name": "Write the manifest",
        "action": "terasky:claim-template",
        "input": {
            "parameters": "${{ parameters }}",
            "nameParam": "xrName",
            "namespaceParam": namespace,
            "ownerParam": "owner",
            "excludeParams": excluded,
            "apiVersion": form.api_version(),
            "kind": form.kind,
            "clusters": portal.clusters,
            "removeEmptyParams": true,
        },
    });
    let pull_request = json!({
        "id": "create-pull-request",
        "name": "Open the pull request",
        "action": "publish:github:pull-request",
        "input": {
            "repoUrl": "${{ parameters.repoUrl }}",
            "branchName": format!("create-{}-${{{{ parameters.xrName }}}}", form.word),
            "title": format!("Create {} ${{{{ parameters.xrName }}}}", form.kind),
            "description": format!("A {} for ${{{{ parameters.owner }}}}.", form.title),
            "targetBranchName": "${{ parameters.targetBranch }}",
            "targetPath": folder,
        },
    });
    json!({
        "apiVersion": "scaffolder.backstage.io/v1beta3",
        "kind": "Template",
        "metadata": {
            "name": name(form),
            "title": form.title,
            "description": description(form),
            "labels": { "forEntity": "system", "source": "crossplane" },
            "tags": ["crossplane"],
            "annotations": annotations(form),
        },
        "spec": {
            "type": form.definition,
            "owner": portal.owner,
            "parameters": pages,
            "steps": [manifest, pull_request],
            "output": { "links": [{
                "title": "Pull request",
                "url": "${{ steps['create-pull-request'].output.remoteUrl }}",
            }] },
        },
    })
}

/// Definition and version; a digest in the place of what a name is too short for.
fn name(form: &Form) -> String {
    let whole = format!("{}-{}", form.definition, form.version);
    if whole.len() <= LONGEST {
        return whole;
    }
    let digest = &short(&whole)[..8];
    let room = LONGEST - digest.len() - form.version.len() - 2;
    format!("{}-{digest}-{}", form.definition[..room].trim_end_matches(['.', '-']), form.version)
}

fn description(form: &Form) -> String {
    if form.description.is_empty() { format!("Asks for a {}", form.title) } else { form.description.clone() }
}

fn annotations(form: &Form) -> Value {
    let (version, scope) = match form.makes {
        Makes::Namespaced => ("v2", "Namespaced"),
        Makes::Cluster => ("v2", "Cluster"),
        Makes::Claim | Makes::LegacyCluster => ("v1", "LegacyCluster"),
    };
    let mut map = Map::new();
    map.insert("terasky.backstage.io/crossplane-version".into(), version.into());
    map.insert("terasky.backstage.io/crossplane-scope".into(), scope.into());
    if form.makes == Makes::Claim {
        map.insert("terasky.backstage.io/crossplane-claim".into(), "true".into());
    }
    Value::Object(map)
}

fn metadata(form: &Form) -> Value {
    let label = |title: &str, about: &str| json!({ "title": title, "description": about, "type": "string", "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "maxLength": 63 });
    let mut properties = Map::new();
    let mut required = vec!["xrName", "owner"];
    properties.insert("xrName".into(), label("Name", &format!("What the {} is called", form.title)));
    if form.makes.namespaced() {
        properties.insert("xrNamespace".into(), label("Namespace", "Where it is claimed"));
        required.insert(1, "xrNamespace");
    }
    let mut owner = json!({
        "title": "Owner",
        "description": "The team that answers for it",
        "type": "string",
        "ui:field": "OwnerPicker",
        "ui:options": { "catalogFilter": { "kind": "Group" } },
    });
    // A definition whose claims know their owner says how one is picked.
    if let (Some(own), Some(owner)) = (form.spec.pointer("/properties/owner"), owner.as_object_mut()) {
        picked(own, owner);
    }
    properties.insert("owner".into(), owner);
    json!({ "title": "Metadata", "type": "object", "required": required, "properties": properties })
}

/// The page with the definition's own fields.
fn page(form: &Form, excluded: &mut Vec<String>) -> Value {
    let mut page = Map::new();
    page.insert("title".into(), form.title.clone().into());
    if let Value::Object(spec) = shown(&form.spec, "", excluded) {
        page.extend(
            spec.into_iter().filter(|(key, _)| {
                !matches!(key.as_str(), "title" | "description" | "additionalProperties" | "default")
            }),
        );
    }
    Value::Object(page)
}

/// A schema as the scaffolder's forms take it: advanced fields behind a toggle, fields of a group behind its `enabled`,
/// the order written down, fields of others by their names.
fn shown(schema: &Value, path: &str, excluded: &mut Vec<String>) -> Value {
    let mut made = clean(schema);
    let Some(map) = made.as_object_mut() else { return made };
    // A form that forbids unknown keys would forbid its own toggle.
    if map.get("additionalProperties") == Some(&Value::Bool(false)) {
        map.remove("additionalProperties");
    }
    picked(schema, map);
    if let (Some(items), Some(of)) = (map.get_mut("items"), schema.get("items")) {
        *items = shown(of, path, excluded);
    }
    if is_anything(schema) {
        map.insert("type".into(), "string".into());
        map.insert("ui:widget".into(), "textarea".into());
        map.insert("ui:options".into(), json!({ "rows": 10 }));
    }
    let fields: Vec<(&str, &Value)> = ordered(schema).into_iter().filter(|(_, field)| !is_hidden(field)).collect();
    if fields.is_empty() {
        return made;
    }
    let below = |key: &str| if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
    let properties: Map<String, Value> =
        fields.iter().map(|(key, field)| ((*key).to_string(), shown(field, &below(key), excluded))).collect();
    map.insert("properties".into(), Value::Object(properties));
    if !path.is_empty() && fields.iter().any(|(_, field)| field.get("x-ui-order").is_some_and(Value::is_number)) {
        let order: Vec<&str> = fields.iter().map(|(key, _)| *key).chain(["*"]).collect();
        map.insert("ui:order".into(), json!(order));
    }
    behind_enabled(map, &fields);
    if behind_toggle(map, &fields) {
        excluded.push(below(TOGGLE));
    }
    made
}

/// Whether nothing is known of a value: it is written as text.
fn is_anything(schema: &Value) -> bool {
    super::fields::is_open(schema) && schema.get("type").is_none() && schema.get("properties").is_none()
}

/// How the portal picks a value: `x-ui-field` and `x-ui-options`.
fn picked(schema: &Value, into: &mut Map<String, Value>) {
    for (theirs, ours) in [("x-ui-field", "ui:field"), ("x-ui-options", "ui:options")] {
        if let Some(value) = schema.get(theirs) {
            into.insert(ours.into(), value.clone());
        }
    }
}

fn required_of(map: &Map<String, Value>) -> Vec<String> {
    let list = map.get("required").and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_string).collect()
}

/// Takes fields out of a schema, for another place.
fn take(map: &mut Map<String, Value>, keys: &[&str]) -> Map<String, Value> {
    let Some(Value::Object(properties)) = map.get_mut("properties") else { return Map::new() };
    keys.iter().filter_map(|key| Some(((*key).to_string(), properties.shift_remove(*key)?))).collect()
}

/// Shows fields only where another one is true.
fn depend(map: &mut Map<String, Value>, on: &str, then: Value) {
    let rule = json!({ "if": { "properties": { on: { "const": true } } }, "then": then });
    let dependencies = map.entry("dependencies").or_insert_with(|| json!({}));
    if let Value::Object(dependencies) = dependencies {
        dependencies.insert(on.into(), rule);
    }
}

/// A group with a switch `enabled` shows its other fields once it is on; required ones stay where they are.
fn behind_enabled(map: &mut Map<String, Value>, fields: &[(&str, &Value)]) {
    let switch = fields.iter().any(|(key, field)| *key == "enabled" && field.get("type") == Some(&"boolean".into()));
    let required = required_of(map);
    let others: Vec<&str> = fields
        .iter()
        .filter(|(key, field)| *key != "enabled" && !is_advanced(field) && !required.iter().any(|name| name == key))
        .map(|(key, _)| *key)
        .collect();
    if switch && !others.is_empty() {
        let properties = take(map, &others);
        depend(map, "enabled", json!({ "properties": properties }));
    }
}

/// Advanced fields are behind a toggle, unless they have to be given. Their defaults are hints there: a form fills in
/// every default that it knows, and the API server has them anyway.
fn behind_toggle(map: &mut Map<String, Value>, fields: &[(&str, &Value)]) -> bool {
    let required = required_of(map);
    let needed = |key: &str, field: &Value| required.iter().any(|name| name == key) && field.get("default").is_none();
    let advanced: Vec<&str> =
        fields.iter().filter(|(key, field)| is_advanced(field) && !needed(key, field)).map(|(key, _)| *key).collect();
    if advanced.is_empty() {
        return false;
    }
    let mut properties = take(map, &advanced);
    for field in properties.values_mut().filter_map(Value::as_object_mut) {
        if let Some(default) = field.shift_remove("default")
            && !default.is_boolean()
        {
            field.insert("ui:placeholder".into(), default);
        }
    }
    if let Some(Value::Array(names)) = map.get_mut("required") {
        names.retain(|name| !advanced.iter().any(|key| name == key));
    }
    if map.get("required").is_some_and(|names| names.as_array().is_some_and(Vec::is_empty)) {
        map.shift_remove("required");
    }
    if let Some(Value::Object(shown)) = map.get_mut("properties") {
        let toggle = json!({ "title": "Show advanced settings", "type": "boolean", "default": false });
        shown.insert(TOGGLE.into(), toggle);
    }
    depend(map, TOGGLE, json!({ "properties": properties }));
    true
}

/// The page with Crossplane's own settings, if there is something to choose.
fn crossplane(form: &Form) -> Option<Value> {
    let mut properties = Map::new();
    if !form.makes.nested() && !form.secret.is_empty() {
        let mut secret = json!({
            "title": "Connection secret",
            "type": "object",
            "required": ["name"],
            "properties": { "name": { "title": "Name", "description": "It is written beside the claim", "type": "string", "maxLength": 253 } },
        });
        // A composite in no namespace says where its secret goes; a claim can't.
        if form.makes == Makes::LegacyCluster
            && let Some(map) = secret.as_object_mut()
        {
            map.insert("required".into(), json!(["name", "namespace"]));
            map["properties"]["namespace"] = json!({ "title": "Namespace", "type": "string", "maxLength": 63 });
        }
        properties.insert("writeConnectionSecretToRef".into(), secret);
    }
    let mut choice = Map::new();
    if form.providers.len() > 1 {
        let names: Vec<&str> = form.providers.iter().map(|(provider, _)| provider.as_str()).collect();
        let mut provider = json!({ "title": "Provider", "type": "string", "enum": names });
        if let (Some(map), Some(usual)) = (provider.as_object_mut(), form.provider()) {
            map.insert("default".into(), usual.into());
        }
        let labels = json!({ "type": "object", "properties": { "provider": provider } });
        let selector = json!({ "title": "Where it runs", "type": "object", "properties": { "matchLabels": labels } });
        choice.insert("compositionSelector".into(), selector);
    }
    if form.makes.nested() {
        if choice.is_empty() {
            return None;
        }
        properties
            .insert("crossplane".into(), json!({ "title": "Crossplane", "type": "object", "properties": choice }));
    } else {
        properties.extend(choice);
    }
    if properties.is_empty() {
        return None;
    }
    Some(json!({ "title": "Crossplane settings", "type": "object", "properties": properties }))
}

/// The page that says where the manifest goes.
fn creation(portal: &Portal) -> Value {
    let mut options = json!({ "allowedHosts": [portal.host] });
    if let (Some(map), false) = (options.as_object_mut(), portal.organisation.is_empty()) {
        map.insert("allowedOwners".into(), json!([portal.organisation]));
    }
    json!({
        "title": "Pull request",
        "type": "object",
        "required": ["repoUrl"],
        "properties": {
            "repoUrl": {
                "title": "GitOps repository",
                "type": "string",
                "ui:field": "RepoUrlPicker",
                "ui:options": options,
            },
            "targetBranch": { "title": "Branch", "type": "string", "default": "main" },
        },
    })
}
