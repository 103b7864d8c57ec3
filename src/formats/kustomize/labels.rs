//! Labels and annotations that a kustomization adds.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::fields::{FieldSpec, Make, add};
use super::resource::{Gvk, Resource};
use super::spec::Kustomization;
use super::tables::{Tables, specs};

/// An entry of `labels`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(super) struct Labels {
    pub(super) pairs: BTreeMap<String, String>,
    pub(super) include_selectors: bool,
    pub(super) include_templates: bool,
    pub(super) include_volume_claim_templates: bool,
    pub(super) fields: Value,
}

impl Labels {
    fn specs(&self, tables: &Tables) -> Result<Vec<FieldSpec>, String> {
        let mut all = specs(&self.fields)?;
        add(&mut all, tables.list("labels"))?;
        if self.include_selectors {
            add(&mut all, tables.list("commonLabels"))?;
            return Ok(all);
        }
        if self.include_templates {
            add(&mut all, tables.list("templateLabels"))?;
        }
        if self.include_volume_claim_templates {
            add(&mut all, tables.list("volumeClaimTemplateLabels"))?;
        }
        add(&mut all, &[FieldSpec::new(Gvk::default(), "metadata/labels", true)])?;
        Ok(all)
    }
}

/// Adds all labels.
///
/// # Errors
/// The field of the kustomization, and what stands in the way.
pub(super) fn add_labels(
    resources: &mut [Resource],
    kustomization: &Kustomization,
    tables: &Tables,
) -> Result<(), (&'static str, String)> {
    for labels in &kustomization.labels {
        let specs = labels.specs(tables).map_err(|why| ("labels", why))?;
        put(resources, &labels.pairs, &specs).map_err(|why| ("labels", why))?;
    }
    put(resources, &kustomization.common_labels, tables.list("commonLabels")).map_err(|why| ("commonLabels", why))
}

/// Puts pairs into the maps at some fields.
///
/// # Errors
/// What stands in the way, with the object.
pub(super) fn put(
    resources: &mut [Resource],
    pairs: &BTreeMap<String, String>,
    specs: &[FieldSpec],
) -> Result<(), String> {
    if pairs.is_empty() {
        return Ok(());
    }
    for resource in resources {
        for spec in specs {
            let mut set = |field: &mut Value| match field {
                Value::Object(map) => {
                    map.extend(pairs.iter().map(|(key, value)| (key.clone(), Value::String(value.clone()))));
                    Ok(())
                }
                Value::Null => Ok(()),
                _ => Err("there is no map".to_string()),
            };
            spec.apply(resource, Make::Map, &mut set).map_err(|why| format!("{}: {why}", resource.id().words()))?;
        }
    }
    Ok(())
}
