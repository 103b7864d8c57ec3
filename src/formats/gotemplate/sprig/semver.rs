//! Versions and constraints on them, by the rules of Masterminds/semver v3.

use std::cmp::Ordering;
use std::fmt;
use std::rc::Rc;
use std::sync::OnceLock;

use regex::Regex;

use super::super::functions::{Call, Done, Function, Type};
use super::super::limits::Fault;
use super::super::value::Value;

use Type::Str;

pub static FUNCTIONS: &[Function] = &[
    Function::new("semver", &[Str], |call| Ok(Value::Version(Rc::new(Version::parse(&call.str(0))?)))),
    Function::new("semverCompare", &[Str, Str], |call| {
        call.budget.step(call.str(0).len())?;
        let constraints = constraints(&call.str(0))?;
        let version = Version::parse(&call.str(1))?;
        Ok(Value::Bool(constraints.iter().any(|all| all.iter().all(|one| one.allows(&version)))))
    }),
];

pub static METHODS: &[Function] = &[
    Function::new("Major", &[], |call| of(call, |version| Value::Uint64(version.major))),
    Function::new("Minor", &[], |call| of(call, |version| Value::Uint64(version.minor))),
    Function::new("Patch", &[], |call| of(call, |version| Value::Uint64(version.patch))),
    Function::new("Prerelease", &[], |call| of(call, |version| Value::str(&version.pre))),
    Function::new("Metadata", &[], |call| of(call, |version| Value::str(&version.metadata))),
    Function::new("Original", &[], |call| of(call, |version| Value::str(&version.original))),
    Function::new("String", &[], |call| of(call, |version| version.to_string().into())),
    Function::new("Compare", &[Type::Version], |call| compared(call, |order| Value::Int(order as i64))),
    Function::new("Equal", &[Type::Version], |call| compared(call, |order| Value::Bool(order.is_eq()))),
    Function::new("LessThan", &[Type::Version], |call| compared(call, |order| Value::Bool(order.is_lt()))),
    Function::new("LessThanEqual", &[Type::Version], |call| compared(call, |order| Value::Bool(order.is_le()))),
    Function::new("GreaterThan", &[Type::Version], |call| compared(call, |order| Value::Bool(order.is_gt()))),
    Function::new("GreaterThanEqual", &[Type::Version], |call| compared(call, |order| Value::Bool(order.is_ge()))),
    Function::new("IncPatch", &[], |call| {
        next(call, |version| {
            version.patch = if version.pre.is_empty() { version.patch.wrapping_add(1) } else { version.patch };
        })
    }),
    Function::new("IncMinor", &[], |call| {
        next(call, |version| {
            (version.minor, version.patch) = (version.minor.wrapping_add(1), 0);
        })
    }),
    Function::new("IncMajor", &[], |call| {
        next(call, |version| {
            (version.major, version.minor, version.patch) = (version.major.wrapping_add(1), 0, 0);
        })
    }),
];

