//! What a rule applies to: globs over kinds, groups, namespaces, names, labels, files and environments. A rule on pods is
//! also one on the pod templates of controllers.

use std::sync::Arc;

use globset::{Glob, GlobSet, GlobSetBuilder};
use rhai::Map;

use super::Manifest;
use crate::error::{Error, Result, nearest};
use crate::report::Fit;

/// The fields of `applies_to`.
pub const KEYS: [&str; 8] =
    ["kinds", "api_groups", "namespaces", "not_namespaces", "names", "labels", "paths", "environments"];

/// Which objects a rule is asked about; what isn't said lets everything through.
#[derive(Debug, Clone, Default)]
pub struct Match {
    kinds: Option<Patterns>,
    api_groups: Option<Patterns>,
    namespaces: Option<Patterns>,
    not_namespaces: Option<Patterns>,
    names: Option<Patterns>,
    labels: Vec<(String, Patterns)>,
    paths: Option<Patterns>,
    environments: Option<Patterns>,
}

/// An object with what is known of it beside its fields.
pub struct Candidate<'a> {
    /// The whole object.
    pub object: &'a Manifest,
    /// Its file, with `/`.
    pub file: &'a str,
    /// The environment that it is for, if that is known.
    pub environment: Option<&'a str>,
}

/// Globs of which one has to match.
#[derive(Debug, Clone)]
struct Patterns {
    written: Vec<String>,
    /// None where no pattern has a wildcard.
    set: Option<Arc<GlobSet>>,
}

impl Patterns {
    fn of(key: &str, value: &rhai::Dynamic) -> Result<Patterns> {
        let written = texts(key, value)?;
        if !written.iter().any(|text| text.contains(['*', '?', '[', '{', '\\'])) {
            return Ok(Patterns { written, set: None });
        }
        let mut set = GlobSetBuilder::new();
        let wrong = |error: globset::Error| Error::invalid("idp::policy::declared", format!("{key}: {error}"));
        for text in &written {
            set.add(Glob::new(text).map_err(wrong)?);
        }
        let set = set.build().map_err(wrong)?;
        Ok(Patterns { written, set: Some(Arc::new(set)) })
    }

    fn matches(&self, text: &str) -> bool {
        match &self.set {
            Some(set) => set.is_match(text),
            None => self.written.iter().any(|written| written == text),
        }
    }
}

fn texts(key: &str, value: &rhai::Dynamic) -> Result<Vec<String>> {
    let one = |value: &rhai::Dynamic| value.clone().into_string().ok();
    let wrong = || Error::invalid("idp::policy::declared", format!("{key} must be a list of texts"));
    match value.read_lock::<rhai::Array>() {
        Some(list) => list.iter().map(|item| one(item).ok_or_else(wrong)).collect(),
        None => one(value).map(|text| vec![text]).ok_or_else(wrong),
    }
}

impl Match {
    /// What a script's map says, and `idp::policy::declared` for each key that isn't known, and each value that is no text or
    /// list of texts, or no glob.
    pub fn of(map: &Map) -> (Match, Vec<Error>) {
        let (mut found, mut wrong) = (Match::default(), Vec::new());
        for (key, value) in map {
            wrong.extend(found.take(key, value).err());
        }
        (found, wrong)
    }

    fn take(&mut self, key: &str, value: &rhai::Dynamic) -> Result<()> {
        match key {
            "kinds" => self.kinds = Some(Patterns::of(key, value)?),
            "api_groups" => self.api_groups = Some(Patterns::of(key, value)?),
            "namespaces" => self.namespaces = Some(Patterns::of(key, value)?),
            "not_namespaces" => self.not_namespaces = Some(Patterns::of(key, value)?),
            "names" => self.names = Some(Patterns::of(key, value)?),
            "paths" => self.paths = Some(Patterns::of(key, value)?),
            "environments" => self.environments = Some(Patterns::of(key, value)?),
            "labels" => {
                let labels = value.read_lock::<Map>().ok_or_else(|| {
                    Error::invalid("idp::policy::declared", "labels must be a map of names and values")
                })?;
                for (name, value) in labels.iter() {
                    self.labels.push((name.to_string(), Patterns::of("labels", value)?));
                }
            }
            _ => {
                let error = Error::invalid("idp::policy::declared", format!("applies_to has no `{key}`"));
                let known = || format!("it has {}", KEYS.join(", "));
                return Err(match nearest(key, KEYS) {
                    Some(near) => error.help(format!("did you mean `{near}`?")),
                    None => error.help(known()),
                });
            }
        }
        Ok(())
    }

