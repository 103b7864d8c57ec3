//! CompositeResourceDefinitions of Crossplane, v1 and v2: each is the composite resource's kind, and its claim's where
//! it offers one. The rules are those of crossplane/crossplane v2.1.0 (apis/apiextensions, internal/xcrd).

use std::sync::Arc;

use serde_json::Value;

use super::composite::{self, Scope};
use super::field::{Field, Result};
use super::names::{self, Names};
use super::{Definition, Role, Version, crd, judge};
use crate::formats::schema::{Trail, Violation};

/// What composite resource and claim have in common.
struct Xrd<'d> {
    root: Field<'d>,
    spec: Field<'d>,
    group: String,
    keys: Vec<String>,
}

/// Reads an XRD.
pub fn read(value: &Value, api: &str) -> Result<Vec<Definition>> {
    let root = Field::root(value);
    if !["v1", "v2"].contains(&api) {
        let error =
            root.error(&format!("there is no apiextensions.crossplane.io/{api} of CompositeResourceDefinition"));
        let help = Some("use apiextensions.crossplane.io/v2, or v1 for kinds with claims".into());
        return Err(Box::new(Violation { help, ..*error }));
    }
    let spec = root.need("spec")?;
    let group = names::group(&spec)?;
    let composite = names::read(&spec.need("names")?)?;
    names::check_title(&root, &composite.plural, &group)?;
    let claim = spec.get("claimNames").map(|field| names::read(&field)).transpose()?;
    let scope = scope(&spec, api)?;
    none_of(beyond(scope, &spec, api))?;
    let xrd = Xrd { keys: spec.texts("connectionSecretKeys")?, root, spec, group };
    none_of(shared_names(&xrd.spec))?;
    let policy = xrd.spec.choice("defaultCompositionUpdatePolicy", &["Automatic", "Manual"])?.unwrap_or("Automatic");
    let role = Role::Composite { claim: claim.as_ref().map(|claim| claim.kind.clone()) };
    let (of, machinery) = (composite.kind.clone(), composite::of_composite(scope, policy));
    let mut made = vec![definition(&xrd, composite, role, &machinery)?];
    if let Some(claim) = claim {
        let policy = xrd.spec.choice("defaultCompositeDeletePolicy", &["Background", "Foreground"])?;
        let machinery = composite::of_claim(policy.unwrap_or("Background"));
        made.push(definition(&xrd, claim, Role::Claim { of }, &machinery)?);
    }
    Ok(made)
}

/// Everything that is wrong with an XRD of which no kind can be made: what it is refused for, and the faults of the CRDs that
/// would be made of what can be read.
pub fn faults(value: &Value, api: &str) -> Vec<Violation> {
    let root = Field::root(value);
    let mut found = Vec::new();
    let Some(spec) = told(root.need("spec"), &mut found) else { return found };
    told(names::group(&spec), &mut found);
    if let Some(names) = told(spec.need("names"), &mut found) {
        of_names(&names, "names", &mut found);
        let text = |field: Option<Field<'_>>| field.and_then(|field| field.text().ok().map(str::to_owned));
        if let (Some(plural), Some(group)) = (text(names.get("plural")), text(spec.get("group"))) {
            told(names::check_title(&root, &plural, &group), &mut found);
        }
    }
    if let Some(names) = spec.get("claimNames") {
        of_names(&names, "claimNames", &mut found);
    }
    found.extend(shared_names(&spec));
    let scope = told(scope(&spec, api), &mut found);
    found.extend(scope.into_iter().flat_map(|scope| beyond(scope, &spec, api)));
    told(spec.texts("connectionSecretKeys"), &mut found);
    told(spec.choice("defaultCompositionUpdatePolicy", &["Automatic", "Manual"]), &mut found);
    told(spec.choice("defaultCompositeDeletePolicy", &["Background", "Foreground"]), &mut found);
    let Some(list) = told(spec.need("versions"), &mut found) else { return found };
    told(crd::check_versions(&list, "referenceable"), &mut found);
    let mut machineries = vec![composite::of_composite(scope.unwrap_or(Scope::Cluster), "Automatic")];
    machineries.extend(spec.get("claimNames").map(|_| composite::of_claim("Background")));
    for (at, version) in list.elements().into_iter().flatten().enumerate() {
        told(names::label(&version, "name", str::to_owned), &mut found);
        for key in ["served", "referenceable"] {
            told(version.need(key), &mut found);
            told(version.flag(key), &mut found);
        }
        told(crd::deprecation(&version, "", "", ""), &mut found);
        let columns = told(crd::columns(&version), &mut found).unwrap_or_default();
        let Some(schema) = told(schema_of(&version), &mut found) else { continue };
        for machinery in &machineries {
            let made = composite::schema(schema.value(), machinery);
            found.extend(judge::of_made(at, &made, true, &columns));
        }
    }
    found
}

/// What was read; what is wrong with it is added to what was found.
fn told<T>(read: Result<T>, found: &mut Vec<Violation>) -> Option<T> {
    read.map_err(|fault| found.push(*fault)).ok()
}

