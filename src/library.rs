//! Scripts and templates by name: looked up in the workspace, then in the named script's own folder, then among the
//! embedded ones. An argument with a `/` or ending in `.rhai` is a path.

mod listing;
mod reads;

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::config::{self, file};
use crate::embedded;
use crate::error::{Error, Place, Result, io, nearest};
use crate::formats::skeleton::SourceFile;
use crate::formats::yaml;

pub use reads::Reads;

pub use files::{DEEPEST_FOLDER, LARGEST_FILE, LARGEST_TREE, MOST_FILES, files_of};

mod files;

/// The longest script that is compiled, in bytes: compiling has no limit of its own.
const LONGEST: usize = 256 << 10;

/// Folders below `scripts/` that hold scripts by purpose.
const SHELVES: [&str; 5] = ["", "golden-paths/", "policies/", "scorecards/", "watch/"];

/// A script's text and where it came from.
#[derive(Debug, Clone)]
pub struct Script {
    /// The file's name without `.rhai`: the same by name, by path or ejected.
    pub name: String,
    /// What diagnostics and grants call it: its path, or `embedded:scripts/...`.
    pub shown: String,
    /// Its folder on disk, if it has one.
    pub folder: Option<PathBuf>,
    /// The text.
    pub text: Arc<str>,
}

impl Script {
    /// The pack that it is, where its folder says that it is one.
    pub fn pack(&self) -> Option<&str> {
        let shelf = self.folder.as_ref().is_some_and(|folder| folder.ends_with("scripts/policies"));
        (shelf || self.shown.starts_with("embedded:scripts/policies/")).then_some(self.name.as_str())
    }

    /// Whether both are one file, however they were named.
    pub fn is_same(&self, other: &Script) -> bool {
        let folder = |script: &Script| script.folder.as_ref()?.canonicalize().ok();
        let is_one_file = || folder(self).is_some_and(|own| Some(own) == folder(other));
        self.name == other.name && (self.shown == other.shown || is_one_file())
    }

    /// What grants call it: its real path within the workspace, however it was spelt on the command line.
    pub fn granted(&self, workspace: &Path) -> String {
        let Some(folder) = &self.folder else { return self.shown.clone() };
        let path = folder.join(format!("{}.rhai", self.name));
        let real = path.canonicalize().unwrap_or(path);
        let root = workspace.canonicalize().unwrap_or_else(|_| workspace.to_path_buf());
        real.strip_prefix(root).unwrap_or(&real).display().to_string()
    }
}

/// A skeleton: its values and its files.
#[derive(Debug, Clone)]
pub struct Template {
    /// Its name.
    pub name: String,
    /// Values by name: `{ description, required | default }`.
    pub values: Value,
    /// Its files, not rendered yet.
    pub files: Vec<SourceFile>,
}

