//! Repositories from a template on GitHub, which fills them after it answered.

use std::time::Duration;

use hyper::Method;
use serde_json::json;

use super::objects::Commit;
use super::paths::of;
use super::refusal::Trouble;
use super::repositories::Told;
use super::{GitHubForge, read};
use crate::error::{Error, Result};
use crate::world::forge::{RepoId, no_template};

/// How often GitHub is asked whether the files are there.
const LOOKS: u32 = 12;

impl GitHubForge {
    /// Makes a repository with the files of a template. Its visibility can be only public or private until it is made.
    pub(super) async fn generate(&self, repo: &RepoId, template: &RepoId, making: &str) -> Result<Told, Trouble> {
        match self.told(template).await? {
            None => return Err(no_template(template, "there is no such repository").into()),
            Some(told) if !told.is_template => {
                return Err(no_template(template, "it isn't a template repository").into());
            }
            Some(_) => {}
        }
        let body = json!({
            "owner": repo.owner(), "name": repo.name(), "description": making, "private": true,
            "include_all_branches": false,
        });
        let told = self.client.send(Method::POST, &of(template, "generate"), Some(body)).await?;
        self.client.reads.written(&of(repo, ""), false);
        Ok(read(&told)?)
    }

    /// Waits until the files of the template are there.
    ///
    /// Errors: a retryable one if that takes long.
    pub(super) async fn filled(&self, repo: &RepoId, branch: &str) -> Result<()> {
        for look in 1..=LOOKS {
            if self.head(repo, branch).await?.is_some() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100 * u64::from(look))).await;
            self.client.reads.refresh();
        }
        Err(Error::failed("idp::github::unreachable", format!("GitHub still copies the template's files to {repo}"))
            .help("run the same command again: it goes on from here")
            .retryable())
    }

    /// Whether a commit holds what the template of its repository holds now.
    pub(super) async fn is_of_template(&self, repo: &RepoId, commit: &Commit) -> Result<bool> {
        let Some(template) = self.told(repo).await?.and_then(|told| told.template_repository) else { return Ok(false) };
        let template: Told = read(&template)?;
        let (Some((owner, name)), Some(branch)) = (template.full_name.split_once('/'), &template.default_branch) else {
            return Ok(false);
        };
        let head = self.head(&RepoId::new(owner, name)?, branch).await?;
        Ok(head.is_some_and(|head| head.tree.sha == commit.tree.sha))
    }

    /// Whether a repository began with the files of a template: then its first commit is more than GitHub's own.
    pub(super) async fn was_generated(&self, repo: &RepoId) -> Result<bool> {
        Ok(self.told(repo).await?.is_some_and(|told| told.template_repository.is_some()))
    }
}
