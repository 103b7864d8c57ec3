//! Renders skeleton folders with the syntax that Backstage users know: `${{ values.name }}`, `{% if %}`, `{# #}`.
//! Pure: files and values go in, files come out. Golden paths call it through their template primitive.

mod filters;
mod path;

use std::borrow::Cow;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value, context};
use serde_json::Value as Json;

use crate::error::{Error, Place, Result, nearest};
use crate::formats::repository_path;

/// The most that one file may render to, in bytes.
pub const FILE_LIMIT: usize = 8 << 20;

/// The most that a skeleton's rendered texts may sum up to, in bytes.
pub const TOTAL_LIMIT: usize = 128 << 20;

/// Template instructions that one file may take: about a tenth of a second.
pub const FUEL: u64 = 2_000_000;

/// A file of a skeleton, as its author wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Relative path with `/` between its segments; each segment is a template too.
    pub path: String,
    /// Whether the executable bit is set; handed through.
    pub executable: bool,
    /// The contents. With a NUL byte or invalid UTF-8 they are binary, and come out as they are.
    pub bytes: Cow<'static, [u8]>,
}

/// A file as it goes into a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedFile {
    /// Relative path inside the target, `/` between its segments; never leaves it and never enters `.git`.
    pub path: String,
    /// Whether the executable bit is set.
    pub executable: bool,
    /// The contents.
    pub bytes: Vec<u8>,
}

/// Renders the files of skeleton `name` with `values`, and returns them sorted by path.
///
/// - `${{ values.owner }}` is a value, `{% if values.database %}` … `{% endif %}` and `{% for %}` are blocks, `{# … #}`
///   a comment. A line that holds nothing but a block or a comment vanishes, since a block takes the indent before it and
///   the newline after it (at the end of a line of text, `+%}` keeps the newline). A file's last newline stays.
/// - Names of files and folders are rendered too. Where a segment renders to nothing the file is left out, so
///   `{% if values.database %}db{% endif %}/schema.sql` is a folder for databases only; a value with `/` in it makes
///   several folders.
/// - CI expressions are written `${{ '${{' }} secrets.TOKEN }}`, or left alone between `{% raw %}` and `{% endraw %}`.
/// - Filters are those of minijinja (`lower`, `upper`, `replace`, `default`, `indent`, `join` …), and `yaml`, which
///   quotes a text so that YAML reads back that very text; `dump` and `tojson` write JSON.
/// - Values are inert: what a person typed comes out as typed, also with `${{` or `{%` in it.
///
/// # Errors
///
/// All are of [`Kind::Invalid`](crate::error::Kind::Invalid), with the place in `<name>/<path>`:
/// `idp::template::undefined` for a value that isn't there, `idp::template::syntax`, `idp::template::render` for an
/// operation that can't be done, `idp::template::path` for a path that leaves the target, enters `.git`, or is that of
/// another file (letter case aside), and `idp::template::limit` for [`FILE_LIMIT`], [`TOTAL_LIMIT`] or a loop without end.
pub fn render(name: &str, files: &[SourceFile], values: &Json) -> Result<Vec<RenderedFile>> {
    let skeleton = Skeleton::new(name, values)?;
    let mut rendered = Vec::with_capacity(files.len());
    let mut taken = path::Taken::default();
    let mut total = 0;
    for file in files {
        let Some(path) = skeleton.path(&file.path)? else { continue };
        taken.add(&path, &file.path).map_err(|problem| skeleton.refuse_path(&file.path, &path, &problem))?;
        let bytes = skeleton.contents(file)?;
        total += bytes.len();
        if total > TOTAL_LIMIT {
            let message = format!("skeleton {name} renders to more than {} MiB", TOTAL_LIMIT >> 20);
            return Err(Error::invalid("idp::template::limit", message).at(skeleton.place(&file.path)));
        }
        rendered.push(RenderedFile { path, executable: file.executable, bytes });
    }
    rendered.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(rendered)
}

