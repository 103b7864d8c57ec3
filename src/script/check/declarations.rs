//! What scripts declare with `policy(id, #{ ... })`, as far as it is written down. Rules about policies ask.

use super::facts::{Call, Key, Value};
use super::script::Checked;

/// One declaration.
pub struct Policy<'a> {
    /// The call.
    pub call: &'a Call,
    /// Its id, where it is written as a text.
    pub id: Option<&'a str>,
    keys: &'a [Key],
}

/// All of a script whose fields are written as a map.
pub fn of(checked: &Checked) -> Vec<Policy<'_>> {
    if checked.knows("policy") {
        return Vec::new();
    }
    let calls = checked.facts.calls.iter().filter(|call| {
        call.name == "policy" && call.on.is_none() && call.namespace.is_none() && call.arguments.len() == 2
    });
    calls.filter_map(written).collect()
}

fn written(call: &Call) -> Option<Policy<'_>> {
    let keys = call.arguments[1].keys.as_deref()?;
    Some(Policy { call, id: call.arguments[0].text.as_deref(), keys })
}

impl<'a> Policy<'a> {
    /// A field of the declaration.
    pub fn key(&self, name: &str) -> Option<&'a Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// A field of `applies_to`.
    pub fn applies_to(&self) -> &'a [Key] {
        self.key("applies_to").and_then(|key| key.value.keys.as_deref()).unwrap_or_default()
    }

    /// The API groups that it names; `*` for what isn't written as one.
    pub fn groups(&self) -> Vec<&'a str> {
        let Some(key) = self.applies_to().iter().find(|key| key.name == "api_groups") else { return Vec::new() };
        let texts = values(&key.value).into_iter().flatten();
        texts.map(|value| value.text.as_deref().unwrap_or("*")).collect()
    }

    /// The kinds that it applies to, where all of them are written as plain texts.
    pub fn kinds(&self) -> Option<Vec<&'a str>> {
        let value = &self.applies_to().iter().find(|key| key.name == "kinds")?.value;
        let texts: Option<Vec<&str>> = values(value)?.into_iter().map(|item| item.text.as_deref()).collect();
        texts.filter(|texts| !texts.iter().any(|text| text.contains(['*', '?', '[', '{'])))
    }
}

/// A list's elements where they are written down; a value alone is a list of one.
pub fn values(value: &Value) -> Option<Vec<&Value>> {
    match (&value.items, &value.text) {
        (Some(items), _) => Some(items.iter().collect()),
        (None, Some(_)) => Some(vec![value]),
        _ => None,
    }
}
