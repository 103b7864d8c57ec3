//! What Argo CD's ApplicationSets have beside sprig, what they leave out of it, and how they tell errors.

use super::functions::{Call, Done, Function, Type};
use super::limits::Fault;
use super::strconv::to_lower;
use super::value::Value;
use super::{Data, Limits, Options, Template, TemplateError, yaml};

use serde_json::Value as Json;

/// Functions of sprig that would tell of the controller's machine.
pub(super) const LEFT_OUT: &[&str] = &["env", "expandenv", "getHostByName"];

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("normalize", &[Type::Str], |call| Ok(normalize(&call.str(0)).into())),
    Function::variadic("slugify", &[], Type::Any, slugify),
    Function::new("toYaml", &[Type::Any], |call| {
        let text = yaml::to_yaml(&call.any(0).clone(), call.budget)?;
        Ok(Value::str(text.strip_suffix('\n').unwrap_or(&text)))
    }),
    Function::new("fromYaml", &[Type::Str], |call| match yaml::from_yaml(&call.str(0), call.budget)? {
        Json::Null => Ok(Value::Map(super::value::Map::any(Default::default()))),
        map @ Json::Object(_) => Ok(yaml::from_json(&map)),
        other => Err(unmarshal(&other, "map[string]interface {}")),
    }),
    Function::new("fromYamlArray", &[Type::Str], |call| match yaml::from_yaml(&call.str(0), call.budget)? {
        Json::Null => Ok(Value::list(Vec::new())),
        list @ Json::Array(_) => Ok(yaml::from_json(&list)),
        other => Err(unmarshal(&other, "[]interface {}")),
    }),
];

/// The most signs that a name of DNS has.
const LONGEST_NAME: usize = 253;

fn unmarshal(json: &Json, wanted: &str) -> Fault {
    let is = match json {
        Json::Null => "null",
        Json::Bool(_) => "bool",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    };
    let message = "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal";
    format!("{message} {is} into Go value of type {wanted}").into()
}

/// A name that DNS takes, nearly: what it doesn't take becomes a dash.
pub fn normalize(name: &str) -> String {
    let lower = name.chars().map(to_lower);
    let fits = |c: &char| matches!(c, '-' | '.' | 'a'..='z' | '0'..='9');
    let plain: String = lower.map(|c| if fits(&c) { c } else { '-' }).take(LONGEST_NAME).collect();
    plain.trim_matches(['-', '.']).to_owned()
}

/// `slugify [length [whole words]] name`
fn slugify(call: &mut Call<'_>) -> Done {
    let (mut longest, mut whole_words, mut name) = (50, true, String::new());
    let last = call.count().saturating_sub(1);
    for position in 0..call.count() {
        match (position, call.any(position)) {
            (position, Value::Str(text)) if position == last => name = text.to_string(),
            (position, other) if position == last => return Err(conversion(other, "string")),
            (0, Value::Int(length)) => longest = *length,
            (0, other) => return Err(conversion(other, "int")),
            (1, Value::Bool(smart)) => whole_words = *smart,
            (1, other) => return Err(conversion(other, "bool")),
            _ => {}
        }
    }
    slug(&normalize(&name), longest, whole_words).map(Value::from)
}

fn conversion(value: &Value, wanted: &str) -> Fault {
    let is = if let Value::Nil = value { "nil" } else { value.type_name() };
    format!("interface conversion: interface {{}} is {is}, not {wanted}").into()
}

/// A branch as a label of DNS, at most 50 signs of it, by the rules of gosimple/slug. Letters with a mark lose it; what
/// isn't of a Latin script is left out.
pub fn branch_slug(branch: &str) -> String {
    let mut plain = String::with_capacity(branch.len());
    for c in branch.trim().chars() {
        match c {
            '_' => plain.push('-'),
            '"' | '\'' | '’' => {}
            '‒' | '–' | '—' | '―' => plain.push('-'),
            '&' => plain.push_str("and"),
            '@' => plain.push_str("at"),
            c if c.is_ascii() => plain.push(c.to_ascii_lowercase()),
            c => plain.push_str(unaccented(c)),
        }
    }
    slug(&plain, LONGEST_SLUG, true).unwrap_or_default()
}

/// The most signs of a branch's slug, which leaves room for a name around it.
const LONGEST_SLUG: i64 = 50;

