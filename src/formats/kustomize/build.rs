//! A kustomization built: what its files say, in the order in which kustomize does it. All reading is up to the caller.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use super::generators;
use super::labels;
use super::names;
use super::objects::{self, Text};
use super::order;
use super::patches::{self, Read};
use super::references;
use super::replacements;
use super::resource::{Id, Origin, Resource};
use super::schema::Schemas;
use super::spec::{Generator, Kustomization, Patch};
use super::tables::Tables;
use super::{NAMES, images, joined};
use crate::error::{Error, Place, Result};

/// Kustomizations inside each other.
const MAX_DEPTH: usize = 50;
/// Kustomizations that one build reads, counted each time.
const MAX_KUSTOMIZATIONS: usize = 2_000;
/// Objects of one build.
const MAX_OBJECTS: usize = 50_000;

/// What a build reads from.
pub trait Files {
    /// A file by its path from the root, without `.` and `..`; none if there is none, or a folder.
    ///
    /// # Errors
    /// If it can't be read.
    fn read(&self, path: &str) -> Result<Option<Arc<[u8]>>>;
}

/// An object of the result.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// As an API server would get it.
    pub value: Value,
    /// Where it was written at first.
    pub origin: Origin,
}

/// Builds the kustomization in a folder; the objects are in the order of `kustomize build`.
///
/// # Errors
/// `idp::kustomize::...`, with the file and the field: what is wrong, missing or not supported, cycles, and what exceeds
/// the bounds; what [`Files::read`] refuses, and what isn't YAML.
pub fn build(root: &str, files: &dyn Files) -> Result<Vec<Object>> {
    let folder = joined("", root).unwrap_or_default();
    let mut build = Build { files, stack: Vec::new(), built: 0, schemas: Schemas::built_in(), has_schemas: false };
    let (mut all, kustomization) = build.folder(&folder, None, &Place::default())?;
    for resource in all.resources.iter_mut().filter(|resource| resource.wants_hash) {
        let hash = generators::hash(resource);
        resource.keep_name();
        let name = format!("{}-{hash}", resource.name());
        resource.set_metadata("name", name);
    }
    let wrong = |field: &'static str| {
        let kustomization = &kustomization;
        move |why: String| kustomization.error(field, "idp::kustomize::field", why)
    };
    references::follow(&mut all.resources, &all.tables).map_err(wrong(""))?;
    let is_local = |resource: &Resource| {
        resource.metadata_map("annotations").any(|(key, value)| key == objects::LOCAL && value != "false")
    };
    all.resources.retain(|resource| !is_local(resource));
    order::sort(&mut all.resources, kustomization.sort_options.as_ref()).map_err(wrong("sortOptions"))?;
    Ok(all.resources.into_iter().map(finished).collect())
}

/// A resource without what only the build needed.
fn finished(mut resource: Resource) -> Object {
    // As kustomize does it when it takes away its own notes.
    if let Some(metadata) = resource.value.get_mut("metadata").and_then(Value::as_object_mut)
        && metadata.get("annotations").is_some_and(|map| map.is_null() || super::text::is_empty_map(map))
    {
        metadata.shift_remove("annotations");
    }
    Object { value: resource.value, origin: resource.origin }
}

/// What was gathered so far.
#[derive(Default)]
struct Gathered {
    resources: Vec<Resource>,
    ids: HashSet<(String, String, String, String, String)>,
    tables: Arc<Tables>,
}

impl Gathered {
    /// Adds an object that isn't there yet.
    fn add(&mut self, resource: Resource) -> std::result::Result<(), String> {
        let id = resource.id();
        let words = id.words();
        let Id { group, version, kind, name, place, .. } = id;
        if !self.ids.insert((group, version, kind, name, place)) {
            return Err(format!("{words} is there twice"));
        }
        if self.resources.len() >= MAX_OBJECTS {
            return Err(format!("there are more than {MAX_OBJECTS} objects"));
        }
        self.resources.push(resource);
        Ok(())
    }