struct Skeleton<'a> {
    name: &'a str,
    values: &'a Json,
    context: Value,
    environment: Environment<'static>,
}

impl<'a> Skeleton<'a> {
    fn new(name: &'a str, values: &'a Json) -> Result<Self> {
        let syntax = SyntaxConfig::builder()
            .variable_delimiters("${{", "}}")
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build()
            .map_err(|error| Error::failed("idp::template::syntax", error.to_string()))?;
        let mut environment = Environment::new();
        environment.set_syntax(syntax);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        // By default the name of a file decides on HTML escaping; nothing here ends up in a browser.
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_fuel(Some(FUEL));
        // Debug mode is what names the undefined value in an error; it costs nothing until there is one.
        environment.set_debug(true);
        filters::install(&mut environment);
        let context = context! { values => Value::from(Serde(values)) };
        Ok(Skeleton { name, values, context, environment })
    }

    /// The rendered path, or nothing if one of its segments renders to nothing.
    fn path(&self, source: &str) -> Result<Option<String>> {
        let mut path = String::with_capacity(source.len());
        // A name on disk holds no `/`, so no tag reaches over one.
        for (number, segment) in source.split('/').enumerate() {
            if number > 0 {
                path.push('/');
            }
            if is_template(segment) {
                let start = path.len();
                let bytes = self.text(source, segment, true)?;
                path.push_str(&String::from_utf8_lossy(&bytes));
                if path.len() == start {
                    return Ok(None);
                }
            } else {
                path.push_str(segment);
            }
        }
        match repository_path::check(&path) {
            Ok(()) => Ok(Some(path)),
            Err(problem) => Err(self.refuse_path(source, &path, &problem)),
        }
    }

    fn contents(&self, file: &SourceFile) -> Result<Vec<u8>> {
        match std::str::from_utf8(&file.bytes) {
            Ok(text) if is_template(text) && !text.contains('\0') => self.text(&file.path, text, false),
            _ => Ok(file.bytes.to_vec()),
        }
    }

    fn text(&self, source: &str, text: &str, in_path: bool) -> Result<Vec<u8>> {
        // The template engine panics on some expressions, such as ""[::-1]; skeletons are written by others.
        let rendered = catch_unwind(AssertUnwindSafe(|| self.rendered(source, text, in_path)));
        rendered.unwrap_or_else(|_| {
            let message = format!("{source}: the template engine fails on an expression of it");
            Err(Error::invalid("idp::template::render", message)
                .help("look for a text that is cut or reversed while it is empty")
                .at(self.place(source)))
        })
    }

    fn rendered(&self, source: &str, text: &str, in_path: bool) -> Result<Vec<u8>> {
        let template = self
            .environment
            .template_from_named_str(source, text)
            .map_err(|error| self.explain(source, text, in_path, &error))?;
        let mut out = Bounded { bytes: Vec::with_capacity(text.len()), full: false };
        match template.render_captured_to(&self.context, &mut out) {
            Ok(_) => Ok(out.bytes),
            Err(_) if out.full => {
                let message = format!("{source} renders to more than {} MiB", FILE_LIMIT >> 20);
                Err(Error::invalid("idp::template::limit", message).at(self.place(source)))
            }
            Err(error) => Err(self.explain(source, text, in_path, &error)),
        }
    }

