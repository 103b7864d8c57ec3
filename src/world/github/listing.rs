//! All repositories of the owner over GraphQL, a hundred a request, with what is asked of each. The REST API would take a
//! request for each repository, or each file.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{GitHubForge, read};
use crate::error::Result;
use crate::world::forge::RepoId;

/// What is asked of each repository.
pub struct Wish {
    /// The variables beside those of the pages, with their types: `, $file: String!`.
    pub variables: &'static str,
    /// The fields beside the name.
    pub fields: &'static str,
}

const OPEN_PULLS: Wish = Wish { variables: "", fields: "pullRequests(states: [OPEN], first: 1) { totalCount }" };

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: DeserializeOwned")]
struct Data<T> {
    repository_owner: Option<Owner<T>>,
}

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Owner<T> {
    repositories: Page<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: DeserializeOwned")]
struct Page<T> {
    nodes: Vec<Option<Node<T>>>,
    page_info: PageInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Node<T> {
    name: String,
    #[serde(flatten)]
    told: T,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OpenPulls {
    pull_requests: Count,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Count {
    total_count: u64,
}

impl GitHubForge {
    /// What GitHub tells of each repository, in name order.
    ///
    /// Errors: `idp::github::owner` if there is no such owner.
    pub(super) async fn of_each<T: DeserializeOwned>(&self, wish: &Wish, given: Value) -> Result<Vec<(RepoId, T)>> {
        let Wish { variables, fields } = wish;
        let query = format!(
            "query($owner: String!, $after: String{variables}) {{ repositoryOwner(login: $owner) {{ \
             repositories(first: 100, after: $after, orderBy: {{ field: NAME, direction: ASC }}) {{ \
             nodes {{ name {fields} }} pageInfo {{ hasNextPage endCursor }} }} }} }}"
        );
        let (mut found, mut given) = (Vec::new(), given);
        given["owner"] = json!(self.owner);
        given["after"] = Value::Null;
        loop {
            let said = self.client.graphql(&query, given.clone()).await;
            let owner = match said {
                Ok(said) => read::<Data<T>>(&said)?.repository_owner,
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
            let Page { nodes, page_info } = owner.repositories;
            let named = nodes.into_iter().flatten();
            found.extend(named.filter_map(|node| Some((RepoId::new(&self.owner, &node.name).ok()?, node.told))));
            match page_info.end_cursor.filter(|_| page_info.has_next_page) {
                Some(cursor) => given["after"] = cursor.into(),
                None => return Ok(found),
            }
        }
    }

    /// The repositories with open pull requests, in name order.
    pub(super) async fn repositories_with_open_pulls(&self) -> Result<Vec<RepoId>> {
        let told = self.of_each::<OpenPulls>(&OPEN_PULLS, json!({})).await?;
        let open = told.into_iter().filter(|(_, told)| told.pull_requests.total_count > 0);
        let mut found: Vec<RepoId> = open.map(|(repo, _)| repo).collect();
        found.sort();
        Ok(found)
    }
}
