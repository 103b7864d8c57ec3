//! The example's Compositions, rendered here as function-patch-and-transform renders them: what they read is in the
//! definitions, what they write is what the claims' choices ask for, and every connection secret comes whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use idp_run::formats::schema::{How, Schema};
use idp_run::formats::yaml;
use serde_json::{Map, Value, json};

/// Rules in CEL are part of a definition.
const RULES: How = How { partial: false, rules: true };
const FOLDER: &str = "examples/acme/seeds/platform-gitops/crossplane";

/// What the connection secrets of managed resources hold, by their providers' configuration: config/rds and config/iam of
/// crossplane-contrib/provider-upjet-aws, config/sql of crossplane-contrib/provider-upjet-gcp.
const SECRET_KEYS: [(&str, &[&str]); 3] = [
    ("rds.aws.upbound.io/Instance", &["endpoint", "address", "host", "port", "username", "password"]),
    ("iam.aws.upbound.io/AccessKey", &["username", "password"]),
    ("sql.gcp.upbound.io/DatabaseInstance", &["connectionName", "privateIP", "publicIP", "serverCACertificateCert"]),
];

fn documents() -> Vec<(PathBuf, Value)> {
    let mut found = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
    for folder in std::fs::read_dir(root).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        for file in std::fs::read_dir(folder.path()).unwrap().flatten() {
            let text = std::fs::read_to_string(file.path()).unwrap();
            let parsed = yaml::parse(&file.path().display().to_string(), &text).unwrap();
            found.extend(parsed.into_iter().map(|document| (file.path(), document.value)));
        }
    }
    found
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A Composition with the definition of its composite.
struct Case {
    name: String,
    composition: Value,
    definition: Value,
}

impl Case {
    fn all() -> Vec<Case> {
        let documents = documents();
        let of_kind = |kind: &'static str| documents.iter().filter(move |(_, object)| object["kind"] == kind);
        let definition = |reference: &Value| {
            let fits = |object: &Value| {
                let version = text(reference, "/apiVersion");
                let served = list(&object["spec"], "versions").iter().any(|each| {
                    each["referenceable"] == true
                        && format!("{}/{}", text(object, "/spec/group"), text(each, "/name")) == version
                });
                object["spec"]["names"]["kind"] == reference["kind"] && served
            };
            of_kind("CompositeResourceDefinition").find(|(_, object)| fits(object)).map(|(_, object)| object.clone())
        };
        let cases = of_kind("Composition").map(|(file, composition)| Case {
            name: text(composition, "/metadata/name").to_string(),
            definition: definition(&composition["spec"]["compositeTypeRef"])
                .unwrap_or_else(|| panic!("{}: no definition of its composite", file.display())),
            composition: composition.clone(),
        });
        let cases: Vec<Case> = cases.collect();
        assert!(cases.len() >= 6);
        cases
    }

    fn resources(&self) -> &[Value] {
        let steps = list(&self.composition["spec"], "pipeline");
        assert_eq!((steps.len(), text(&steps[0], "/functionRef/name")), (1, "function-patch-and-transform"));
        list(&steps[0]["input"], "resources")
    }

    /// The schema of the composite: the definition's, with what Crossplane adds to every one that has claims.
    fn schema(&self) -> Value {
        let mut schema = list(&self.definition["spec"], "versions")[0]["schema"]["openAPIV3Schema"].clone();
        let string = json!({ "type": "string" });
        let reference = json!({ "type": "object", "properties": { "name": string, "namespace": string } });
        schema["properties"]["metadata"] = json!({ "type": "object", "properties": { "name": string, "uid": string } });
        schema["properties"]["spec"]["properties"]["claimRef"] = reference.clone();
        schema["properties"]["spec"]["properties"]["writeConnectionSecretToRef"] = reference;
        let labels = json!({ "type": "object", "additionalProperties": string });
        schema["properties"]["spec"]["properties"]["compositionSelector"] =
            json!({ "type": "object", "properties": { "matchLabels": labels } });
        schema
    }

