//! A form as a Template of Backstage's scaffolder: pages as TeraSky's kubernetes-ingestor makes them, and steps that propose
//! what `create-resource` would: the claim in its file, with its names and defaults, and its entry in the catalog.

use serde_json::{Map, Value, json};

use super::fields::{is_advanced, is_hidden, ordered};
use super::json_schema::clean;
use super::{Field, Form, Makes};
use crate::error::{Result, with_article};
use crate::formats::digest::short;

/// The toggle that shows advanced fields. It is the form's own, and never part of a claim.
const TOGGLE: &str = "showAdvancedSettings";
/// The longest name of an entity.
const LONGEST: usize = 63;

/// What the Template needs to know of the portal, the forge and the platform.
#[derive(Debug, Clone, Default)]
pub struct Portal {
    /// Who owns the Template: `group:platform-team`.
    pub owner: String,
    /// The host of the forge: `github.com`. Pull requests go to repositories of it.
    pub host: String,
    /// The forge's owner of repositories.
    pub organisation: String,
    /// What URLs of its repositories begin with: `https://github.com/acme`.
    pub url: String,
    /// The environments, each with whether it is production.
    pub environments: Vec<(String, bool)>,
    /// Whether claims have a folder for each type, `s3/pictures.yaml`, as Argo CD's generator of directories wants them.
    pub folders: bool,
}

// What is asked of a claim, by the names of the semantic key.
const PROJECT: &str = "${{ parameters.project }}";
const ENV: &str = "${{ parameters.env }}";
const NAME: &str = "${{ parameters.name }}";
/// The namespace of claims.
const INFRA: &str = "${{ parameters.project }}-${{ parameters.env }}-infra";

/// The Template of a form. Errors: annotations of the definition that aren't a map.
pub fn template(form: &Form, portal: &Portal) -> Result<Value> {
    let mut pages = vec![what(form, portal)];
    if !form.fields.is_empty() {
        pages.push(page(form, portal)?);
    }
    let claim = serialized("claim", "Write the claim", claim(form, portal)?);
    let entry = serialized("entry", "Write its entry in the catalog", entry(form, portal));
    let branch = format!("create-{}-{ENV}-{NAME}", form.word);
    let pull_request = json!({
        "id": "pull-request",
        "name": "Open the pull request",
        "action": "publish:github:pull-request",
        "input": {
            "repoUrl": format!("{}?owner={}&repo={PROJECT}-gitops", portal.host, portal.organisation),
            "branchName": branch,
            "title": format!("Create {} {NAME} in {ENV}", form.word),
            "description": format!("{} for ${{{{ parameters.owner }}}}.", capital(&with_article(&form.title))),
            "commitMessage": format!("feat: create {} {NAME} in {ENV}", form.word),
        },
    });
    Ok(json!({
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
            "steps": [
                claim,
                written("claim", &file(form, portal)),
                entry,
                written("entry", &format!("catalog/{}.yaml", resource(form))),
                pull_request,
            ],
            "output": { "links": [{
                "title": "Pull request",
                "url": "${{ steps['pull-request'].output.remoteUrl }}",
            }] },
        },
    }))
}

/// The step that makes YAML of an object.
fn serialized(id: &str, name: &str, data: Value) -> Value {
    json!({ "id": id, "name": name, "action": "roadiehq:utils:serialize:yaml", "input": { "data": data } })
}

/// The step that puts it into a file.
fn written(of: &str, path: &str) -> Value {
    json!({
        "id": format!("{of}-file"),
        "name": format!("Put the {of} into its file"),
        "action": "roadiehq:utils:fs:write",
        "input": { "path": path, "content": format!("${{{{ steps['{of}'].output.serialized }}}}") },
    })
}

/// Where the claim is: where the generator of Argo CD finds it, as create-resource has it.
fn file(form: &Form, portal: &Portal) -> String {
    let between = if portal.folders { '/' } else { '-' };
    format!("crossplane/claims/{ENV}/{}{between}{NAME}.yaml", form.word)
}

/// The Resource of the catalog, which the claim's label names, too.
fn resource(form: &Form) -> String {
    let provider = match form.providers.len() {
        0 | 1 => form.provider().unwrap_or("cloud"),
        _ => "${{ parameters.provider }}",
    };
    let behind = "${{ '' if parameters.name == 'main' else '-' + parameters.name }}";
    format!("{provider}-{PROJECT}-{ENV}-{}{behind}", form.word)
}

/// What the claim is called. A name that no other one had takes it from the task, which stays the same when it is tried again.
fn claim_name(form: &Form) -> String {
    let pattern = form.note("claim-name").unwrap_or("{type}-{name}");
    let unique = "${{ context.task.id | truncate(5, true, '') }}";
    pattern.replace("{type}", &form.word).replace("{name}", NAME).replace("{unique}", unique)
}

