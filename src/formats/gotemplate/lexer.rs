//! A template's text cut into items, in the way of Go's text/template/parse: where spaces are trimmed, where an action
//! ends, and what is said of what can't be one. Called by the parser, one item at a time.

use std::borrow::Cow;

use super::strconv::{is_digit, is_letter, is_print, quote};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Error,
    Bool,
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    Block,
    Break,
    Continue,
    Dot,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

/// An item, with the byte and the line where it begins.
#[derive(Debug, Clone)]
pub struct Item<'a> {
    pub kind: Kind,
    pub pos: usize,
    pub text: Cow<'a, str>,
    pub line: usize,
}

impl Item<'_> {
    /// As error messages show it.
    pub fn shown(&self) -> String {
        match self.kind {
            Kind::Eof => "EOF".to_owned(),
            Kind::Error => self.text.to_string(),
            Kind::Block
            | Kind::Break
            | Kind::Continue
            | Kind::Dot
            | Kind::Define
            | Kind::Else
            | Kind::End
            | Kind::If
            | Kind::Nil
            | Kind::Range
            | Kind::Template
            | Kind::With => format!("<{}>", self.text),
            _ if self.text.len() > 10 => {
                let start: String = self.text.chars().take(10).collect();
                format!("{}...", quote(&start))
            }
            _ => quote(&self.text),
        }
    }
}

pub struct Lexer<'a> {
    input: &'a str,
    pos: usize,
    start: usize,
    at_eof: bool,
    paren_depth: usize,
    line: usize,
    start_line: usize,
    inside_action: bool,
}

const LEFT: &str = "{{";
const RIGHT: &str = "}}";
const SPACES: [char; 4] = [' ', '\t', '\r', '\n'];
/// The marker and the space that goes with it.
const TRIM_LENGTH: usize = 2;

impl<'a> Lexer<'a> {
    pub fn new(input: &'a str) -> Self {
        Lexer { input, pos: 0, start: 0, at_eof: false, paren_depth: 0, line: 1, start_line: 1, inside_action: false }
    }

