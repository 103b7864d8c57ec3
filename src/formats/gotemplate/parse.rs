//! Items put together to trees by the rules of Go's text/template/parse, with its error messages. Nesting is bounded.
//! Called by `Template::parse`.

use super::functions::Functions;
use super::lexer::{Item, Kind, Lexer};
use super::node::{Branch, Command, Kind as Part, Node, Nodes, Number, Pipe, Trees};
use super::strconv::{self, Sign, Wrong, parse_float, parse_int, parse_uint, quote, unquote};

/// Blocks and parentheses inside each other. Go allows 10,000 parentheses and any number of blocks.
const MAX_DEPTH: usize = 200;

/// Reads a text into the trees that it defines, its own under `name`.
///
/// # Errors
/// In Go's words: `template: NAME:LINE: MESSAGE`.
pub fn parse(name: &str, text: &str, functions: &Functions) -> Result<Trees, String> {
    let mut parser =
        Parser { name, functions, lexer: Lexer::new(text), trees: Trees::new(), tree: Tree::new(), depth: 0 };
    let nodes = parser.top()?;
    parser.add(name.to_owned(), nodes)?;
    Ok(parser.trees)
}

struct Parser<'a> {
    name: &'a str,
    functions: &'a Functions,
    lexer: Lexer<'a>,
    trees: Trees,
    tree: Tree<'a>,
    depth: usize,
}

/// What belongs to one definition.
struct Tree<'a> {
    tokens: [Item<'a>; 3],
    peeked: usize,
    variables: Vec<String>,
    action_line: usize,
    range_depth: usize,
}

/// What a list of nodes ends with.
enum End<'a> {
    End,
    Else(Option<Item<'a>>),
}

enum Step<'a> {
    Node(Node),
    End(End<'a>),
}

impl Tree<'_> {
    fn new() -> Self {
        let empty = || Item { kind: Kind::Error, pos: 0, text: "".into(), line: 0 };
        let variables = vec!["$".to_owned()];
        Tree { tokens: [empty(), empty(), empty()], peeked: 0, variables, action_line: 0, range_depth: 0 }
    }
}

