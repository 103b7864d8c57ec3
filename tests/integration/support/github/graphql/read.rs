//! Reads the language of <https://spec.graphql.org/October2021/> as far as clients of GitHub write it: no directives.

use std::collections::HashMap;

use serde_json::Value;

use super::{Argument, Field, Operation, Selection};

/// The one operation of a document.
pub fn read(text: &str) -> Result<Operation, String> {
    let tokens = tokens(text)?;
    let mut reader = Reader { tokens: &tokens, at: 0 };
    let mut operation = None;
    let mut fragments = HashMap::new();
    while !reader.done() {
        match reader.peek() {
            "fragment" => {
                reader.next()?;
                let name = reader.next()?.to_owned();
                reader.expect("on")?;
                let on = reader.next()?.to_owned();
                let selections = reader.selections()?;
                fragments.insert(name, (on, selections));
            }
            _ if operation.is_some() => return Err("more than one operation".into()),
            _ => operation = Some(reader.operation()?),
        }
    }
    let mut operation = operation.ok_or("no operation")?;
    place(&mut operation.selections, &fragments, 0)?;
    Ok(operation)
}

type Fragments = HashMap<String, (String, Vec<Selection>)>;

/// Puts fragments where they are named: until then they are `On("...name")`.
fn place(selections: &mut [Selection], fragments: &Fragments, depth: usize) -> Result<(), String> {
    if depth > 50 {
        return Err("fragments name each other".into());
    }
    for selection in selections {
        match selection {
            Selection::Field(field) => place(&mut field.selections, fragments, depth + 1)?,
            Selection::On(on, inner) => {
                if let Some(name) = on.strip_prefix("...") {
                    let found = fragments.get(name).ok_or(format!("there is no fragment {name}"))?;
                    (*on, *inner) = found.clone();
                }
                place(inner, fragments, depth + 1)?;
            }
        }
    }
    Ok(())
}

struct Reader<'a> {
    tokens: &'a [String],
    at: usize,
}

impl<'a> Reader<'a> {
    fn done(&self) -> bool {
        self.at >= self.tokens.len()
    }

    fn peek(&self) -> &'a str {
        self.tokens.get(self.at).map_or("", String::as_str)
    }

    fn next(&mut self) -> Result<&'a str, String> {
        let token = self.tokens.get(self.at).ok_or("the query ends too early")?;
        self.at += 1;
        Ok(token)
    }

    fn takes(&mut self, token: &str) -> bool {
        let takes = self.peek() == token;
        self.at += usize::from(takes);
        takes
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        match self.next()? {
            found if found == token => Ok(()),
            found => Err(format!("expected `{token}`, found `{found}`")),
        }
    }

    fn operation(&mut self) -> Result<Operation, String> {
        let mut operation = Operation::default();
        if self.peek() != "{" {
            operation.mutation = match self.next()? {
                "query" => false,
                "mutation" => true,
                other => return Err(format!("`{other}` is no operation")),
            };
            if !["(", "{"].contains(&self.peek()) {
                self.next()?;
            }
            if self.takes("(") {
                while !self.takes(")") {
                    self.expect("$")?;
                    let name = self.next()?.to_owned();
                    self.expect(":")?;
                    operation.variables.push((name, self.kind()?));
                    if self.takes("=") {
                        return Err("defaults of variables aren't read".into());
                    }
                }
            }
        }
        operation.selections = self.selections()?;
        Ok(operation)
    }

    fn kind(&mut self) -> Result<String, String> {
        let mut kind = if self.takes("[") {
            let inner = self.kind()?;
            self.expect("]")?;
            format!("[{inner}]")
        } else {
            self.next()?.to_owned()
        };
        if self.takes("!") {
            kind.push('!');
        }
        Ok(kind)
    }

    fn selections(&mut self) -> Result<Vec<Selection>, String> {
        self.expect("{")?;
        let mut selections = Vec::new();
        while !self.takes("}") {
            if self.takes("...") {
                let selection = if self.takes("on") {
                    let on = self.next()?.to_owned();
                    Selection::On(on, self.selections()?)
                } else {
                    Selection::On(format!("...{}", self.next()?), Vec::new())
                };
                selections.push(selection);
                continue;
            }
            let alias = self.next()?.to_owned();
            let name = if self.takes(":") { self.next()?.to_owned() } else { alias.clone() };
            let mut field = Field { alias, name, arguments: Vec::new(), selections: Vec::new() };
            if self.takes("(") {
                field.arguments = self.pairs(")")?;
            }
            if self.peek() == "{" {
                field.selections = self.selections()?;
            }
            selections.push(Selection::Field(field));
        }
        Ok(selections)
    }

    fn pairs(&mut self, end: &str) -> Result<Vec<(String, Argument)>, String> {
        let mut pairs = Vec::new();
        while !self.takes(end) {
            let name = self.next()?.to_owned();
            self.expect(":")?;
            pairs.push((name, self.argument()?));
        }
        Ok(pairs)
    }

    fn argument(&mut self) -> Result<Argument, String> {
        match self.next()? {
            "$" => Ok(Argument::Variable(self.next()?.to_owned())),
            "{" => Ok(Argument::Map(self.pairs("}")?)),
            "[" => {
                let mut list = Vec::new();
                while !self.takes("]") {
                    list.push(self.argument()?);
                }
                Ok(Argument::List(list))
            }
            token if token.starts_with(['"', '-']) || token.starts_with(|char: char| char.is_ascii_digit()) => {
                let value: Value = serde_json::from_str(token).map_err(|error| format!("{token}: {error}"))?;
                Ok(Argument::Plain(value))
            }
            token => Ok(Argument::Word(token.to_owned())),
        }
    }
}

/// Words, numbers, texts with their quotes, and signs; commas mean nothing.
fn tokens(text: &str) -> Result<Vec<String>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            ',' => {
                rest = rest[1..].trim_start();
                continue;
            }
            '#' => {
                rest = rest.find('\n').map_or("", |end| &rest[end..]).trim_start();
                continue;
            }
            '"' => {
                let mut escaped = false;
                let end = rest[1..].find(|char| {
                    let ends = char == '"' && !escaped;
                    escaped = char == '\\' && !escaped;
                    ends
                });
                end.ok_or("a text has no end")? + 2
            }
            _ if rest.starts_with("...") => 3,
            char if char.is_ascii_alphanumeric() || char == '_' || char == '-' => {
                let word = |char: char| char.is_ascii_alphanumeric() || "_-.".contains(char);
                rest.find(|char| !word(char)).unwrap_or(rest.len())
            }
            char if "{}()[]:!$=".contains(char) => 1,
            '@' => return Err("directives aren't read".into()),
            char => return Err(format!("`{char}` is no part of a query")),
        };
        tokens.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}
