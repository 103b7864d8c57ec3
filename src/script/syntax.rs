//! What the compiler refuses, in words for authors: what is wrong, and what would be right. Called by `diagnose` and
//! by the static checks.

use rhai::{LexError, ParseErrorType, Position};

use super::habits;
use crate::error::{Error, nearest};

/// The error for a mistake that the compiler found in a text.
pub fn explain(error: &ParseErrorType, text: &str, at: Position) -> Error {
    let (message, help) = habits::of_syntax(error, text, at).unwrap_or_else(|| plainly(error, text));
    let help = if help.is_empty() { "docs/scripts.md tells how scripts are written".to_string() } else { help };
    Error::invalid("idp::script::syntax", message).help(help)
}

/// The message and the help for a mistake, without a look at its surroundings; the help may be empty.
fn plainly(error: &ParseErrorType, text: &str) -> (String, String) {
    use ParseErrorType::*;
    match error {
        VariableUndefined(name) => (format!("there is no variable `{name}`"), undefined(name, text)),
        ModuleUndefined(name) => (
            format!("nothing is imported as `{name}`"),
            format!("import it at the top: `import \"std/...\" as {name};`"),
        ),
        Reserved(word) if word.starts_with(|c: char| c.is_alphabetic()) => (
            format!("`{word}` is a reserved word"),
            format!("choose another name; as the key of a map, put it in quotes: `\"{word}\": ...`"),
        ),
        Reserved(symbol) => (format!("`{symbol}` means nothing in a script"), String::new()),
        MissingToken(token, _) if token == ";" => (
            "`;` is missing at the end of a statement".to_string(),
            "put it before this place; look at the line above, too".to_string(),
        ),
        MissingToken(token, what) => {
            let help = match token.as_str() {
                "}" => "a `{` before this place isn't closed",
                ")" => "a `(` before this place isn't closed, or a comma is missing",
                _ => "look at the line above, too",
            };
            (format!("`{token}` is missing {what}"), help.to_string())
        }
        BadInput(LexError::ImproperSymbol(symbol, _)) if symbol == "=" => {
            ("`=` gives a variable its value; it doesn't compare".to_string(), "to compare, write `==`".to_string())
        }
        MismatchedType(wanted, found) if wanted.contains("iterable") => (
            format!("`for` can't go through {}", plain(found)),
            "it goes through lists and ranges; through the keys of a map with `map.keys()`".to_string(),
        ),
        MismatchedType(wanted, found) => {
            (format!("{} is needed here, not {}", plain(wanted), plain(found)), String::new())
        }
        BadInput(LexError::UnterminatedString) | UnexpectedEOF => (
            "the script ends in the middle of something".to_string(),
            "a text or a bracket that is opened before isn't closed; a text over several lines stands in backticks"
                .to_string(),
        ),
        AssignmentToConstant(name) => (
            format!("`{name}` is a constant: it keeps its value"),
            format!("declare it with `let`: `let {name} = ...;`"),
        ),
        AssignmentToInvalidLHS(_) => (
            "what stands before `=` can't be given a value".to_string(),
            "a variable, a field or an element can: `name`, `map.field`, `list[0]`".to_string(),
        ),
        FnDuplicatedDefinition(name, parameters) => (
            format!("the function `{name}` with {parameters} parameters is defined twice"),
            "give one of them another name".to_string(),
        ),
        FnDuplicatedParam(_, name) => (format!("two parameters are called `{name}`"), String::new()),
        DuplicatedProperty(key) => (format!("the map has the key `{key}` twice"), "remove one of them".to_string()),
        WrongFnDefinition => (
            "a function can't be defined within a block or another function".to_string(),
            "move it to the top level, or use a closure: `let f = |x| ...;`, called as `f.call(1)`".to_string(),
        ),
        WrongDocComment => (
            "a `///` comment describes the function below it, and there is none".to_string(),
            "other comments begin with `//`".to_string(),
        ),
        PropertyExpected => ("the name of a field is missing behind the dot".to_string(), String::new()),
        VariableExpected => ("a name is missing here".to_string(), String::new()),
        ExprExpected(_) => ("a value is missing here".to_string(), "look at the line above, too".to_string()),
        LoopBreak => ("`break` and `continue` stand in loops only".to_string(), String::new()),
        UnknownOperator(operator) => (format!("there is no operator `{operator}`"), String::new()),
        other => (lower(&other.to_string()), String::new()),
    }
}

/// What to do about a name that isn't there.
fn undefined(name: &str, text: &str) -> String {
    let declared = |word: &str| {
        let mut lines = text.lines().filter_map(|line| line.strip_prefix("export ").unwrap_or(line).strip_prefix(word));
        lines.any(|rest| word_at(rest.trim_start()) == name)
    };
    if declared("const ") {
        return format!("it is a constant of the top level: in functions write `global::{name}`");
    }
    if declared("let ") {
        return format!(
            "functions don't see variables of the top level: hand it over as an argument, or make it a constant and write `global::{name}`"
        );
    }
    if !super::check::is_free(name) {
        return format!("it is a function: call it, `{name}(...)`");
    }
    match nearest(name, names(text)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "declare it with `let`; functions see their parameters and their own variables only".to_string(),
    }
}

/// What a text declares: variables, and parameters of functions and closures.
fn names(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for word in ["let ", "const ", "for "] {
        found.extend(text.split(word).skip(1).map(|rest| word_at(rest.trim_start())));
    }
    for (open, close) in [("fn ", ')'), ("|", '|')] {
        for rest in text.split(open).skip(1) {
            let list = rest.split(close).next().unwrap_or_default();
            let list = if open == "fn " { list.split_once('(').map_or("", |(_, list)| list) } else { list };
            found.extend(list.split(',').map(|part| word_at(part.trim())));
        }
    }
    // What stands between two closures isn't a list of parameters, and may begin with anything.
    found.retain(|name| name.starts_with(|c: char| c.is_alphabetic() || c == '_'));
    found
}

fn word_at(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// The compiler's words for types, as authors know them.
fn plain(words: &str) -> String {
    words
        .replace("a boolean expression", "true or false")
        .replace("a string", "a text")
        .replace("an array", "a list")
        .replace("an object map", "a map")
        .replace("a numeric value", "a number")
}

/// A sentence as part of another.
pub fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_text_are_found() {
        let text = "let service = 1;\nfn f(one, two) { |three| 1 }\nfor four in [] {}\n";
        let mut found = names(text);
        found.sort_unstable();
        assert_eq!(found, ["four", "one", "service", "three", "two"]);
    }

    #[test]
    fn constants_are_told_from_variables() {
        assert!(undefined("A", "const A = 1;\nfn f() { A }").contains("global::A"));
        assert!(undefined("a", "let a = 1;\nfn f() { a }").contains("hand it over"));
        assert_eq!(undefined("servcie", "fn f(service) { servcie }"), "did you mean `service`?");
        assert_eq!(undefined("environments", ""), "it is a function: call it, `environments(...)`");
    }
}
