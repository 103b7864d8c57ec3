//! Names of Kubernetes: of objects, labels and annotations, with the API server's words for what is wrong with them.

const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const QUALIFIED: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

/// What names of a kind of object may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Names {
    /// Labels of DNS between dots: almost all kinds, and all custom ones.
    #[default]
    Subdomain,
    /// One label of DNS: namespaces and services.
    Label,
    /// Anything that can be a part of a path: roles and their bindings.
    Segment,
}

impl Names {
    /// The rule for a kind.
    pub fn of(api_version: &str, kind: &str) -> Names {
        match (api_version.split_once('/').map_or("", |(group, _)| group), kind) {
            ("", "Namespace" | "Service") => Names::Label,
            ("rbac.authorization.k8s.io", _) => Names::Segment,
            _ => Names::Subdomain,
        }
    }

    /// What is wrong with a name, or with the front of one that is still to be generated.
    pub(super) fn wrong(self, name: &str, is_prefix: bool) -> Vec<String> {
        // What is generated follows a dash as well as a letter.
        let masked = match name.strip_suffix('-') {
            Some(front) if is_prefix && name.len() > 1 && self != Names::Segment => {
                front.get(..front.len() - 1).map_or_else(|| name.to_string(), |front| format!("{front}a"))
            }
            _ => name.to_string(),
        };
        match self {
            Names::Subdomain => wrong_subdomain(&masked, "characters"),
            Names::Label => wrong_label(&masked),
            Names::Segment => wrong_segment(name, is_prefix),
        }
    }
}

pub(super) fn wrong_label(name: &str) -> Vec<String> {
    let mut wrong = too_long(name, 63, "characters");
    if !is_label(name) {
        wrong.push(match is_subdomain(name) {
            true => "must not contain dots".into(),
            false => format!(
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and \
                 end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{LABEL}')"
            ),
        });
    }
    wrong
}

/// The API server measures names in characters and prefixes in bytes, and means bytes both times.
pub(super) fn wrong_subdomain(name: &str, unit: &str) -> Vec<String> {
    let mut wrong = too_long(name, 253, unit);
    if !is_subdomain(name) {
        wrong.push(format!(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start \
             and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{SUBDOMAIN}')"
        ));
    }
    wrong
}

fn wrong_segment(name: &str, is_prefix: bool) -> Vec<String> {
    if !is_prefix && matches!(name, "." | "..") {
        return vec![format!("may not be '{name}'")];
    }
    ["/", "%"].iter().filter(|sign| name.contains(**sign)).map(|sign| format!("may not contain '{sign}'")).collect()
}

/// What is wrong with the key of a label: a name, a prefix and a slash before it or not.
pub(super) fn wrong_key(key: &str) -> Vec<String> {
    let words = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric \
                 character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is";
    let parts: Vec<&str> = key.split('/').collect();
    let (mut wrong, name) = match parts.as_slice() {
        [name] => (Vec::new(), *name),
        ["", name] => (vec!["prefix part must be non-empty".to_string()], *name),
        [prefix, name] => {
            (wrong_subdomain(prefix, "bytes").into_iter().map(|what| format!("prefix part {what}")).collect(), *name)
        }
        _ => {
            let form = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            return vec![format!("a valid label key {words} '{QUALIFIED}') {form}")];
        }
    };
    if name.is_empty() {
        wrong.push("name part must be non-empty".into());
    } else {
        wrong.extend(too_long(name, 63, "bytes").into_iter().map(|what| format!("name part {what}")));
    }
    if !is_qualified(name) {
        wrong.push(format!("name part {words} '{QUALIFIED}')"));
    }
    wrong
}

/// What is wrong with the value of a label.
pub(super) fn wrong_value(value: &str) -> Vec<String> {
    let mut wrong = too_long(value, 63, "bytes");
    if !value.is_empty() && !is_qualified(value) {
        wrong.push(format!(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start \
             and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for \
             validation is '({QUALIFIED})?')"
        ));
    }
    wrong
}

/// What is wrong with a kind.
pub(super) fn wrong_kind(kind: &str) -> Vec<String> {
    let lower = kind.to_lowercase();
    let mut wrong = too_long(&lower, 63, "characters");
    if !is_label(&lower) || lower.starts_with(|c: char| c.is_ascii_digit()) {
        wrong.push(
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic \
             character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation \
             is '[a-z]([-a-z0-9]*[a-z0-9])?')"
                .into(),
        );
    }
    wrong
}

fn too_long(text: &str, most: usize, unit: &str) -> Vec<String> {
    let wrong = || format!("must be no more than {most} {unit}");
    (text.len() > most).then(wrong).into_iter().collect()
}

fn is_label(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.starts_with(plain) && text.ends_with(plain) && text.chars().all(|c| plain(c) || c == '-')
}

fn is_subdomain(text: &str) -> bool {
    text.split('.').all(is_label)
}

fn is_qualified(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric();
    let inner = |c: char| plain(c) || matches!(c, '-' | '_' | '.');
    text.starts_with(plain) && text.ends_with(plain) && text.chars().all(inner)
}