/// A version, also one without minor or patch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    major: u64,
    minor: u64,
    patch: u64,
    pre: String,
    metadata: String,
    original: String,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.pre.is_empty() {
            write!(f, "-{}", self.pre)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

fn of(call: &Call<'_>, read: fn(&Version) -> Value) -> Done {
    match &call.receiver {
        Value::Version(version) => Ok(read(version)),
        _ => Ok(Value::Nil),
    }
}

fn compared(call: &Call<'_>, read: fn(Ordering) -> Value) -> Done {
    match (&call.receiver, call.version(0)) {
        (Value::Version(version), Some(other)) => Ok(read(version.compare(&other))),
        _ => Ok(Value::Nil),
    }
}

fn next(call: &Call<'_>, step: fn(&mut Version)) -> Done {
    let Value::Version(version) = &call.receiver else { return Ok(Value::Nil) };
    let mut next = Version::clone(version);
    step(&mut next);
    next.pre.clear();
    next.metadata.clear();
    next.original = format!("{}{next}", if version.original.starts_with('v') { "v" } else { "" });
    Ok(Value::Version(Rc::new(next)))
}

const PARTS: &str = r"(-([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?(\+([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?";
const OPERATORS: &str = r"=||!=|>|<|>=|=>|<=|=<|~|~>|\^";

fn number() -> String {
    format!(r"v?([0-9|x|X|\*]+)(\.[0-9|x|X|\*]+)?(\.[0-9|x|X|\*]+)?{PARTS}")
}

/// A pattern of the library, compiled once.
fn pattern(known: &'static OnceLock<Option<Regex>>, text: impl FnOnce() -> String) -> Result<&'static Regex, Fault> {
    let compiled = known.get_or_init(|| Regex::new(&text()).ok());
    compiled.as_ref().ok_or_else(|| "the pattern of versions can't be compiled".into())
}

impl Version {
    fn parse(text: &str) -> Result<Version, Fault> {
        static VERSION: OnceLock<Option<Regex>> = OnceLock::new();
        let regex = pattern(&VERSION, || format!(r"^v?([0-9]+)(\.[0-9]+)?(\.[0-9]+)?{PARTS}$"))?;
        let Some(found) = regex.captures(text) else { return Err("Invalid Semantic Version".into()) };
        let group = |index: usize| found.get(index).map_or("", |found| found.as_str());
        let segment = |index: usize| {
            let digits = group(index).trim_start_matches('.');
            if digits.is_empty() {
                return Ok(0);
            }
            let wrong = || {
                format!("Error parsing version segment: strconv.ParseUint: parsing \"{digits}\": value out of range")
            };
            digits.parse::<u64>().map_err(|_| wrong())
        };
        let version = Version {
            major: segment(1)?,
            minor: segment(2)?,
            patch: segment(3)?,
            pre: group(5).to_owned(),
            metadata: group(8).to_owned(),
            original: text.to_owned(),
        };
        let leads_with_zero =
            |part: &str| part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit());
        if version.pre.split('.').any(leads_with_zero) {
            return Err("Version segment starts with 0".into());
        }
        Ok(version)
    }

    fn compare(&self, other: &Version) -> Ordering {
        let segments = |version: &Version| (version.major, version.minor, version.patch);
        segments(self).cmp(&segments(other)).then_with(|| match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => compare_pre(&self.pre, &other.pre),
        })
    }
}

