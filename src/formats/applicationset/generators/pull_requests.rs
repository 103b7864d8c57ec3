//! The pull request generator: the open pull requests of a repository, as far as its filters take them.

use std::rc::Rc;

use serde_json::Value as Json;

use super::repositories::{Pattern, compiled};
use super::values;
use crate::formats::applicationset::Fault;
use crate::formats::applicationset::answers::PullRequest;
use crate::formats::applicationset::engine::Engine;
use crate::formats::applicationset::params::{self, Params};
use crate::formats::gotemplate::application_set::branch_slug;
use crate::formats::gotemplate::value::Value;

/// What the generator gives, in the order of the provider.
///
/// # Errors
/// For patterns that are none, and if nobody knows the pull requests.
pub fn params(engine: &Engine<'_>, settings: &Json, path: &str) -> Result<Vec<Params>, Fault> {
    let wrong = |message: String| Fault::new(path.to_owned(), message);
    let filters = settings["filters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let filters: Vec<Filter> = filters
        .iter()
        .enumerate()
        .map(|(at, filter)| {
            Filter::new(filter).map_err(|message| {
                Fault::new(format!("{path}.filters[{at}]"), format!("error listing repos: {message}"))
            })
        })
        .collect::<Result<_, Fault>>()?;
    let open =
        engine.answers.pull_requests(settings).map_err(|why| Fault::unanswered(path, why, "error listing repos"))?;
    let chosen = open.iter().filter(|pull| filters.is_empty() || filters.iter().any(|filter| filter.takes(pull)));
    let mut found = Vec::new();
    for pull in chosen {
        let mut params = of(pull, engine.is_go());
        values::append(engine, settings, &mut params)
            .map_err(|message| wrong(format!("failed to append templated values: {message}")))?;
        found.push(params);
    }
    Ok(found)
}

fn of(pull: &PullRequest, is_go: bool) -> Params {
    let mut params: Params = [
        ("number", pull.number.to_string()),
        ("title", pull.title.clone()),
        ("branch", pull.branch.clone()),
        ("branch_slug", branch_slug(&pull.branch)),
        ("target_branch", pull.target_branch.clone()),
        ("target_branch_slug", branch_slug(&pull.target_branch)),
        ("head_sha", pull.head_sha.clone()),
        ("head_short_sha", start(&pull.head_sha, 8).to_owned()),
        ("head_short_sha_7", start(&pull.head_sha, 7).to_owned()),
        ("author", pull.author.clone()),
    ]
    .into_iter()
    .map(|(key, text)| (Rc::from(key), Value::from(text)))
    .collect();
    if is_go {
        params.insert(Rc::from("labels"), params::text_list(&pull.labels));
    }
    params
}

/// The first bytes of a commit's id.
pub fn start(sha: &str, length: usize) -> &str {
    sha.get(..length).unwrap_or(sha)
}

struct Filter {
    branch: Pattern,
    target_branch: Pattern,
    title: Pattern,
}

impl Filter {
    fn new(filter: &Json) -> Result<Self, String> {
        Ok(Filter {
            branch: compiled(filter, "branchMatch", "BranchMatch")?,
            target_branch: compiled(filter, "targetBranchMatch", "TargetBranchMatch")?,
            title: compiled(filter, "titleMatch", "TitleMatch")?,
        })
    }

    fn takes(&self, pull: &PullRequest) -> bool {
        let fits = |pattern: &Pattern, text: &str| pattern.as_ref().is_none_or(|pattern| pattern.is_match(text));
        fits(&self.branch, &pull.branch)
            && fits(&self.target_branch, &pull.target_branch)
            && fits(&self.title, &pull.title)
    }
}