impl<'a> Parser<'a> {
    fn next(&mut self) -> Item<'a> {
        if self.tree.peeked > 0 {
            self.tree.peeked -= 1;
        } else {
            self.tree.tokens[0] = self.lexer.next_item();
        }
        self.tree.tokens[self.tree.peeked.min(2)].clone()
    }

    fn backup(&mut self) {
        self.tree.peeked += 1;
    }

    fn backup2(&mut self, first: Item<'a>) {
        self.tree.tokens[1] = first;
        self.tree.peeked = 2;
    }

    fn backup3(&mut self, first: Item<'a>, second: Item<'a>) {
        self.tree.tokens[1] = second;
        self.tree.tokens[2] = first;
        self.tree.peeked = 3;
    }

    fn peek(&mut self) -> Item<'a> {
        if self.tree.peeked == 0 {
            self.tree.peeked = 1;
            self.tree.tokens[0] = self.lexer.next_item();
        }
        self.tree.tokens[(self.tree.peeked - 1).min(2)].clone()
    }

    fn next_non_space(&mut self) -> Item<'a> {
        loop {
            let item = self.next();
            if item.kind != Kind::Space {
                return item;
            }
        }
    }

    fn peek_non_space(&mut self) -> Item<'a> {
        let item = self.next_non_space();
        self.backup();
        item
    }

    fn error(&self, message: impl AsRef<str>) -> String {
        format!("template: {}:{}: {}", self.name, self.tree.tokens[0].line, message.as_ref())
    }

    fn unexpected(&self, item: &Item<'_>, context: &str) -> String {
        if item.kind != Kind::Error {
            return self.error(format!("unexpected {} in {context}", item.shown()));
        }
        let mut extra = String::new();
        if self.tree.action_line != 0 && self.tree.action_line != item.line {
            let place = format!(" started at {}:{}", self.name, self.tree.action_line);
            extra = if item.text.ends_with(" action") { place } else { format!(" in action{place}") };
        }
        self.error(format!("{}{extra}", item.text))
    }

    fn require(&mut self, kind: Kind, context: &str) -> Result<Item<'a>, String> {
        let item = self.next_non_space();
        if item.kind == kind { Ok(item) } else { Err(self.unexpected(&item, context)) }
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, String>) -> Result<T, String> {
        if self.depth >= MAX_DEPTH {
            return Err(self.error(format!("blocks and parentheses are nested more than {MAX_DEPTH} deep")));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// A definition with its own items and variables.
    fn separate<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, String>) -> Result<T, String> {
        let outer = std::mem::replace(&mut self.tree, Tree::new());
        // An error keeps the tree that it was met in: its line is told already.
        let result = self.deeper(inner)?;
        self.tree = outer;
        Ok(result)
    }

    fn add(&mut self, name: String, nodes: Nodes) -> Result<(), String> {
        match self.trees.get(&name) {
            Some(old) if !is_empty(old) => {
                if !is_empty(&nodes) {
                    return Err(self.error(format!("template: multiple definition of template {}", quote(&name))));
                }
            }
            _ => drop(self.trees.insert(name, nodes)),
        }
        Ok(())
    }

    fn top(&mut self) -> Result<Nodes, String> {
        let mut nodes = Vec::new();
        loop {
            let item = self.peek();
            if item.kind == Kind::Eof {
                return Ok(nodes);
            }
            if item.kind == Kind::LeftDelim {
                let delimiter = self.next();
                if self.next_non_space().kind == Kind::Define {
                    self.separate(Self::definition)?;
                    continue;
                }
                self.backup2(delimiter);
            }
            match self.text_or_action()? {
                Step::Node(node) => nodes.push(node),
                Step::End(end) => return Err(self.error(format!("unexpected {}", end.shown()))),
            }
        }
    }

    fn definition(&mut self) -> Result<(), String> {
        const CONTEXT: &str = "define clause";
        let item = self.next_non_space();
        let name = self.template_name(&item, CONTEXT)?;
        self.require(Kind::RightDelim, CONTEXT)?;
        let nodes = self.ended_list(CONTEXT)?;
        self.add(name, nodes)
    }

    fn ended_list(&mut self, context: &str) -> Result<Nodes, String> {
        let (nodes, end) = self.list()?;
        match end {
            End::End => Ok(nodes),
            end => Err(self.error(format!("unexpected {} in {context}", end.shown()))),
        }
    }

    fn list(&mut self) -> Result<(Nodes, End<'a>), String> {
        let mut nodes = Vec::new();
        while self.peek_non_space().kind != Kind::Eof {
            match self.text_or_action()? {
                Step::Node(node) => nodes.push(node),
                Step::End(end) => return Ok((nodes, end)),
            }
        }
        Err(self.error("unexpected EOF"))
    }

    fn text_or_action(&mut self) -> Result<Step<'a>, String> {
        let item = self.next_non_space();
        match item.kind {
            Kind::Text => Ok(Step::Node(Node { pos: item.pos, kind: Part::Text(item.text.into_owned()) })),
            Kind::LeftDelim => {
                self.tree.action_line = item.line;
                let step = self.action()?;
                self.tree.action_line = 0;
                Ok(step)
            }
            _ => Err(self.unexpected(&item, "input")),
        }
    }

    fn action(&mut self) -> Result<Step<'a>, String> {
        let item = self.next_non_space();
        let kind = match item.kind {
            Kind::Block => return self.block().map(Step::Node),
            Kind::Break => self.loop_control("break", Part::Break)?,
            Kind::Continue => self.loop_control("continue", Part::Continue)?,
            Kind::Else => return self.else_control().map(Step::End),
            Kind::End => {
                self.require(Kind::RightDelim, "end")?;
                return Ok(Step::End(End::End));
            }
            Kind::If => return self.control("if").map(Step::Node),
            Kind::Range => return self.control("range").map(Step::Node),
            Kind::With => return self.control("with").map(Step::Node),
            Kind::Template => return self.template().map(Step::Node),
            _ => {
                self.backup();
                let pos = self.peek().pos;
                let pipe = self.pipeline("command", Kind::RightDelim)?;
                return Ok(Step::Node(Node { pos, kind: Part::Action(pipe) }));
            }
        };
        Ok(Step::Node(Node { pos: item.pos, kind }))
    }

    fn loop_control(&mut self, word: &str, kind: Part) -> Result<Part, String> {
        let item = self.next_non_space();
        if item.kind != Kind::RightDelim {
            return Err(self.unexpected(&item, &format!("{{{{{word}}}}}")));
        }
        if self.tree.range_depth == 0 {
            return Err(self.error(format!("{{{{{word}}}}} outside {{{{range}}}}")));
        }
        Ok(kind)
    }

    fn pipeline(&mut self, context: &str, end: Kind) -> Result<Pipe, String> {
        let pos = self.peek_non_space().pos;
        let mut pipe = Pipe { pos, names: Vec::new(), assigns: false, commands: Vec::new() };
        self.declarations(&mut pipe, context)?;
        loop {
            let item = self.next_non_space();
            match item.kind {
                kind if kind == end => break,
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Nil
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParen => {
                    self.backup();
                    let command = self.command()?;
                    pipe.commands.push(command);
                }
                _ => return Err(self.unexpected(&item, context)),
            }
        }
        self.check(pipe, context)
    }

    fn declarations(&mut self, pipe: &mut Pipe, context: &str) -> Result<(), String> {
        loop {
            let variable = self.peek_non_space();
            if variable.kind != Kind::Variable {
                return Ok(());
            }
            self.next();
            let behind = self.peek();
            let next = self.peek_non_space();
            let name = variable.text.to_string();
            match next.kind {
                Kind::Assign | Kind::Declare => {
                    pipe.assigns = next.kind == Kind::Assign;
                    self.next_non_space();
                    pipe.names.push(name.clone());
                    self.tree.variables.push(name);
                    return Ok(());
                }
                Kind::Char if next.text == "," => {
                    self.next_non_space();
                    pipe.names.push(name.clone());
                    self.tree.variables.push(name);
                    if context == "range" && pipe.names.len() < 2 {
                        match self.peek_non_space().kind {
                            Kind::Variable | Kind::RightDelim | Kind::RightParen => continue,
                            _ => return Err(self.error("range can only initialize variables")),
                        }
                    }
                    return Err(self.error(format!("too many declarations in {context}")));
                }
                _ if behind.kind == Kind::Space => self.backup3(variable, behind),
                _ => self.backup2(variable),
            }
            return Ok(());
        }
    }

    fn check(&self, pipe: Pipe, context: &str) -> Result<Pipe, String> {
        if pipe.commands.is_empty() {
            return Err(self.error(format!("missing value for {context}")));
        }
        for (position, command) in pipe.commands.iter().enumerate().skip(1) {
            let first = command.args.first().map(|arg| &arg.kind);
            if let Some(Part::Bool(_) | Part::Dot | Part::Nil | Part::Number(_) | Part::Str { .. }) = first {
                return Err(self.error(format!("non executable command in pipeline stage {}", position + 1)));
            }
        }
        Ok(pipe)
    }

    fn control(&mut self, context: &'static str) -> Result<Node, String> {
        self.deeper(|parser| {
            let known = parser.tree.variables.len();
            let node = parser.branch(context);
            parser.tree.variables.truncate(known);
            node
        })
    }

    fn branch(&mut self, context: &'static str) -> Result<Node, String> {
        let pipe = self.pipeline(context, Kind::RightDelim)?;
        let is_range = context == "range";
        self.tree.range_depth += usize::from(is_range);
        let (list, end) = self.list()?;
        self.tree.range_depth -= usize::from(is_range);
        let otherwise = match end {
            End::End => None,
            End::Else(word) => {
                let next = word.map(|word| word.kind);
                if context == "if" && next == Some(Kind::If) || context == "with" && next == Some(Kind::With) {
                    // The `if` is still to be read; its end is the end of both.
                    self.next_non_space();
                    Some(vec![self.control(context)?])
                } else {
                    let (otherwise, end) = self.list()?;
                    if let End::Else(_) = end {
                        return Err(self.error(format!("expected end; found {}", end.shown())));
                    }
                    Some(otherwise)
                }
            }
        };
        let pos = pipe.pos;
        let branch = Branch { pipe, list, otherwise };
        let kind = match context {
            "if" => Part::If(branch),
            "with" => Part::With(branch),
            _ => Part::Range(branch),
        };
        Ok(Node { pos, kind })
    }

    fn else_control(&mut self) -> Result<End<'a>, String> {
        let next = self.peek_non_space();
        if matches!(next.kind, Kind::If | Kind::With) {
            return Ok(End::Else(Some(next)));
        }
        self.require(Kind::RightDelim, "else")?;
        Ok(End::Else(None))
    }

    fn block(&mut self) -> Result<Node, String> {
        const CONTEXT: &str = "block clause";
        let item = self.next_non_space();
        let name = self.template_name(&item, CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, Kind::RightDelim)?;
        let inner = name.clone();
        self.separate(|parser| {
            let nodes = parser.ended_list(CONTEXT)?;
            parser.add(inner, nodes)
        })?;
        Ok(Node { pos: item.pos, kind: Part::Template { name, pipe: Some(pipe) } })
    }

    fn template(&mut self) -> Result<Node, String> {
        const CONTEXT: &str = "template clause";
        let item = self.next_non_space();
        let name = self.template_name(&item, CONTEXT)?;
        let mut pipe = None;
        if self.next_non_space().kind != Kind::RightDelim {
            self.backup();
            pipe = Some(self.pipeline(CONTEXT, Kind::RightDelim)?);
        }
        Ok(Node { pos: item.pos, kind: Part::Template { name, pipe } })
    }

    fn template_name(&mut self, item: &Item<'a>, context: &str) -> Result<String, String> {
        match item.kind {
            Kind::String | Kind::RawString => unquote(&item.text).ok_or_else(|| self.error("invalid syntax")),
            _ => Err(self.unexpected(item, context)),
        }
    }

    fn command(&mut self) -> Result<Command, String> {
        let mut command = Command { pos: self.peek_non_space().pos, args: Vec::new() };
        loop {
            self.peek_non_space();
            if let Some(operand) = self.operand()? {
                command.args.push(operand);
            }
            let item = self.next();
            match item.kind {
                Kind::Space => continue,
                Kind::RightDelim | Kind::RightParen => self.backup(),
                Kind::Pipe => {}
                _ => return Err(self.unexpected(&item, "operand")),
            }
            break;
        }
        if command.args.is_empty() {
            return Err(self.error("empty command"));
        }
        Ok(command)
    }

    fn operand(&mut self) -> Result<Option<Node>, String> {
        let Some(node) = self.term()? else { return Ok(None) };
        let first = self.peek();
        if first.kind != Kind::Field {
            return Ok(Some(node));
        }
        let mut names = Vec::new();
        while self.peek().kind == Kind::Field {
            names.push(self.next().text.trim_start_matches('.').to_owned());
        }
        let kind = match node.kind {
            Part::Field(mut all) => {
                all.append(&mut names);
                Part::Field(all)
            }
            Part::Variable(mut all) => {
                all.append(&mut names);
                Part::Variable(all)
            }
            Part::Bool(_) | Part::Str { .. } | Part::Number(_) | Part::Nil | Part::Dot => {
                return Err(self.error(format!("unexpected . after term {}", quote(&node.to_string()))));
            }
            _ => Part::Chain(Box::new(node), names),
        };
        Ok(Some(Node { pos: first.pos, kind }))
    }

    fn term(&mut self) -> Result<Option<Node>, String> {
        let item = self.next_non_space();
        let kind = match item.kind {
            Kind::Identifier => match self.functions.find(&item.text) {
                Some(function) => Part::Identifier(function),
                None => return Err(self.error(format!("function {} not defined", quote(&item.text)))),
            },
            Kind::Dot => Part::Dot,
            Kind::Nil => Part::Nil,
            Kind::Variable if self.tree.variables.iter().any(|known| *known == item.text) => {
                Part::Variable(vec![item.text.to_string()])
            }
            Kind::Variable => return Err(self.error(format!("undefined variable {}", quote(&item.text)))),
            Kind::Field => Part::Field(vec![item.text.trim_start_matches('.').to_owned()]),
            Kind::Bool => Part::Bool(item.text == "true"),
            Kind::CharConstant | Kind::Complex | Kind::Number => {
                Part::Number(number(&item).map_err(|message| self.error(message))?)
            }
            Kind::LeftParen => {
                let pipe = self.deeper(|parser| parser.pipeline("parenthesized pipeline", Kind::RightParen))?;
                return Ok(Some(Node { pos: pipe.pos, kind: Part::Pipe(pipe) }));
            }
            Kind::String | Kind::RawString => {
                let text = unquote(&item.text).ok_or_else(|| self.error("invalid syntax"))?;
                Part::Str { quoted: item.text.to_string(), text }
            }
            _ => {
                self.backup();
                return Ok(None);
            }
        };
        Ok(Some(Node { pos: item.pos, kind }))
    }
}