fn compare_pre(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (Some(_), None) => Ordering::Greater,
            (None, Some(_)) => Ordering::Less,
            (Some(a), Some(b)) if a == b => Ordering::Equal,
            (Some(a), Some(b)) => match (a.parse::<u64>(), b.parse::<u64>()) {
                (Ok(a), Ok(b)) if a > b => Ordering::Greater,
                (Ok(_), Ok(_)) | (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => a.cmp(b),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// One condition, `>=1.2` say.
struct Constraint {
    operator: String,
    version: Version,
    minor_open: bool,
    patch_open: bool,
    /// Whether a part of the version is open.
    open: bool,
}

/// What `||` separates, and what must hold in each.
fn constraints(text: &str) -> Result<Vec<Vec<Constraint>>, Fault> {
    static VALID: OnceLock<Option<Regex>> = OnceLock::new();
    static FIND: OnceLock<Option<Regex>> = OnceLock::new();
    static RANGE: OnceLock<Option<Regex>> = OnceLock::new();
    let number = number();
    let range =
        pattern(&RANGE, || format!(r"[\t\n\x0c\r ]*({number})[\t\n\x0c\r ]+-[\t\n\x0c\r ]+({number})[\t\n\x0c\r ]*"))?;
    let valid = pattern(&VALID, || {
        format!(r"^(\s*({OPERATORS})\s*({number})\s*)((?:\s+|,\s*)({OPERATORS})\s*({number})\s*)*$")
    })?;
    let find = pattern(&FIND, || format!(r"({OPERATORS})\s*({number})"))?;
    let mut rewritten = text.to_owned();
    for found in range.captures_iter(text) {
        let group = |index: usize| found.get(index).map_or("", |found| found.as_str());
        rewritten = rewritten.replacen(group(0), &format!(">= {}, <= {} ", group(1), group(11)), 1);
    }
    let mut any = Vec::new();
    for part in rewritten.split("||") {
        if !valid.is_match(part) {
            return Err(format!("improper constraint: {part}").into());
        }
        any.push(
            find.find_iter(part).map(|found| Constraint::parse(found.as_str())).collect::<Result<Vec<_>, Fault>>()?,
        );
    }
    Ok(any)
}

impl Constraint {
    fn parse(text: &str) -> Result<Constraint, Fault> {
        static ONE: OnceLock<Option<Regex>> = OnceLock::new();
        let regex = pattern(&ONE, || format!(r"^\s*({OPERATORS})\s*({})\s*$", number()))?;
        let Some(found) = regex.captures(text) else { return Err(format!("improper constraint: {text}").into()) };
        let group = |index: usize| found.get(index).map_or("", |found| found.as_str());
        let is_open = |part: &str| matches!(part.trim_start_matches('.'), "" | "x" | "X" | "*");
        let (mut minor_open, mut patch_open, mut open) = (false, false, false);
        let version = if is_open(group(3)) {
            open = true;
            format!("0.0.0{}", group(6))
        } else if is_open(group(4)) {
            (minor_open, open) = (true, true);
            format!("{}.0.0{}", group(3), group(6))
        } else if is_open(group(5)) {
            (patch_open, open) = (true, true);
            format!("{}{}.0{}", group(3), group(4), group(6))
        } else {
            group(2).to_owned()
        };
        let version = Version::parse(&version).map_err(|_| Fault::from("constraint Parser Error"))?;
        Ok(Constraint { operator: group(1).to_owned(), version, minor_open, patch_open, open })
    }

    fn allows(&self, version: &Version) -> bool {
        let pre_fits = version.pre.is_empty() || !self.version.pre.is_empty();
        let order = version.compare(&self.version);
        match self.operator.as_str() {
            "!=" => self.differs(version),
            _ if !pre_fits => false,
            ">" => self.is_above(version, order),
            "<" => order.is_lt(),
            ">=" | "=>" => order.is_ge(),
            "<=" | "=<" if self.open => {
                version.major <= self.version.major
                    && !(version.major == self.version.major && version.minor > self.version.minor && !self.minor_open)
            }
            "<=" | "=<" => order.is_le(),
            "~" | "~>" => self.is_near(version, order),
            "^" => self.is_compatible(version, order),
            _ if self.open => self.is_near(version, order),
            _ => order.is_eq(),
        }
    }

    fn differs(&self, version: &Version) -> bool {
        let other = &self.version;
        if !self.open {
            return version.compare(other).is_ne();
        }
        if !version.pre.is_empty() && other.pre.is_empty() {
            return false;
        }
        if other.major != version.major {
            return true;
        }
        if self.minor_open {
            return false;
        }
        if other.minor != version.minor {
            return true;
        }
        if self.patch_open {
            return !(version.pre.is_empty() && other.pre.is_empty()) && version.pre != other.pre;
        }
        other.patch != version.patch || version.compare(other).is_ne()
    }

    fn is_above(&self, version: &Version, order: Ordering) -> bool {
        let other = &self.version;
        match version.major.cmp(&other.major) {
            _ if !self.open => order.is_gt(),
            Ordering::Greater => true,
            Ordering::Less => false,
            Ordering::Equal if self.minor_open => false,
            Ordering::Equal if self.patch_open => version.minor > other.minor,
            Ordering::Equal => order.is_gt(),
        }
    }

    /// `~1.2`: the same minor version, or the same major one if only that is told.
    fn is_near(&self, version: &Version, order: Ordering) -> bool {
        let other = &self.version;
        if order.is_lt() {
            return false;
        }
        let is_zero = other.major == 0 && other.minor == 0 && other.patch == 0;
        if is_zero && !self.minor_open && !self.patch_open {
            return true;
        }
        version.major == other.major && (version.minor == other.minor || self.minor_open)
    }

    /// `^1.2`: whatever is the same up to the first part that isn't zero.
    fn is_compatible(&self, version: &Version, order: Ordering) -> bool {
        let other = &self.version;
        if order.is_lt() {
            return false;
        }
        if other.major > 0 || self.minor_open {
            return version.major == other.major;
        }
        if version.major > 0 {
            return false;
        }
        if other.minor > 0 || self.patch_open {
            return version.minor == other.minor;
        }
        version.minor == 0 && other.patch == version.patch
    }
}
