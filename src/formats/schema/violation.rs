//! What is wrong with an object, in the API server's words: `spec.replicas: Invalid value: 0: …`.
//! Texts are made only when something is wrong; on the way down a path is a list of borrowed names.

use std::fmt;

use serde_json::Value;

use super::wording;
use crate::formats::yaml::Step;

/// One thing that is wrong with an object. It prints as the line of the API server.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// Where, from the root of the object. A required field that is missing is named itself, though nothing is there.
    pub path: Vec<Step>,
    /// The same as the API server writes it; `<nil>` where it names no field.
    pub field: String,
    /// What sort of mistake.
    pub reason: Reason,
    /// The rest of the line: `Invalid value: 0: spec.replicas in body should be greater than or equal to 1`.
    pub message: String,
    /// What was probably meant.
    pub help: Option<String>,
}

/// The sorts of mistakes that the API server tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A field is missing.
    Required,
    /// A value breaks a rule.
    Invalid,
    /// A value is none of those that are listed.
    NotSupported,
    /// A value is of another type.
    TypeInvalid,
    /// A text is too long.
    TooLong,
    /// A list or map has too many members.
    TooMany,
    /// An element of a set, or a key of a list map, is there twice.
    Duplicate,
    /// A field must not be there.
    Forbidden,
    /// The schema has no such field.
    Unknown,
}

impl Reason {
    /// How the API server says it.
    pub fn text(self) -> &'static str {
        match self {
            Reason::Required => "Required value",
            Reason::Invalid | Reason::TypeInvalid => "Invalid value",
            Reason::NotSupported => "Unsupported value",
            Reason::TooLong => "Too long",
            Reason::TooMany => "Too many",
            Reason::Duplicate => "Duplicate value",
            Reason::Forbidden => "Forbidden",
            Reason::Unknown => "unknown field",
        }
    }

    /// Whether rules are left unchecked as long as there is one of these.
    pub(super) fn blocks_rules(self) -> bool {
        matches!(
            self,
            Reason::NotSupported | Reason::Required | Reason::TooLong | Reason::TooMany | Reason::TypeInvalid
        )
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            Reason::Unknown => f.write_str(&self.message),
            _ => write!(f, "{}: {}", self.field, self.message),
        }
    }
}

/// A path that is being walked, innermost first.
#[derive(Clone, Copy)]
pub(in crate::formats) struct Trail<'a> {
    up: Option<&'a Trail<'a>>,
    at: At<'a>,
}

#[derive(Clone, Copy)]
enum At<'a> {
    Root,
    /// A property of the schema.
    Field(&'a str),
    /// A key that the schema doesn't name.
    Key(&'a str),
    Index(usize),
}

impl<'a> Trail<'a> {
    pub(in crate::formats) const ROOT: Trail<'static> = Trail { up: None, at: At::Root };

    pub(in crate::formats) fn field(&'a self, name: &'a str) -> Trail<'a> {
        Trail { up: Some(self), at: At::Field(name) }
    }

    pub(in crate::formats) fn key(&'a self, name: &'a str) -> Trail<'a> {
        Trail { up: Some(self), at: At::Key(name) }
    }

    pub(in crate::formats) fn index(&'a self, index: usize) -> Trail<'a> {
        Trail { up: Some(self), at: At::Index(index) }
    }

    pub(super) fn is_root(&self) -> bool {
        self.up.is_none()
    }

    /// Whether it is a field of the object itself.
    pub(super) fn up_is_root(&self) -> bool {
        self.up.is_some_and(|up| up.up.is_none())
    }

    fn parts(&self) -> Vec<At<'a>> {
        let mut parts = Vec::new();
        let mut here = Some(self);
        while let Some(trail) = here {
            if !matches!(trail.at, At::Root) {
                parts.push(trail.at);
            }
            here = trail.up;
        }
        parts.reverse();
        parts
    }

    pub(super) fn steps(&self) -> Vec<Step> {
        let step = |at: &At| match at {
            At::Root => None,
            At::Field(name) | At::Key(name) => Some(Step::from(*name)),
            At::Index(index) => Some(Step::Index(*index)),
        };
        self.parts().iter().filter_map(step).collect()
    }

    /// As the schema validator names a field in its messages: dots before keys, too, and one in front of a key at the root.
    pub(super) fn name(&self) -> String {
        let mut text = String::new();
        for (at, part) in self.parts().iter().enumerate() {
            match part {
                At::Root => {}
                At::Field(name) if at == 0 => text.push_str(name),
                At::Field(name) | At::Key(name) => {
                    text.push('.');
                    text.push_str(name);
                }
                At::Index(index) => text.push_str(&format!("[{index}]")),
            }
        }
        text
    }

    /// As all other checks of the API server write it: keys in brackets.
    pub(super) fn bracketed(&self) -> String {
        let mut text = String::new();
        for (at, part) in self.parts().iter().enumerate() {
            match part {
                At::Root => {}
                At::Field(name) if at == 0 => text.push_str(name),
                At::Field(name) => {
                    text.push('.');
                    text.push_str(name);
                }
                At::Key(name) => text.push_str(&format!("[{name}]")),
                At::Index(index) => text.push_str(&format!("[{index}]")),
            }
        }
        text
    }

    /// A violation of the schema validator.
    pub(super) fn schema(&self, reason: Reason, body: String) -> Violation {
        let name = self.name();
        let field = name.strip_prefix('.').unwrap_or(&name);
        let field = if field.is_empty() { "<nil>".to_string() } else { field.to_string() };
        Violation { path: self.steps(), field, reason, message: body, help: None }
    }

    /// A violation that the schema validator says without a field.
    pub(super) fn unnamed(&self, message: String) -> Violation {
        Violation {
            path: self.steps(),
            field: "<nil>".into(),
            reason: Reason::Invalid,
            message: format!("Invalid value: \"\": {message}"),
            help: None,
        }
    }

    /// A violation that any other check of the API server found.
    pub(in crate::formats) fn other(&self, reason: Reason, body: String) -> Violation {
        let field = self.bracketed();
        let field = if field.is_empty() { "<nil>".to_string() } else { field };
        Violation { path: self.steps(), field, reason, message: body, help: None }
    }

    /// [`Self::other`] with the value and what is wrong with it.
    pub(in crate::formats) fn invalid(&self, value: &Value, detail: &str) -> Violation {
        self.other(Reason::Invalid, wording::body(Reason::Invalid, value, detail))
    }

    /// A field that is missing.
    pub(in crate::formats) fn required(&self, detail: &str) -> Violation {
        let body = if detail.is_empty() { "Required value".to_string() } else { format!("Required value: {detail}") };
        self.other(Reason::Required, body)
    }

    /// A field that the schema doesn't have, as strict decoding names it.
    pub(super) fn unknown(&self, near: Option<&str>) -> Violation {
        let name = self.name();
        let name = name.strip_prefix('.').unwrap_or(&name);
        Violation {
            path: self.steps(),
            field: name.to_string(),
            reason: Reason::Unknown,
            message: format!("unknown field \"{name}\""),
            help: near.map(|near| format!("did you mean `{near}`?")),
        }
    }
}
