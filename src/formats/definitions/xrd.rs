//! CompositeResourceDefinitions of Crossplane, v1 and v2: each is the composite resource's kind, and its claim's where
//! it offers one. The rules are those of crossplane/crossplane v2.1.0 (apis/apiextensions, internal/xcrd).

use std::sync::Arc;

use serde_json::Value;

use super::composite::{self, Scope};
use super::field::{Field, Result};
use super::names::{self, Names};
use super::{Definition, Role, Version, crd};
use crate::formats::schema::Violation;

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
    let xrd = Xrd { keys: spec.texts("connectionSecretKeys")?, root, spec, group };
    if let Some(claim) = &claim {
        check_claim(&xrd, claim, &composite)?;
    }
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

/// A fault of a CRD that Crossplane makes, at the place that it comes from.
pub fn placed(mut fault: Violation, is_claim: bool) -> Violation {
    if is_claim && fault.path.get(1).is_some_and(|step| *step == "names".into()) {
        fault.path[1] = "claimNames".into();
        fault.field = fault.field.replacen("spec.names", "spec.claimNames", 1);
    }
    fault
}

/// Where composite resources live. What a version of the API doesn't know, it refuses.
fn scope(spec: &Field<'_>, api: &str) -> Result<Scope> {
    let known: &[&str] =
        if api == "v1" { &["LegacyCluster", "Namespaced", "Cluster"] } else { &["Namespaced", "Cluster"] };
    let scope = match spec.choice("scope", known)?.unwrap_or(known[0]) {
        "LegacyCluster" => Scope::Legacy,
        "Namespaced" => Scope::Namespaced,
        _ => Scope::Cluster,
    };
    if scope == Scope::Legacy {
        return Ok(scope);
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
    for (key, why) in [("claimNames", claims), ("connectionSecretKeys", secrets)] {
        if let Some(field) = spec.get(key) {
            return Err(field.error(why));
        }
    }
    Ok(scope)
}

/// A claim has names of its own.
fn check_claim(xrd: &Xrd<'_>, claim: &Names, composite: &Names) -> Result<()> {
    let pairs = [
        ("kind", &claim.kind, &composite.kind),
        ("plural", &claim.plural, &composite.plural),
        ("singular", &claim.singular, &composite.singular),
        ("listKind", &claim.list_kind, &composite.list_kind),
    ];
    match pairs.into_iter().find(|(_, claim, composite)| claim == composite) {
        None => Ok(()),
        Some((key, name, _)) => {
            let field = xrd.spec.need("claimNames")?;
            let field = field.get(key).unwrap_or(field);
            Err(field.error(&format!("\"{name}\" conflicts with composite resource name")))
        }
    }
}

fn definition(xrd: &Xrd<'_>, names: Names, role: Role, machinery: &composite::Machinery) -> Result<Definition> {
    let list = xrd.spec.need("versions")?;
    let mut versions = Vec::new();
    for version in list.elements()? {
        let schema = version.need("schema")?.need("openAPIV3Schema")?;
        schema.object()?;
        for part in ["spec", "status", "metadata"].iter().filter_map(|part| schema.get("properties")?.get(part)) {
            part.object()?;
        }
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
    crd::check_versions(&list, &versions, "referenceable")?;
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
