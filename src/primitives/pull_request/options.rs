//! The options of the calls that make and follow pull requests.

use crate::primitives::options::{CallOptions, OptionSpec, Takes};

/// Of `repo.propose(title, edit, options)`.
pub const PROPOSE: CallOptions = CallOptions {
    function: "propose",
    on: "Repo",
    arguments: 3,
    known: &[
        OptionSpec::new("body", Takes::Text, "the text below the title"),
        OptionSpec::new("labels", Takes::Texts, "its labels"),
        OptionSpec::new("reviewers", Takes::Texts, "people and teams to review it"),
        OptionSpec::new("message", Takes::Text, "the message of the commit").otherwise("the title"),
        OptionSpec::new("base", Takes::Text, "the branch that it is merged into").otherwise("the default branch"),
        OptionSpec::new("branch", Takes::Text, "its own branch").otherwise("derived from the run"),
        OptionSpec::new("id", Takes::Text, "tells several proposals of one run to a repository apart"),
        OptionSpec::new("keep", Takes::Texts, "files, as globs, that `--update` leaves as they were delivered"),
        OptionSpec::new("reopen", Takes::Flag, "open it again if a person closed it unmerged").otherwise("false"),
    ],
    open: false,
};

/// Of `pull.comment(text, options)`.
pub const COMMENT: CallOptions = CallOptions {
    function: "comment",
    on: "PullRequest",
    arguments: 2,
    known: &[OptionSpec::new("once", Takes::Text, "the cause: there is one comment for it, however the text changes")
        .otherwise("the text")],
    open: false,
};

/// Of `pull.wait(options)`.
pub const WAIT: CallOptions = CallOptions {
    function: "wait",
    on: "PullRequest",
    arguments: 1,
    known: &[OptionSpec::new("patience", Takes::Count, "seconds to look again and again").otherwise("0")],
    open: false,
};

/// All of them.
pub const ALL: &[CallOptions] = &[PROPOSE, COMMENT, WAIT];