    fn merge_tables(&mut self, other: &Arc<Tables>) -> std::result::Result<(), String> {
        if Arc::ptr_eq(&self.tables, other) || **other == Tables::default() {
            return Ok(());
        }
        if *self.tables == Tables::default() {
            self.tables = other.clone();
            return Ok(());
        }
        Arc::make_mut(&mut self.tables).merge(other)
    }

    /// After changes of names.
    fn recount(&mut self) {
        let id = |resource: &Resource| {
            let Id { group, version, kind, name, place, .. } = resource.id();
            (group, version, kind, name, place)
        };
        self.ids = self.resources.iter().map(id).collect();
    }
}

struct Build<'f> {
    files: &'f dyn Files,
    /// The folders on the way.
    stack: Vec<String>,
    built: usize,
    schemas: Arc<Schemas>,
    has_schemas: bool,
}

impl Build<'_> {
    /// Builds a folder. A component changes what was gathered before it.
    fn folder(&mut self, folder: &str, onto: Option<Gathered>, from: &Place) -> Result<(Gathered, Kustomization)> {
        let around = |outer: &&String| {
            folder.is_empty()
                || *outer == folder
                || outer.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        };
        let shown = if folder.is_empty() { "." } else { folder };
        if let Some(outer) = self.stack.iter().find(around) {
            let message = match outer == folder {
                true => format!("a cycle: {shown} is built for itself"),
                false => format!("a cycle: {shown} is built for {outer}, which is in it"),
            };
            return Err(Error::invalid("idp::kustomize::cycle", message).at(from.clone()));
        }
        self.built += 1;
        if self.stack.len() >= MAX_DEPTH || self.built > MAX_KUSTOMIZATIONS {
            let message =
                format!("{shown} has more than {MAX_KUSTOMIZATIONS} kustomizations, or {MAX_DEPTH} in each other");
            return Err(Error::invalid("idp::kustomize::too_large", message).at(from.clone()));
        }
        let kustomization = self.kustomization(folder, from)?;
        self.stack.push(folder.to_string());
        let is_root = self.stack.len() == 1;
        if kustomization.is_component != onto.is_some() && !is_root {
            let (is, wanted) =
                if onto.is_some() { ("no Component", "components") } else { ("a Component", "resources") };
            let hint = if onto.is_some() { "name it among the `resources`" } else { "name it among the `components`" };
            let message = format!("{} is {is}, and is named among the `{wanted}`", kustomization.file);
            return Err(Error::invalid("idp::kustomize::field", message).at(from.clone()).help(hint));
        }
        self.take_schemas(&kustomization, folder)?;
        let gathered = self.target(folder, &kustomization, onto.unwrap_or_default())?;
        self.stack.pop();
        Ok((gathered, kustomization))
    }

    fn kustomization(&self, folder: &str, from: &Place) -> Result<Kustomization> {
        let mut found = Vec::new();
        for name in NAMES {
            let path = if folder.is_empty() { name.to_string() } else { format!("{folder}/{name}") };
            if let Some(bytes) = self.files.read(&path)? {
                found.push((path, bytes));
            }
        }
        match found.as_slice() {
            [(path, bytes)] => Kustomization::read(path, text(path, bytes)?),
            [] => {
                let shown = if folder.is_empty() { "." } else { folder };
                let message = format!("there is no kustomization in {shown}");
                Err(Error::invalid("idp::kustomize::file", message).at(from.clone()))
            }
            [(one, _), (other, _), ..] => {
                let message = format!("{one} and {other} are in one folder");
                Err(Error::invalid("idp::kustomize::file", message).at(Place::file(&**other)).help("keep one of them"))
            }
        }
    }

    /// The first OpenAPI file that is named counts, for the whole build.
    fn take_schemas(&mut self, kustomization: &Kustomization, folder: &str) -> Result<()> {
        let wrong = |why: String| kustomization.error("openapi", "idp::kustomize::field", why);
        match (kustomization.openapi.get("path"), kustomization.openapi.get("version")) {
            _ if self.has_schemas => return Ok(()),
            (None, None) => return Ok(()),
            (None, Some(version)) if version == "v1.21.2" => {}
            (None, Some(version)) => return Err(wrong(format!("the OpenAPI of {version} isn't built in; v1.21.2 is"))),
            (Some(_), Some(_)) => return Err(wrong("`path` and `version` exclude each other".to_string())),
            (Some(path), None) => {
                let (file, bytes) = self.file(kustomization, folder, "openapi", path)?;
                let document = objects::values(&file, text(&file, &bytes)?)?.into_iter().next().unwrap_or_default();
                let schemas = Schemas::of_openapi(&document);
                self.schemas = Arc::new(schemas.ok_or_else(|| wrong(format!("{file} has no `definitions`")))?);
            }
        }
        self.has_schemas = true;
        Ok(())
    }

    /// A file that a kustomization names, which must be in its folder.
    fn file(
        &self,
        kustomization: &Kustomization,
        folder: &str,
        field: &str,
        path: &str,
    ) -> Result<(String, Arc<[u8]>)> {
        let wrong = |why: String| kustomization.error(field, "idp::kustomize::file", why);
        if is_remote(path) {
            let message = format!("{path} is somewhere else, and builds read from the repository alone: not supported");
            return Err(kustomization
                .error(field, "idp::kustomize::unsupported", message)
                .help("copy it into the repository"));
        }
        let file = joined(folder, path).ok_or_else(|| wrong(format!("{path} is outside of the repository")))?;
        let inside = folder.is_empty() || file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        if !inside || path.starts_with('/') {
            let why = format!("{path} is not in {folder} or below it, where kustomize looks for files");
            return Err(wrong(why).help("make its folder a kustomization of its own, and name that"));
        }
        match self.files.read(&file)? {
            Some(bytes) => Ok((file, bytes)),
            None => Err(wrong(format!("there is no {file}"))),
        }
    }

    fn target(&mut self, folder: &str, kustomization: &Kustomization, mut all: Gathered) -> Result<Gathered> {
        all.recount();
        for path in &kustomization.resources {
            self.resource(folder, kustomization, path, &mut all)?;
        }
        let wrong = |field: &'static str| move |why: String| kustomization.error(field, "idp::kustomize::field", why);
        all.merge_tables(&Tables::built_in()).map_err(wrong("configurations"))?;
        for path in &kustomization.configurations {
            let (file, bytes) = self.file(kustomization, folder, "configurations", path)?;
            for document in objects::values(&file, text(&file, &bytes)?)? {
                let tables = Tables::of_configuration(&document).map_err(wrong("configurations"))?;
                Arc::make_mut(&mut all.tables).merge(&tables).map_err(wrong("configurations"))?;
            }
        }
        self.generate(folder, kustomization, "configMapGenerator", &mut all)?;
        self.generate(folder, kustomization, "secretGenerator", &mut all)?;
        for path in &kustomization.components {
            let below = self.below(folder, kustomization, "components", path)?;
            let place = kustomization.error("components", "", "").place().cloned().unwrap_or_default();
            all = self.folder(&below, Some(std::mem::take(&mut all)), &place)?.0;
        }
        self.transform(folder, kustomization, &mut all)?;
        Ok(all)
    }

    /// The path of a folder that is named.
    fn below(&self, folder: &str, kustomization: &Kustomization, field: &str, path: &str) -> Result<String> {
        if is_remote(path) {
            let message = format!("{path} is somewhere else, and builds read from the repository alone: not supported");
            return Err(kustomization
                .error(field, "idp::kustomize::unsupported", message)
                .help("copy it into the repository"));
        }
        let outside =
            || kustomization.error(field, "idp::kustomize::file", format!("{path} is outside of the repository"));
        joined(folder, path).filter(|_| !path.starts_with('/')).ok_or_else(outside)
    }

    /// A file of objects, or another kustomization.
    fn resource(&mut self, folder: &str, kustomization: &Kustomization, path: &str, all: &mut Gathered) -> Result<()> {
        let twice =
            |why: String| kustomization.error("resources", "idp::kustomize::duplicate", format!("{path}: {why}"));
        let below = self.below(folder, kustomization, "resources", path)?;
        if self.files.read(&below)?.is_some() {
            let (file, bytes) = self.file(kustomization, folder, "resources", path)?;
            for resource in objects::resources(&file, text(&file, &bytes)?)? {
                all.add(resource).map_err(twice)?;
            }
            return Ok(());
        }
        let place = kustomization.error("resources", "", "").place().cloned().unwrap_or_default();
        let is_there = |name: &&str| {
            let path = if below.is_empty() { name.to_string() } else { format!("{below}/{name}") };
            matches!(self.files.read(&path), Ok(Some(_)) | Err(_))
        };
        if !NAMES.iter().any(is_there) {
            let message = format!("there is neither a file {below} nor a kustomization in a folder of that name");
            return Err(kustomization.error("resources", "idp::kustomize::file", message));
        }
        let (other, _) = self.folder(&below, None, &place)?;
        for resource in other.resources {
            all.add(resource).map_err(twice)?;
        }
        all.merge_tables(&other.tables).map_err(twice)
    }

    fn generate(
        &self,
        folder: &str,
        kustomization: &Kustomization,
        field: &'static str,
        all: &mut Gathered,
    ) -> Result<()> {
        let (kind, list): (_, &[Generator]) = match field {
            "secretGenerator" => ("Secret", &kustomization.secrets),
            _ => ("ConfigMap", &kustomization.config_maps),
        };
        for (at, generator) in list.iter().enumerate() {
            let origin = Origin { file: kustomization.file.as_str().into(), document: at };
            let mut read = |path: &str| self.file(kustomization, folder, field, path).map(|(_, bytes)| bytes);
            let global = kustomization.generator_options.as_ref();
            let wrong = |why: String| kustomization.error(field, "idp::kustomize::field", why);
            let made = generators::make(kind, generator, global, origin, &mut read)?.map_err(wrong)?;
            generators::absorb(&mut all.resources, made).map_err(wrong)?;
        }
        Ok(())
    }

    /// All changes of a kustomization, in kustomize's order.
    fn transform(&self, folder: &str, kustomization: &Kustomization, all: &mut Gathered) -> Result<()> {
        let wrong = |field: &'static str| move |why: String| kustomization.error(field, "idp::kustomize::field", why);
        let (resources, tables) = (&mut all.resources, &all.tables);
        for patch in &kustomization.merge_patches {
            let named = |why: String| kustomization.error("patchesStrategicMerge", "idp::kustomize::patch", why);
            let inline = patch.contains('\n') || patch.contains(": ");
            let (file, content) = if inline {
                (kustomization.file.clone(), patch.clone())
            } else {
                let (file, bytes) = self.file(kustomization, folder, "patchesStrategicMerge", patch)?;
                (file.clone(), text(&file, &bytes)?.to_string())
            };
            let told = |why: String| named(if inline { why } else { format!("{file}: {why}") });
            let documents = patch_documents(&file, &content, inline)?;
            match patches::read(documents).map_err(told)? {
                Read::Merge(parts) => {
                    patches::apply_merge(resources, &parts, None, Default::default(), &self.schemas).map_err(told)?;
                }
                Read::Json(_) => return Err(told("operations belong under `patches`".to_string())),
            }
        }
        for patch in &kustomization.patches {
            self.patch(folder, kustomization, "patches", patch, resources)?;
        }
        names::set_namespace(resources, &kustomization.namespace, tables).map_err(wrong("namespace"))?;
        names::add_prefix(resources, &kustomization.name_prefix, tables).map_err(wrong("namePrefix"))?;
        names::add_suffix(resources, &kustomization.name_suffix, tables).map_err(wrong("nameSuffix"))?;
        labels::add_labels(resources, kustomization, tables).map_err(|(field, why)| wrong(field)(why))?;
        labels::put(resources, &kustomization.common_annotations, tables.list("commonAnnotations"))
            .map_err(wrong("commonAnnotations"))?;
        for patch in &kustomization.json_patches {
            self.patch(folder, kustomization, "patchesJson6902", patch, resources)?;
        }
        for replica in &kustomization.replicas {
            names::set_replicas(resources, &replica.name, replica.count, tables).map_err(wrong("replicas"))?;
        }
        for image in &kustomization.images {
            images::set(resources, image, tables).map_err(wrong("images"))?;
        }
        for replacement in &kustomization.replacements {
            let own = std::slice::from_ref(replacement);
            let read = match &replacement.path {
                None => None,
                Some(_) if replacement.is_inline() => {
                    return Err(wrong("replacements")("a replacement has a `path`, or says it all itself".to_string()));
                }
                Some(path) => {
                    let (file, bytes) = self.file(kustomization, folder, "replacements", path)?;
                    let mut list = Vec::new();
                    for document in objects::values(&file, text(&file, &bytes)?)? {
                        let named = |why| wrong("replacements")(format!("{file}: {why}"));
                        list.extend(replacements::read(&document).map_err(named)?);
                    }
                    Some(list)
                }
            };
            for one in read.as_deref().unwrap_or(own) {
                replacements::replace(resources, one).map_err(wrong("replacements"))?;
            }
        }
        Ok(())
    }

    fn patch(
        &self,
        folder: &str,
        kustomization: &Kustomization,
        field: &'static str,
        patch: &Patch,
        resources: &mut Vec<Resource>,
    ) -> Result<()> {
        let inline = patch.patch.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let path = patch.path.as_deref().filter(|path| !path.is_empty());
        let wrong = |why: &str| kustomization.error(field, "idp::kustomize::patch", why);
        let (file, content) = match (inline, path) {
            (Some(text), None) => (kustomization.file.clone(), text.to_string()),
            (None, Some(path)) => {
                let (file, bytes) = self.file(kustomization, folder, field, path)?;
                (file.clone(), text(&file, &bytes)?.to_string())
            }
            (Some(_), Some(_)) => return Err(wrong("a patch has a `path` or a `patch`, not both")),
            (None, None) => return Err(wrong("a patch has a `path` or a `patch`")),
        };
        let told = |why: String| wrong(&if inline.is_some() { why } else { format!("{file}: {why}") });
        let documents = patch_documents(&file, &content, inline.is_some())?;
        let is_new = field == "patches";
        match patches::read(documents).map_err(told)? {
            Read::Merge(parts) if is_new => {
                let options = patch.options.unwrap_or_default();
                patches::apply_merge(resources, &parts, patch.target.as_ref(), options, &self.schemas).map_err(told)?;
                let mut seen = HashMap::with_capacity(resources.len());
                match resources.iter().map(Resource::id).find(|id| {
                    seen.insert(
                        (id.group.clone(), id.version.clone(), id.kind.clone(), id.name.clone(), id.place.clone()),
                        (),
                    )
                    .is_some()
                }) {
                    Some(id) => Err(told(format!("two objects are {} then", id.words()))),
                    None => Ok(()),
                }
            }
            Read::Merge(_) => {
                Err(told("only operations are allowed here; a part of an object belongs under `patches`".into()))
            }
            Read::Json(operations) => {
                let target = patch.target.as_ref();
                let target =
                    target.ok_or_else(|| told("operations need a `target`, the objects that they are for".into()))?;
                if !is_new && target.name.is_empty() {
                    return Err(told("the target needs a `name`".to_string()));
                }
                patches::apply_json(resources, &operations, target, is_new).map_err(told)
            }
        }
    }
}

/// The documents of a patch; an inline one is told by the field that it is in.
fn patch_documents(file: &str, content: &str, inline: bool) -> Result<Vec<Value>> {
    let named = if inline { format!("{file} (a patch in it)") } else { file.to_string() };
    objects::values(&named, content)
}

/// Whether a path is a URL, or the short form of one.
fn is_remote(path: &str) -> bool {
    path.contains("://") || path.contains("?ref=") || path.starts_with("git@") || path.starts_with("github.com/")
}

fn text<'b>(file: &str, bytes: &'b [u8]) -> Result<Text<'b>> {
    let message = || format!("{file} isn't text in UTF-8");
    std::str::from_utf8(bytes).map_err(|_| Error::invalid("idp::kustomize::file", message()).at(Place::file(file)))
}
