//! Where GitOps repositories keep their claims: flat files, or a folder for each type, by what Argo CD's generators on the
//! platform look for. The same question as `claims::file_of` of the standard library; forms for portals ask it.

use serde_json::Value;

use super::workspace::{head, texts};
use crate::error::Result;
use crate::formats::yaml;
use crate::world::forge::{Forge, RepoId};

/// The platform's repository, and the folder of Argo CD's objects there.
const PLATFORM: (&str, &str) = ("platform-gitops", "argocd");
/// What the folders of claims begin with.
const CLAIMS: &str = "crossplane/claims/";

/// Whether claims have a folder for each type: a generator of directories sees no files. Flat where there is no platform.
///
/// # Errors
/// Those of the forge, and of YAML.
pub async fn has_folders(forge: &dyn Forge, owner: &str) -> Result<bool> {
    let Some((repo, commit)) = head(forge, RepoId::parse(PLATFORM.0, owner)?).await? else { return Ok(false) };
    for (name, text) in texts(forge, &repo, &commit, PLATFORM.1).await? {
        for document in yaml::parse(&name, &text)? {
            let object = &document.value;
            if object["kind"] == "ApplicationSet" && has_directories(&object["spec"]["generators"]) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Whether a generator, or one inside a matrix or a merge, is of directories of claims.
fn has_directories(generators: &Value) -> bool {
    generators.as_array().into_iter().flatten().any(|generator| {
        let directories = generator["git"]["directories"].as_array().into_iter().flatten();
        let of_claims = |entry: &Value| entry["path"].as_str().is_some_and(|path| path.starts_with(CLAIMS));
        let mut inside = ["matrix", "merge"].iter().map(|combined| &generator[*combined]["generators"]);
        directories.clone().any(of_claims) || inside.any(has_directories)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn directories_are_found_inside_others() {
        let files = json!({ "git": { "files": [{ "path": "crossplane/claims/*/*.yaml" }] } });
        let folders = json!({ "git": { "directories": [{ "path": "crossplane/claims/dev/*" }] } });
        let other = json!({ "git": { "directories": [{ "path": "k8s/dev/*" }] } });
        assert!(!has_directories(&json!([files, other])) && !has_directories(&Value::Null));
        assert!(has_directories(&json!([files, folders])));
        assert!(has_directories(
            &json!([{ "matrix": { "generators": [other, { "merge": { "generators": [folders] } }] } }])
        ));
    }
}
