//! Where an edit changes bytes, and to what: the ways worth trying, the nicest first. Called by `edit`, which reads each
//! result again, so that a way that turns out wrong here is dropped there.

use std::ops::Range;

use serde::de::IgnoredAny;
use serde_json::Value;

use super::Document;
use super::edit::{Action, Target};
use super::render::{self, Block, Style};
use super::tree::{Kind, Node, Tree};

/// Replacements of byte ranges, in any order, that don't overlap.
type Changes = Vec<(Range<usize>, String)>;

/// The texts worth trying.
pub fn candidates<'a>(document: &'a Document, target: &Target<'_>) -> impl Iterator<Item = String> + use<'a> {
    let text = Text(&document.source.text);
    let json = text.starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(&text).is_ok();
    let splice = Splice { tree: &document.tree, text, json };
    let node = target.node;
    let ways = match target.action {
        Action::Replace(value) => splice.replace(node, value),
        Action::Insert(key, value) => splice.insert(node, Some(key), value),
        Action::Append(value) => splice.insert(node, None, value),
        Action::Remove => splice.remove(node),
    };
    let stripped = splice.cut_off_end();
    let each = move |changes: Changes| {
        let also = stripped.clone().map(|strip| changes.iter().cloned().chain([strip]).collect());
        [Some(changes), also]
    };
    ways.into_iter().flat_map(each).flatten().map(move |changes| splice.apply(changes))
}

struct Splice<'a> {
    tree: &'a Tree,
    text: Text<'a>,
    /// Whether the text is JSON, and is to stay so.
    json: bool,
}

/// A text whose parts may be asked for at any bytes; a part that isn't there is empty. The parser's places of empty
/// nodes lie beyond what is around them at times, and a way that comes out wrong is dropped by its reader.
#[derive(Clone, Copy)]
struct Text<'a>(&'a str);

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        self.0
    }
}

impl<R: std::slice::SliceIndex<str, Output = str>> std::ops::Index<R> for Text<'_> {
    type Output = str;

    fn index(&self, range: R) -> &str {
        self.0.get(range).unwrap_or_default()
    }
}

