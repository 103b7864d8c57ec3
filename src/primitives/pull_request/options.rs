//! The options of the calls that make and follow pull requests.

use crate::primitives::options::{CallOptions, OptionSpec, Takes};

/// Of `repo.propose(title, edit, options)`.
pub const PROPOSE: CallOptions = CallOptions {
    function: "propose",
    on: "Repo",
    arguments: 3,
    known: &[
        OptionSpec { key: "body", takes: Takes::Text, default: "", about: "the text below the title" },
        OptionSpec { key: "labels", takes: Takes::Texts, default: "", about: "its labels" },
        OptionSpec { key: "reviewers", takes: Takes::Texts, default: "", about: "people and teams to review it" },
        OptionSpec { key: "message", takes: Takes::Text, default: "the title", about: "the message of the commit" },
        OptionSpec {
            key: "base",
            takes: Takes::Text,
            default: "the default branch",
            about: "the branch that it is merged into",
        },
        OptionSpec { key: "branch", takes: Takes::Text, default: "derived from the run", about: "its own branch" },
        OptionSpec {
            key: "id",
            takes: Takes::Text,
            default: "",
            about: "tells several proposals of one run to a repository apart",
        },
        OptionSpec {
            key: "reopen",
            takes: Takes::Flag,
            default: "false",
            about: "open it again if a person closed it unmerged",
        },
    ],
    open: false,
};

/// Of `pull.comment(text, options)`.
pub const COMMENT: CallOptions = CallOptions {
    function: "comment",
    on: "PullRequest",
    arguments: 2,
    known: &[OptionSpec {
        key: "once",
        takes: Takes::Text,
        default: "the text",
        about: "the cause: there is one comment for it, however the text changes",
    }],
    open: false,
};

/// Of `pull.wait(options)`.
pub const WAIT: CallOptions = CallOptions {
    function: "wait",
    on: "PullRequest",
    arguments: 1,
    known: &[OptionSpec {
        key: "patience",
        takes: Takes::Count,
        default: "0",
        about: "seconds to look again and again",
    }],
    open: false,
};

/// All of them.
pub const ALL: &[CallOptions] = &[PROPOSE, COMMENT, WAIT];