    /// A composite as Crossplane makes it of a claim with this `spec`, defaults filled in.
    fn composite(&self, namespace: &str, spec: Value) -> Value {
        let mut composite = json!({
            "metadata": { "name": "orders-x", "uid": "4d7c" },
            "spec": spec,
            "status": { "deadLetters": "arn:aws:sqs:eu-central-1:1:orders-x-dead-letters" },
        });
        composite["spec"]["claimRef"] = json!({ "name": "x", "namespace": namespace });
        composite["spec"]["writeConnectionSecretToRef"] = json!({ "name": "4d7c", "namespace": "crossplane-system" });
        let schema = Schema::parse(&self.schema()).unwrap();
        schema.default(&mut composite);
        assert!(schema.validate(&composite, None, RULES).is_empty(), "{}: {composite:#}", self.name);
        composite
    }

    /// The resources of a composite, by their names.
    fn render(&self, composite: &Value) -> BTreeMap<String, Value> {
        let one = |resource: &Value| {
            let mut made = resource["base"].clone();
            for patch in list(resource, "patches").iter().filter(|patch| patch["type"] != "ToCompositeFieldPath") {
                let place = format!("{}, {}: {patch}", self.name, text(resource, "/name"));
                let input = match text(patch, "/type") {
                    "FromCompositeFieldPath" => get(composite, &path(text(patch, "/fromFieldPath"))).cloned(),
                    "CombineFromComposite" => combined(patch, composite),
                    other => panic!("{other} in {place}"),
                };
                // What isn't there is passed over, unless the patch says that it must be.
                let Some(input) = input else {
                    assert_ne!(text(patch, "/policy/fromFieldPath"), "Required", "{place}");
                    continue;
                };
                let value = list(patch, "transforms").iter().fold(input, |value, each| transform(each, value, &place));
                set(&mut made, &path(text(patch, "/toFieldPath")), &value);
            }
            (text(resource, "/name").to_string(), made)
        };
        self.resources().iter().map(one).collect()
    }
}

/// The steps of a field path of Crossplane: `a.b[0].c["d/e"]`, `a[*].b`.
fn path(written: &str) -> Vec<String> {
    let mut steps = Vec::new();
    let mut rest = written;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('[') {
            let end = after.find(']').unwrap();
            steps.push(after[..end].trim_matches('"').to_string());
            rest = &after[end + 1..];
        } else {
            rest = rest.trim_start_matches('.');
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            steps.push(rest[..end].to_string());
            rest = &rest[end..];
        }
    }
    assert!(!steps.is_empty(), "an empty path");
    steps
}

fn get<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, step| match value {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        other => other.get(step),
    })
}

/// Sets a field, making what is above it; `*` is every element that is there, and a list grows by one at most.
fn set(at: &mut Value, path: &[String], value: &Value) {
    let Some((step, rest)) = path.split_first() else {
        *at = value.clone();
        return;
    };
    if step == "*" {
        let items = at.as_array_mut().unwrap();
        assert!(!items.is_empty());
        items.iter_mut().for_each(|item| set(item, rest, value));
    } else if let Ok(index) = step.parse::<usize>() {
        if at.is_null() {
            *at = json!([]);
        }
        let items = at.as_array_mut().unwrap();
        assert!(index <= items.len(), "a hole in a list");
        if index == items.len() {
            items.push(Value::Null);
        }
        set(&mut items[index], rest, value);
    } else {
        if at.is_null() {
            *at = json!({});
        }
        set(at.as_object_mut().unwrap().entry(step.clone()).or_insert(Value::Null), rest, value);
    }
}

fn combined(patch: &Value, composite: &Value) -> Option<Value> {
    let variables = list(&patch["combine"], "variables");
    let values = variables.iter().map(|each| get(composite, &path(text(each, "/fromFieldPath"))).cloned());
    let values: Vec<Value> = values.collect::<Option<_>>()?;
    Some(sprintf(text(patch, "/combine/string/fmt"), &values).into())
}

