//! Packs `kinds/`, `scripts/`, `starters/`, `stdlib/` and `templates/` into the binary: a table sorted by path, which
//! `src/embedded.rs` reads.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

const FOLDERS: [&str; 5] = ["kinds", "scripts", "starters", "stdlib", "templates"];

fn main() -> Result<(), Box<dyn Error>> {
    let root = env::var("CARGO_MANIFEST_DIR")?;
    println!("cargo::rerun-if-changed=build.rs");
    let mut files = Vec::new();
    for folder in FOLDERS {
        // Cargo looks into the whole folder, and notices one that appears later too.
        println!("cargo::rerun-if-changed={folder}");
        let path = Path::new(&root).join(folder);
        if path.symlink_metadata().is_ok() {
            collect(&path, folder, &mut files)?;
        }
    }
    // Lookups are by binary search over bytes, which is how `str` compares.
    files.sort();
    let mut table = String::from("[\n");
    for (path, executable) in &files {
        let file = format!("/{path}");
        writeln!(
            table,
            "    EmbeddedFile {{ path: {path:?}, executable: {executable}, \
             bytes: include_bytes!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {file:?})) }},"
        )?;
    }
    table.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("embedded.rs"), table)?;
    Ok(())
}

/// Adds the files of a folder, by their paths from the crate's root, with their executable bits.
fn collect(folder: &Path, name: &str, files: &mut Vec<(String, bool)>) -> Result<(), Box<dyn Error>> {
    let metadata = folder.symlink_metadata()?;
    if !metadata.is_dir() {
        return Err(format!("{name} is not a folder: a link would embed what it happens to point at").into());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let file_name = entry.file_name();
        let Some(file_name) = file_name.to_str() else {
            return Err(format!("{name} has a name that is not UTF-8: {file_name:?}").into());
        };
        let path = format!("{name}/{file_name}");
        if kind.is_dir() {
            collect(&entry.path(), &path, files)?;
        } else if kind.is_file() {
            // Tests of scripts and their snapshots stay with the source. Those in templates are part of what is delivered.
            let test = [".test.rhai", ".test.snap"].iter().any(|ending| path.ends_with(ending));
            if !test || path.starts_with("templates/") {
                files.push((path, is_executable(&entry.metadata()?)));
            }
        } else {
            return Err(format!("{path} is neither a file nor a folder: links are not embedded").into());
        }
    }
    Ok(())
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    false
}