    pub fn next_item(&mut self) -> Item<'a> {
        if self.inside_action { self.action() } else { self.text() }
    }

    fn rest(&self) -> &'a str {
        self.input.get(self.pos..).unwrap_or_default()
    }

    fn next(&mut self) -> Option<char> {
        let Some(c) = self.rest().chars().next() else {
            self.at_eof = true;
            return None;
        };
        self.pos += c.len_utf8();
        if c == '\n' {
            self.line += 1;
        }
        Some(c)
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// One sign back, unless the end was met.
    fn backup(&mut self) {
        if !self.at_eof
            && let Some(c) = self.input.get(..self.pos).and_then(|before| before.chars().next_back())
        {
            self.pos -= c.len_utf8();
            if c == '\n' {
                self.line -= 1;
            }
        }
    }

    fn emit(&mut self, kind: Kind) -> Item<'a> {
        let text = Cow::Borrowed(self.input.get(self.start..self.pos).unwrap_or_default());
        let item = Item { kind, pos: self.start, text, line: self.start_line };
        self.start = self.pos;
        self.start_line = self.line;
        item
    }

    fn ignore(&mut self) {
        self.line += newlines(self.input.get(self.start..self.pos).unwrap_or_default());
        self.start = self.pos;
        self.start_line = self.line;
    }

    fn error(&mut self, message: impl Into<String>) -> Item<'a> {
        let item = Item { kind: Kind::Error, pos: self.start, text: Cow::Owned(message.into()), line: self.start_line };
        self.start = 0;
        self.pos = 0;
        self.input = "";
        item
    }

    fn bad(&mut self, c: Option<char>) -> Item<'a> {
        self.error(format!("bad character {}", code_point(c)))
    }

    fn accept(&mut self, valid: &str) -> bool {
        let found = self.peek().is_some_and(|c| valid.contains(c));
        if found {
            self.next();
        }
        found
    }

    fn accept_run(&mut self, valid: &str) {
        while self.accept(valid) {}
    }

    fn text(&mut self) -> Item<'a> {
        loop {
            let Some(length) = self.rest().find(LEFT) else {
                self.pos = self.input.len();
                if self.pos > self.start {
                    self.line += newlines(&self.input[self.start..self.pos]);
                    return self.emit(Kind::Text);
                }
                return Item { kind: Kind::Eof, pos: self.start, text: Cow::Borrowed(""), line: self.start_line };
            };
            if length > 0 {
                self.pos += length;
                let behind = &self.input[self.pos + LEFT.len()..];
                let before = &self.input[self.start..self.pos];
                let trim =
                    if has_left_marker(behind) { before.len() - before.trim_end_matches(SPACES).len() } else { 0 };
                self.pos -= trim;
                self.line += newlines(&self.input[self.start..self.pos]);
                let item = self.emit(Kind::Text);
                self.pos += trim;
                self.ignore();
                if !item.text.is_empty() {
                    return item;
                }
            }
            match self.left_delimiter() {
                Some(item) => return item,
                None => continue,
            }
        }
    }

    /// The beginning of an action, or nothing after a comment.
    fn left_delimiter(&mut self) -> Option<Item<'a>> {
        self.pos += LEFT.len();
        let marker = if has_left_marker(self.rest()) { TRIM_LENGTH } else { 0 };
        if self.rest()[marker..].starts_with("/*") {
            self.pos += marker;
            self.ignore();
            return self.comment();
        }
        let item = self.emit(Kind::LeftDelim);
        self.inside_action = true;
        self.pos += marker;
        self.ignore();
        self.paren_depth = 0;
        Some(item)
    }

    fn comment(&mut self) -> Option<Item<'a>> {
        self.pos += 2;
        let Some(length) = self.rest().find("*/") else { return Some(self.error("unclosed comment")) };
        self.pos += length + 2;
        let Some(trims) = self.at_right_delimiter() else {
            return Some(self.error("comment ends before closing delimiter"));
        };
        self.line += newlines(&self.input[self.start..self.pos]);
        self.emit(Kind::Text);
        self.pos += RIGHT.len();
        if trims {
            self.pos += TRIM_LENGTH;
            self.pos += self.rest().len() - self.rest().trim_start_matches(SPACES).len();
        }
        self.ignore();
        None
    }

    /// Whether an action ends here, and whether it trims what follows.
    fn at_right_delimiter(&self) -> Option<bool> {
        let rest = self.rest();
        if has_right_marker(rest) && rest[TRIM_LENGTH..].starts_with(RIGHT) {
            return Some(true);
        }
        rest.starts_with(RIGHT).then_some(false)
    }

    fn right_delimiter(&mut self) -> Item<'a> {
        let trims = self.at_right_delimiter() == Some(true);
        if trims {
            self.pos += TRIM_LENGTH;
            self.ignore();
        }
        self.pos += RIGHT.len();
        let item = self.emit(Kind::RightDelim);
        if trims {
            self.pos += self.rest().len() - self.rest().trim_start_matches(SPACES).len();
            self.ignore();
        }
        self.inside_action = false;
        item
    }

    fn action(&mut self) -> Item<'a> {
        if self.at_right_delimiter().is_some() {
            return if self.paren_depth == 0 { self.right_delimiter() } else { self.error("unclosed left paren") };
        }
        let Some(c) = self.next() else { return self.error("unclosed action") };
        match c {
            c if SPACES.contains(&c) => {
                self.backup();
                self.space()
            }
            '=' => self.emit(Kind::Assign),
            ':' if self.next() == Some('=') => self.emit(Kind::Declare),
            ':' => self.error("expected :="),
            '|' => self.emit(Kind::Pipe),
            '"' => self.quoted('"', Kind::String, "unterminated quoted string"),
            '`' => self.raw_string(),
            '$' => self.name(Kind::Variable),
            '\'' => self.quoted('\'', Kind::CharConstant, "unterminated character constant"),
            '.' if self.rest().bytes().next().is_some_and(|byte| !byte.is_ascii_digit()) => self.name(Kind::Field),
            '.' | '+' | '-' | '0'..='9' => {
                self.backup();
                self.number()
            }
            c if is_alphanumeric(c) => self.identifier(),
            '(' => {
                self.paren_depth += 1;
                self.emit(Kind::LeftParen)
            }
            ')' if self.paren_depth == 0 => self.error("unexpected right paren"),
            ')' => {
                self.paren_depth -= 1;
                self.emit(Kind::RightParen)
            }
            c if c.is_ascii_graphic() => self.emit(Kind::Char),
            c => self.error(format!("unrecognized character in action: {}", code_point(Some(c)))),
        }
    }

    fn space(&mut self) -> Item<'a> {
        let mut count = 0;
        while self.peek().is_some_and(|c| SPACES.contains(&c)) {
            self.next();
            count += 1;
        }
        // The last of them may belong to a trim marker.
        let last = &self.input[self.pos - 1..];
        if has_right_marker(last) && last[TRIM_LENGTH..].starts_with(RIGHT) {
            self.backup();
            if count == 1 {
                return self.right_delimiter();
            }
        }
        self.emit(Kind::Space)
    }

    fn identifier(&mut self) -> Item<'a> {
        while self.peek().is_some_and(is_alphanumeric) {
            self.next();
        }
        let c = self.peek();
        if !self.at_terminator() {
            return self.bad(c);
        }
        let kind = match &self.input[self.start..self.pos] {
            "block" => Kind::Block,
            "break" => Kind::Break,
            "continue" => Kind::Continue,
            "define" => Kind::Define,
            "else" => Kind::Else,
            "end" => Kind::End,
            "if" => Kind::If,
            "range" => Kind::Range,
            "nil" => Kind::Nil,
            "template" => Kind::Template,
            "with" => Kind::With,
            "true" | "false" => Kind::Bool,
            _ => Kind::Identifier,
        };
        self.emit(kind)
    }

    /// A field or a variable, whose first sign was read.
    fn name(&mut self, kind: Kind) -> Item<'a> {
        if self.at_terminator() {
            return self.emit(if kind == Kind::Field { Kind::Dot } else { kind });
        }
        while self.peek().is_some_and(is_alphanumeric) {
            self.next();
        }
        let c = self.peek();
        if self.at_terminator() { self.emit(kind) } else { self.bad(c) }
    }

    fn at_terminator(&self) -> bool {
        match self.peek() {
            None => true,
            Some(c) if SPACES.contains(&c) => true,
            Some('.' | ',' | '|' | ':' | ')' | '(') => true,
            _ => self.rest().starts_with(RIGHT),
        }
    }

    fn quoted(&mut self, end: char, kind: Kind, unterminated: &str) -> Item<'a> {
        loop {
            match self.next() {
                Some('\\') => {
                    if matches!(self.next(), None | Some('\n')) {
                        return self.error(unterminated);
                    }
                }
                None | Some('\n') => return self.error(unterminated),
                Some(c) if c == end => return self.emit(kind),
                _ => {}
            }
        }
    }

    fn raw_string(&mut self) -> Item<'a> {
        loop {
            match self.next() {
                None => return self.error("unterminated raw quoted string"),
                Some('`') => return self.emit(Kind::RawString),
                _ => {}
            }
        }
    }

    fn number(&mut self) -> Item<'a> {
        if !self.scan_number() {
            return self.bad_number();
        }
        if matches!(self.peek(), Some('+' | '-')) {
            if !self.scan_number() || !self.input[..self.pos].ends_with('i') {
                return self.bad_number();
            }
            return self.emit(Kind::Complex);
        }
        self.emit(Kind::Number)
    }

    fn bad_number(&mut self) -> Item<'a> {
        self.error(format!("bad number syntax: {}", quote(&self.input[self.start..self.pos])))
    }

    fn scan_number(&mut self) -> bool {
        self.accept("+-");
        let mut digits = "0123456789_";
        if self.accept("0") {
            if self.accept("xX") {
                digits = "0123456789abcdefABCDEF_";
            } else if self.accept("oO") {
                digits = "01234567_";
            } else if self.accept("bB") {
                digits = "01_";
            }
        }
        self.accept_run(digits);
        if self.accept(".") {
            self.accept_run(digits);
        }
        if digits.len() == 11 && self.accept("eE") || digits.len() == 23 && self.accept("pP") {
            self.accept("+-");
            self.accept_run("0123456789_");
        }
        self.accept("i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.next();
            return false;
        }
        true
    }
}

fn newlines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || is_letter(c) || is_digit(c)
}

fn has_left_marker(text: &str) -> bool {
    matches!(text.as_bytes(), [b'-', b' ' | b'\t' | b'\r' | b'\n', ..])
}

fn has_right_marker(text: &str) -> bool {
    matches!(text.as_bytes(), [b' ' | b'\t' | b'\r' | b'\n', b'-', ..])
}

/// `%#U` of Go; the end of the text is its -1.
fn code_point(c: Option<char>) -> String {
    match c {
        None => "U+FFFFFFFFFFFFFFFF".to_owned(),
        Some(c) if is_print(c) => format!("U+{:04X} '{c}'", c as u32),
        Some(c) => format!("U+{:04X}", c as u32),
    }
}
