//! A kustomization as it is written: its fields with their types, and what is refused by name.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::labels::Labels;
use super::replacements::ReplacementField;
use super::selector::Target;
use crate::error::{Error, Place, Result, nearest};
use crate::formats::yaml::{self, Document, Step};

/// What is said for a field that isn't built.
const REFUSED: [(&str, &str); 9] = [
    ("helmCharts", "render the chart first (`helm template`) and name the result among the resources"),
    ("helmChartInflationGenerator", "render the chart first (`helm template`) and name the result among the resources"),
    ("helmGlobals", "render the chart first (`helm template`) and name the result among the resources"),
    ("generators", "only configMapGenerator and secretGenerator are built, no plugins"),
    ("transformers", "write the change as a patch: plugins aren't run"),
    ("validators", "write a policy instead: plugins aren't run"),
    ("vars", "use `replacements`, which took the place of vars (`kustomize edit fix --vars`)"),
    ("crds", "name the fields that refer to others in `configurations`"),
    ("buildMetadata", "each object of a build has its origin beside it, not in annotations"),
];

/// A patch, in any of the fields for patches.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Patch {
    pub(super) path: Option<String>,
    pub(super) patch: Option<String>,
    pub(super) target: Option<Target>,
    pub(super) options: Option<PatchOptions>,
}

/// What a patch may change beside.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(super) struct PatchOptions {
    pub(super) allow_name_change: bool,
    pub(super) allow_kind_change: bool,
}

/// An image's new name, tag or digest.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(super) struct Image {
    pub(super) name: String,
    pub(super) new_name: String,
    pub(super) tag_suffix: String,
    pub(super) new_tag: String,
    pub(super) digest: String,
}

/// How many replicas something has.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Replica {
    pub(super) name: String,
    pub(super) count: i64,
}

/// A config map or secret that is made.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Generator {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) behavior: String,
    pub(super) literals: Vec<String>,
    pub(super) files: Vec<String>,
    pub(super) envs: Vec<String>,
    pub(super) env: String,
    /// Of secrets alone.
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) options: Option<GeneratorOptions>,
}

/// What holds for what is made.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(super) struct GeneratorOptions {
    pub(super) labels: BTreeMap<String, String>,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) disable_name_suffix_hash: bool,
    pub(super) immutable: bool,
}

/// The order of the result.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(super) struct SortOptions {
    pub(super) order: String,
    pub(super) legacy_sort_options: Option<LegacySort>,
}

/// Which kinds come first and last.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub(super) struct LegacySort {
    pub(super) order_first: Vec<String>,
    pub(super) order_last: Vec<String>,
}

/// A kustomization file.
#[derive(Debug, Default)]
pub(super) struct Kustomization {
    pub(super) file: String,
    document: Option<Document>,
    pub(super) is_component: bool,
    pub(super) resources: Vec<String>,
    pub(super) components: Vec<String>,
    pub(super) configurations: Vec<String>,
    pub(super) openapi: BTreeMap<String, String>,
    pub(super) namespace: String,
    pub(super) name_prefix: String,
    pub(super) name_suffix: String,
    pub(super) common_labels: BTreeMap<String, String>,
    pub(super) labels: Vec<Labels>,
    pub(super) common_annotations: BTreeMap<String, String>,
    pub(super) patches: Vec<Patch>,
    pub(super) merge_patches: Vec<String>,
    pub(super) json_patches: Vec<Patch>,
    pub(super) images: Vec<Image>,
    pub(super) replicas: Vec<Replica>,
    pub(super) replacements: Vec<ReplacementField>,
    pub(super) config_maps: Vec<Generator>,
    pub(super) secrets: Vec<Generator>,
    pub(super) generator_options: Option<GeneratorOptions>,
    pub(super) sort_options: Option<SortOptions>,
}

impl Kustomization {
    /// Reads one.
    ///
    /// # Errors
    /// What isn't YAML, unknown fields, fields of another type, and what isn't supported, each at its place.
    pub(super) fn read(file: &str, text: &str) -> Result<Kustomization> {
        let mut documents = yaml::parse(file, text)?;
        if documents.len() > 1 {
            let message = format!("{file} has {} documents, and a kustomization is one", documents.len());
            return Err(Error::invalid("idp::kustomize::field", message).at(documents[1].place(&[])));
        }
        let empty = || Error::invalid("idp::kustomize::field", format!("{file} is empty")).at(Place::file(file));
        let document = documents.pop().ok_or_else(empty)?;
        let value = document.value.clone();
        let mut kustomization =
            Kustomization { file: file.to_string(), document: Some(document), ..Default::default() };
        let Some(map) = value.as_object() else {
            return Err(kustomization.error("", "idp::kustomize::field", format!("{file} must be a map")));
        };
        for (key, value) in map.iter().filter(|(_, value)| !value.is_null()) {
            kustomization.take(key, value)?;
        }
        if map.keys().all(|key| matches!(key.as_str(), "apiVersion" | "kind")) {
            return Err(empty().help("add what it builds: `resources`"));
        }
        kustomization.check_head(&value)?;
        Ok(kustomization)
    }

