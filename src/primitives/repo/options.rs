//! The options of the calls on repositories.

use crate::primitives::options::{CallOptions, OptionSpec, Takes};

/// Of `repo(name, options)`.
pub const REPO: CallOptions = CallOptions {
    function: "repo",
    on: "",
    arguments: 2,
    known: &[OptionSpec {
        key: "shared",
        takes: Takes::Text,
        default: "",
        about: "the project whose runs have the repository in common",
    }],
    open: false,
};

/// Of `repo.ensure(options)`.
pub const ENSURE: CallOptions = CallOptions {
    function: "ensure",
    on: "Repo",
    arguments: 1,
    known: &[
        OptionSpec { key: "description", takes: Takes::Text, default: "", about: "what it is, in a sentence" },
        OptionSpec { key: "visibility", takes: Takes::Text, default: "", about: "`private`, `internal` or `public`" },
        OptionSpec { key: "default_branch", takes: Takes::Text, default: "", about: "the branch that clones start at" },
        OptionSpec { key: "topics", takes: Takes::Texts, default: "", about: "words to find it by" },
        OptionSpec {
            key: "labels",
            takes: Takes::TextMap,
            default: "",
            about: "labels of pull requests: name to colour",
        },
        OptionSpec { key: "adopt", takes: Takes::Flag, default: "false", about: "take over one that was made by hand" },
    ],
    open: false,
};

/// Of `repo.commit(branch, message, edit, options)`.
pub const COMMIT: CallOptions = CallOptions {
    function: "commit",
    on: "Repo",
    arguments: 4,
    known: &[OptionSpec {
        key: "id",
        takes: Takes::Text,
        default: "the branch",
        about: "tells several commits of one run to a repository apart",
    }],
    open: false,
};

/// Of `repo.protect(branch, options)`.
pub const PROTECT: CallOptions = CallOptions {
    function: "protect",
    on: "Repo",
    arguments: 2,
    known: &[
        OptionSpec { key: "reviews", takes: Takes::Count, default: "", about: "approvals that a merge needs" },
        OptionSpec { key: "checks", takes: Takes::Texts, default: "", about: "checks that must have passed" },
        OptionSpec {
            key: "code_owners",
            takes: Takes::Flag,
            default: "",
            about: "whether an owner of each changed file must approve",
        },
    ],
    open: false,
};

/// All of them.
pub const ALL: &[CallOptions] = &[REPO, ENSURE, COMMIT, PROTECT];