/// A letter without its mark, as unidecode has it; nothing for letters of other scripts.
fn unaccented(c: char) -> &'static str {
    match c {
        'à'..='å' | 'À'..='Å' | 'ā' | 'ă' | 'ą' | 'Ā' | 'Ă' | 'Ą' => "a",
        'æ' | 'Æ' => "ae",
        'ç' | 'Ç' | 'ć' | 'č' | 'Ć' | 'Č' => "c",
        'ď' | 'Ď' | 'đ' | 'Đ' | 'ð' | 'Ð' => "d",
        'è'..='ë' | 'È'..='Ë' | 'ē' | 'ė' | 'ę' | 'ě' | 'Ē' | 'Ė' | 'Ę' | 'Ě' => "e",
        'ğ' | 'Ğ' => "g",
        'ì'..='ï' | 'Ì'..='Ï' | 'ī' | 'į' | 'ı' | 'Ī' | 'Į' | 'İ' => "i",
        'ł' | 'Ł' => "l",
        'ñ' | 'Ñ' | 'ń' | 'ň' | 'Ń' | 'Ň' => "n",
        'ò'..='ö' | 'ø' | 'Ò'..='Ö' | 'Ø' | 'ō' | 'ő' | 'Ō' | 'Ő' => "o",
        'œ' | 'Œ' => "oe",
        'ř' | 'Ř' => "r",
        'ß' => "ss",
        'ś' | 'ş' | 'š' | 'ș' | 'Ś' | 'Ş' | 'Š' | 'Ș' => "s",
        'ţ' | 'ť' | 'ț' | 'Ţ' | 'Ť' | 'Ț' => "t",
        'þ' | 'Þ' => "th",
        'ù'..='ü' | 'Ù'..='Ü' | 'ū' | 'ů' | 'ű' | 'ų' | 'Ū' | 'Ů' | 'Ű' | 'Ų' => "u",
        'ý' | 'ÿ' | 'Ý' | 'Ÿ' => "y",
        'ź' | 'ż' | 'ž' | 'Ź' | 'Ż' | 'Ž' => "z",
        _ => "",
    }
}

/// Words between single dashes, by the rules of gosimple/slug for what `normalize` leaves.
fn slug(name: &str, longest: i64, whole_words: bool) -> Result<String, Fault> {
    let mut text = name;
    if !whole_words && i64::try_from(text.len()).is_ok_and(|length| length >= longest) {
        let end = usize::try_from(longest).ok();
        let message = || format!("runtime error: slice bounds out of range [:{longest}]");
        text = end.and_then(|end| text.get(..end)).ok_or_else(message)?;
    }
    let mut slug = String::with_capacity(text.len());
    for c in text.chars() {
        let c = if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
        if c != '-' || !slug.ends_with('-') {
            slug.push(c);
        }
    }
    let slug = slug.trim_matches(['-', '_']);
    let longest = usize::try_from(longest).unwrap_or(0);
    if longest == 0 || !whole_words || slug.len() <= longest {
        return Ok(slug.to_owned());
    }
    let end = slug[..=longest].rfind('-').unwrap_or(longest);
    Ok(slug[..end].to_owned())
}

/// Renders a field of an ApplicationSet, as its controller does with `goTemplate: true`.
///
/// # Errors
/// In the controller's words, with the text of the template.
pub fn render(text: &str, data: &Data, options: &Options, limits: &Limits) -> Result<String, TemplateError> {
    rendered(&parse(text, options)?, data, limits)
}

/// Reads a field of an ApplicationSet.
///
/// # Errors
/// In the controller's words, with the text of the template.
pub fn parse(text: &str, options: &Options) -> Result<Template, TemplateError> {
    Template::parse("base", text, options).map_err(|error| told("parse", text, error))
}

/// Renders a field that was read.
///
/// # Errors
/// In the controller's words, with the text of the template.
pub fn rendered(template: &Template, data: &Data, limits: &Limits) -> Result<String, TemplateError> {
    template.render(data, limits).map_err(|error| told("execute go", &template.text, error))
}

fn told(what: &str, text: &str, mut error: TemplateError) -> TemplateError {
    error.message = format!("failed to {what} template {text}: {}", error.message);
    error
}
