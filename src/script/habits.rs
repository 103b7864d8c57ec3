//! What authors write out of habit from other languages, and how scripts say it. Called by `syntax`, `calls` and the
//! static checks.

use rhai::{LexError, ParseErrorType, Position};

/// Words of other languages at which the compiler stops.
const WORDS: &[(&[&str], &str)] = &[
    (&["function", "def", "func", "fun", "sub", "proc"], "functions are defined with `fn`: `fn run(p) { ... }`"),
    (&["lambda"], "a function without a name is `|x| ...`, called as `f.call(1)`"),
    (&["var", "auto", "my", "local"], "variables are declared with `let`: `let name = ...;`"),
    (
        &["null", "nil", "None", "undefined", "NULL"],
        "a value that is missing is `()`; `value ?? otherwise` puts another in its place",
    ),
    (&["True", "TRUE"], "it is written `true`"),
    (&["False", "FALSE"], "it is written `false`"),
    (&["elif", "elsif", "elseif", "elsef"], "it is written `else if ... { ... }`"),
    (&["and"], "it is written `&&`"),
    (&["or"], "it is written `||`"),
    (&["not"], "it is written `!`: `if !done { ... }`"),
    (&["then", "do", "begin"], BLOCK),
    (&["unless"], "write `if !(...) { ... }`"),
    (&["foreach"], LOOP),
    (&["except", "rescue"], "errors are caught with `catch`: `try { ... } catch (e) { ... }`"),
    (&["raise"], "errors are thrown with `throw`, or with `fail(message, help)`"),
    (&["from", "use", "using", "require", "include", "source"], IMPORT),
    (&["echo", "console", "puts", "printf", "fmt", "System"], "texts are shown with `print(text)`"),
    (&["new"], "values are made by calls: `repo(\"name\")`, `manifest(#{ ... })`"),
    (
        &["async", "await"],
        "nothing is awaited: a call returns once it is done; `parallel` works on several items at once",
    ),
    (&["match", "case"], "it is written `switch value { 1 => ..., _ => ... }`"),
    (&["class", "struct", "interface", "enum"], "there are no types to define: data are maps, `#{ name: \"api\" }`"),
];

const BLOCK: &str = "what depends on it stands in braces, even one statement: `if a > b { ... }`";
const LOOP: &str = "loops go through lists and ranges: `for item in list { ... }`, `for i in 0..3 { ... }`";
const IMPORT: &str = "modules are imported by a text, with a name: `import \"std/naming\" as naming;`";
const TYPES: &str = "types aren't written down: `let name = ...;`, `fn size(of) { ... }`";
const MAP: &str = "a map begins with `#{`: `#{ name: \"api\" }`";
const CLOSURE: &str = "a function without a name is `|x| x + 1`";

/// Functions and methods of other languages.
const FUNCTIONS: &[(&[&str], &str)] = &[
    (&["str", "String", "toString"], "a text of a value is `value.to_string()`, or `${value}` in backticks"),
    (&["int", "Int", "parseInt"], "a number of a text is `parse_int(text)`"),
    (&["float", "parseFloat"], "a number of a text is `parse_float(text)`"),
    (&["printf", "sprintf", "format", "echo", "puts"], "put values into a text in backticks: `it is ${value}`"),
    (&["forEach", "foreach", "each"], LOOP),
    (&["length", "size", "count"], "it is `list.len`"),
    (&["includes", "has", "include"], "it is `contains`"),
    (&["strip"], "it is `trim`"),
    (&["lower", "toLowerCase", "downcase"], "it is `to_lower`"),
    (&["upper", "toUpperCase", "upcase"], "it is `to_upper`"),
    (&["typeof", "type"], "it is `type_of(value)`"),
];

