//! A world in which there is nothing: what tests lay their overlays on, so that they can't see or touch the real one.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::Value;

use super::access::Role;
use super::change::{Change, File, Marker, ObjectId};
use super::cluster::Cluster;
use super::commit_status::CommitStatus;
use super::contact::{Contact, Notification};
use super::forge::{
    Actor, CommitId, Delivered, Discussion, Entry, Forge, Mergeable, Outcome, Protection, PullRequest, RepoId,
    Repository, Reverted, Revision, Touch,
};
use super::http;
use super::webhook::Hook;
use crate::error::{Error, Result};

/// A forge without repositories, that only knows what it is called.
pub struct NoForge {
    /// The organisation that bare repository names belong to.
    pub owner: String,
    /// What people and committed files call it.
    pub url: String,
}

/// A cluster without objects, a contact that got no message, an HTTP service that nobody reaches.
pub struct Nothing;

fn refused() -> Error {
    Error::failed("idp::test::real_world", "a test can't change anything outside of its own world")
}

#[async_trait]
impl Forge for NoForge {
    fn owner(&self) -> &str {
        &self.owner
    }

    fn url(&self, repo: &RepoId) -> String {
        format!("{}/{repo}", self.url.trim_end_matches('/'))
    }

    async fn repository(&self, _: &RepoId) -> Result<Option<Repository>> {
        Ok(None)
    }

    async fn repositories(&self) -> Result<Vec<RepoId>> {
        Ok(Vec::new())
    }

    async fn protection(&self, repo: &RepoId, _: &str) -> Result<Option<Protection>> {
        Err(super::forge::missing(repo))
    }

    async fn statuses(&self, repo: &RepoId, _: &CommitId) -> Result<BTreeMap<String, CommitStatus>> {
        Err(super::forge::missing(repo))
    }

    async fn team_role(&self, repo: &RepoId, _: &str) -> Result<Option<Role>> {
        Err(super::forge::missing(repo))
    }

    async fn has_team(&self, _: &str, _: &str) -> Result<bool> {
        Ok(true)
    }

    async fn webhook(&self, repo: &RepoId, _: &str) -> Result<Option<Hook>> {
        Err(super::forge::missing(repo))
    }

    async fn branch(&self, repo: &RepoId, _: &str) -> Result<Option<CommitId>> {
        Err(super::forge::missing(repo))
    }

    async fn list(&self, repo: &RepoId, _: &CommitId, _: &str) -> Result<Vec<Entry>> {
        Err(super::forge::missing(repo))
    }

    async fn file(&self, repo: &RepoId, _: &CommitId, _: &str) -> Result<Option<File>> {
        Err(super::forge::missing(repo))
    }

    async fn delivered(&self, repo: &RepoId, _: &str, _: &Marker) -> Result<Delivered> {
        Err(super::forge::missing(repo))
    }

    async fn pull_requests(&self, repo: &RepoId, _: Option<&str>) -> Result<Vec<PullRequest>> {
        Err(super::forge::missing(repo))
    }

    async fn discussion(&self, repo: &RepoId, _: &PullRequest) -> Result<Discussion> {
        Err(super::forge::missing(repo))
    }

    async fn merge_base(&self, repo: &RepoId, _: &CommitId, _: &CommitId) -> Result<Option<CommitId>> {
        Err(super::forge::missing(repo))
    }

    async fn mergeable(&self, repo: &RepoId, _: &CommitId, _: &CommitId) -> Result<Mergeable> {
        Err(super::forge::missing(repo))
    }

    async fn trailer(&self, repo: &RepoId, _: &CommitId) -> Result<Option<String>> {
        Err(super::forge::missing(repo))
    }

    async fn refs(&self, repo: &RepoId) -> Result<BTreeMap<String, CommitId>> {
        Err(super::forge::missing(repo))
    }

    async fn marks(&self, repo: &RepoId, _: &str) -> Result<Vec<(String, CommitId)>> {
        Err(super::forge::missing(repo))
    }

    async fn revision(&self, repo: &RepoId, _: &CommitId) -> Result<Revision> {
        Err(super::forge::missing(repo))
    }

    async fn history(&self, repo: &RepoId, _: &CommitId, _: Option<&CommitId>) -> Result<Vec<Revision>> {
        Err(super::forge::missing(repo))
    }

    async fn touched(&self, repo: &RepoId, _: &CommitId, _: &str, _: usize) -> Result<Vec<Touch>> {
        Err(super::forge::missing(repo))
    }

    async fn revert(&self, repo: &RepoId, _: &CommitId, _: &CommitId, _: &CommitId) -> Result<Reverted> {
        Err(super::forge::missing(repo))
    }

    async fn apply(&self, _: &Change, _: &Actor) -> Result<Outcome> {
        Err(refused())
    }
}

#[async_trait]
impl Cluster for Nothing {
    async fn get(&self, _: &ObjectId) -> Result<Option<Value>> {
        Ok(None)
    }

    async fn list(&self, _: &str, _: &str, _: Option<&str>) -> Result<Vec<Value>> {
        Ok(Vec::new())
    }

    async fn apply(&self, _: &Change) -> Result<()> {
        Err(refused())
    }
}

#[async_trait]
impl Contact for Nothing {
    fn deduplicates(&self) -> bool {
        true
    }

    async fn has(&self, _: &str) -> Result<Option<bool>> {
        Ok(Some(false))
    }

    async fn send(&self, _: &Notification) -> Result<()> {
        Err(refused())
    }
}

#[async_trait]
impl http::Service for Nothing {
    fn deduplicates(&self) -> bool {
        true
    }

    fn is_outside(&self) -> bool {
        false
    }

    async fn get(&self, request: &http::Request) -> Result<http::Response> {
        Err(Error::failed("idp::test::real_world", format!("a test reaches no service: `{request}`")))
    }

    async fn send(&self, _: &http::Request) -> Result<Option<http::Response>> {
        Err(refused())
    }
}
