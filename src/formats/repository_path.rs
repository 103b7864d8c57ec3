//! Which paths may be written to a repository: a closed list of refusals, for skeletons, seeds and scripts alike.
//! The rules about `.git` follow Git's `verify_path` (read-cache.c) with protectHFS and protectNTFS on.

/// Says why `path` can't be written, as the end of a sentence.
pub fn check(path: &str) -> Result<(), String> {
    if path.starts_with('/') {
        return Err("which is absolute".to_owned());
    }
    if path.len() > 4096 {
        return Err("which is longer than 4,096 bytes".to_owned());
    }
    path.split('/').try_for_each(segment)
}

fn segment(segment: &str) -> Result<(), String> {
    let problem = match segment {
        "" => "which has an empty segment",
        "." | ".." => "which leaves its folder",
        _ if segment.contains('\\') => "which has a backslash",
        _ if segment.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) => {
            "which has a control character or a line break"
        }
        _ if segment.len() > 255 => "which has a segment longer than 255 bytes",
        // `C:` at the start of a path is a drive elsewhere.
        _ if segment.len() == 2 && segment.ends_with(':') => "which names a drive",
        _ if is_git(segment) => "which enters Git's own folder",
        _ => return Ok(()),
    };
    Err(problem.to_owned())
}

/// Whether some file system takes this name for `.git`.
fn is_git(segment: &str) -> bool {
    // HFS+ ignores these; NTFS ignores dots and spaces at the end and reads `:` as the start of a stream's name.
    let ignored =
        |c: char| matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    let seen: String = segment.chars().filter(|c| !ignored(*c)).flat_map(char::to_lowercase).collect();
    let stem = seen.split(':').next().unwrap_or(&seen).trim_end_matches(['.', ' ']);
    stem == ".git" || stem == "git~1"
}