/// What is wrong with the names of a kind: in the API server's words, or if it has none, why they can't be read.
fn of_names(names: &Field<'_>, key: &str, found: &mut Vec<Violation>) {
    let before = found.len();
    judge::of_names(names.value(), &Trail::ROOT.field("spec").field(key), found);
    if found.len() == before {
        told(names::read(names), found);
    }
}

/// A fault of a CRD that Crossplane makes, at the place that it comes from.
pub fn placed(mut fault: Violation, is_claim: bool) -> Violation {
    if is_claim && fault.path.get(1).is_some_and(|step| *step == "names".into()) {
        fault.path[1] = "claimNames".into();
        fault.field = fault.field.replacen("spec.names", "spec.claimNames", 1);
    }
    fault
}

/// Where composite resources live.
fn scope(spec: &Field<'_>, api: &str) -> Result<Scope> {
    let known: &[&str] =
        if api == "v1" { &["LegacyCluster", "Namespaced", "Cluster"] } else { &["Namespaced", "Cluster"] };
    Ok(match spec.choice("scope", known)?.unwrap_or(known[0]) {
        "LegacyCluster" => Scope::Legacy,
        "Namespaced" => Scope::Namespaced,
        _ => Scope::Cluster,
    })
}

/// What composite resources of other scopes than the legacy one can't have.
fn beyond(scope: Scope, spec: &Field<'_>, api: &str) -> Vec<Violation> {
    if scope == Scope::Legacy {
        return Vec::new();
    }
    let (claims, secrets) = match api {
        "v1" => (
            "Only LegacyCluster composite resources can offer claims",
            "Only LegacyCluster composite resources support connection secrets",
        ),
        _ => (
            "Claims aren't supported in apiextensions.crossplane.io/v2",
            "XR connection secrets aren't supported in apiextensions.crossplane.io/v2",
        ),
    };
    let fault = |(key, why)| spec.get(key).map(|field| *field.error(why));
    [("claimNames", claims), ("connectionSecretKeys", secrets)].into_iter().filter_map(fault).collect()
}

/// Names that a claim has in common with its composite resource, which it can't.
fn shared_names(spec: &Field<'_>) -> Vec<Violation> {
    let (Some(claim), Some(composite)) = (spec.get("claimNames"), spec.get("names")) else { return Vec::new() };
    let mut found: Vec<Violation> = Vec::new();
    for key in ["kind", "plural", "singular", "listKind"] {
        let Some(name) = name_of(&claim, key).filter(|name| name_of(&composite, key).as_ref() == Some(name)) else {
            continue;
        };
        // Names that follow from others that are told need no word of their own.
        match claim.get(key) {
            Some(field) => found.push(*field.error(&conflict(&name))),
            None if found.is_empty() => found.push(*claim.error(&conflict(&name))),
            None => {}
        }
    }
    found
}

/// A name as it is written, or as it follows from the kind.
fn name_of(names: &Field<'_>, key: &str) -> Option<String> {
    let text = |key: &str| names.get(key).and_then(|name| name.text().ok().map(str::to_owned));
    text(key).or_else(|| match key {
        "singular" => Some(text("kind")?.to_ascii_lowercase()),
        "listKind" => Some(text("kind")? + "List"),
        _ => None,
    })
}

fn conflict(name: &str) -> String {
    format!("\"{name}\" conflicts with composite resource name")
}

/// Refuses the first of these.
fn none_of(faults: Vec<Violation>) -> Result<()> {
    faults.into_iter().next().map_or(Ok(()), |fault| Err(Box::new(fault)))
}

/// The schema of a version, of which Crossplane takes parts.
fn schema_of<'d>(version: &Field<'d>) -> Result<Field<'d>> {
    let schema = version.need("schema")?.need("openAPIV3Schema")?;
    schema.object()?;
    for part in ["spec", "status", "metadata"].iter().filter_map(|part| schema.get("properties")?.get(part)) {
        part.object()?;
    }
    Ok(schema)
}

fn definition(xrd: &Xrd<'_>, names: Names, role: Role, machinery: &composite::Machinery) -> Result<Definition> {
    let list = xrd.spec.need("versions")?;
    let mut versions = Vec::new();
    for version in list.elements()? {
        let schema = schema_of(&version)?;
        let name = names::label(&version, "name", str::to_owned)?;
        version.need("served")?;
        version.need("referenceable")?;
        let mut columns = crd::columns(&version)?;
        columns.extend(machinery.columns.iter().cloned());
        versions.push(Version {
            served: version.flag("served")?,
            storage: version.flag("referenceable")?,
            deprecated: crd::deprecation(&version, &xrd.group, &name, &names.kind)?,
            schema: Arc::new(composite::schema(schema.value(), machinery)),
            columns,
            status: true,
            name,
        });
    }
    crd::check_versions(&list, "referenceable")?;
    let mut categories = names.categories;
    categories.push(machinery.category.to_string());
    Ok(Definition {
        group: xrd.group.clone(),
        kind: names.kind,
        plural: names.plural,
        singular: names.singular,
        list_kind: names.list_kind,
        short_names: names.short_names,
        categories,
        namespaced: machinery.namespaced,
        versions,
        role,
        connection_keys: xrd.keys.clone(),
        annotations: crd::annotations(&xrd.root),
        place: None,
    })
}
