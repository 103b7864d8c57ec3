//! The files of the reference: written to a folder, or compared with one, so that a page that fell behind is an error.

use std::collections::BTreeMap;
use std::path::Path;

use super::entry::{Chapter, Of};
use super::{definitions, markdown};
use crate::error::{Result, io};

/// Every file by its path below the reference's folder.
pub fn pages(chapters: &[Chapter]) -> BTreeMap<String, String> {
    let mut files = BTreeMap::from([("README.md".to_string(), markdown::index(chapters))]);
    for chapter in chapters {
        files.insert(markdown::file(chapter), markdown::page(chapter));
        if chapter.of == Of::Module {
            let name = chapter.name.replace('/', "-");
            files.insert(format!("definitions/{name}.d.rhai"), definitions::file(&[chapter]));
        }
    }
    let ours: Vec<&Chapter> = chapters.iter().filter(|chapter| chapter.of != Of::Module).collect();
    files.insert("definitions/idp-run.d.rhai".into(), definitions::file(&ours));
    let data = serde_json::json!({ "format": 1, "chapters": chapters });
    let mut data = serde_json::to_string_pretty(&data).unwrap_or_default();
    data.push('\n');
    files.insert("reference.json".into(), data);
    files
}

/// Writes the files, and removes pages of what is there no more. Gives the paths that changed.
pub fn write(files: &BTreeMap<String, String>, folder: &Path) -> Result<Vec<String>> {
    let changed = drift(files, folder)?;
    for path in &changed {
        let full = folder.join(path);
        match files.get(path) {
            Some(text) => {
                if let Some(parent) = full.parent() {
                    std::fs::create_dir_all(parent).map_err(io("make the folder", parent))?;
                }
                std::fs::write(&full, text).map_err(io("write", &full))?;
            }
            None => std::fs::remove_file(&full).map_err(io("remove", &full))?,
        }
    }
    Ok(changed)
}

/// The files that differ from what is in the folder, and those of the folder that are none of the reference's.
pub fn drift(files: &BTreeMap<String, String>, folder: &Path) -> Result<Vec<String>> {
    let mut changed = Vec::new();
    for (path, text) in files {
        match std::fs::read(folder.join(path)) {
            Ok(there) if there == text.as_bytes() => {}
            Ok(_) => changed.push(path.clone()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => changed.push(path.clone()),
            Err(error) => return Err(io("read", &folder.join(path))(error)),
        }
    }
    for inner in ["", "definitions/"] {
        let Ok(entries) = std::fs::read_dir(folder.join(inner)) else { continue };
        for entry in entries.flatten() {
            let path = format!("{inner}{}", entry.file_name().to_string_lossy());
            let ours = [".md", ".json", ".d.rhai"].iter().any(|end| path.ends_with(end));
            if ours && !files.contains_key(&path) {
                changed.push(path);
            }
        }
    }
    changed.sort();
    Ok(changed)
}