/// Go's Sprintf, as far as the Compositions use it: `%s`, `%d`, `%[1]s`.
fn sprintf(format: &str, values: &[Value]) -> String {
    let (mut made, mut rest, mut next) = (String::new(), format, 0);
    while let Some(at) = rest.find('%') {
        made.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('[') {
            let end = after.find(']').unwrap();
            next = after[..end].parse::<usize>().unwrap() - 1;
            rest = &after[end + 1..];
        }
        let value = &values[next];
        match rest.as_bytes()[0] {
            b's' => made.push_str(value.as_str().unwrap_or_else(|| panic!("%s of {value}"))),
            b'd' => made.push_str(&value.as_i64().unwrap_or_else(|| panic!("%d of {value}")).to_string()),
            other => panic!("%{} in {format}", char::from(other)),
        }
        (rest, next) = (&rest[1..], next + 1);
    }
    assert!(next >= values.len(), "{format} leaves a value out");
    made + rest
}

fn transform(transform: &Value, input: Value, place: &str) -> Value {
    match text(transform, "/type") {
        "map" => {
            let key = input.as_str().unwrap_or_else(|| panic!("a map of {input} in {place}"));
            transform["map"].get(key).unwrap_or_else(|| panic!("no {key} in {place}")).clone()
        }
        "string" => {
            assert_eq!(text(transform, "/string/type"), "Format", "{place}");
            sprintf(text(transform, "/string/fmt"), &[input]).into()
        }
        "convert" => {
            assert_eq!(text(transform, "/convert/toType"), "int64", "{place}");
            input.as_str().unwrap().parse::<i64>().unwrap().into()
        }
        "math" => (input.as_i64().unwrap() * transform["math"]["multiply"].as_i64().unwrap()).into(),
        "match" => {
            let input = input.as_str().unwrap_or_else(|| panic!("a match of {input} in {place}"));
            let fits = |pattern: &&Value| {
                assert_eq!(text(pattern, "/type"), "regexp", "{place}");
                regex::Regex::new(text(pattern, "/regexp")).unwrap().is_match(input)
            };
            let found = list(&transform["match"], "patterns").iter().find(fits);
            found.map_or(&transform["match"]["fallbackValue"], |pattern| &pattern["result"]).clone()
        }
        other => panic!("{other} in {place}"),
    }
}

/// The schema of a field, or `None` if the definition doesn't have it.
fn field<'a>(schema: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(schema, |schema, step| match schema["type"].as_str() {
        Some("array") => Some(&schema["items"]),
        _ => schema["properties"].get(step),
    })
}

#[test]
fn what_patches_read_and_write_is_in_the_definitions() {
    let mut seen = 0;
    for case in Case::all() {
        let schema = case.schema();
        for resource in case.resources() {
            for patch in list(resource, "patches") {
                seen += 1;
                let place = format!("{}, {}: {patch}", case.name, text(resource, "/name"));
                let known = |written: &str| {
                    let found = field(&schema, &path(written));
                    found.unwrap_or_else(|| panic!("{written} isn't in the definition: {place}"))
                };
                match text(patch, "/type") {
                    "FromCompositeFieldPath" => {
                        let from = known(text(patch, "/fromFieldPath"));
                        let first = list(patch, "transforms").first();
                        // A map has a value for each choice, and for nothing else.
                        if let (Some(map), Some(choices)) =
                            (first.and_then(|each| each["map"].as_object()), from["enum"].as_array())
                        {
                            let keys: BTreeSet<&str> = map.keys().map(String::as_str).collect();
                            assert_eq!(keys, choices.iter().filter_map(Value::as_str).collect(), "{place}");
                        }
                        let wants = match first.map(|each| text(each, "/type")) {
                            Some("map" | "match") => Some("string"),
                            Some("math") => Some("integer"),
                            _ => None,
                        };
                        assert!(wants.is_none_or(|wants| from["type"] == wants), "{place}");
                    }
                    "CombineFromComposite" => {
                        for each in list(&patch["combine"], "variables") {
                            known(text(each, "/fromFieldPath"));
                        }
                    }
                    "ToCompositeFieldPath" => {
                        let to = text(patch, "/toFieldPath");
                        assert!(to.starts_with("status."), "Crossplane keeps the status alone: {place}");
                        assert_eq!(known(to)["type"], "string", "{place}");
                    }
                    other => panic!("{other}: {place}"),
                }
            }
        }
    }
    assert!(seen > 90, "{seen}");
}