impl Splice<'_> {
    fn apply(&self, mut changes: Changes) -> String {
        changes.sort_by_key(|(range, _)| range.start);
        let mut text = String::with_capacity(self.text.len() + changes.iter().map(|(_, new)| new.len()).sum::<usize>());
        let mut at = 0;
        for (range, new) in changes {
            text.push_str(self.text.get(at..range.start).unwrap_or_default());
            let crlf = self.line_break(range.start) == "\r\n";
            text.push_str(&if crlf { new.replace('\n', "\r\n") } else { new });
            at = range.end;
        }
        text.push_str(self.text.get(at..).unwrap_or_default());
        text
    }

    /// A block scalar that ends with the file in the middle of a line has no line break at its end. What follows it would
    /// give it one, unless its header says that there is none.
    fn cut_off_end(&self) -> Option<(Range<usize>, String)> {
        let last = (0..self.tree.nodes.len() as u32).rev().find(|index| self.node(*index).kind == Kind::Block)?;
        if self.text.ends_with(['\n', '\r']) || !self.text[self.node(last).end as usize..].trim().is_empty() {
            return None;
        }
        let start = self.written(last).start;
        let header = self.text[start..].split([' ', '\t', '\r', '\n']).next().filter(|header| !header.contains('-'))?;
        Some((start..start + header.len(), format!("{}-", header.replace('+', ""))))
    }

    fn node(&self, index: u32) -> Node {
        *self.tree.node(index)
    }

    /// The line break that is used around a byte.
    fn line_break(&self, at: usize) -> &'static str {
        let (before, after) = self.text.split_at_checked(at).unwrap_or_default();
        let crlf = match (after.find('\n'), before.rfind('\n')) {
            (Some(next), _) => self.text[..at + next].ends_with('\r'),
            (None, Some(last)) => before[..last].ends_with('\r'),
            (None, None) => false,
        };
        if crlf { "\r\n" } else { "\n" }
    }

    /// The first byte of a line, behind a byte order mark.
    fn line_start(&self, at: usize) -> usize {
        let start = self.text[..at].rfind('\n').map_or(0, |at| at + 1);
        start + if self.text[start..].starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }
    }

    /// Where a line ends, before its break.
    fn line_end(&self, at: usize) -> usize {
        let end = self.text[at..].find('\n').map_or(self.text.len(), |end| at + end);
        if self.text[at..end].ends_with('\r') { end - 1 } else { end }
    }

    /// Behind the break of a line.
    fn line_after(&self, at: usize) -> usize {
        self.text[at..].find('\n').map_or(self.text.len(), |end| at + end + 1)
    }

    fn column(&self, at: usize) -> usize {
        self.text[self.line_start(at)..at].chars().count()
    }

    fn begins_line(&self, at: usize) -> bool {
        self.text[self.line_start(at)..at].trim().is_empty()
    }

    /// Whether nothing but a comment follows in the line.
    fn ends_line(&self, at: usize) -> bool {
        let rest = &self.text[at..self.line_end(at)];
        rest.trim().is_empty() || rest.starts_with([' ', '\t']) && rest.trim_start().starts_with('#')
    }

    /// The end of what is written for a node, without the line breaks that a block scalar takes in.
    fn content_end(&self, node: Node) -> usize {
        let written = &self.text[..node.end as usize];
        let last = written.trim_end_matches([' ', '\t', '\r', '\n']);
        // Only a block scalar or a block collection that ends with one reaches past its line.
        if written[last.len()..].contains('\n') { last.len().max(node.start as usize) } else { written.len() }
    }

    fn in_flow(&self, index: u32) -> bool {
        self.tree.parent(index).is_some_and(|parent| self.node(parent).kind.is_flow())
    }

    /// The key of a value, if it has one.
    fn key(&self, index: u32) -> Option<u32> {
        let parent = self.tree.parent(index)?;
        self.node(parent).kind.is_map().then(|| index - 1)
    }

    /// How this document indents, as far as it shows.
    fn style(&self) -> Style {
        let mut style = Style::default();
        let under_keys = |kind| {
            (1..self.tree.nodes.len() as u32).find_map(|index| {
                let node = self.node(index);
                let key = (node.kind == kind).then(|| self.key(index)).flatten()?;
                let deeper = self.column(node.start as usize).checked_sub(self.column(self.node(key).lead as usize));
                deeper.filter(|_| self.begins_line(node.start as usize))
            })
        };
        if let Some(deeper) = under_keys(Kind::Map).filter(|deeper| (1..=8).contains(deeper)) {
            style.map = deeper;
        }
        if let Some(deeper) = under_keys(Kind::List).filter(|deeper| *deeper <= 8) {
            style.list = deeper;
        }
        style
    }

    fn replace(&self, index: u32, value: &Value) -> Vec<Changes> {
        let node = self.node(index);
        let flow = self.in_flow(index);
        let collection = matches!(value, Value::Object(map) if !map.is_empty())
            || matches!(value, Value::Array(items) if !items.is_empty());
        let mut ways = Vec::new();
        if !flow && collection && !node.kind.is_flow() {
            ways.extend(self.block_value(index, value));
        }
        let multiline = value.as_str().is_some_and(|string| string.contains('\n'));
        if !flow && multiline && !matches!(node.kind, Kind::Double | Kind::Single) {
            ways.extend(self.block_value(index, value));
        }
        // JSON that stands in one line stays in one line.
        let is_short = node.kind.is_flow() && node.next > index + 1 && !self.text[self.written(index)].contains('\n');
        let laid_out = self.indent(index).filter(|_| self.json && collection && !is_short);
        let inline = match laid_out {
            Some(indent) => render::json_lines(value, indent, self.json_step()),
            None => self.styled(node.kind, value),
        };
        if matches!(node.kind, Kind::Map | Kind::List) && self.begins_line(node.start as usize) {
            ways.extend(self.pulled_up(index, &inline));
        }
        let range = self.written(index);
        let comment = if node.kind == Kind::Block { self.header_comment(range.start) } else { String::new() };
        if node.kind == Kind::Nothing {
            let blank = if self.text[..range.start].ends_with([' ', '\t']) { "" } else { " " };
            ways.extend([blank, ": "].map(|gap| vec![(range.clone(), format!("{gap}{inline}"))]));
        }
        ways.push(vec![(range.clone(), format!("{inline}{comment}"))]);
        if node.lead < node.start {
            // The tag may be what stands in the way.
            let kept = self.anchor_alone(node);
            ways.push(vec![(node.lead as usize..range.end, format!("{kept}{inline}{comment}"))]);
        }
        ways
    }

    /// What a value is written in, without anchor and tag; of a block scalar with its header.
    fn written(&self, index: u32) -> Range<usize> {
        let node = self.node(index);
        let start = node.start as usize;
        if node.kind != Kind::Block {
            return start..self.content_end(node);
        }
        let from = self.gap_start(index);
        let header = self.text[from..start].rfind(['|', '>']).map_or(start, |at| from + at);
        // A comment in the header may have these signs in it.
        let line = self.line_start(header).max(from);
        let header = self.text[line..header]
            .find(" #")
            .map_or(header, |comment| self.text[line..line + comment].rfind(['|', '>']).map_or(header, |at| line + at));
        header..self.content_end(node).max(header)
    }

    /// Behind the key, the dash or the properties that come before a value.
    fn gap_start(&self, index: u32) -> usize {
        let node = self.node(index);
        match self.key(index) {
            _ if node.lead < node.start => node.lead as usize,
            Some(key) => self.node(key).end as usize,
            None => index.checked_sub(1).map_or(0, |before| {
                let before = self.node(before);
                if before.next <= index { before.end as usize } else { before.start as usize }
            }),
        }
    }

    fn header_comment(&self, header: usize) -> String {
        let line = &self.text[header..self.line_end(header)];
        line.find(" #").map_or_else(String::new, |at| {
            let blanks = line[..at].len() - line[..at].trim_end().len();
            line[at - blanks..].to_owned()
        })
    }

    fn anchor_alone(&self, node: Node) -> String {
        let properties = &self.text[node.lead as usize..node.start as usize];
        let anchor = properties.split_whitespace().find(|word| word.starts_with('&'));
        anchor.map_or_else(String::new, |anchor| format!("{anchor} "))
    }

    /// A value on one line, in the quotes of the one that it replaces.
    fn styled(&self, kind: Kind, value: &Value) -> String {
        match (kind, value) {
            _ if self.json => render::json(value),
            (Kind::Double, Value::String(string)) => render::double_quoted(string),
            (Kind::Single, Value::String(string)) => {
                render::single_quoted(string).unwrap_or_else(|| render::double_quoted(string))
            }
            _ => render::flow(value),
        }
    }

    /// A value in block style in place of another, where its line allows that.
    fn block_value(&self, index: u32, value: &Value) -> Option<Changes> {
        let node = self.node(index);
        let range = self.written(index);
        let start = range.start;
        if !self.ends_line(range.end) && node.kind != Kind::Block {
            return None;
        }
        let comment = if node.kind == Kind::Block { self.header_comment(start) } else { String::new() };
        let mut block = Block::new(self.style());
        let Some(key) = self.key(index) else {
            // A list item or the root: it begins where the other began.
            let column = if value.is_string() { self.column(start).saturating_sub(2) } else { self.column(start) };
            block.node(value, column);
            return Some(vec![(range, with_comment(&block.text, &comment))]);
        };
        let column = self.column(self.node(key).lead as usize);
        let here = self.column(node.start as usize);
        let same = node.kind == Kind::Map && value.is_object() || node.kind == Kind::List && value.is_array();
        if matches!(node.kind, Kind::Map | Kind::List) && !value.is_string() && (same || here > column) {
            block.node(value, here);
            return Some(vec![(range, block.text)]);
        }
        block.value(value, column);
        if matches!(node.kind, Kind::Map | Kind::List) {
            return None;
        }
        if value.is_string() {
            let gap = if node.kind == Kind::Nothing { " " } else { "" };
            return Some(vec![(range, format!("{gap}{}", with_comment(block.text.trim_start(), &comment)))]);
        }
        // A comment stays behind the key, and the collection begins in the next line.
        let line = if node.kind == Kind::Block { range.end } else { self.line_end(range.end) };
        let gap = self.text[..start].len() - self.text[..start].trim_end_matches([' ', '\t']).len();
        Some(vec![(start - gap..range.end, comment), (line..line, block.text)])
    }

    /// A scalar in place of a block collection that begins below its key.
    fn pulled_up(&self, index: u32, inline: &str) -> Option<Changes> {
        let node = self.node(index);
        let key = self.key(index)?;
        let end = self.node(key).end as usize;
        let colon = end + self.text[end..node.start as usize].find(':')? + 1;
        let value = if node.lead < node.start && node.lead as usize >= colon {
            let properties = &self.text[node.lead as usize..self.line_end(node.lead as usize)];
            node.lead as usize + properties.find(" #").map_or(properties.len(), |at| properties[..at].trim_end().len())
        } else {
            colon
        };
        let first = self.line_start(node.start as usize);
        let last = self.line_end(self.content_end(node));
        // The break before the lines goes with them, so that the last line keeps what it ends with.
        let before = first - if self.text[..first].ends_with("\r\n") { 2 } else { 1 };
        Some(vec![(value..value, format!(" {inline}")), (before..last, String::new())])
    }

    fn insert(&self, index: u32, key: Option<&str>, value: &Value) -> Vec<Changes> {
        let node = self.node(index);
        let last = self.tree.children(index).last();
        if node.kind.is_flow() {
            let on_lines = last.and_then(|last| self.indent(last)).filter(|_| self.begins_line(node.end as usize - 1));
            let json = |value: &Value| match on_lines {
                Some(indent) => render::json_lines(value, indent, self.json_step()),
                None => render::json(value),
            };
            let inline = match key {
                Some(key) if self.json => format!("{}: {}", Value::from(key), json(value)),
                None if self.json => json(value),
                Some(key) => format!("{}: {}", render::inline_string(key), render::flow(value)),
                None => self.styled(Kind::Plain, value),
            };
            let Some(last) = last else {
                // An empty `[]` or `{}` under a key says nothing about style: what grows in it grows line by line.
                let grown = match key {
                    Some(key) => Value::Object([(key.to_string(), value.clone())].into_iter().collect()),
                    None => Value::Array(vec![value.clone()]),
                };
                if self.json {
                    return self.replace(index, &grown);
                }
                let block = if self.in_flow(index) { None } else { self.block_value(index, &grown) };
                let inside = node.start as usize + 1..node.end as usize - 1;
                return block.into_iter().chain([vec![(inside, inline)]]).collect();
            };
            return self.insert_in_flow(node, self.node(last), on_lines, &inline);
        }
        let Some(last) = last else { return Vec::new() };
        let column = self.first_column(index);
        let mut block = Block::new(self.style());
        block.text = format!("\n{}", " ".repeat(column));
        match key {
            Some(key) => block.entry(key, value, column),
            None => block.item(value, column, self.blanks_after_dash(index)),
        }
        let end = self.past_inner_comments(self.line_end(self.content_end(self.node(last))), column);
        let mut ways = vec![vec![(end..end, block.text.clone())]];
        // Blank lines at the end of a kept block scalar belong to it.
        let past = self.node(last).end as usize;
        let past = if self.begins_line(past) { self.line_start(past) } else { past };
        if past > end {
            let line = block.text.trim_start_matches('\n');
            let text = if self.text[..past].ends_with('\n') { format!("{line}\n") } else { block.text.clone() };
            ways.push(vec![(past..past, text)]);
        }
        ways
    }

    /// Behind the comments that follow a line and are indented deeper than a column: they belong to what is above.
    fn past_inner_comments(&self, line_end: usize, column: usize) -> usize {
        let (mut end, mut at) = (line_end, self.line_after(line_end));
        while at < self.text.len() {
            let line = &self.text[at..self.line_end(at)];
            let blank = line.len() - line.trim_start().len();
            if line[blank..].starts_with('#') && blank > column {
                end = self.line_end(at);
            } else if blank < line.len() {
                break;
            }
            at = self.line_after(at);
        }
        end
    }

    /// The blanks before a value, or its key, that begins a line.
    fn indent(&self, index: u32) -> Option<&str> {
        let start = self.node(self.key(index).unwrap_or(index)).lead as usize;
        self.begins_line(start).then(|| &self.text.0[self.line_start(start)..start])
    }

    /// What each level of a JSON text is indented by, as its first line shows it.
    fn json_step(&self) -> &str {
        let first = self.tree.children(0).next().map_or(0, |first| self.node(first).lead as usize);
        let indent = &self.text.0[self.line_start(first)..first];
        if indent.is_empty() || !indent.trim().is_empty() { "  " } else { indent }
    }

    /// The column of the keys or dashes of a block collection.
    fn first_column(&self, index: u32) -> usize {
        let node = self.node(index);
        match node.kind {
            Kind::Map => self.column(self.node(index + 1).lead.min(node.start) as usize),
            _ => self.column(node.start as usize),
        }
    }

    fn blanks_after_dash(&self, list: u32) -> usize {
        let dash = self.node(list).start as usize;
        let rest = &self.text[dash + 1..self.node(list + 1).lead.max(dash as u32 + 1) as usize];
        if (1..=4).contains(&rest.len()) && rest.trim_matches(' ').is_empty() { rest.len() } else { 1 }
    }

    /// Behind the last of what is in a flow collection; `on_lines` is its indent, if it and the closing sign begin lines.
    fn insert_in_flow(&self, node: Node, last: Node, on_lines: Option<&str>, inline: &str) -> Vec<Changes> {
        let (end, close) = (last.end as usize, node.end as usize - 1);
        // `[a: {b}]` holds a map without brackets of its own.
        if end > close {
            return Vec::new();
        }
        let comma = self.comma(end, close);
        if let Some(indent) = on_lines {
            let line = self.line_end(comma.map_or(end, |comma| comma + 1));
            let after = if comma.is_some() { "," } else { "" };
            let mut changes = vec![(line..line, format!("\n{indent}{inline}{after}"))];
            if comma.is_none() {
                changes.insert(0, (end..end, ",".to_owned()));
            }
            // Both at one place become one, in this order.
            if changes.len() == 2 && line == end {
                changes = vec![(end..end, format!(",\n{indent}{inline}"))];
            }
            return vec![changes];
        }
        match comma {
            Some(comma) => vec![vec![(comma + 1..comma + 1, format!(" {inline}"))]],
            None => vec![vec![(end..end, format!(", {inline}"))], vec![(end..end, format!(" , {inline}"))]],
        }
    }

    /// A comma between two bytes, outside comments.
    fn comma(&self, from: usize, to: usize) -> Option<usize> {
        let mut at = from;
        for line in self.text[from..to].split_inclusive('\n') {
            let code = line.find('#').map_or(line, |comment| &line[..comment]);
            if let Some(comma) = code.find(',') {
                return Some(at + comma);
            }
            at += line.len();
        }
        None
    }

    fn remove(&self, index: u32) -> Vec<Changes> {
        let Some(parent) = self.tree.parent(index) else { return Vec::new() };
        let first = self.key(index).unwrap_or(index);
        let siblings: Vec<u32> = self.tree.children(parent).collect();
        if siblings.len() == if first == index { 1 } else { 2 } {
            let empty = if first == index { Value::Array(Vec::new()) } else { Value::Object(serde_json::Map::new()) };
            return self.replace(parent, &empty);
        }
        let before = siblings.iter().rev().find(|at| **at < first).map(|at| self.node(*at));
        let after = siblings.iter().copied().find(|at| *at > index);
        let whole = self.node(parent);
        if whole.kind.is_flow() {
            self.remove_in_flow(first, index, before, after.map(|at| self.node(at)))
        } else {
            self.remove_lines(whole, first, index, after)
        }
    }

    fn remove_in_flow(&self, first: u32, last: u32, before: Option<Node>, after: Option<Node>) -> Vec<Changes> {
        let (start, end) = (self.node(first).lead as usize, self.node(last).end as usize);
        let comma = after.and_then(|after| self.comma(end, after.lead as usize)).map_or(end, |comma| comma + 1);
        let trailing =
            self.comma(comma, self.line_end(comma)).filter(|_| after.is_none()).map_or(comma, |comma| comma + 1);
        let mut ways = Vec::new();
        if self.begins_line(start) && self.ends_line(trailing) {
            ways.push(vec![(self.line_start(start)..self.line_after(trailing), String::new())]);
        }
        match (before, after) {
            (_, Some(after)) if !self.text[comma..after.lead as usize].contains('#') => {
                ways.push(vec![(start..after.lead as usize, String::new())]);
            }
            (_, Some(_)) => ways.push(vec![(start..comma, String::new())]),
            (Some(before), None) => {
                if let Some(comma) = self.comma(before.end as usize, start) {
                    if self.text[comma..start].contains('#') {
                        ways.push(vec![(comma..comma + 1, String::new()), (start..end, String::new())]);
                    } else {
                        ways.push(vec![(comma..end, String::new())]);
                    }
                }
            }
            (None, None) => {}
        }
        ways
    }

    fn remove_lines(&self, whole: Node, first: u32, last: u32, after: Option<u32>) -> Vec<Changes> {
        let start = if whole.kind == Kind::List { self.dash(first) } else { self.key_start(first) };
        let end = self.content_end(self.node(last));
        let line = self.line_start(start);
        if self.begins_line(start) {
            let rest = self.line_after(end);
            // At the end of the text without a break, the break before goes instead.
            let from = if rest == self.text.len() && !self.text.ends_with('\n') && line > 0 {
                self.line_end(self.text[..line].trim_end_matches(['\r', '\n']).len())
            } else {
                line
            };
            let mut ways = vec![vec![(from..rest, String::new())]];
            if from < line {
                // Blank lines there may belong to a block scalar.
                ways.push(vec![(line..rest, String::new())]);
            }
            // Blank lines behind it would join a kept block scalar before it.
            let blank = self.text[rest..].len() - self.text[rest..].trim_start().len();
            let past = self.line_start(rest + blank);
            if past > rest {
                ways.push(vec![(from..past, String::new())]);
            }
            return ways;
        }
        // The first of a compact collection, as in `- name: x`: the next one moves up to its place.
        let Some(after) = after else { return Vec::new() };
        let next = if whole.kind == Kind::List { self.dash(after) } else { self.node(after).lead as usize };
        let comments = self.text[self.line_end(end)..next].contains('#');
        let upto = if comments { self.line_end(end) } else { next };
        vec![vec![(start..upto, String::new())]]
    }

    /// Where an entry begins: with its key, its properties, or the `?` before it.
    fn key_start(&self, key: u32) -> usize {
        let lead = self.node(key).lead as usize;
        let before = self.text[..lead].trim_end_matches(' ');
        if before.ends_with('?') && self.begins_line(before.len() - 1) { before.len() - 1 } else { lead }
    }

    /// The dash of a list item, past comments and line breaks.
    fn dash(&self, item: u32) -> usize {
        let lead = (self.node(item).lead as usize).min(self.written(item).start);
        let mut end = lead;
        loop {
            let start = self.line_start(end);
            let line = &self.text[start..end];
            let code = line.find(" #").map_or(line, |comment| &line[..comment]);
            let code = if code.trim_start().starts_with('#') { "" } else { code };
            if let Some(dash) = code.rfind('-') {
                return start + dash;
            }
            if !self.text[..start].contains('\n') {
                return lead;
            }
            end = start - 1;
        }
    }
}

/// Puts a comment behind the first line of a block scalar or a single line.
fn with_comment(text: &str, comment: &str) -> String {
    match text.split_once('\n') {
        Some((first, rest)) => format!("{first}{comment}\n{rest}"),
        None => format!("{text}{comment}"),
    }
}