impl Template {
    /// The SHA-256 of all that rendering depends on beside the values.
    pub fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        let mut add = |bytes: &[u8]| {
            hasher.update((bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        add(self.values.to_string().as_bytes());
        for file in &self.files {
            add(file.path.as_bytes());
            add(&[u8::from(file.executable)]);
            add(&file.bytes);
        }
        hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// What can be run or rendered by name.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// The first line of its header.
    pub title: String,
    /// `workspace` or `embedded`.
    pub origin: &'static str,
}

/// Where names are looked up.
#[derive(Debug, Clone)]
pub struct Library {
    workspace: PathBuf,
    script_folder: Option<PathBuf>,
    reads: Reads,
}

impl Library {
    /// The library of a workspace.
    pub fn new(workspace: &Path) -> Library {
        Library { workspace: workspace.to_path_buf(), script_folder: None, reads: Reads::default() }
    }

    /// The same, with the folder of the script that runs.
    #[must_use]
    pub fn beside(mut self, script: &Script) -> Library {
        self.script_folder = script.folder.clone();
        self.note(script);
        self
    }

    /// What was read so far by those who run: the script, its modules, the files of its templates.
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    /// Notes a script or module as read.
    fn note(&self, script: &Script) {
        self.reads.note(&script.granted(&self.workspace), script.text.as_bytes());
    }

    /// A folder as [`Reads`] name it: by its path within the workspace, wherever that is.
    fn name_of(&self, path: &Path) -> String {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let (path, root) = (real(path), real(&self.workspace));
        path.strip_prefix(&root).unwrap_or(&path).display().to_string()
    }

    /// What a name of [`Reads`] holds now; none if it is gone.
    pub fn bytes_of(&self, name: &str) -> Result<Option<Vec<u8>>> {
        if let Some(path) = name.strip_prefix("embedded:") {
            return Ok(embedded::file(path).map(|file| file.bytes.to_vec()));
        }
        let path = self.workspace.join(name);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io("read", &path)(error)),
        }
    }

    /// A script by name or path. `from` is the folder that relative paths start at.
    pub fn script(&self, name: &str, from: &Path) -> Result<Script> {
        if name.contains('/') || name.ends_with(".rhai") {
            let path = from.join(name);
            // Somebody's own script may be a link; one that came with a workspace stays in it, and its text out of logs.
            let of_workspace = self.workspace.join(config::FILE).is_file() && path.starts_with(&self.workspace);
            if of_workspace && !file::stays_inside(&self.workspace, &path) {
                return Err(leads_out(name));
            }
            return read_script(&path, name);
        }
        match self.on_shelves(&SHELVES, name)? {
            Some(script) => Ok(script),
            None => Err(self.unknown(name)?),
        }
    }

    /// A pack of policies by name or path.
    pub fn pack(&self, name: &str, from: &Path) -> Result<Script> {
        if name.contains('/') || name.ends_with(".rhai") {
            return self.script(name, from);
        }
        match self.on_shelves(&["policies/"], name)? {
            Some(script) => Ok(script),
            None => self.script(name, from),
        }
    }

    fn unknown(&self, name: &str) -> Result<Error> {
        let all = self.scripts()?;
        let error = Error::invalid("idp::script::unknown", format!("there is no script or command `{name}`"));
        Ok(match nearest(name, all.iter().map(|listed| listed.name.as_str())) {
            Some(near) => error.help(format!("did you mean `{near}`? `idp-run list` shows all scripts")),
            None => error.help("`idp-run list` shows all scripts; a path must contain a `/` or end in .rhai"),
        })
    }

    /// A script of the workspace, or an embedded one.
    fn on_shelves(&self, shelves: &[&str], name: &str) -> Result<Option<Script>> {
        for shelf in shelves {
            let path = self.workspace.join(format!("scripts/{shelf}{name}.rhai"));
            if path.is_file() {
                if !file::stays_inside(&self.workspace, &path) {
                    return Err(leads_out(&path.display().to_string()));
                }
                return read_script(&path, &path.display().to_string()).map(Some);
            }
        }
        for shelf in shelves {
            if let Some(file) = embedded::file(&format!("scripts/{shelf}{name}.rhai")) {
                return Ok(Some(Script {
                    name: name.to_string(),
                    shown: format!("embedded:{}", file.path),
                    folder: None,
                    text: text_of(file.bytes, name)?.into(),
                }));
            }
        }
        Ok(None)
    }

    /// A module that a script imports: `std/...`, or a file under the workspace or the script's folder.
    pub fn module(&self, name: &str) -> Result<Script> {
        if let Some(inner) = name.strip_prefix("std/") {
            let path = format!("stdlib/{inner}.rhai");
            let Some(file) = embedded::file(&path) else {
                let names: Vec<&str> = embedded::under("stdlib/").iter().map(|file| file.path).collect();
                let names = names.iter().filter_map(|path| path.strip_prefix("stdlib/")?.strip_suffix(".rhai"));
                let error = Error::invalid("idp::script::import", format!("there is no module `{name}`"));
                return Err(match nearest(inner, names) {
                    Some(near) => error.help(format!("did you mean `std/{near}`?")),
                    None => error,
                });
            };
            let text = text_of(file.bytes, name)?.into();
            let module = Script { name: name.to_string(), shown: format!("embedded:{path}"), folder: None, text };
            self.note(&module);
            return Ok(module);
        }
        let refused = |why: &str| {
            Error::invalid("idp::script::import", format!("can't import `{name}`: {why}"))
                .help("import \"std/...\" or a file below the workspace, by its path without .rhai")
        };
        let relative = Path::new(name);
        if !relative.components().all(|part| matches!(part, std::path::Component::Normal(_))) {
            return Err(refused("it leaves the workspace"));
        }
        for root in [&self.workspace].into_iter().chain(&self.script_folder) {
            let path = root.join(format!("{name}.rhai"));
            if !path.is_file() {
                continue;
            }
            // A link may lead out of the folder although the name doesn't.
            if !file::stays_inside(root, &path) {
                return Err(refused("it leads out of the workspace"));
            }
            let module = read_script(&path, &path.display().to_string())?;
            self.note(&module);
            return Ok(module);
        }
        Err(refused("there is no such file"))
    }

    /// The names of the standard library's modules, as scripts import them.
    pub fn std_modules(&self) -> Vec<String> {
        let files = embedded::under("stdlib/").iter();
        files
            .filter_map(|file| file.path.strip_prefix("stdlib/")?.strip_suffix(".rhai"))
            .filter(|name| !name.ends_with(".test"))
            .map(|name| format!("std/{name}"))
            .collect()
    }

    /// A template by name or alias.
    pub fn template(&self, name: &str) -> Result<Template> {
        let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if plain {
            for root in [Some(&self.workspace), self.script_folder.as_ref()].into_iter().flatten() {
                let folder = root.join("templates").join(name);
                if folder.join("template.yaml").is_file() {
                    return self.template_on_disk(name, &folder);
                }
            }
            if let Some(found) = self.embedded_template(name)? {
                return Ok(found);
            }
        }
        let names = template_names()?;
        for (real, aliases) in &names {
            if aliases.iter().any(|alias| alias == name)
                && let Some(found) = self.embedded_template(real)?
            {
                return Ok(found);
            }
        }
        let error = Error::invalid("idp::template::unknown", format!("there is no template `{name}`"));
        Err(match nearest(name, names.iter().map(|(name, _)| name.as_str())) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help(format!(
                "known: {}; the workspace's own are folders of templates/ with a template.yaml",
                names.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
            )),
        })
    }