/// A resource without checks of its own is ready by its condition Ready (the function's documented default); an Object has
/// that once it is made, unless its `readiness` says another thing.
#[test]
fn every_resource_says_when_it_is_ready() {
    for case in Case::all() {
        let mut names = BTreeSet::new();
        for resource in case.resources() {
            let place = format!("{}, {}", case.name, text(resource, "/name"));
            assert!(names.insert(text(resource, "/name")), "{place} twice");
            for check in list(resource, "readinessChecks") {
                let known = ["NonEmpty", "MatchString", "MatchInteger", "MatchTrue", "MatchFalse", "MatchCondition"];
                assert!(known.contains(&text(check, "/type")), "{place}: {check}");
            }
            let base = &resource["base"];
            assert!(!text(base, "/apiVersion").is_empty() && !text(base, "/kind").is_empty(), "{place}");
            if base["kind"] != "Object" {
                continue;
            }
            let readiness = &base["spec"]["readiness"];
            let query = readiness["celQuery"].as_str();
            match readiness["policy"].as_str() {
                None | Some("SuccessfulCreate" | "DeriveFromObject" | "AllTrue") => assert!(query.is_none(), "{place}"),
                Some("DeriveFromCelQuery") => {
                    let query = query.unwrap_or_else(|| panic!("{place} has no query"));
                    cel::Program::compile(query).unwrap_or_else(|error| panic!("{place}: {error}"));
                }
                Some(other) => panic!("{place}: {other}"),
            }
        }
    }
}

#[test]
fn connection_secrets_come_whole() {
    for case in Case::all() {
        let promised: BTreeSet<&str> =
            list(&case.definition["spec"], "connectionSecretKeys").iter().filter_map(Value::as_str).collect();
        let mut made = BTreeSet::new();
        for resource in case.resources() {
            let base = &resource["base"];
            let group = text(base, "/apiVersion").split('/').next().unwrap();
            let kind = format!("{group}/{}", text(base, "/kind"));
            let own: Vec<&str> = match SECRET_KEYS.iter().find(|(known, _)| *known == kind) {
                Some((_, keys)) => keys.to_vec(),
                None => list(&base["spec"], "connectionDetails")
                    .iter()
                    .map(|each| text(each, "/toConnectionSecretKey"))
                    .collect(),
            };
            for detail in list(resource, "connectionDetails") {
                let place = format!("{}, {}: {detail}", case.name, text(resource, "/name"));
                assert!(made.insert(text(detail, "/name")), "{place} twice");
                if detail["type"] == "FromConnectionSecretKey" {
                    assert!(own.contains(&text(detail, "/fromConnectionSecretKey")), "{place}: it has {own:?}");
                    assert!(base["spec"]["writeConnectionSecretToRef"].is_object(), "{place}: it writes none");
                    let named = |patch: &Value| text(patch, "/toFieldPath") == "spec.writeConnectionSecretToRef.name";
                    assert!(list(resource, "patches").iter().any(named), "{place}: its secret has no name");
                } else {
                    assert_eq!(detail["type"], "FromFieldPath", "{place}");
                }
            }
        }
        assert_eq!(made, promised, "{}", case.name);
    }
}

/// Claims of every size, engine and version that a definition lets through, in production and elsewhere.
fn choices(case: &Case) -> Vec<Value> {
    let version = |engine: &str, version: &str| json!({ "engine": engine, "version": version });
    match text(&case.definition, "/spec/names/kind") {
        "XPostgreSQLInstance" => vec![json!({ "parameters": { "storageGB": 20 } })],
        "XS3Bucket" => vec![json!({}), json!({ "parameters": { "expireAfterDays": 9 } })],
        "XSQSQueue" => vec![json!({}), json!({ "parameters": { "retentionDays": 1 } })],
        "XMongoDB" => ["6.0", "7.0", "8.0"].map(|version| json!({ "version": version, "storageGB": 20 })).to_vec(),
        "XDatabase" => {
            let mut all = vec![json!({ "engine": "postgres" }), json!({ "engine": "mysql" })];
            all.extend(["small", "medium", "large"].map(|size| json!({ "engine": "postgres", "size": size })));
            all.extend(["14", "15", "16", "17"].map(|number| version("postgres", number)));
            all.extend(["8.0", "8.4"].map(|number| version("mysql", number)));
            all
        }
        other => panic!("what can be chosen of {other}?"),
    }
}