    /// Dresses an error of the template engine: our code, the place, and what to do.
    fn explain(&self, source: &str, text: &str, in_path: bool, error: &minijinja::Error) -> Error {
        let place = match error.line() {
            // The lines of a name are not lines of the file.
            Some(line) if !in_path => Place::at(self.place(source).file, line, column(text, error)),
            _ => self.place(source),
        };
        let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
        let at = match place.line {
            _ if in_path => format!("the name {source}"),
            0 => source.to_owned(),
            line => format!("{source}, line {line}"),
        };
        match error.kind() {
            ErrorKind::OutOfFuel => {
                let message = format!("{at}: the template takes more than {FUEL} steps");
                Error::invalid("idp::template::limit", message).help("look for a loop over a very long range")
            }
            ErrorKind::SyntaxError | ErrorKind::BadEscape => {
                Error::invalid("idp::template::syntax", format!("{at}: {detail}")).help(
                    "text that only looks like a template goes between {% raw %} and {% endraw %}, and ${{ alone is \
                     written ${{ '${{' }}",
                )
            }
            ErrorKind::UnknownFilter | ErrorKind::UnknownTest | ErrorKind::UnknownFunction => {
                Error::invalid("idp::template::syntax", format!("{at}: {detail}"))
                    .help("the filters are those of minijinja 3, and yaml, dump and tojson")
            }
            // An operation on an undefined value says so in brackets, whatever its own kind.
            _ => match undefined_name(text, error) {
                Some(value) => Error::invalid("idp::template::undefined", format!("{at}: {value} is not defined"))
                    .help(self.suggest(&value)),
                None => Error::invalid("idp::template::render", format!("{at}: {detail}")),
            },
        }
        .at(place)
    }

    /// What could have been meant by the undefined `wrong`: a sentence.
    fn suggest(&self, wrong: &str) -> String {
        let (parent, last) = match wrong.rsplit_once('.') {
            Some((parent, last)) => (parent, last),
            None => ("values", wrong),
        };
        let members = match parent.strip_prefix("values") {
            Some("") => self.values.as_object(),
            Some(rest) => self.values.pointer(&rest.replace('.', "/")).and_then(Json::as_object),
            None => None,
        };
        let Some(members) = members else {
            return format!("where it may be missing, write {wrong} | default('')");
        };
        match nearest(last, members.keys().map(String::as_str)) {
            Some(name) => format!("did you mean {parent}.{name}?"),
            None => {
                let mut names: Vec<&str> = members.keys().map(String::as_str).collect();
                names.sort_unstable();
                format!("{parent} has: {}", names.join(", "))
            }
        }
    }

    fn refuse_path(&self, source: &str, path: &str, problem: &str) -> Error {
        Error::invalid("idp::template::path", format!("{source} renders to the path {path:?}, {problem}"))
            .help("paths of a skeleton stay inside the repository: look at the values that its name is made of")
            .at(self.place(source))
    }

    fn place(&self, source: &str) -> Place {
        Place::file(format!("{}/{source}", self.name))
    }
}

/// Whether there is anything to render; most files of a skeleton are plain text.
fn is_template(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().any(|(at, byte)| {
        *byte == b'{'
            && match bytes.get(at + 1) {
                Some(b'%' | b'#') => true,
                Some(b'{') => at > 0 && bytes[at - 1] == b'$',
                _ => false,
            }
    })
}

/// The 1-based column, in characters, of what an error points at; 0 if it points at a line only.
fn column(text: &str, error: &minijinja::Error) -> usize {
    let Some(before) = error.range().and_then(|range| text.get(..range.start)) else { return 0 };
    let line = before.rsplit('\n').next().unwrap_or(before);
    line.chars().count() + 1
}

/// The undefined value that an error is about, e.g. `values.onwer`.
fn undefined_name(text: &str, error: &minijinja::Error) -> Option<String> {
    // The engine writes "`values.onwer` is undefined", alone or after a detail of the operation.
    let named = error.detail().and_then(|detail| {
        let (before, _) = detail.split_once("` is undefined")?;
        before.rsplit('`').next().map(str::to_owned)
    });
    let spanned = || {
        let expression = text.get(error.range()?)?.trim();
        Some(if expression.is_empty() { "a value".to_owned() } else { expression.to_owned() })
    };
    named.or_else(|| if error.kind() == ErrorKind::UndefinedError { spanned() } else { None })
}

/// A buffer that refuses to grow beyond [`FILE_LIMIT`].
struct Bounded {
    bytes: Vec<u8>,
    full: bool,
}

impl Write for Bounded {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + more.len() > FILE_LIMIT {
            self.full = true;
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        self.bytes.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