    /// An error at a field.
    pub(super) fn error(&self, field: &str, code: &'static str, message: impl Into<String>) -> Error {
        let place = match &self.document {
            Some(document) if field.is_empty() => document.place(&[]),
            Some(document) => document.key_place(&[Step::Key(field.into())]),
            None => Place::file(&*self.file),
        };
        Error::invalid(code, message).at(place)
    }

    fn take(&mut self, key: &str, value: &Value) -> Result<()> {
        match key {
            "apiVersion" | "kind" | "metadata" => {}
            "resources" | "bases" => {
                let more: Vec<String> = self.typed(key, value)?;
                // The older field's come last, wherever it stands.
                if key == "bases" {
                    self.resources.extend(more);
                } else {
                    self.resources.splice(0..0, more);
                }
            }
            "components" => self.components = self.typed(key, value)?,
            "configurations" => self.configurations = self.typed(key, value)?,
            "openapi" => self.openapi = self.typed(key, value)?,
            "namespace" => self.namespace = self.typed(key, value)?,
            "namePrefix" => self.name_prefix = self.typed(key, value)?,
            "nameSuffix" => self.name_suffix = self.typed(key, value)?,
            "commonLabels" => self.common_labels = self.typed(key, value)?,
            "labels" => self.labels = self.typed(key, value)?,
            "commonAnnotations" => self.common_annotations = self.typed(key, value)?,
            "patches" => self.patches = self.typed(key, value)?,
            "patchesStrategicMerge" => self.merge_patches = self.typed(key, value)?,
            "patchesJson6902" => self.json_patches = self.typed(key, value)?,
            "images" | "imageTags" => {
                let more: Vec<Image> = self.typed(key, value)?;
                self.images.extend(more);
            }
            "replicas" => self.replicas = self.typed(key, value)?,
            "replacements" => self.replacements = self.typed(key, value)?,
            "configMapGenerator" => self.config_maps = self.typed(key, value)?,
            "secretGenerator" => self.secrets = self.typed(key, value)?,
            "generatorOptions" => self.generator_options = Some(self.typed(key, value)?),
            "sortOptions" => self.sort_options = Some(self.typed(key, value)?),
            _ => return self.unknown(key, value),
        }
        Ok(())
    }

    fn typed<T: DeserializeOwned>(&self, key: &str, value: &Value) -> Result<T> {
        let message = |error| format!("`{key}` of {}: {error}", self.file);
        serde_json::from_value(value.clone()).map_err(|error| self.error(key, "idp::kustomize::field", message(error)))
    }

    fn unknown(&self, key: &str, value: &Value) -> Result<()> {
        if let Some((_, hint)) = REFUSED.iter().find(|(name, _)| *name == key) {
            let is_empty = value.as_array().is_some_and(Vec::is_empty);
            let message = format!("`{key}` of {} is not supported", self.file);
            let refused = self.error(key, "idp::kustomize::unsupported", message).help(*hint);
            return if is_empty { Ok(()) } else { Err(refused) };
        }
        let known = ["resources", "components", "patches", "images", "replicas", "replacements", "labels", "namespace"];
        let more = ["namePrefix", "nameSuffix", "commonLabels", "commonAnnotations", "configMapGenerator"];
        let last = ["secretGenerator", "generatorOptions", "configurations", "openapi", "sortOptions"];
        let error = self.error(key, "idp::kustomize::field", format!("a kustomization has no field `{key}`"));
        Err(match nearest(key, known.into_iter().chain(more).chain(last)) {
            Some(name) => error.help(format!("did you mean `{name}`?")),
            None => error,
        })
    }

    fn check_head(&mut self, value: &Value) -> Result<()> {
        let text = |key: &str| value[key].as_str().unwrap_or_default();
        self.is_component = text("kind") == "Component";
        let version = if self.is_component { "v1alpha1" } else { "v1beta1" };
        let wanted = format!("kustomize.config.k8s.io/{version}");
        if !matches!(text("kind"), "" | "Kustomization" | "Component") {
            return Err(self.error("kind", "idp::kustomize::field", "the kind must be Kustomization or Component"));
        }
        if !text("apiVersion").is_empty() && text("apiVersion") != wanted {
            return Err(self.error("apiVersion", "idp::kustomize::field", format!("the apiVersion must be {wanted}")));
        }
        Ok(())
    }
}