/// The manifests that Objects apply, against the kinds' whole definitions where those are at hand.
#[test]
fn every_choice_renders_and_manifests_fit_their_kinds() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/schemas/platform-crds.json.zst");
    let output = Command::new("zstd").arg("-dc").arg(&file).output();
    let output = output.ok().filter(|output| file.is_file() && output.status.success());
    let whole: Map<String, Value> = match &output {
        Some(output) => serde_json::from_slice(&output.stdout).unwrap(),
        None => {
            println!("skipped: there is no {}, or no zstd to unpack it", file.display());
            Map::new()
        }
    };
    let mut checked = BTreeSet::new();
    for case in Case::all() {
        for (spec, namespace) in
            choices(&case).iter().flat_map(|spec| [(spec, "orders-dev-infra"), (spec, "orders-prod-infra")])
        {
            for (name, made) in case.render(&case.composite(namespace, spec.clone())) {
                let place = format!("{}, {name}", case.name);
                assert!(!has_null(&made), "{place}: {made:#}");
                let manifest = &made["spec"]["forProvider"]["manifest"];
                let kind = text(manifest, "/kind").to_lowercase();
                let Some((group, version)) = text(manifest, "/apiVersion").split_once('/') else { continue };
                let Some(schema) = whole.get(&format!("{group}/{kind}_{version}.json")) else { continue };
                let schema = Schema::parse(schema).unwrap();
                let unknown = schema.unknown(manifest);
                let wrong = schema.validate(manifest, None, How::default());
                assert!(unknown.is_empty() && wrong.is_empty(), "{place}: {unknown:?} {wrong:?}\n{manifest:#}");
                checked.insert(kind);
            }
        }
    }
    if !whole.is_empty() {
        assert_eq!(checked.into_iter().collect::<Vec<_>>(), ["certificate", "externalsecret"]);
    }
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(map) => map.values().any(has_null),
        _ => false,
    }
}

fn rendered(name: &str, namespace: &str, spec: Value) -> BTreeMap<String, Value> {
    let cases = Case::all();
    let case = cases.iter().find(|case| case.name == name).unwrap();
    case.render(&case.composite(namespace, spec))
}

#[test]
fn a_database_gets_what_production_deserves() {
    let asked = json!({ "engine": "mysql", "size": "medium" });
    let dev = rendered("database-aws", "orders-dev-infra", asked.clone());
    let prod = rendered("database-aws", "orders-prod-infra", asked.clone());
    let of = |made: &BTreeMap<String, Value>, key: &str| made["instance"]["spec"]["forProvider"][key].clone();
    assert_eq!((of(&dev, "multiAz"), of(&dev, "backupRetentionPeriod")), (json!(false), json!(7)));
    assert_eq!((of(&prod, "multiAz"), of(&prod, "backupRetentionPeriod")), (json!(true), json!(14)));
    for made in [&dev, &prod] {
        assert_eq!((of(made, "storageEncrypted"), of(made, "publiclyAccessible")), (json!(true), json!(false)));
        assert_eq!(of(made, "enabledCloudwatchLogsExports"), json!(["error", "slowquery"]));
        let rule = &made["firewall-rule"]["spec"]["forProvider"];
        assert_eq!((&rule["fromPort"], &rule["toPort"]), (&json!(3306), &json!(3306)));
    }
    let cloud = |namespace: &str| {
        rendered("database-gcp", namespace, asked.clone())["instance"]["spec"]["forProvider"]["settings"].clone()
    };
    assert_eq!(cloud("orders-dev-infra")["availabilityType"], "ZONAL");
    assert_eq!(cloud("orders-prod-infra")["availabilityType"], "REGIONAL");
}

