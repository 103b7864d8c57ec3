//! `--fix` of `idp-run audit`: the fixes of policies go into the files, and what is left is audited again.

use std::path::Path;
use std::sync::Arc;

use super::input;
use crate::audit::panel::Panel;
use crate::audit::walk::File;
use crate::audit::{Text, fix};
use crate::error::{Error, Result, io};
use crate::report::{Audit, Detection, FileDiff, Fixes, RefusedFix};
use crate::world::store;

/// Makes the fixes of what an audit found, in the files unless it is a plan, and audits what they say then.
pub(super) fn fixed(
    before: &Audit,
    mut texts: Vec<Text>,
    panel: &Arc<Panel>,
    (plan, here): (bool, &Path),
    again: impl FnOnce(Vec<Text>) -> Result<Audit>,
) -> Result<(Audit, Vec<Text>)> {
    let todo = fix::todo(before, &texts);
    let mut fixes = Fixes { plan, ..Fixes::default() };
    for mended in fix::make(texts.clone(), panel.clone(), todo)? {
        let (Some(new), Some(text)) = (mended.content, texts.get_mut(mended.text)) else {
            fixes.refused.extend(mended.refused);
            continue;
        };
        let old = text.content.take().unwrap_or_default();
        if !plan && &*text.shown != input::NAME && !write(here, &text.shown, &old, &new)? {
            let moved = "the file was changed while it was looked at: run the same command again";
            fixes.refused.extend(refused_in(before, &text.shown, moved));
            text.content = Some(old);
            continue;
        }
        // Whoever reads of lines looks them up in the file, which a plan leaves as it was.
        fixes.refused.extend(if plan { mended.refused } else { mended.left });
        fixes.files.push(FileDiff::between(&text.shown, Some(old.as_bytes()), Some(new.as_bytes())));
        text.content = Some(new.into());
    }
    let after = again(texts.clone())?;
    // Whoever reads a plan has the text that is there.
    let mut audit = if plan { fix::planned(before, after) } else { after };
    fixes.mended = match plan {
        true => audit.detections.iter().filter(|found| found.mended).count(),
        false => before.open().saturating_sub(audit.open()),
    };
    audit.fixes = Some(fixes);
    Ok((audit, texts))
}

/// Whether the file said what was mended, and says now what came of it.
fn write(here: &Path, shown: &str, old: &str, new: &str) -> Result<bool> {
    let path = here.join(shown);
    if std::fs::read(&path).map_err(io("read", &path))? != old.as_bytes() {
        return Ok(false);
    }
    store::replace_in_place(&path, new.as_bytes())?;
    Ok(true)
}

fn refused_in(audit: &Audit, file: &str, why: &str) -> Vec<RefusedFix> {
    let of_file = |found: &&Detection| found.fixable && found.is_open() && found.finding.place.file == file;
    let refused = |found: &Detection| RefusedFix {
        policy: found.finding.policy.clone(),
        place: found.finding.place.clone(),
        why: why.into(),
    };
    audit.detections.iter().filter(of_file).map(refused).collect()
}

/// Refuses what can be read and not be written: pipes and the like.
pub(super) fn check_files(files: &[File]) -> Result<()> {
    let Some(pipe) = files.iter().find(|file| file.path.metadata().is_ok_and(|data| !data.is_file())) else {
        return Ok(());
    };
    Err(Error::invalid("idp::usage", format!("--fix mends files and standard input, and {} is neither", pipe.shown))
        .help("`... | idp-run audit - --fix > FIXED`"))
}

/// Refuses flags that `--fix` can't go with.
pub(super) fn check(paths: &[String], human: bool) -> Result<()> {
    let input = paths.iter().any(|path| path == "-");
    let wrong = match input {
        true if paths.len() > 1 => "--fix mends standard input alone, or files",
        true if !human => "--fix of standard input writes the mended text to stdout, and no report beside it",
        _ => return Ok(()),
    };
    Err(Error::invalid("idp::usage", wrong)
        .help("`idp-run audit - --fix < FILE > FIXED`; without --fix, there are all reports"))
}
