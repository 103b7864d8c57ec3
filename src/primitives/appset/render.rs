//! The Applications that an ApplicationSet of a tree generates, with the tree's edits in place.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::AppSet;
use crate::error::{Error, Place, Result};
use crate::formats::applicationset::Reason;
use crate::rendering::{self, Book, Given, Repositories};
use crate::world::World;

/// The code of a set that can't be rendered.
const CODE: &str = "idp::appset::render";

impl AppSet {
    /// The Applications, by their generators.
    pub(super) async fn render(&self, world: &World) -> Result<Vec<serde_json::Value>> {
        let mut repositories = Repositories { forge: Some(world.forge.clone()), ..Repositories::default() };
        if let Some((repo, commit)) = self.tree.base() {
            let known = world.forge.repository(repo).await?;
            let branch = known.map_or_else(|| "main".to_owned(), |known| known.settings.default_branch);
            repositories.at.insert(repo.clone(), commit.clone());
            let edits = self.tree.edits().iter();
            let edits: BTreeMap<_, _> =
                edits.map(|(path, file)| (path.clone(), file.as_ref().map(|file| file.bytes.clone()))).collect();
            repositories.changes.insert((repo.clone(), branch), Arc::new(edits));
        }
        let given = Given::default();
        let rendering = Book::new(&repositories, &given, world).render(&self.value, &rendering::settings()).await?;
        let wrong = |message: String| Error::failed(CODE, message).at(Place::file(&self.path));
        if let Some(missing) = rendering.missing.first() {
            let message = format!("{}: {} asks for {}, and nobody knows", self.path, missing.path, missing.what);
            return Err(
                wrong(message).help("generators are answered by the forge's repositories and the clusters' Secrets")
            );
        }
        let refused = rendering.problems.iter().find(|problem| problem.reason != Reason::Warning);
        if let Some(problem) = refused {
            return Err(wrong(format!("{}: {}: {}", self.path, problem.path, problem.message))
                .help("Argo CD would say the same; `idp-run render FILE` shows all of it"));
        }
        Ok(rendering.applications.into_iter().map(|made| made.application).collect())
    }
}