fn claim(form: &Form, portal: &Portal) -> Result<Value> {
    let mut metadata = Map::new();
    metadata.insert("name".into(), claim_name(form).into());
    if form.makes.namespaced() {
        metadata.insert("namespace".into(), INFRA.into());
    }
    metadata.insert(
        "labels".into(),
        json!({
            "app.kubernetes.io/name": NAME,
            "app.kubernetes.io/part-of": PROJECT,
            "backstage.io/kubernetes-id": resource(form),
        }),
    );
    let mut spec = answers(form, portal)?;
    if !form.makes.nested() && !form.secret.is_empty() {
        let mut secret = json!({ "name": format!("{}-connection", claim_name(form)) });
        // A composite in no namespace says where its secret goes; a claim can't.
        if form.makes == Makes::LegacyCluster {
            secret["namespace"] = INFRA.into();
        }
        spec["writeConnectionSecretToRef"] = secret;
    }
    if let (2.., usual) = (form.providers.len(), form.provider()) {
        let selector = "{ matchLabels: { provider: parameters.provider } }";
        let chosen = match usual {
            Some(usual) => format!("{selector} if parameters.provider != '{usual}' else undefined"),
            None => selector.into(),
        };
        let above = if form.makes.nested() { &mut spec["crossplane"] } else { &mut spec };
        above["compositionSelector"] = format!("${{{{ {chosen} }}}}").into();
    }
    Ok(json!({ "apiVersion": form.api_version(), "kind": form.kind, "metadata": metadata, "spec": spec }))
}

/// The Resource: what the catalog shows, with the claim's state beside it by the label that both carry.
fn entry(form: &Form, portal: &Portal) -> Value {
    let url = format!("{}/{PROJECT}-gitops", portal.url);
    json!({
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Resource",
        "metadata": {
            "name": resource(form),
            "description": format!("{} {NAME} of {PROJECT} in {ENV}", form.title),
            "annotations": { "backstage.io/kubernetes-id": resource(form) },
            "tags": [form.word, ENV],
            "links": [
                { "title": "Claim", "url": format!("{url}/blob/main/{}", file(form, portal)) },
                { "title": "GitOps repository", "url": url },
            ],
        },
        "spec": {
            "type": form.word,
            "owner": "${{ parameters.owner }}",
            "system": "${{ parameters.system | default(parameters.project, true) }}",
        },
    })
}

/// `spec` of the claim: what was answered, else what the environment deserves, else nothing.
fn answers(form: &Form, portal: &Portal) -> Result<Value> {
    let usual = Usual::of(form, portal)?;
    let mut spec = json!({});
    let mut done: Vec<&[String]> = Vec::new();
    for field in &form.fields {
        match field.optional.iter().position(|optional| *optional) {
            None => put(&mut spec, &field.path, format!("${{{{ {} }}}}", answer(field, &usual)).into()),
            Some(at) => {
                let group = &field.path[..=at];
                if !done.contains(&group) {
                    done.push(group);
                    let inside: Vec<&Field> = form.fields.iter().filter(|each| each.path.starts_with(group)).collect();
                    put(&mut spec, group, format!("${{{{ {} }}}}", group_of(&inside, at + 1, &usual)).into());
                }
            }
        }
    }
    Ok(spec)
}

/// What was answered of a field, as an expression.
fn answer(field: &Field, usual: &Usual) -> String {
    let given = given(field);
    usual.of_field(&field.path).map_or(given.clone(), |usual| format!("{given} | default({usual})"))
}

fn given(field: &Field) -> String {
    field.path.iter().fold("parameters.spec".to_string(), |path, key| format!("{path}{}", access(key)))
}

/// A group that is only there if something of it was answered, as an expression. `depth` is that of its keys.
fn group_of(fields: &[&Field], depth: usize, usual: &Usual) -> String {
    let mut keys: Vec<&str> = Vec::new();
    for key in fields.iter().filter_map(|field| field.path.get(depth)) {
        if !keys.contains(&key.as_str()) {
            keys.push(key);
        }
    }
    let entry = |key: &&str| {
        let inside: Vec<&Field> = fields.iter().copied().filter(|field| field.path[depth] == **key).collect();
        let value = match inside.as_slice() {
            [leaf] if leaf.path.len() == depth + 1 => answer(leaf, usual),
            _ => format!("({})", group_of(&inside, depth + 1, usual)),
        };
        format!("{}: {value}", Value::from(*key))
    };
    let entries: Vec<String> = keys.iter().map(entry).collect();
    let map = format!("{{ {} }}", entries.join(", "));
    if fields.iter().any(|field| usual.of_field(&field.path).is_some()) {
        return map;
    }
    let some: Vec<String> = fields.iter().map(|field| format!("{} is defined", given(field))).collect();
    format!("{map} if {} else undefined", some.join(" or "))
}