/// The parameter groups are made beside the Composition: each version that it names has one, and each of them forces TLS.
#[test]
fn every_version_has_a_parameter_group_that_forces_tls() {
    let groups: BTreeMap<String, Value> = documents()
        .into_iter()
        .filter(|(_, object)| object["kind"] == "ParameterGroup")
        .map(|(_, object)| (text(&object, "/metadata/name").to_string(), object["spec"]["forProvider"].clone()))
        .collect();
    let mut used = BTreeSet::new();
    for (engine, version) in [("postgres", None), ("mysql", None)]
        .into_iter()
        .chain(["14", "15", "16", "17"].map(|each| ("postgres", Some(each))))
        .chain(["8.0", "8.4"].map(|each| ("mysql", Some(each))))
    {
        let mut spec = json!({ "engine": engine });
        if let Some(version) = version {
            spec["version"] = version.into();
        }
        let made = rendered("database-aws", "orders-dev-infra", spec)["instance"]["spec"]["forProvider"].clone();
        let name = text(&made, "/parameterGroupName");
        let group = groups.get(name).unwrap_or_else(|| panic!("there is no parameter group {name}"));
        assert_eq!(text(group, "/family"), format!("{engine}{}", text(&made, "/engineVersion")));
        let forces = if engine == "postgres" { "rds.force_ssl" } else { "require_secure_transport" };
        assert!(list(group, "parameter").contains(&json!({ "name": forces, "value": "1" })), "{name}");
        used.insert(name.to_string());
    }
    assert_eq!(used, groups.into_keys().collect());
}

/// A workload cluster reaches each member by a name that its load balancer, the certificate and the connection share.
#[test]
fn a_mongodb_is_reached_by_the_names_of_its_certificate() {
    let made = rendered("mongodb-kubernetes", "orders-dev-infra", json!({}));
    let manifest = |name: &str| made[name]["spec"]["forProvider"]["manifest"].clone();
    let uri = manifest("password")["spec"]["target"]["template"]["data"]["uri"].as_str().unwrap().to_string();
    let names = manifest("certificate")["spec"]["dnsNames"].clone();
    for member in 0..3 {
        let host = format!("orders-x-{member}.mongodb.acme.example");
        let service = manifest(&format!("member-{member}"));
        assert_eq!(service["metadata"]["annotations"]["external-dns.alpha.kubernetes.io/hostname"], host.as_str());
        assert_eq!(
            service["spec"]["selector"],
            json!({ "statefulset.kubernetes.io/pod-name": format!("orders-x-{member}") })
        );
        let horizons = manifest("replica-set")["spec"]["replicaSetHorizons"].clone();
        assert_eq!(horizons[member], json!({ "platform": format!("{host}:27017") }));
        assert!(uri.contains(&format!("{host}:27017")), "{uri}");
        assert!(names.as_array().unwrap().contains(&host.as_str().into()), "{names}");
    }
    let certificate = manifest("certificate")["spec"]["secretName"].clone();
    let tls = manifest("replica-set")["spec"]["security"]["tls"].clone();
    assert_eq!(
        (&tls["certificateKeySecretRef"]["name"], &tls["caCertificateSecretRef"]["name"]),
        (&certificate, &certificate)
    );
}

#[test]
fn what_was_chosen_once_goes_forward_alone() {
    let cases = Case::all();
    let allowed = |kind: &str, before: Value, after: Value| {
        let case = cases.iter().find(|case| case.definition["spec"]["names"]["kind"] == kind).unwrap();
        let (before, after) = (json!({ "spec": before }), json!({ "spec": after }));
        Schema::parse(&case.schema()).unwrap().validate(&after, Some(&before), RULES).is_empty()
    };
    let mongodb =
        |before: &str, after: &str| allowed("XMongoDB", json!({ "version": before }), json!({ "version": after }));
    assert!(mongodb("6.0", "7.0") && mongodb("7.0", "8.0") && mongodb("7.0", "7.0"));
    assert!(!mongodb("6.0", "8.0") && !mongodb("7.0", "6.0") && !mongodb("8.0", "6.0"));
    assert!(!allowed("XMongoDB", json!({ "storageGB": 20 }), json!({ "storageGB": 30 })));
    let database = |before: Value, after: Value| {
        let with = |mut spec: Value| {
            spec["engine"] = "postgres".into();
            spec
        };
        allowed("XDatabase", with(before), with(after))
    };
    assert!(database(json!({}), json!({ "version": "17" })) && database(json!({}), json!({ "version": "16" })));
    assert!(!database(json!({}), json!({ "version": "15" })), "who chose none has 16");
    assert!(!database(json!({ "version": "16" }), json!({ "version": "15" })));
}