    /// What the rule is shown of an object, if it applies to it: the object, or its pod template as a pod.
    pub fn view(&self, of: &Candidate<'_>) -> Option<Manifest> {
        self.view_or_why(of).ok()
    }

    /// The same, or why it doesn't apply.
    ///
    /// # Errors
    /// A sentence.
    pub fn view_or_why(&self, of: &Candidate<'_>) -> std::result::Result<Manifest, String> {
        let Candidate { object, file, environment } = *of;
        let view = self.of_kind(object)?;
        let not = |what: &str, is: &str, patterns: &Patterns| {
            Err(format!("{what} `{is}` is none of {}", patterns.written.join(", ")))
        };
        if let Some(groups) = &self.api_groups {
            let group = super::set::group_of(object);
            if !groups.matches(group) {
                return not("the API group", group, groups);
            }
        }
        let namespace = object.of_metadata("namespace").unwrap_or_default();
        // A namespace is what its own name says.
        let namespace = if object.kind() == "Namespace" && namespace.is_empty() {
            object.of_metadata("name").unwrap_or_default()
        } else {
            namespace
        };
        if let Some(namespaces) = self.namespaces.as_ref().filter(|namespaces| !namespaces.matches(namespace)) {
            return not("the namespace", namespace, namespaces);
        }
        if let Some(namespaces) = self.not_namespaces.as_ref().filter(|namespaces| namespaces.matches(namespace)) {
            return Err(format!("the namespace `{namespace}` is left out: {}", namespaces.written.join(", ")));
        }
        let name = object.of_metadata("name").unwrap_or_default();
        if let Some(names) = self.names.as_ref().filter(|names| !names.matches(name)) {
            return not("the name", name, names);
        }
        for (label, values) in &self.labels {
            match view.text_in("labels", label) {
                Some(value) if values.matches(value) => {}
                Some(value) => return not(&format!("the label {label}"), value, values),
                None => return Err(format!("the label {label} is missing")),
            }
        }
        if let Some(paths) = self.paths.as_ref().filter(|paths| !paths.matches(file)) {
            return not("the file", file, paths);
        }
        if let Some(environments) = &self.environments {
            match environment {
                Some(environment) if environments.matches(environment) => {}
                Some(environment) => return not("the environment", environment, environments),
                None => return Err("its environment isn't known".into()),
            }
        }
        Ok(view)
    }

    /// Each field that is given, held against an object.
    pub fn each(&self, of: &Candidate<'_>) -> Vec<Fit> {
        let Candidate { object, file, environment } = *of;
        let mut found = Vec::new();
        let mut held = |field: &str, wanted: &[String], is: String, fits: bool| {
            found.push(Fit { field: field.to_owned(), wanted: wanted.join(", "), is, fits });
        };
        let view = self.of_kind(object);
        if let Some(kinds) = &self.kinds {
            let is = match &view {
                Ok(view) if view.is_template() => format!("{}, which has a pod template", object.kind()),
                _ => object.kind().to_owned(),
            };
            held("kinds", &kinds.written, is, view.is_ok());
        }
        let name = object.of_metadata("name").unwrap_or_default();
        let namespace = object.of_metadata("namespace").unwrap_or_default();
        let namespace = if object.kind() == "Namespace" && namespace.is_empty() { name } else { namespace };
        for (field, patterns, is, wanted) in [
            ("api_groups", &self.api_groups, Some(super::set::group_of(object)), true),
            ("namespaces", &self.namespaces, Some(namespace), true),
            ("not_namespaces", &self.not_namespaces, Some(namespace), false),
            ("names", &self.names, Some(name), true),
            ("paths", &self.paths, Some(file), true),
            ("environments", &self.environments, environment, true),
        ] {
            if let Some(patterns) = patterns {
                let fits = is.is_some_and(|is| patterns.matches(is)) == wanted;
                held(field, &patterns.written, is.unwrap_or("unknown").to_owned(), fits);
            }
        }
        for (label, values) in &self.labels {
            let is = view.as_ref().ok().and_then(|view| view.text_in("labels", label));
            let fits = is.is_some_and(|is| values.matches(is));
            held(&format!("labels {label}"), &values.written, is.unwrap_or("missing").to_owned(), fits);
        }
        found
    }

    fn of_kind(&self, object: &Manifest) -> std::result::Result<Manifest, String> {
        let Some(kinds) = &self.kinds else { return Ok(object.clone()) };
        let kind = object.kind();
        if kinds.matches(kind) {
            return Ok(object.clone());
        }
        let pods = kinds.written.iter().any(|wanted| wanted == "Pod");
        let pod = if pods { object.pod() } else { None };
        pod.ok_or_else(|| format!("the kind {kind} is none of {}", kinds.written.join(", ")))
    }
}