    fn embedded_template(&self, name: &str) -> Result<Option<Template>> {
        let root = format!("templates/{name}/");
        let Some(card) = embedded::file(&format!("{root}template.yaml")) else { return Ok(None) };
        for file in embedded::under(&root) {
            self.reads.note(&format!("embedded:{}", file.path), file.bytes);
        }
        let skeleton = format!("{root}skeleton/");
        let files = embedded::under(&skeleton).iter().map(|file| SourceFile {
            path: file.path[skeleton.len()..].to_string(),
            executable: file.executable,
            bytes: Cow::Borrowed(file.bytes),
        });
        let values = card_of(&format!("embedded:{root}template.yaml"), &String::from_utf8_lossy(card.bytes))?;
        Ok(Some(Template { name: name.into(), values: values["values"].clone(), files: files.collect() }))
    }

    fn template_on_disk(&self, name: &str, folder: &Path) -> Result<Template> {
        let card = folder.join("template.yaml");
        let refused = |why: &str| {
            Error::invalid("idp::template::path", format!("the template {name} can't be read: {why}"))
                .at(Place::file(card.display().to_string()))
        };
        let root = folder.parent().and_then(Path::parent).unwrap_or(folder);
        if !file::stays_inside(root, &card) || !file::stays_inside(root, &folder.join("skeleton")) {
            return Err(refused("a link leads out of the workspace"));
        }
        let text = file::read_text(&card).map_err(|error| refused(&error.to_string()))?;
        let values = card_of(&card.display().to_string(), &text)?;
        let files = files_of(&folder.join("skeleton"), "idp::template::path")?;
        let named = self.name_of(folder);
        self.reads.note(&format!("{named}/template.yaml"), text.as_bytes());
        for file in &files {
            self.reads.note(&format!("{named}/skeleton/{}", file.path), &file.bytes);
        }
        Ok(Template { name: name.into(), values: values["values"].clone(), files })
    }

    /// The names of the packs of policies: of the workspace, and embedded ones.
    pub fn packs(&self) -> Vec<String> {
        let folder = self.workspace.join("scripts/policies");
        let own = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let own = own.filter_map(|entry| entry.file_name().into_string().ok());
        let built_in = embedded::under("scripts/policies").iter().filter_map(|file| file.path.rsplit('/').next());
        let names = own.chain(built_in.map(str::to_owned));
        let mut names: Vec<String> = names.filter_map(|file| script_name(&file).map(str::to_owned)).collect();
        names.sort();
        names.dedup();
        names
    }

