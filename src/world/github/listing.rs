//! Which repositories of the owner have open pull requests: a hundred repositories a request, over GraphQL.

use serde::Deserialize;
use serde_json::json;

use super::{GitHubForge, read};
use crate::error::Result;
use crate::world::forge::RepoId;

const QUERY: &str = "query($owner: String!, $after: String) { repositoryOwner(login: $owner) { \
    repositories(first: 100, after: $after, orderBy: { field: NAME, direction: ASC }) { \
    nodes { name pullRequests(states: [OPEN], first: 1) { totalCount } } pageInfo { hasNextPage endCursor } } } }";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    repository_owner: Option<Owner>,
}

#[derive(Deserialize)]
struct Owner {
    repositories: Repositories,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Repositories {
    nodes: Vec<Option<Node>>,
    page_info: PageInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    name: String,
    pull_requests: Count,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Count {
    total_count: u64,
}

impl GitHubForge {
    /// The repositories with open pull requests, in name order.
    pub(super) async fn repositories_with_open_pulls(&self) -> Result<Vec<RepoId>> {
        let (mut found, mut after) = (Vec::new(), None::<String>);
        loop {
            let said = self.client.graphql(QUERY, json!({ "owner": self.owner, "after": after })).await;
            let owner = match said {
                Ok(said) => read::<Data>(&said)?.repository_owner,
                Err(error) => {
                    self.is_organisation(&self.owner).await?;
                    return Err(error);
                }
            };
            let Some(owner) = owner else {
                // An owner who isn't there has an error of its own.
                self.is_organisation(&self.owner).await?;
                return Ok(found);
            };
            let Repositories { nodes, page_info } = owner.repositories;
            let open = nodes.into_iter().flatten().filter(|node| node.pull_requests.total_count > 0);
            found.extend(open.filter_map(|node| RepoId::new(&self.owner, &node.name).ok()));
            match page_info.end_cursor.filter(|_| page_info.has_next_page) {
                Some(cursor) => after = Some(cursor),
                None => break,
            }
        }
        found.sort();
        Ok(found)
    }
}
