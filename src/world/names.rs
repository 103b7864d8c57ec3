//! Names that may stand in a repository: branches that git and hosts accept, paths that stay inside.

use crate::error::{Error, Result};
use crate::formats::repository_path;

/// A branch name that git and hosts accept, or the reason why not.
pub fn check_branch(name: &str) -> Result<()> {
    let bad = name.is_empty()
        || name.len() > 200
        || name.starts_with(['-', '/', '.'])
        || name.ends_with(['/', '.'])
        || name == "HEAD"
        || name.contains("..")
        || name.contains("//")
        || name.contains("@{")
        || name.split('/').any(|part| part.starts_with('.') || part.ends_with(".lock"))
        || name.chars().any(|c| c.is_control() || " ~^:?*[\\".contains(c));
    if bad {
        return Err(Error::invalid("idp::repo::branch", format!("`{name}` can't be a branch name")));
    }
    Ok(())
}

/// A file path within a repository, or the reason why it can't be one: it must not leave the repository, enter
/// `.git`, or be spelt in a way that some file system reads as either.
pub fn check_path(path: &str) -> Result<()> {
    let problem = match path.len() {
        1..=1024 => repository_path::check(path).err(),
        0 => Some("which is empty".to_string()),
        _ => Some("which is longer than 1,024 bytes".to_string()),
    };
    if let Some(problem) = problem {
        return Err(Error::invalid(
            "idp::tree::path",
            format!("`{}` can't be a path in a repository, {problem}", shortened(path).escape_debug()),
        )
        .help("use a relative path with `/` between its parts, without `..` and outside `.git`"));
    }
    Ok(())
}

/// What a message can hold of a path.
fn shortened(path: &str) -> &str {
    path.char_indices().nth(200).map_or(path, |(end, _)| &path[..end])
}

/// The error for a path that an edit makes a file where a folder is, or the other way round.
pub fn file_and_folder(path: &str) -> Error {
    Error::failed("idp::tree::overlap", format!("`{path}` would be a file and a folder at once"))
        .help("remove what is there in the same edit, or choose another path")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        for good in ["a", "a/b.yaml", ".github/workflows/ci.yaml", ".gitignore", "a b"] {
            check_path(good).unwrap();
        }
        for bad in [
            "",
            "/a",
            "a/",
            "a//b",
            "../a",
            "a/../b",
            ".git/config",
            "a/.GIT/x",
            ".git./x",
            "git~1/x",
            "a\nb",
            "a\\b",
            ".g\u{200c}it/x",
            ".git::$INDEX_ALLOCATION/x",
            "C:/x",
        ] {
            assert!(check_path(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn branches_follow_git() {
        for good in ["main", "feat/x", "create-service-payments-api"] {
            check_branch(good).unwrap();
        }
        for bad in ["", "a..b", "a b", "x.lock", "a/.b", "/a", "a/", "-x", "a@{b", "HEAD"] {
            assert!(check_branch(bad).is_err(), "{bad:?}");
        }
    }
}