/// A key behind an expression of Nunjucks.
fn access(key: &str) -> String {
    let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if plain { format!(".{key}") } else { format!("[{}]", Value::from(key)) }
}

fn put(at: &mut Value, path: &[String], value: Value) {
    let place = path.iter().fold(at, |at, key| &mut at[key.as_str()]);
    *place = value;
}

/// What fields get where nobody says, in production and elsewhere.
struct Usual {
    elsewhere: Value,
    production: Value,
    /// The environments that are production, as a list of Nunjucks.
    environments: String,
}

impl Usual {
    fn of(form: &Form, portal: &Portal) -> Result<Usual> {
        let production: Vec<&str> =
            portal.environments.iter().filter(|(_, production)| *production).map(|(name, _)| name.as_str()).collect();
        let elsewhere = Value::Object(form.usual(false)?);
        Ok(Usual {
            production: if production.is_empty() { elsewhere.clone() } else { Value::Object(form.usual(true)?) },
            elsewhere,
            environments: json!(production).to_string(),
        })
    }

    fn values(&self, path: &[String]) -> (Option<&Value>, Option<&Value>) {
        let in_map = |map| path.iter().try_fold(map, |at: &Value, key| at.get(key));
        (in_map(&self.elsewhere), in_map(&self.production))
    }

    /// As an expression; nothing if nothing is usual.
    fn of_field(&self, path: &[String]) -> Option<String> {
        let shown = |value: Option<&Value>| value.map_or_else(|| "undefined".to_string(), Value::to_string);
        match self.values(path) {
            (None, None) => None,
            (elsewhere, production) if elsewhere == production => Some(shown(elsewhere)),
            (elsewhere, production) => {
                let (elsewhere, production) = (shown(elsewhere), shown(production));
                Some(format!("{production} if parameters.env in {} else {elsewhere}", self.environments))
            }
        }
    }

    /// For people to read.
    fn told(&self, path: &[String]) -> Option<String> {
        let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_string);
        match self.values(path) {
            (None, None) => None,
            (Some(elsewhere), production) if Some(elsewhere) == production => {
                Some(format!("{} unless given", shown(elsewhere)))
            }
            (Some(elsewhere), Some(production)) => {
                Some(format!("{}, in production {}, unless given", shown(elsewhere), shown(production)))
            }
            (Some(elsewhere), None) => Some(format!("{} unless given, but in production", shown(elsewhere))),
            (None, Some(production)) => Some(format!("in production {} unless given", shown(production))),
        }
    }
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
    if form.description.is_empty() {
        format!("Asks for {}", with_article(&form.title))
    } else {
        form.description.clone()
    }
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

/// The page with what every claim needs.
fn what(form: &Form, portal: &Portal) -> Value {
    let text = |title: &str, about: &str, pattern: &str| json!({ "title": title, "description": about, "type": "string", "pattern": pattern, "maxLength": 63 });
    let word = "^[a-z][a-z0-9]*$";
    let label = "^[a-z]([-a-z0-9]*[a-z0-9])?$";
    let environments: Vec<&str> = portal.environments.iter().map(|(name, _)| name.as_str()).collect();
    let mut properties = Map::new();
    let about = "Business domain, which has a GitOps repository already";
    properties.insert("project".into(), text("Project", about, word));
    let about = "In which it is needed";
    properties.insert(
        "env".into(),
        json!({ "title": "Environment", "description": about, "type": "string", "enum": environments }),
    );
    let about = format!("What the {} is called, unique in the environment", form.title);
    properties.insert("name".into(), text("Name", &about, label));
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
    let about = "System in the catalog; that of the project unless given";
    properties.insert("system".into(), text("System", about, label));
    let mut required = vec!["project", "env", "name", "owner"];
    if form.providers.len() > 1 {
        let names: Vec<&str> = form.providers.iter().map(|(provider, _)| provider.as_str()).collect();
        let mut provider =
            json!({ "title": "Provider", "description": "Where it runs", "type": "string", "enum": names });
        if let (Some(map), Some(usual)) = (provider.as_object_mut(), form.provider()) {
            map.insert("default".into(), usual.into());
        }
        properties.insert("provider".into(), provider);
        required.push("provider");
    }
    json!({ "title": "What and where", "type": "object", "required": required, "properties": properties })
}

/// The page with the definition's own fields, below `spec`.
fn page(form: &Form, portal: &Portal) -> Result<Value> {
    let usual = Usual::of(form, portal)?;
    let mut spec = shown(&form.spec, &[], &usual, true);
    if let Some(map) = spec.as_object_mut() {
        for key in ["title", "description", "additionalProperties", "default"] {
            map.shift_remove(key);
        }
        map.insert("title".into(), form.title.clone().into());
    }
    let needed = spec.get("required").is_some();
    let mut page = json!({ "title": form.title, "type": "object", "properties": { "spec": spec } });
    if needed {
        page["required"] = json!(["spec"]);
    }
    Ok(page)
}