fn advice(table: &[(&[&str], &'static str)], word: &str) -> Option<&'static str> {
    table.iter().find(|(words, _)| words.contains(&word)).map(|(_, advice)| *advice)
}

/// How scripts say what a function or method of another language does.
pub fn of_function(name: &str) -> Option<&'static str> {
    advice(FUNCTIONS, name)
}

/// The same for a call of a function that is there, with arguments that it doesn't take.
pub fn of_arguments(name: &str, arguments: usize) -> Option<&'static str> {
    match (name, arguments) {
        ("print", 2..) => advice(FUNCTIONS, "format"),
        ("int" | "float", _) => advice(FUNCTIONS, name),
        ("range", 1) => Some("a range is `0..3`; with its last number, `1..=3`"),
        _ => None,
    }
}

/// The message and the help for a mistake that is a habit, at the place where the compiler stopped.
pub fn of_syntax(error: &ParseErrorType, text: &str, at: Position) -> Option<(String, String)> {
    use ParseErrorType::*;
    let (before, after) = around(text, at).unwrap_or_default();
    let here = word(after);
    let said = |message: &str, help: &str| Some((message.to_string(), help.to_string()));
    let next = after.get(here.len()..).unwrap_or_default().trim_start();
    match error {
        BadInput(LexError::MalformedChar(text)) => Some((
            "a text stands in double quotes or backticks".into(),
            format!("write `\"{text}\"`; in single quotes stands a single character"),
        )),
        BadInput(LexError::ImproperSymbol(symbol, _)) if symbol == "===" || symbol == "!==" => Some((
            format!("`{symbol}` means nothing in a script"),
            "values are compared with `==` and `!=`, which mind their types".into(),
        )),
        UnknownOperator(operator) if operator == "++" || operator == "--" => Some((
            format!("there is no operator `{operator}`"),
            format!("write `{0} {1}= 1;`", last_word(before), &operator[..1]),
        )),
        UnknownOperator(operator) if operator == "?" => {
            said("there is no operator `?`", "`if` has a value: `let size = if big { 3 } else { 1 };`")
        }
        Reserved(symbol) if symbol == "#" => {
            said("`#` means nothing in a script", "comments begin with `//`; a map with `#{`")
        }
        // Words may be keys of maps, and then they are meant as they are.
        Reserved(word) if !next.starts_with(':') => {
            Some((format!("`{word}` is a reserved word"), advice(WORDS, word)?.into()))
        }
        VariableUndefined(name) => {
            let message = format!("there is no variable `{name}`");
            let open = before.trim_end();
            let help = if after.get(name.len()..).is_some_and(|rest| rest.starts_with(['"', '`'])) && name.len() == 1 {
                "a text with values in it stands in backticks: `Hello ${name}`"
            } else if next.starts_with(':') && !next.starts_with("::") && open.ends_with(['{', ',']) {
                MAP
            } else if (next.starts_with("=>") || next.starts_with(") =>")) && open.ends_with(['=', '(']) {
                CLOSURE
            } else if open.starts_with("import") {
                IMPORT
            } else {
                advice(WORDS, name)?
            };
            Some((message, help.into()))
        }
        ModuleUndefined(name) => {
            let path = text.lines().find_map(|line| {
                let path = line.trim().strip_prefix("import \"")?.split('"').next()?;
                (path.rsplit('/').next() == Some(name)).then_some(path)
            })?;
            let help = format!("give the import its name: `import \"{path}\" as {name};`");
            Some((format!("nothing is imported as `{name}`"), help))
        }
        VariableExpected if before.trim_end().ends_with('(') && here == "let" => {
            said("`for` doesn't count like this", LOOP)
        }
        MissingToken(token, _) if token == "in" && after.starts_with(',') => said(
            "`in` is missing after the name of the item",
            "a second name, which counts, stands in parentheses with the first: `for (item, number) in list { ... }`",
        ),
        PropertyExpected if after.starts_with(['"', '`']) => said(
            "the name of a field is missing behind the dot",
            "texts are put together with `+`, or as `${...}` in backticks",
        ),
        FnMissingBody(name) if after.starts_with("->") => {
            Some((format!("the body of `{name}` is missing"), TYPES.into()))
        }
        MissingToken(token, _) => {
            let message = format!("`{token}` is missing here");
            if let Some(help) = advice(WORDS, here) {
                return Some((message, help.into()));
            }
            let help = match token.as_str() {
                "{" => BLOCK,
                ";" if before.trim_end().ends_with("let mut") => "every variable can change: `let name = ...;`",
                ";" if after.starts_with(':') && before.trim_end().ends_with(['"', '`']) => MAP,
                ";" | "," if after.starts_with(':') => TYPES,
                _ => return None,
            };
            Some((message, help.into()))
        }
        _ => None,
    }
}

/// The line at a position, before and from there on.
fn around(text: &str, at: Position) -> Option<(&str, &str)> {
    let line = text.lines().nth(at.line()?.checked_sub(1)?)?;
    let column = at.position().unwrap_or(1).saturating_sub(1);
    let byte = line.char_indices().nth(column).map_or(line.len(), |(byte, _)| byte);
    Some(line.split_at(byte))
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

fn last_word(text: &str) -> &str {
    let text = text.trim_end();
    let start = text.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + 1);
    text.get(start..).filter(|word| !word.is_empty()).unwrap_or("count")
}
