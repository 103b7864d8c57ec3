//! Edits of kustomization files that leave every other byte as it is: a resource, an image, a patch.

use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::formats::yaml::{self, Edit, Step};

/// What an image is to become; what isn't said stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewImage {
    /// Another name: `newName`.
    pub name: Option<String>,
    /// Another tag: `newTag`. It takes a digest away.
    pub tag: Option<String>,
    /// Another digest: `digest`. It takes a tag away.
    pub digest: Option<String>,
}

/// Names a file or folder among the resources, unless it is there.
///
/// # Errors
/// What isn't a kustomization, and `idp::yaml::edit` where the place can't be edited.
pub fn add_resource(file: &str, text: &str, path: &str) -> Result<String> {
    let value = read(file, text)?;
    let list = list(file, &value, "resources")?;
    if list.iter().any(|there| there == path) {
        return Ok(text.to_string());
    }
    append(file, text, &value, "resources", path.into())
}

/// Sets the image that has this name in the manifests.
///
/// # Errors
/// As [`add_resource`].
pub fn set_image(file: &str, text: &str, image: &str, new: &NewImage) -> Result<String> {
    let value = read(file, text)?;
    let fields = [("newName", &new.name), ("newTag", &new.tag), ("digest", &new.digest)];
    let said = || fields.iter().filter_map(|(key, value)| Some((*key, value.as_ref()?)));
    let Some(at) = list(file, &value, "images")?.iter().position(|entry| entry["name"] == image) else {
        let mut entry = Map::from_iter([("name".to_string(), json!(image))]);
        entry.extend(said().map(|(key, value)| (key.to_string(), json!(value))));
        return append(file, text, &value, "images", entry.into());
    };
    let entry = &value["images"][at];
    let path = |key: &str| vec![Step::Key("images".into()), Step::Index(at), Step::Key(key.into())];
    let mut edits: Vec<Edit> = Vec::new();
    // A tag in the place of a digest, and the other way round, where the line is.
    for (key, other, wanted, others) in
        [("newTag", "digest", &new.tag, &new.digest), ("digest", "newTag", &new.digest, &new.tag)]
    {
        if wanted.is_some() && others.is_none() && entry.get(other).is_some() {
            edits.push(Edit::Remove { path: path(other) });
        }
        if let Some(value) = wanted {
            edits.push(Edit::Set { path: path(key), value: json!(value) });
        }
    }
    edits.extend(new.name.as_ref().map(|name| Edit::Set { path: path("newName"), value: json!(name) }));
    yaml::edit_all(file, text, 0, &edits)
}

/// Adds a patch by the path of its file, for what `target` selects if it is given, unless it is there.
///
/// # Errors
/// As [`add_resource`].
pub fn add_patch(file: &str, text: &str, path: &str, target: Option<&Value>) -> Result<String> {
    let value = read(file, text)?;
    let mut entry = json!({ "path": path });
    if let Some(target) = target {
        entry["target"] = target.clone();
    }
    if list(file, &value, "patches")?.contains(&entry) {
        return Ok(text.to_string());
    }
    append(file, text, &value, "patches", entry)
}

fn read(file: &str, text: &str) -> Result<Value> {
    let mut documents = yaml::parse(file, text)?;
    match (documents.pop(), documents.len()) {
        (Some(document), 0) if document.value.is_object() => Ok(document.value),
        _ => Err(Error::invalid("idp::kustomize::field", format!("{file} must be one map"))),
    }
}

fn list(file: &str, value: &Value, key: &str) -> Result<Vec<Value>> {
    match value.get(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => Ok(list.clone()),
        Some(_) => Err(Error::invalid("idp::kustomize::field", format!("`{key}` of {file} must be a list"))),
    }
}

fn append(file: &str, text: &str, value: &Value, key: &str, entry: Value) -> Result<String> {
    let path = vec![Step::Key(key.into())];
    let edit = match value.get(key) {
        Some(Value::Array(list)) if !list.is_empty() => Edit::Append { path, value: entry },
        _ => Edit::Set { path, value: Value::Array(vec![entry]) },
    };
    yaml::edit(file, text, 0, &edit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# of the team
kind: Kustomization   # as ever
resources:
- ../base   # all of it
images:
  - name: api
    newTag: v1 # of Monday
  - {name: web, digest: 'sha256:1'}
";

    #[test]
    fn a_resource_is_one_line() {
        let added = add_resource("k", TEXT, "more.yaml").unwrap();
        assert_eq!(added, TEXT.replace("# all of it\n", "# all of it\n- more.yaml\n"));
        assert_eq!(add_resource("k", &added, "more.yaml").unwrap(), added);
        assert_eq!(add_resource("k", "namespace: a\n", "b").unwrap(), "namespace: a\nresources:\n- b\n");
        assert!(add_resource("k", "resources: a\n", "b").is_err());
    }

    #[test]
    fn an_image_is_changed_where_it_is() {
        let tag = |tag: &str| NewImage { tag: Some(tag.into()), ..NewImage::default() };
        assert_eq!(set_image("k", TEXT, "api", &tag("v2")).unwrap(), TEXT.replace("v1", "v2"));
        assert_eq!(set_image("k", TEXT, "api", &tag("v1")).unwrap(), TEXT);
        let web = set_image("k", TEXT, "web", &tag("v9")).unwrap();
        assert_eq!(web, TEXT.replace("digest: 'sha256:1'", "newTag: v9"));
        let other = set_image("k", TEXT, "db", &tag("16")).unwrap();
        assert!(other.starts_with(TEXT), "{other}");
        assert_eq!(yaml::parse("k", &other).unwrap()[0].value["images"][2], json!({ "name": "db", "newTag": "16" }));
    }

    #[test]
    fn a_patch_comes_last() {
        let added = add_patch("k", TEXT, "p.yaml", Some(&json!({ "kind": "Deployment" }))).unwrap();
        assert!(added.starts_with(TEXT), "{added}");
        let patches = &yaml::parse("k", &added).unwrap()[0].value["patches"];
        assert_eq!(patches, &json!([{ "path": "p.yaml", "target": { "kind": "Deployment" } }]));
        let twice = add_patch("k", &added, "q.yaml", None).unwrap();
        assert!(twice.starts_with(&added), "{twice}");
        assert_eq!(add_patch("k", &twice, "q.yaml", None).unwrap(), twice);
    }
}