    /// All scripts that can be named, the workspace's own first.
    pub fn scripts(&self) -> Result<Vec<Listed>> {
        let mut found: Vec<Listed> = Vec::new();
        for shelf in SHELVES {
            let folder = self.workspace.join("scripts").join(shelf);
            for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                let file = entry.file_name().to_string_lossy().into_owned();
                if let Some(name) = script_name(&file)
                    && let Ok(text) = file::read_text(&entry.path())
                {
                    found.push(Listed { name: name.into(), title: header(&text).0, origin: "workspace" });
                }
            }
        }
        for file in embedded::under("scripts/") {
            let name = file.path.rsplit('/').next().and_then(script_name);
            if let Some(name) = name
                && !found.iter().any(|listed| listed.name == name)
            {
                let title = header(&String::from_utf8_lossy(file.bytes)).0;
                found.push(Listed { name: name.into(), title, origin: "embedded" });
            }
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }
}

/// The files that a workspace or a script begins with, not rendered yet. They are kept under names with `.in`, so that
/// nothing takes them for scripts of their own.
pub fn starter(name: &str) -> Vec<SourceFile> {
    let root = format!("starters/{name}/");
    let files = embedded::under(&root).iter();
    files
        .map(|file| {
            let path = &file.path[root.len()..];
            SourceFile {
                path: path.strip_suffix(".in").unwrap_or(path).to_string(),
                executable: file.executable,
                bytes: Cow::Borrowed(file.bytes),
            }
        })
        .collect()
}

fn leads_out(shown: &str) -> Error {
    Error::invalid(
        "idp::script::unreadable",
        format!("can't read the script {shown}: a link leads out of the workspace"),
    )
    .help("put the file itself there")
}

fn script_name(file: &str) -> Option<&str> {
    file.strip_suffix(".rhai").filter(|name| !name.ends_with(".test"))
}

/// Title and description from a script's `//!` header: the first line, and what follows after an empty one.
pub fn header(text: &str) -> (String, String) {
    let lines: Vec<&str> =
        text.lines().map_while(|line| line.trim_start().strip_prefix("//!")).map(|line| line.trim()).collect();
    let title = lines.first().copied().unwrap_or_default().to_string();
    let description = lines.get(1..).unwrap_or_default().join("\n").trim().to_string();
    (title, description)
}

fn read_script(path: &Path, shown: &str) -> Result<Script> {
    let bytes = file::read(path, file::LONGEST_TEXT).map_err(|error| {
        Error::invalid("idp::script::unreadable", format!("can't read the script {shown}: {error}"))
            .help("`idp-run list` shows the scripts that can be named without a path")
    })?;
    let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = path.parent().map(Path::to_path_buf);
    Ok(Script { name, shown: shown.to_string(), folder, text: text_of(&bytes, shown)?.into() })
}

fn text_of<'a>(bytes: &'a [u8], shown: &str) -> Result<&'a str> {
    if bytes.len() > LONGEST {
        return Err(Error::invalid("idp::script::too_long", format!("{shown} is longer than {} KiB", LONGEST >> 10))
            .at(Place::file(shown)));
    }
    std::str::from_utf8(bytes)
        .map_err(|_| Error::invalid("idp::script::encoding", format!("{shown} is not UTF-8")).at(Place::file(shown)))
}

fn card_of(shown: &str, text: &str) -> Result<Value> {
    let documents = yaml::parse(shown, text)?;
    Ok(documents.into_iter().next().map(|document| document.value).unwrap_or_default())
}

/// Embedded templates with their aliases.
fn template_names() -> Result<Vec<(String, Vec<String>)>> {
    let mut found = Vec::new();
    for file in embedded::under("templates/") {
        let Some(name) = file.path.strip_prefix("templates/").and_then(|rest| rest.strip_suffix("/template.yaml"))
        else {
            continue;
        };
        if !name.contains('/') {
            let card = card_of(file.path, &String::from_utf8_lossy(file.bytes))?;
            let aliases = card["aliases"].as_array().into_iter().flatten().filter_map(Value::as_str);
            found.push((name.to_string(), aliases.map(str::to_owned).collect()));
        }
    }
    Ok(found)
}
