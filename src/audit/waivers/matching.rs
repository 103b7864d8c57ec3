//! What a waiver is about: globs over kind, namespace, name and file of objects, and a field of theirs.

use std::sync::OnceLock;

use globset::{GlobBuilder, GlobMatcher};

use super::Subject;
use crate::error::{Place, Result};
use crate::formats::yaml::{Step, parse_path};
use crate::report::ObjectName;

/// A glob with its text. `*` stays within what slashes part.
#[derive(Debug, Clone)]
pub struct Glob {
    /// As it is written.
    pub text: String,
    /// Compiled when it is first asked: that takes most of a millisecond, and most waivers name things as they are.
    strict: Matcher,
    /// What it would be if `*` crossed slashes.
    wide: Matcher,
}

#[derive(Debug, Clone)]
struct Matcher {
    glob: globset::Glob,
    compiled: OnceLock<GlobMatcher>,
}

impl Glob {
    /// # Errors
    /// For what is no glob.
    pub fn new(text: &str) -> Result<Glob, globset::Error> {
        let glob = |strict| GlobBuilder::new(text).literal_separator(strict).build();
        let matcher = |strict| Ok(Matcher { glob: glob(strict)?, compiled: OnceLock::new() });
        Ok(Glob { text: text.to_owned(), strict: matcher(true)?, wide: matcher(false)? })
    }

    /// Whether a text is meant.
    pub fn matches(&self, text: &str) -> bool {
        self.decides(&self.strict, text)
    }

    /// Whether it would match if `*` crossed slashes, as those who write it may think.
    pub fn nearly_matches(&self, text: &str) -> bool {
        self.decides(&self.wide, text)
    }

    fn decides(&self, matcher: &Matcher, text: &str) -> bool {
        let is_plain = !self.text.contains(['*', '?', '[', ']', '{', '}', '\\']);
        if is_plain {
            return self.text == text;
        }
        matcher.compiled.get_or_init(|| matcher.glob.compile_matcher()).is_match(text)
    }
}

/// A field as a waiver names it: `[*]` stands for any element, `*` for any key.
#[derive(Debug, Clone)]
pub struct Fields(Vec<Option<Step>>);

impl Fields {
    /// # Errors
    /// `idp::yaml::path` for what is no path.
    pub fn new(text: &str) -> Result<Fields> {
        let mut steps = Vec::new();
        for (at, part) in text.split("[*]").enumerate() {
            if at > 0 {
                steps.push(None);
            }
            let part = if at > 0 { part.strip_prefix('.').unwrap_or(part) } else { part };
            steps.extend(parse_path(part)?.into_iter().map(|step| Some(step).filter(|step| *step != "*".into())));
        }
        Ok(Fields(steps))
    }

    /// One of the fields that are meant, as far as its keys are named.
    pub fn sample(text: &str) -> Result<Vec<Step>> {
        let steps = parse_path(&text.replace("[*]", "[0]"))?;
        Ok(steps.into_iter().take_while(|step| *step != "*".into()).collect())
    }

    /// Whether a field is the one that is meant, or below it.
    fn cover(&self, path: &str) -> bool {
        let Ok(steps) = parse_path(path) else { return false };
        let same = |(wanted, step): (&Option<Step>, &Step)| wanted.as_ref().is_none_or(|wanted| wanted == step);
        steps.len() >= self.0.len() && self.0.iter().zip(&steps).all(same)
    }
}

/// One entry of a waiver's `objects`: what isn't given matches all.
#[derive(Debug, Clone)]
pub struct About {
    pub kind: Option<Glob>,
    pub namespace: Option<Glob>,
    pub name: Option<Glob>,
    pub file: Option<Glob>,
    pub fields: Option<Fields>,
    pub place: Place,
}

impl About {
    /// Whether an object in a file is meant. A file without an object, which nobody can read, is meant by its name alone.
    pub fn is_about(&self, object: Option<&ObjectName>, file: &str) -> bool {
        self.fits(object, file, Glob::matches)
    }

    /// Whether an object in a file would be meant if `*` crossed slashes.
    pub fn is_nearly_about(&self, object: Option<&ObjectName>, file: &str) -> bool {
        self.fits(object, file, Glob::nearly_matches)
    }

    fn fits(&self, object: Option<&ObjectName>, file: &str, matches: fn(&Glob, &str) -> bool) -> bool {
        let fits = |glob: &Option<Glob>, text: Option<&str>| match glob {
            None => true,
            Some(glob) => object.is_some() && matches(glob, text.unwrap_or_default()),
        };
        fits(&self.kind, object.map(|object| object.kind.as_str()))
            && fits(&self.namespace, object.and_then(|object| object.namespace.as_deref()))
            && fits(&self.name, object.and_then(|object| object.name.as_deref()))
            && self.file.as_ref().is_none_or(|glob| matches(glob, file))
    }

    /// The first thing by which an object in a file isn't meant, if it isn't.
    pub fn misses(&self, object: &ObjectName, file: &str) -> Option<String> {
        let empty = String::new();
        let namespace = object.namespace.as_ref().unwrap_or(&empty);
        let name = object.name.as_ref().unwrap_or(&empty);
        let parts = [
            ("kind", &self.kind, object.kind.as_str()),
            ("namespace", &self.namespace, namespace.as_str()),
            ("name", &self.name, name.as_str()),
            ("file", &self.file, file),
        ];
        parts.into_iter().find_map(|(what, glob, is)| {
            let glob = glob.as_ref().filter(|glob| !glob.matches(is))?;
            let is = if is.is_empty() { "none".to_owned() } else { format!("`{is}`") };
            Some(format!("its {what} is `{}`, and the object's is {is}", glob.text))
        })
    }

    pub fn covers(&self, subject: &Subject<'_>) -> bool {
        self.is_about(subject.object, subject.file)
            && self.fields.as_ref().is_none_or(|fields| fields.cover(subject.path))
    }

    pub fn nearly_covers(&self, subject: &Subject<'_>) -> bool {
        self.is_nearly_about(subject.object, subject.file)
            && self.fields.as_ref().is_none_or(|fields| fields.cover(subject.path))
    }
}
