//! The options of the calls on repositories.

use crate::primitives::options::{CallOptions, OptionSpec, Takes};

/// Of `repo(name, options)`.
pub const REPO: CallOptions = CallOptions {
    function: "repo",
    on: "",
    arguments: 2,
    known: &[OptionSpec::new("shared", Takes::Text, "the project whose runs have the repository in common")],
    open: false,
};

/// Of `repo.ensure(options)`.
pub const ENSURE: CallOptions = CallOptions {
    function: "ensure",
    on: "Repo",
    arguments: 1,
    known: &[
        OptionSpec::new("description", Takes::Text, "what it is, in a sentence"),
        OptionSpec::new("visibility", Takes::Text, "`private`, `internal` or `public`"),
        OptionSpec::new("default_branch", Takes::Text, "the branch that clones start at"),
        OptionSpec::new("topics", Takes::Texts, "words to find it by"),
        OptionSpec::new("labels", Takes::TextMap, "labels of pull requests: name to colour"),
        OptionSpec::new("template", Takes::Text, "the repository whose files it begins with, where it isn't there yet"),
        OptionSpec::new("adopt", Takes::Flag, "take over one that was made by hand").otherwise("false"),
    ],
    open: false,
};

/// Of `repo.commit(branch, message, edit, options)`.
pub const COMMIT: CallOptions = CallOptions {
    function: "commit",
    on: "Repo",
    arguments: 4,
    known: &[OptionSpec::new("id", Takes::Text, "tells several commits of one run to a repository apart")
        .otherwise("the branch")],
    open: false,
};

/// Of `repo.protect(branch, options)`.
pub const PROTECT: CallOptions = CallOptions {
    function: "protect",
    on: "Repo",
    arguments: 2,
    known: &[
        OptionSpec::new("reviews", Takes::Count, "approvals that a merge needs"),
        OptionSpec::new("checks", Takes::Texts, "checks that must have passed"),
        OptionSpec::new("code_owners", Takes::Flag, "whether an owner of each changed file must approve"),
    ],
    open: false,
};

/// Of `repo.status(at, name, state, options)`.
pub const STATUS: CallOptions = CallOptions {
    function: "status",
    on: "Repo",
    arguments: 4,
    known: &[
        OptionSpec::new("description", Takes::Text, "one line about it, of at most 140 characters"),
        OptionSpec::new("url", Takes::Text, "where there is more about it"),
    ],
    open: false,
};

/// Of `repo.grant(team, role, options)`.
pub const GRANT: CallOptions = CallOptions {
    function: "grant",
    on: "Repo",
    arguments: 3,
    known: &[OptionSpec::new("lower", Takes::Flag, "whether a team that may do more loses that").otherwise("false")],
    open: false,
};

/// Of `repo.webhook(url, options)`.
pub const WEBHOOK: CallOptions = CallOptions {
    function: "webhook",
    on: "Repo",
    arguments: 2,
    known: &[
        OptionSpec::new("events", Takes::Texts, "what it tells of; `push` for a new one"),
        OptionSpec::new("content_type", Takes::Text, "`json` or `form`; `json` for a new one"),
        OptionSpec::new("active", Takes::Flag, "whether it tells, or rests; true for a new one"),
        OptionSpec::new("secret", Takes::Secret, "what signs the messages; given to a webhook that has none"),
        OptionSpec::new("renew_secret", Takes::Flag, "whether it gets the secret in place of one that it has")
            .otherwise("false"),
    ],
    open: false,
};

/// All of them.
pub const ALL: &[CallOptions] = &[REPO, ENSURE, COMMIT, PROTECT, STATUS, GRANT, WEBHOOK];
