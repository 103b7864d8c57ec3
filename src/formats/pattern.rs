//! Patterns as Go reads them, for the `regex` crate. Both are RE2's children; where they differ, Go's reading is
//! written out: `\d`, `\w`, `\s` and `\b` are ASCII, a brace that repeats nothing is a brace, `[[]` is a bracket.

use std::sync::OnceLock;

use regex::Regex;

/// The most often that Go lets something be repeated.
const MOST_REPEATS: u32 = 1000;

/// A pattern, compiled when it is first needed.
#[derive(Debug)]
pub(super) struct Pattern {
    /// As the schema has it.
    pub(super) text: String,
    translated: String,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What in it Go doesn't read, and at which column.
    pub(super) fn new(text: &str) -> Result<Pattern, String> {
        let translated = translate(text)?;
        Ok(Pattern { text: text.to_string(), translated, compiled: OnceLock::new() })
    }

    /// Whether the pattern is somewhere in a text. None if it can't be compiled, being too large, say.
    pub(super) fn is_match(&self, text: &str) -> Option<bool> {
        let compiled = self.compiled.get_or_init(|| Regex::new(&self.translated).ok());
        compiled.as_ref().map(|regex| regex.is_match(text))
    }
}

/// A pattern of Go in the syntax of the `regex` crate.
///
/// # Errors
/// What Go refuses, too: backreferences, looking around, flags that it doesn't have, more than 1,000 repetitions.
pub(super) fn translate(pattern: &str) -> Result<String, String> {
    let out = String::with_capacity(pattern.len() + 16);
    let mut reader = Reader { text: pattern, at: 0, out, repeated: false };
    reader.pattern()?;
    // What is left to be found is missing brackets and the like, which both see in the same way.
    match regex_syntax::ast::parse::Parser::new().parse(&reader.out) {
        Ok(_) => Ok(reader.out),
        Err(error) => Err(error.kind().to_string()),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    out: String,
    /// Whether what was read last repeats something: repeating that again isn't allowed.
    repeated: bool,
}

/// What an escape stands for.
enum Escaped {
    Sign(char),
    /// A class, ready to stand inside brackets.
    Class(String),
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    fn wrong(&self, what: &str) -> String {
        format!("{what} at column {}", self.text[..self.at].chars().count() + 1)
    }

    fn pattern(&mut self) -> Result<(), String> {
        while let Some(c) = self.peek() {
            if self.repetition()? {
                continue;
            }
            self.repeated = false;
            match c {
                '\\' => self.escape()?,
                '[' => self.class()?,
                '(' => self.group()?,
                '{' | '}' | ']' => {
                    self.next();
                    self.literal(c);
                }
                _ => {
                    self.next();
                    self.out.push(c);
                }
            }
        }
        Ok(())
    }

    fn literal(&mut self, c: char) {
        if c.is_ascii_punctuation() {
            self.out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
        } else if c.is_control() {
            self.out.push_str(&format!("\\x{{{:x}}}", c as u32));
        } else {
            self.out.push(c);
        }
    }

    /// An escape outside brackets.
    fn escape(&mut self) -> Result<(), String> {
        for (go, ours) in [("\\b", "(?-u:\\b)"), ("\\B", "(?-u:\\B)"), ("\\A", "\\A"), ("\\z", "\\z")] {
            if self.eat(go) {
                self.out.push_str(ours);
                return Ok(());
            }
        }
        if self.eat("\\Q") {
            let (quoted, length) = match self.rest().split_once("\\E") {
                Some((quoted, _)) => (quoted, quoted.len() + 2),
                None => (self.rest(), self.rest().len()),
            };
            self.at += length;
            quoted.chars().for_each(|c| self.literal(c));
            return Ok(());
        }
        match self.escaped()? {
            Escaped::Sign(c) => self.literal(c),
            Escaped::Class(class) => self.out.push_str(&format!("[{class}]")),
        }
        Ok(())
    }

    /// An escape that means the same inside and outside of brackets.
    fn escaped(&mut self) -> Result<Escaped, String> {
        let start = self.at;
        self.next();
        let Some(c) = self.next() else { return Err(self.wrong("a backslash without anything behind it")) };
        let class = |text: &str| Ok(Escaped::Class(text.to_string()));
        match c {
            'd' => class("0-9"),
            'D' => class("[^0-9]"),
            'w' => class("0-9A-Za-z_"),
            'W' => class("[^0-9A-Za-z_]"),
            's' => class(r"\t\n\x0c\r\x20"),
            'S' => class(r"[^\t\n\x0c\r\x20]"),
            'p' | 'P' => Ok(Escaped::Class(self.property(c == 'P')?)),
            'a' => Ok(Escaped::Sign('\x07')),
            'f' => Ok(Escaped::Sign('\x0c')),
            't' => Ok(Escaped::Sign('\t')),
            'n' => Ok(Escaped::Sign('\n')),
            'r' => Ok(Escaped::Sign('\r')),
            'v' => Ok(Escaped::Sign('\x0b')),
            'x' => self.hexadecimal().map(Escaped::Sign),
            // A single digit would be a reference to a group, which neither has.
            '0'..='7' if c == '0' || self.peek().is_some_and(|next| next.is_digit(8)) => {
                let mut value = c.to_digit(8).unwrap_or_default();
                for _ in 0..2 {
                    let Some(digit) = self.peek().and_then(|next| next.to_digit(8)) else { break };
                    value = value * 8 + digit;
                    self.next();
                }
                self.sign(value).map(Escaped::Sign)
            }
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => Ok(Escaped::Sign(c)),
            c => {
                self.at = start;
                Err(self.wrong(&format!("the escape `\\{c}`, which Go doesn't have,")))
            }
        }
    }

    fn sign(&self, code: u32) -> Result<char, String> {
        char::from_u32(code).ok_or_else(|| self.wrong("a number that is no sign of Unicode"))
    }

    fn hexadecimal(&mut self) -> Result<char, String> {
        let digits = if self.eat("{") {
            let end = self.rest().find('}').ok_or_else(|| self.wrong("`{` without `}`"))?;
            let digits = &self.rest()[..end];
            self.at += end + 1;
            digits
        } else {
            let digits = self.rest().get(..2).ok_or_else(|| self.wrong("fewer than two hexadecimal digits"))?;
            self.at += 2;
            digits
        };
        let code =
            u32::from_str_radix(digits, 16).map_err(|_| self.wrong("something other than hexadecimal digits"))?;
        self.sign(code)
    }

    /// `\pL`, `\p{Greek}`, `\p{^Greek}`, to stand inside brackets.
    fn property(&mut self, negated: bool) -> Result<String, String> {
        let name = if self.eat("{") {
            let end = self.rest().find('}').ok_or_else(|| self.wrong("`{` without `}`"))?;
            let name = &self.rest()[..end];
            self.at += end + 1;
            name.to_string()
        } else {
            self.next().ok_or_else(|| self.wrong("a class without a name"))?.to_string()
        };
        let (name, negated) = name.strip_prefix('^').map_or((name.as_str(), negated), |name| (name, !negated));
        let class = format!("\\{}{{{name}}}", if negated { 'P' } else { 'p' });
        if name.is_empty() || Regex::new(&class).is_err() {
            return Err(self.wrong(&format!("the class `{name}`, which isn't known,")));
        }
        Ok(class)
    }

    fn class(&mut self) -> Result<(), String> {
        let start = self.at;
        self.next();
        self.out.push('[');
        if self.eat("^") {
            self.out.push('^');
        }
        let mut first = true;
        loop {
            if self.rest().is_empty() {
                self.at = start;
                return Err(self.wrong("`[` without `]`"));
            }
            if !first && self.eat("]") {
                self.out.push(']');
                return Ok(());
            }
            first = false;
            if let Some(name) = self.named_class() {
                self.out.push_str(name);
                continue;
            }
            if self.rest().starts_with("[:") && self.rest().contains(":]") {
                return Err(self.wrong("a class that isn't known"));
            }
            let low = match self.member()? {
                Escaped::Class(class) => {
                    self.out.push_str(&class);
                    continue;
                }
                Escaped::Sign(c) => c,
            };
            self.in_class(low);
            let ranged = self.rest().starts_with('-') && !self.rest().starts_with("-]") && self.rest().len() > 1;
            if ranged {
                self.next();
                match self.member()? {
                    Escaped::Sign(high) if high >= low => {
                        self.out.push('-');
                        self.in_class(high);
                    }
                    _ => return Err(self.wrong("a range that ends before it begins")),
                }
            }
        }
    }

    fn member(&mut self) -> Result<Escaped, String> {
        match self.peek() {
            Some('\\') => self.escaped(),
            Some(c) => {
                self.next();
                Ok(Escaped::Sign(c))
            }
            None => Err(self.wrong("`[` without `]`")),
        }
    }

    /// A sign inside brackets, where more of them mean something to the crate than to Go.
    fn in_class(&mut self, c: char) {
        if c.is_ascii_alphanumeric() || !c.is_ascii() {
            self.out.push(c);
        } else {
            self.out.push_str(&format!("\\x{:02x}", c as u32));
        }
    }

    fn named_class(&mut self) -> Option<&'static str> {
        const CLASSES: [(&str, &str); 14] = [
            ("[:alnum:]", "[:^alnum:]"),
            ("[:alpha:]", "[:^alpha:]"),
            ("[:ascii:]", "[:^ascii:]"),
            ("[:blank:]", "[:^blank:]"),
            ("[:cntrl:]", "[:^cntrl:]"),
            ("[:digit:]", "[:^digit:]"),
            ("[:graph:]", "[:^graph:]"),
            ("[:lower:]", "[:^lower:]"),
            ("[:print:]", "[:^print:]"),
            ("[:punct:]", "[:^punct:]"),
            ("[:space:]", "[:^space:]"),
            ("[:upper:]", "[:^upper:]"),
            ("[:word:]", "[:^word:]"),
            ("[:xdigit:]", "[:^xdigit:]"),
        ];
        CLASSES.iter().flat_map(|(plain, negated)| [*plain, *negated]).find(|name| self.eat(name))
    }

    fn group(&mut self) -> Result<(), String> {
        let looks_behind = self.rest().starts_with("(?<=") || self.rest().starts_with("(?<!");
        if !looks_behind && (self.eat("(?P<") || self.eat("(?<")) {
            let name = self.rest().split('>').next().unwrap_or_default();
            let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if !is_name || self.rest().len() == name.len() {
                return Err(self.wrong("a wrong name of a group"));
            }
            self.at += name.len() + 1;
            // Nobody asks for the groups, and the crate wants other names.
            self.out.push('(');
            return Ok(());
        }
        if !self.eat("(?") {
            self.next();
            self.out.push('(');
            return Ok(());
        }
        self.out.push_str("(?");
        while let Some(c) = self.next() {
            match c {
                'i' | 'm' | 's' | 'U' | '-' => self.out.push(c),
                ':' | ')' => {
                    self.out.push(c);
                    return Ok(());
                }
                _ => break,
            }
        }
        self.at -= self.text[..self.at].chars().next_back().map_or(0, char::len_utf8);
        Err(self.wrong("a group that looks around or has a flag, which Go doesn't have,"))
    }

    /// `*`, `+`, `?`, `{2}`, `{2,}`, `{2,5}`, each with a `?` behind it or not. Any other brace means itself.
    fn repetition(&mut self) -> Result<bool, String> {
        let sign = match self.peek() {
            Some('*' | '+' | '?') => &self.rest()[..1],
            Some('{') => match self.counts() {
                Some(sign) => sign,
                None => return Ok(false),
            },
            _ => return Ok(false),
        };
        if self.repeated {
            return Err(self.wrong("a repetition of a repetition"));
        }
        let counts = sign.trim_matches(['{', '}', '*', '+', '?']).split(',').filter(|count| !count.is_empty());
        if counts.into_iter().any(|count| count.parse::<u32>().map_or(true, |count| count > MOST_REPEATS)) {
            return Err(self.wrong("more than 1,000 repetitions"));
        }
        self.at += sign.len();
        self.out.push_str(sign);
        if self.eat("?") {
            self.out.push('?');
        }
        self.repeated = true;
        Ok(true)
    }

    fn counts(&self) -> Option<&'a str> {
        let rest = self.rest();
        let text = &rest[..=rest.find('}')?];
        let inner = &text[1..text.len() - 1];
        let (low, high) = inner.split_once(',').unwrap_or((inner, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        (!low.is_empty() && digits(low) && digits(high)).then_some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern).unwrap().is_match(text).unwrap_or_else(|| panic!("{pattern}"))
    }

    #[test]
    fn words_and_digits_are_ascii() {
        assert!(matches(r"^\d+$", "12") && !matches(r"^\d+$", "١٢"));
        assert!(matches(r"^\w$", "_") && !matches(r"^\w$", "é") && matches(r"^\W$", "é"));
        assert!(matches(r"^[\d\-_]+$", "1-2_3") && matches(r"^[^\D]+$", "12") && matches(r"^[^\d\W]+$", "ab"));
        assert!(matches(r"\bfoo\b", "éfoo") && !matches(r"^a\Bb\b\B$", "ab"));
        assert!(matches(r"^\s$", "\x0c") && !matches(r"^\s$", "\u{a0}") && !matches(r"^\s$", "\x0b"));
    }

    #[test]
    fn brackets_and_braces_mean_themselves_where_they_do_in_go() {
        assert!(matches("^[[]$", "[") && matches("^[]a]$", "]") && matches("^[a&&b]+$", "&b"));
        assert!(matches("^[+--]$", ",") && matches("^[a~~b]$", "~") && matches("^[a-]$", "-"));
        assert!(matches("^a{,5}$", "a{,5}") && matches("^{a}$", "{a}") && matches("^a{2}$", "aa"));
        assert!(matches("^]}$", "]}") && matches("^[[:alpha:]-]+$", "a-b") && matches("^[[:^digit:]]$", "x"));
    }

    #[test]
    fn escapes_are_those_of_go() {
        assert!(matches(r"^\/\<\_\-$", "/<_-") && matches(r"^\x41\x{1F600}\101\07$", "A😀A\x07"));
        assert!(matches(r"^\Qa.b[\E+$", "a.b[[") && matches(r"^\pL\p{Greek}\P{Lu}\p{^Lu}$", "xαaa"));
        assert!(matches("(?i)^ab(?-i:c)$", "ABc") && matches(r"^(?P<x>a)(?<y>b)$", "ab"));
        assert!(!matches("^a$", "a\n") && matches(r"^a\z", "a") && !matches("^.$", "\n"));
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for pattern in [
            r"(a)\1",
            "(?=a)",
            "(?!a)",
            "(?<=a)",
            "(?x)a",
            r"\Z",
            r"\e",
            "a{1001}",
            "[a",
            "[b-a]",
            r"\p{Nonsense}",
            "a**",
            "[[:foo:]]",
            "(?P<a-b>c)",
            "(a",
            "*a",
            r"\",
            "(?",
            r"\xg0",
        ] {
            let error = Pattern::new(pattern).unwrap_err();
            assert!(!error.is_empty(), "{pattern}");
        }
    }
}
