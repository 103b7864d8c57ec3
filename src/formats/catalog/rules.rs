//! What names, labels, tags and their like may be: `KubernetesValidatorFunctions` and `makeValidator` of
//! `@backstage/catalog-model`. Lengths are in characters; all of these are ASCII.

/// A rule for a text.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Whether a text keeps it.
    pub keeps: fn(&str) -> bool,
    /// What it asks for, after "must be".
    pub asks: &'static str,
    /// What to do about one that doesn't keep it.
    pub help: &'static str,
}

pub const NAME: Rule = Rule {
    keeps: is_name,
    asks: "letters and digits with `-`, `_` or `.` between them, at most 63 characters",
    help: "what people read belongs in metadata.title",
};
pub const NAMESPACE: Rule = Rule {
    keeps: is_dns_label,
    asks: "lowercase letters and digits with `-` between them, at most 63 characters",
    help: "leave it out for the namespace `default`",
};
pub const API_VERSION: Rule = Rule {
    keeps: is_api_version,
    asks: "a group and a version, such as backstage.io/v1alpha1",
    help: "Backstage's own kinds are of backstage.io/v1alpha1, templates of scaffolder.backstage.io/v1beta3",
};
pub const KIND: Rule = Rule {
    keeps: is_kind,
    asks: "letters and digits that begin with a letter, at most 63",
    help: "such as Component, API, Resource or System",
};
pub const LABEL_KEY: Rule = Rule {
    keeps: is_prefixed_name,
    asks: "a name of at most 63 letters and digits with `-`, `_` or `.` between them, after a lowercase DNS name and a slash if it has one",
    help: "write it like example.com/tier",
};
pub const LABEL_VALUE: Rule = Rule {
    keeps: |text| text.is_empty() || is_name(text),
    asks: "empty, or at most 63 letters and digits with `-`, `_` or `.` between them",
    help: "what is longer, or has other characters, belongs in an annotation",
};
pub const TAG: Rule = Rule {
    keeps: is_tag,
    asks: "lowercase letters, digits, `+`, `#` and `:` with single `-` between them, at most 63 characters",
    help: "write it in lowercase with hyphens for spaces",
};
pub const URL: Rule = Rule { keeps: super::url::is_url, asks: "an absolute URL", help: "begin it with https://" };
pub const NOT_BLANK: Rule =
    Rule { keeps: |text| !text.trim().is_empty(), asks: "more than blanks", help: "leave it out instead" };

fn within(text: &str, most: usize) -> bool {
    !text.is_empty() && text.len() <= most
}

/// The name of an entity, and the value of a label.
pub fn is_name(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    within(text, 63)
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        && edge(text.chars().next())
        && edge(text.chars().next_back())
}

/// A DNS label of RFC 1123.
pub fn is_dns_label(text: &str) -> bool {
    within(text, 63)
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_dns_subdomain(text: &str) -> bool {
    within(text, 253) && text.split('.').all(is_dns_label)
}

/// `version` or `group/version`.
pub fn is_api_version(text: &str) -> bool {
    let version = |text: &str| within(text, 63) && text.chars().all(|c| c.is_ascii_alphanumeric());
    match text.split_once('/') {
        Some((group, rest)) => is_dns_subdomain(group) && version(rest),
        None => version(text),
    }
}

/// The name of a kind.
pub fn is_kind(text: &str) -> bool {
    within(text, 63)
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric())
}

/// The key of a label or an annotation.
fn is_prefixed_name(text: &str) -> bool {
    match text.split_once('/') {
        Some((prefix, name)) => is_dns_subdomain(prefix) && is_name(name),
        None => is_name(text),
    }
}

fn is_tag(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, ':' | '+' | '#');
    within(text, 63) && text.split('-').all(|part| !part.is_empty() && part.chars().all(letter))
}
