//! The Git generator, and the one for OCI artifacts: directories, or what files say.

use std::rc::Rc;

use serde_json::Value as Json;

use super::{text, values};
use crate::formats::applicationset::Fault;
use crate::formats::applicationset::answers::Source;
use crate::formats::applicationset::engine::Engine;
use crate::formats::applicationset::glob::Choice;
use crate::formats::applicationset::params::{self, Params};
use crate::formats::applicationset::words;
use crate::formats::go_path as paths;
use crate::formats::gotemplate;
use crate::formats::gotemplate::application_set::normalize;
use crate::formats::gotemplate::value::Value;

/// What the generator gives. Directories win over files, if both are asked for.
///
/// # Errors
/// For files that can't be read and values that can't be rendered, and if nobody knows the repository.
pub fn params(engine: &Engine<'_>, kind: &str, settings: &Json, path: &str) -> Result<Vec<Params>, Fault> {
    let source =
        Source { is_oci: kind == "oci", repository: text(settings, "repoURL"), revision: text(settings, "revision") };
    let directories = patterns(settings, "directories");
    let files = patterns(settings, "files");
    let found = if !directories.is_empty() {
        of_directories(engine, kind, settings, source, &directories, path)
    } else if !files.is_empty() {
        of_files(engine, settings, source, &files, path)
    } else {
        return Err(Fault::new(path.to_owned(), "ApplicationSet is empty".to_owned()));
    };
    found.map_err(|fault| fault.under(&format!("error generating params from {kind}")))
}

/// Patterns, and whether they leave out.
fn patterns<'s>(settings: &'s Json, field: &str) -> Vec<(&'s str, bool)> {
    let entries = settings[field].as_array().into_iter().flatten();
    entries.map(|entry| (text(entry, "path"), entry["exclude"] == true)).collect()
}

fn of_directories(
    engine: &Engine<'_>,
    kind: &str,
    settings: &Json,
    source: Source<'_>,
    patterns: &[(&str, bool)],
    path: &str,
) -> Result<Vec<Params>, Fault> {
    let all = engine.answers.directories(source).map_err(|why| {
        Fault::unanswered(&format!("{path}.directories"), why, &format!("error getting directories from {kind}"))
    })?;
    let fits = |directory: &str, excluding: bool| {
        patterns.iter().any(|(pattern, leaves_out)| *leaves_out == excluding && paths::matches(pattern, directory))
    };
    let chosen = all.iter().filter(|directory| fits(directory, false) && !fits(directory, true));
    let mut found = Vec::new();
    for directory in chosen {
        let mut params = Params::new();
        add_path(engine, settings, &mut params, directory, None);
        values::append(engine, settings, &mut params).map_err(|message| {
            let message = format!("error generating params from apps: failed to append templated values: {message}");
            Fault::new(format!("{path}.values"), message)
        })?;
        found.push(params);
    }
    Ok(found)
}

fn of_files(
    engine: &Engine<'_>,
    settings: &Json,
    source: Source<'_>,
    patterns: &[(&str, bool)],
    path: &str,
) -> Result<Vec<Params>, Fault> {
    let choice = Choice::new(patterns.iter().copied(), engine.settings.globbing);
    let what = if source.is_oci { "error retrieving OCI files" } else { "error retrieving Git files" };
    let files =
        engine.answers.files(source, &choice).map_err(|why| Fault::unanswered(&format!("{path}.files"), why, what))?;
    let mut found = Vec::new();
    for (file, content) in files.iter().filter(|(file, _)| choice.matches(file)) {
        let sets = of_file(engine, settings, file, content).map_err(|message| {
            let repository = source.repository;
            let message = format!("unable to process file '{file}' from repository '{repository}': {message}");
            Fault::new(format!("{path}.files"), message)
        })?;
        found.extend(sets);
    }
    Ok(found)
}

/// The parameters of a file: one set, or one for each element of its list.
fn of_file(engine: &Engine<'_>, settings: &Json, file: &str, content: &str) -> Result<Vec<Params>, String> {
    let limits = &engine.dialect.limits;
    let unable = |message: String| format!("unable to parse file: {message}");
    let value = gotemplate::yaml_value(content, limits)
        .map_err(|error| unable(format!("error converting YAML to JSON: {}", error.message)))?;
    let objects = match &value {
        Json::Null | Json::Object(_) => vec![&value],
        other => words::maps(other).map_err(unable)?,
    };
    let mut found = Vec::with_capacity(objects.len());
    for object in objects {
        let mut params = params::of_object(object);
        if !engine.is_go() {
            let flat = params::flattened(&params, limits)?;
            params = flat.into_iter().map(|(key, text)| (Rc::from(key), Value::from(text))).collect();
        }
        add_path(engine, settings, &mut params, paths::dir(file), Some(paths::base(file)));
        values::append(engine, settings, &mut params)
            .map_err(|message| format!("failed to append templated values: {message}"))?;
        found.push(params);
    }
    Ok(found)
}

/// Adds where it is: `path`, or `PREFIX.path`.
fn add_path(engine: &Engine<'_>, settings: &Json, params: &mut Params, directory: &str, file: Option<&str>) {
    let prefix = text(settings, "pathParamPrefix");
    let base = paths::base(directory);
    let mut fields = vec![("basename", Value::str(base)), ("basenameNormalized", Value::from(normalize(base)))];
    if let Some(file) = file {
        fields.push(("filename", Value::str(file)));
        fields.push(("filenameNormalized", Value::from(normalize(file))));
    }
    if engine.is_go() {
        let mut inner: Params = fields.into_iter().map(|(key, value)| (Rc::from(key), value)).collect();
        inner.insert(Rc::from("path"), Value::str(directory));
        inner.insert(Rc::from("segments"), params::text_list(directory.split('/')));
        let (key, value) = match prefix {
            "" => ("path", params::map(inner)),
            prefix => (prefix, params::map(Params::from([(Rc::from("path"), params::map(inner))]))),
        };
        params.insert(Rc::from(key), value);
        return;
    }
    let name = if prefix.is_empty() { "path".to_owned() } else { format!("{prefix}.path") };
    params.extend(fields.into_iter().map(|(key, value)| (Rc::from(format!("{name}.{key}")), value)));
    let segments = directory.split('/').enumerate().filter(|(_, segment)| !segment.is_empty());
    params.extend(segments.map(|(at, segment)| (Rc::from(format!("{name}[{at}]")), Value::str(segment))));
    params.insert(Rc::from(name), Value::str(directory));
}
