//! The SCM provider generator: the branches of all repositories of an organization, as far as its filters take them.

use std::rc::Rc;

use regex::Regex;
use serde_json::Value as Json;

use super::pull_requests::start;
use super::values;
use crate::formats::applicationset::Fault;
use crate::formats::applicationset::answers::{Answer, Repository};
use crate::formats::applicationset::engine::Engine;
use crate::formats::applicationset::params::{self, Params};
use crate::formats::gotemplate::application_set::normalize;
use crate::formats::gotemplate::value::Value;
use crate::formats::pattern;

/// A pattern that a filter may have.
pub type Pattern = Option<Regex>;

/// What the generator gives, in the order of the provider.
///
/// # Errors
/// For patterns that are none, and if nobody knows the repositories.
pub fn params(engine: &Engine<'_>, settings: &Json, path: &str) -> Result<Vec<Params>, Fault> {
    let mut filters = Vec::new();
    for (at, filter) in settings["filters"].as_array().into_iter().flatten().enumerate() {
        filters.push(Filter::new(filter).map_err(|message| {
            Fault::new(format!("{path}.filters[{at}]"), format!("error listing repos: {message}"))
        })?);
    }
    let unanswered = |why| Fault::unanswered(path, why, "error listing repos");
    let all = engine.answers.repositories(settings).map_err(unanswered)?;
    let mut found = Vec::new();
    for repository in &all {
        // A filter is one of repositories or one of branches; of each sort one must take it, if there is one.
        let is_taken = takes(engine, &filters, Sort::Repository, repository)
            .and_then(|taken| Ok(taken && takes(engine, &filters, Sort::Branch, repository)?));
        if !is_taken.map_err(unanswered)? {
            continue;
        }
        let mut params = of(repository);
        values::append(engine, settings, &mut params)
            .map_err(|message| Fault::new(path.to_owned(), format!("failed to append templated values: {message}")))?;
        found.push(params);
    }
    Ok(found)
}

fn of(repository: &Repository) -> Params {
    let mut params: Params = [
        ("organization", repository.organization.clone()),
        ("repository", repository.repository.clone()),
        ("url", repository.url.clone()),
        ("branch", repository.branch.clone()),
        ("branchNormalized", normalize(&repository.branch)),
        ("sha", repository.sha.clone()),
        ("short_sha", start(&repository.sha, 8).to_owned()),
        ("short_sha_7", start(&repository.sha, 7).to_owned()),
        ("labels", repository.labels.join(",")),
    ]
    .into_iter()
    .map(|(key, text)| (Rc::from(key), Value::from(text)))
    .collect();
    let id = match repository.id.as_i64() {
        Some(number) => Value::Int64(number),
        None => params::from_json(&repository.id),
    };
    params.insert(Rc::from("repository_id"), id);
    params
}

/// What a filter looks at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Repository,
    Branch,
}

struct Filter {
    sort: Option<Sort>,
    repository: Pattern,
    label: Pattern,
    branch: Pattern,
    there: Vec<String>,
    not_there: Vec<String>,
}

impl Filter {
    fn new(filter: &Json) -> Result<Self, String> {
        let paths = |field: &str| -> Option<Vec<String>> {
            let paths = filter[field].as_array()?.iter().filter_map(Json::as_str);
            Some(paths.map(|path| path.trim_end_matches('/').to_owned()).collect())
        };
        let (there, not_there) = (paths("pathsExist"), paths("pathsDoNotExist"));
        let (repository, label, branch) = (
            compiled(filter, "repositoryMatch", "RepositoryMatch")?,
            compiled(filter, "labelMatch", "LabelMatch")?,
            compiled(filter, "branchMatch", "BranchMatch")?,
        );
        let sort = if branch.is_some() || there.is_some() || not_there.is_some() {
            Some(Sort::Branch)
        } else {
            (repository.is_some() || label.is_some()).then_some(Sort::Repository)
        };
        let (there, not_there) = (there.unwrap_or_default(), not_there.unwrap_or_default());
        Ok(Filter { sort, repository, label, branch, there, not_there })
    }

    fn takes(&self, engine: &Engine<'_>, repository: &Repository) -> Answer<bool> {
        let fits = |pattern: &Pattern, text: &str| pattern.as_ref().is_none_or(|pattern| pattern.is_match(text));
        let has_label = || match &self.label {
            Some(pattern) => repository.labels.iter().any(|label| pattern.is_match(label)),
            None => true,
        };
        if !fits(&self.repository, &repository.repository) || !fits(&self.branch, &repository.branch) || !has_label() {
            return Ok(false);
        }
        for (paths, wanted) in [(&self.there, true), (&self.not_there, false)] {
            for path in paths {
                if engine.answers.has_path(repository, path)? != wanted {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

fn takes(engine: &Engine<'_>, filters: &[Filter], sort: Sort, repository: &Repository) -> Answer<bool> {
    let mut own = filters.iter().filter(|filter| filter.sort == Some(sort)).peekable();
    if own.peek().is_none() {
        return Ok(true);
    }
    for filter in own {
        if filter.takes(engine, repository)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A pattern of a filter.
///
/// # Errors
/// If it is none.
pub fn compiled(filter: &Json, field: &str, name: &str) -> Result<Pattern, String> {
    let Some(text) = filter[field].as_str() else { return Ok(None) };
    let regex = pattern::translate(text).and_then(|text| Regex::new(&text).map_err(|error| error.to_string()));
    regex
        .map(Some)
        .map_err(|message| format!("error compiling {name} regexp {text:?}: error parsing regexp: {message}: `{text}`"))
}