/// A schema as the scaffolder's forms take it: advanced fields behind a toggle, fields of a group behind its `enabled`,
/// the order written down, fields of others by their names.
/// What is usual for a field is said beside it and filled in later: the form doesn't know the environment. `stands` is whether
/// the group is there although nothing of it is given; in another one, nothing is filled in and nothing has to be given by itself.
fn shown(schema: &Value, path: &[String], usual: &Usual, stands: bool) -> Value {
    let mut made = clean(schema);
    let Some(map) = made.as_object_mut() else { return made };
    // A form that forbids unknown keys would forbid its own toggle.
    if map.get("additionalProperties") == Some(&Value::Bool(false)) {
        map.remove("additionalProperties");
    }
    picked(schema, map);
    if let (Some(items), Some(of)) = (map.get_mut("items"), schema.get("items")) {
        *items = shown(of, path, usual, true);
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
    let below = |key: &str| -> Vec<String> { path.iter().cloned().chain([key.to_string()]).collect() };
    let mut properties = Map::new();
    let needed = required_of(map);
    for (key, field) in &fields {
        let made_by_default = field.get("default").is_some_and(Value::is_object);
        let stands_below = stands && (made_by_default || needed.iter().any(|name| name == key));
        let mut made = shown(field, &below(key), usual, stands_below);
        if !stands {
            hinted(&mut made);
        }
        if let (Some(told), Some(field)) = (usual.told(&below(key)), made.as_object_mut())
            && !field.contains_key("properties")
        {
            field.shift_remove("default");
            field.insert("ui:help".into(), told.into());
        }
        properties.insert((*key).to_string(), made);
    }
    map.insert("properties".into(), Value::Object(properties));
    if let Some(Value::Array(names)) = map.get_mut("required") {
        names.retain(|name| name.as_str().is_none_or(|name| usual.of_field(&below(name)).is_none()));
    }
    drop_empty(map);
    if !path.is_empty() && fields.iter().any(|(_, field)| field.get("x-ui-order").is_some_and(Value::is_number)) {
        let order: Vec<&str> = fields.iter().map(|(key, _)| *key).chain(["*"]).collect();
        map.insert("ui:order".into(), json!(order));
    }
    behind_enabled(map, &fields);
    behind_toggle(map, &fields);
    if !stands {
        together(map, &fields);
    }
    made
}

/// Makes a default a hint: a form fills in every default that it knows.
fn hinted(field: &mut Value) {
    if let Some(field) = field.as_object_mut()
        && let Some(default) = field.shift_remove("default")
        && !default.is_boolean()
    {
        field.insert("ui:placeholder".into(), default);
    }
}

/// What a group requires, it requires once something of it is given.
fn together(map: &mut Map<String, Value>, fields: &[(&str, &Value)]) {
    let Some(Value::Array(needed)) = map.shift_remove("required") else { return };
    for (key, _) in fields {
        let others: Vec<Value> = needed.iter().filter(|name| name.as_str() != Some(key)).cloned().collect();
        if others.is_empty() {
            continue;
        }
        let dependencies = map.entry("dependencies").or_insert_with(|| json!({}));
        match dependencies.get_mut(*key).and_then(Value::as_object_mut) {
            Some(rule) => drop(rule.insert("required".into(), Value::Array(others))),
            None => dependencies[*key] = Value::Array(others),
        }
    }
}

/// A list of nothing that is required says nothing.
fn drop_empty(map: &mut Map<String, Value>) {
    if map.get("required").is_some_and(|names| names.as_array().is_some_and(Vec::is_empty)) {
        map.shift_remove("required");
    }
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
fn behind_toggle(map: &mut Map<String, Value>, fields: &[(&str, &Value)]) {
    let required = required_of(map);
    let needed = |key: &str, field: &Value| required.iter().any(|name| name == key) && field.get("default").is_none();
    let advanced: Vec<&str> =
        fields.iter().filter(|(key, field)| is_advanced(field) && !needed(key, field)).map(|(key, _)| *key).collect();
    if advanced.is_empty() {
        return;
    }
    let mut properties = take(map, &advanced);
    properties.values_mut().for_each(hinted);
    if let Some(Value::Array(names)) = map.get_mut("required") {
        names.retain(|name| !advanced.iter().any(|key| name == key));
    }
    drop_empty(map);
    if let Some(Value::Object(shown)) = map.get_mut("properties") {
        let toggle = json!({ "title": "Show advanced settings", "type": "boolean", "default": false });
        shown.insert(TOGGLE.into(), toggle);
    }
    depend(map, TOGGLE, json!({ "properties": properties }));
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).collect::<String>() + letters.as_str()
}
