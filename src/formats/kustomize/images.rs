//! New names, tags and digests of images.

use regex::Regex;
use serde_json::Value;

use super::fields::Make;
use super::resource::Resource;
use super::selector::pattern_of;
use super::spec::Image;
use super::tables::Tables;

/// What may stand behind the name of an image.
const REST: &str = "(:[a-zA-Z0-9_.{}-]*)?(@[a-zA-Z0-9]+([.+_-][a-zA-Z0-9]+)*:[a-zA-Z0-9_.{}-]*)?$";

/// Changes an image wherever it is used: in all lists of containers, and in the fields of the tables.
///
/// # Errors
/// What stands in the way, with the object.
pub(super) fn set(resources: &mut [Resource], image: &Image, tables: &Tables) -> Result<(), String> {
    // The name is a pattern, and one that isn't any matches nothing.
    let Ok(pattern) = pattern_of(&format!("^{}{REST}", image.name)) else { return Ok(()) };
    let mut change = |field: &mut Value| match field {
        Value::String(text) => {
            if let Some(new) = changed(text, image, &pattern) {
                *text = new;
            }
            Ok(())
        }
        Value::Object(_) | Value::Array(_) => Err("an image is a text".to_string()),
        _ => Ok(()),
    };
    for resource in resources.iter_mut().filter(|resource| resource.kind() != "CustomResourceDefinition") {
        let words = resource.id().words();
        containers(&mut resource.value, &mut change).map_err(|why| format!("{words}: {why}"))?;
        for spec in tables.list("images") {
            spec.apply(resource, Make::Nothing, &mut change).map_err(|why| format!("{words}: {why}"))?;
        }
    }
    Ok(())
}

/// Lists of containers, wherever they are.
fn containers(value: &mut Value, change: &mut dyn FnMut(&mut Value) -> Result<(), String>) -> Result<(), String> {
    match value {
        Value::Array(list) => list.iter_mut().try_for_each(|element| containers(element, change)),
        Value::Object(map) => map.iter_mut().try_for_each(|(key, value)| {
            containers(value, change)?;
            if matches!(key.as_str(), "containers" | "initContainers") {
                for container in value.as_array_mut().into_iter().flatten() {
                    container.get_mut("image").map_or(Ok(()), &mut *change)?;
                }
            }
            Ok(())
        }),
        _ => Ok(()),
    }
}

fn changed(old: &str, image: &Image, pattern: &Regex) -> Option<String> {
    if !pattern.is_match(old) {
        return None;
    }
    let (name, mut tag, mut digest) = split(old);
    let mut new = if image.new_name.is_empty() { name.to_string() } else { image.new_name.clone() };
    match (image.new_tag.as_str(), image.digest.as_str()) {
        ("", "") if image.tag_suffix.is_empty() => {}
        ("", "") => {
            tag.push_str(&image.tag_suffix);
            digest.clear();
        }
        (new_tag, new_digest) => (tag, digest) = (new_tag.to_string(), new_digest.to_string()),
    }
    for (sign, part) in [(':', tag), ('@', digest)] {
        if !part.is_empty() {
            new.push(sign);
            new.push_str(&part);
        }
    }
    Some(new)
}

/// Name, tag and digest; a colon before the first slash is that of a port.
fn split(image: &str) -> (&str, String, String) {
    let from = image.find('/').unwrap_or_default();
    let at = |sign: char| image[from..].find(sign).map(|at| at + from);
    match (at(':'), at('@')) {
        (None, None) => (image, String::new(), String::new()),
        (colon, Some(digest)) if colon.is_none_or(|colon| digest < colon) => {
            (&image[..digest], String::new(), image[digest + 1..].to_string())
        }
        (Some(colon), Some(digest)) => {
            (&image[..colon], image[colon + 1..digest].to_string(), image[digest + 1..].to_string())
        }
        (Some(colon), None) => (&image[..colon], image[colon + 1..].to_string(), String::new()),
        (None, Some(digest)) => (&image[..digest], String::new(), image[digest + 1..].to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_told_by_name() {
        let image = Image { name: "a.io:5000/shop/api".into(), new_tag: "2".into(), ..Image::default() };
        let pattern = pattern_of(&format!("^{}{REST}", image.name)).unwrap();
        assert_eq!(changed("a.io:5000/shop/api:1", &image, &pattern).unwrap(), "a.io:5000/shop/api:2");
        assert_eq!(changed("a.io:5000/shop/api@sha256:1b", &image, &pattern).unwrap(), "a.io:5000/shop/api:2");
        assert_eq!(changed("a.io:5000/shop/apis:1", &image, &pattern), None);
        assert_eq!(split("api:1@sha256:1b"), ("api", "1".into(), "sha256:1b".into()));
    }
}