impl End<'_> {
    fn shown(&self) -> &'static str {
        match self {
            End::End => "{{end}}",
            End::Else(_) => "{{else}}",
        }
    }
}

/// Whether there is nothing but space.
fn is_empty(nodes: &[Node]) -> bool {
    nodes.iter().all(|node| matches!(&node.kind, Part::Text(text) if text.trim().is_empty()))
}

fn number(item: &Item<'_>) -> Result<Number, String> {
    let text = item.text.as_ref();
    let mut number = Number { text: text.to_owned(), int: None, uint: None, float: None };
    if item.kind == Kind::CharConstant {
        let (sign, tail) = strconv::unquote_char(&text[1..], '\'').ok_or("invalid syntax")?;
        if tail != "'" {
            return Err(format!("malformed character constant: {text}"));
        }
        let code = match sign {
            Sign::Byte(byte) => u32::from(byte),
            Sign::Char(c) => c as u32,
        };
        number.int = Some(i64::from(code));
        number.uint = Some(u64::from(code));
        number.float = Some(f64::from(code));
        return Ok(number);
    }
    if item.kind == Kind::Complex || text.ends_with('i') {
        return Err(format!("complex numbers aren't supported: {}", quote(text)));
    }
    number.uint = parse_uint(text).ok();
    number.int = parse_int(text).ok();
    if number.int == Some(0) {
        number.uint = Some(0);
    }
    number.float = match (number.int, number.uint) {
        (Some(int), _) => Some(int as f64),
        (None, Some(uint)) => Some(uint as f64),
        (None, None) => match parse_float(text) {
            Ok(_) if !text.contains(['.', 'e', 'E', 'p', 'P']) => {
                return Err(format!("integer overflow: {}", quote(text)));
            }
            Ok(float) => {
                number.int = (float as i64 as f64 == float).then_some(float as i64);
                number.uint = (float as u64 as f64 == float).then_some(float as u64);
                Some(float)
            }
            Err(Wrong::Syntax | Wrong::Range) => return Err(format!("illegal number syntax: {}", quote(text))),
        },
    };
    Ok(number)
}
