//! Policies over manifests: files are found, read and taken apart, every object is shown to every policy, on all cores.
//! The command line calls it; what is found goes to `output`.

mod crew;
mod examine;
pub mod explain;
pub mod fix;
pub mod gate;
mod kustomization;
pub mod panel;
pub mod policy;
pub mod schema;
mod settings;
mod standing;
#[cfg(test)]
mod tests;
mod tree;
pub mod trial;
pub mod waivers;
pub mod walk;
mod whole;

use std::borrow::Cow;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, Result, io};
use crate::report::{Audit, RuleInfo, Severity};
use crate::script::spread;
use examine::Examined;
use kustomization::Patches;
use panel::Panel;
use walk::File;

/// More than that of standard input or a pipe is refused.
const MOST_OF_A_STREAM: u64 = 64 << 20;

/// A text that may hold manifests.
#[derive(Debug, Clone)]
pub struct Text {
    /// As findings name it.
    pub shown: Arc<str>,
    /// What it says, or nothing if that is no UTF-8.
    pub content: Option<Arc<str>>,
    /// The line and column at which it ceases to be UTF-8.
    pub garbled: Option<(usize, usize)>,
    /// The file that it is to be read from, as long as nobody has.
    pub unread: Option<PathBuf>,
    /// Whether its objects are patches.
    pub partial: bool,
    /// Whether somebody asked for this very text, so that it isn't passed over for how it looks.
    pub named: bool,
    /// The environment that it is for, where its name doesn't tell.
    pub environment: Option<Arc<str>>,
}

impl Text {
    /// A text that isn't in a file.
    pub fn new(shown: &str, content: String) -> Text {
        Text {
            shown: shown.into(),
            content: Some(content.into()),
            garbled: None,
            unread: None,
            partial: false,
            named: true,
            environment: None,
        }
    }

    /// The text with what it says.
    ///
    /// # Errors
    /// `idp::io` for a file that can't be read.
    pub fn read(&self) -> Result<Cow<'_, Text>> {
        let Some(path) = &self.unread else { return Ok(Cow::Borrowed(self)) };
        let content = String::from_utf8(std::fs::read(path).map_err(io("read", path))?);
        Ok(Cow::Owned(Text {
            garbled: content.as_ref().err().map(where_it_ends),
            content: content.ok().map(Into::into),
            unread: None,
            ..self.clone()
        }))
    }
}

/// The texts of files, and which of them kustomizations name as patches. A file is read when it is looked at, so that not all
/// of them are held at once; a pipe, which can be read once, is read here.
///
/// # Errors
/// `idp::io` for a pipe that can't be read, `idp::audit::input` for one that doesn't end.
pub fn texts(files: &[File], here: &Path) -> Result<Vec<Text>> {
    let patches = Patches::of(files, here);
    files.iter().map(|file| text(file, &patches)).collect()
}

fn text(file: &File, patches: &Patches) -> Result<Text> {
    let (partial, named) = (patches.name(file), file.named);
    let content = if file.streams { Some(String::from_utf8(stream(&file.path)?)) } else { None };
    Ok(Text {
        shown: file.shown.as_str().into(),
        garbled: content.as_ref().and_then(|content| content.as_ref().err()).map(where_it_ends),
        content: content.and_then(Result::ok).map(Into::into),
        unread: (!file.streams).then(|| file.path.clone()),
        partial,
        named,
        environment: None,
    })
}

/// The same with what all of them say.
///
/// # Errors
/// Those of [`texts`], and `idp::io` for a file that can't be read.
pub fn read(files: &[File], here: &Path) -> Result<Vec<Text>> {
    let texts = texts(files, here)?;
    spread(&texts, |text| text.read().map(Cow::into_owned)).into_iter().collect()
}

/// The line and column of the first byte that is no UTF-8.
fn where_it_ends(error: &std::string::FromUtf8Error) -> (usize, usize) {
    let (readable, _) = error.as_bytes().split_at(error.utf8_error().valid_up_to());
    let readable = String::from_utf8_lossy(readable);
    let line = readable.rsplit('\n').next().unwrap_or_default();
    (readable.matches('\n').count() + 1, line.chars().count() + 1)
}

/// What isn't a file may never end.
fn stream(path: &Path) -> Result<Vec<u8>> {
    let open = std::fs::File::open(path).map_err(io("read", path))?;
    let mut bytes = Vec::new();
    open.take(MOST_OF_A_STREAM + 1).read_to_end(&mut bytes).map_err(io("read", path))?;
    if bytes.len() as u64 > MOST_OF_A_STREAM {
        let message = format!("{} has more than {} MiB", path.display(), MOST_OF_A_STREAM >> 20);
        return Err(Error::invalid("idp::audit::input", message));
    }
    Ok(bytes)
}

/// Shows every object of the texts to everyone on the panel.
///
/// # Errors
/// `idp::audit::nothing` if there is no text, `idp::io` for a file that can't be read or if no thread can be started.
pub fn audit(texts: Vec<Text>, panel: Arc<Panel>, fail_on: Severity) -> Result<Audit> {
    if texts.is_empty() {
        let error = Error::invalid("idp::audit::nothing", "there is no YAML or JSON file to look at");
        return Err(error.help("name files or folders with manifests: `idp-run audit PATH...`"));
    }
    panel.renew();
    let policies = [unreadable()].into_iter().chain(panel.about()).collect();
    let looks_at_all = panel.looks_at_all();
    let (job, mut results) = crew::work(texts, panel)?;
    if let Some(error) = results.iter_mut().find_map(|examined| examined.unread.take()) {
        return Err(error);
    }
    if looks_at_all {
        whole::add(&job, &mut results)?;
    }
    let mut audit = Audit {
        policies,
        detections: Vec::with_capacity(results.iter().map(|examined| examined.detections.len()).sum()),
        objects: Vec::with_capacity(results.iter().map(|examined| examined.objects.len()).sum()),
        sources: Default::default(),
        files: job.texts.len(),
        skipped: 0,
        patches: 0,
        fail_on,
        fixes: None,
    };
    for (text, examined) in job.texts.iter().zip(results) {
        let Examined { mut detections, objects, source, patches, .. } = examined;
        audit.patches += patches;
        if objects.is_empty() && detections.is_empty() {
            audit.skipped += 1;
        }
        if !detections.is_empty()
            && let Some(content) = source.or_else(|| text.read().ok()?.content.clone())
        {
            audit.sources.insert(text.shown.to_string(), content);
        }
        let before = audit.objects.len();
        detections.iter_mut().filter_map(|found| found.object.as_mut()).for_each(|object| *object += before);
        detections.sort_by_key(|found| (found.finding.place.line, found.finding.place.column));
        audit.detections.append(&mut detections);
        audit.objects.extend(objects);
    }
    Ok(audit)
}

/// What is found before any policy is asked.
pub fn unreadable() -> RuleInfo {
    RuleInfo {
        id: examine::READING.into(),
        about: "A file that isn't YAML or JSON, or an object without apiVersion or kind".into(),
        why: "What can't be read is applied by nobody".into(),
        is_error: true,
        waivable: true,
    }
}
