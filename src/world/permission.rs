//! Who may change what: grants with globs over script, kind of change and target. The default is no.

use globset::{Glob, GlobMatcher};

use super::World;
use super::change::Change;
use crate::config::{self, HeaderText};
use crate::error::{Error, Result};

/// A compiled grant.
struct Grant {
    script: GlobMatcher,
    change: GlobMatcher,
    target: GlobMatcher,
}

/// The grants of a run.
#[derive(Default)]
pub struct Permissions {
    /// From outside the script repository; none means that only the embedded world may be changed.
    granted: Option<Vec<Grant>>,
    /// From `idp.yaml`; it may only narrow.
    narrowed: Option<Vec<Grant>>,
}

impl Permissions {
    /// Compiles grants. `file` names where they come from in errors.
    pub fn new(
        granted: Option<(&str, &[config::Grant])>,
        narrowed: Option<(&str, &[config::Grant])>,
    ) -> Result<Permissions> {
        let compile = |(file, texts): (&str, &[config::Grant])| -> Result<Vec<Grant>> {
            let glob = |text: &str| {
                Glob::new(text).map(|glob| glob.compile_matcher()).map_err(|error| {
                    Error::invalid("idp::grants", format!("{file}: `{text}` is not a glob: {}", error.kind()))
                })
            };
            texts
                .iter()
                .map(|text| {
                    Ok(Grant { script: glob(&text.script)?, change: glob(&text.change)?, target: glob(&text.target)? })
                })
                .collect()
        };
        Ok(Permissions { granted: granted.map(compile).transpose()?, narrowed: narrowed.map(compile).transpose()? })
    }

    /// Those of a person who names the change itself.
    pub fn all() -> Result<Permissions> {
        Permissions::new(Some(("", &[config::Grant::everything()])), None)
    }

    /// Refuses a change that isn't granted.
    pub fn check(&self, script: &str, change: &Change, world: &World) -> Result<()> {
        let targets = targets(change);
        // The first target that none of them covers.
        let refused = |grants: &[Grant]| {
            targets.iter().find(|target| {
                !grants.iter().any(|grant| {
                    grant.script.is_match(script)
                        && grant.change.is_match(change.kind())
                        && grant.target.is_match(target)
                })
            })
        };
        let allows = |grants: &[Grant]| refused(grants).is_none();
        let outside = match &self.granted {
            Some(grants) => allows(grants),
            // HTTP services are outside, whatever else the world is.
            None => match change {
                Change::Request(request) => world.http.get(&request.service).is_some_and(|it| !it.is_outside()),
                _ => world.embedded,
            },
        };
        let inside = self.narrowed.as_ref().is_none_or(|grants| allows(grants));
        if outside && inside {
            return Ok(());
        }
        let (by, help) = if outside {
            ("the permissions of idp.yaml don't allow it", "widen `permissions` in idp.yaml".to_string())
        } else {
            let grant = format!(
                "allow: [{{ script: {script}, change: {}, target: \"{}\" }}]",
                change.kind(),
                self.granted.as_deref().and_then(refused).or(targets.first()).map_or("**", String::as_str)
            );
            let desk = if world.embedded { "" } else { "; on a terminal, a yes to the plan is the grant" };
            ("no grant allows it", format!("grant it in a file that --grants or IDP_GRANTS names: {grant}{desk}"))
        };
        Err(Error::denied(
            "idp::permission",
            format!("{script} may not {} {} {}: {by}", verb(change), change.kind().replace('_', " "), change.target()),
        )
        .help(help))
    }
}

fn verb(change: &Change) -> &'static str {
    match change.action() {
        crate::report::Action::Create => "create",
        crate::report::Action::Update => "update",
        crate::report::Action::Delete => "delete",
    }
}

/// What a grant's `target` is matched with; a commit has one target a file.
fn targets(change: &Change) -> Vec<String> {
    use Change::*;
    match change {
        Commit { repo, branch, files, .. } => paths(repo, branch, files),
        OpenPullRequest { repo, head, commit, .. } => paths(repo, head, &commit.files),
        UpdatePullRequest { repo, head, commit, .. } => match commit {
            Some(commit) => paths(repo, head, &commit.files),
            None => vec![format!("{repo}/{head}")],
        },
        ProtectBranch { repo, branch, .. } | DeleteBranch { repo, branch, .. } => vec![format!("{repo}/{branch}")],
        SetStatus { repo, at, name, .. } => vec![format!("{repo}/{at}/{name}")],
        GrantTeam(grant) => vec![format!("{}/{}", grant.repo, grant.team)],
        SetWebhook(hook) => {
            let secret = hook.secret.as_ref().and_then(HeaderText::secret).map(|name| format!("secret/{name}"));
            std::iter::once(format!("{}/{}", hook.repo, hook.url)).chain(secret).collect()
        }
        CreateRepository { repo, .. }
        | UpdateRepository { repo, .. }
        | ArchiveRepository { repo, .. }
        | UnarchiveRepository { repo }
        | DeleteRepository { repo, .. } => vec![repo.to_string()],
        // Bookkeeping of a commit that was granted when it was made.
        RestoreMarker { .. } => Vec::new(),
        Comment { repo, head, .. } => vec![format!("{repo}/{head}")],
        Approve { repo, number } | Merge { repo, number, .. } | ClosePullRequest { repo, number } => {
            vec![format!("{repo}/{number}")]
        }
        ApplyManifest { cluster, object, .. } => {
            let namespace = object.namespace.as_deref().unwrap_or("_cluster");
            vec![format!("{cluster}/{namespace}/{}/{}", object.kind, object.name)]
        }
        Notify { contact, .. } => vec![contact.clone()],
        Request(request) => {
            let url = format!("{}/{}{}", request.service, request.method, request.path);
            let secrets = request.secrets().map(|name| format!("secret/{name}"));
            std::iter::once(url).chain(secrets).collect()
        }
    }
}

fn paths(repo: &super::forge::RepoId, branch: &str, files: &[super::change::FileChange]) -> Vec<String> {
    // Without a file nothing would be compared, and everything allowed.
    if files.is_empty() {
        return vec![format!("{repo}/{branch}")];
    }
    files.iter().map(|file| format!("{repo}/{branch}/{}", file.path)).collect()
}
