//! What the syntax tree has lost: comments, the names of functions and parameters with their places, keywords.
//! Read once a file by `script`.

use rhai::{Engine, Position, Token};

/// A comment.
#[derive(Debug, Clone)]
pub struct Comment {
    /// With its slashes.
    pub text: String,
    /// Where it begins.
    pub position: Position,
    /// Whether something stands before it on its line.
    pub trailing: bool,
}

/// The head of a function.
#[derive(Debug, Clone)]
pub struct Head {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub position: Position,
    /// Its parameters and where they stand.
    pub parameters: Vec<(String, Position)>,
}

/// The tokens of a file.
#[derive(Debug, Default)]
pub struct Tokens {
    all: Vec<(Token, Position)>,
    /// All comments, in order.
    pub comments: Vec<Comment>,
}

impl Tokens {
    /// Reads a text. What is no token ends the reading: such a text doesn't compile.
    pub fn of(engine: &Engine, text: &str) -> Tokens {
        let texts = [text];
        let (mut stream, control) = engine.lex(&texts);
        stream.state.include_comments = true;
        let mut tokens = Tokens::default();
        // The depth of braces at which each text that is being interpolated goes on.
        let (mut depth, mut texts) = (0usize, Vec::new());
        for (token, position) in stream {
            match token {
                Token::EOF | Token::LexError(_) => break,
                Token::Comment(text) => {
                    let line = position.line();
                    let trailing = tokens.all.last().is_some_and(|(_, last)| last.line() == line);
                    tokens.comments.push(Comment { text: text.to_string(), position, trailing });
                    continue;
                }
                Token::InterpolatedString(_) => texts.push(depth),
                Token::LeftBrace | Token::MapStart => depth += 1,
                Token::RightBrace => {
                    depth = depth.saturating_sub(1);
                    if texts.last() == Some(&depth) {
                        // The parser would say so.
                        texts.pop();
                        control.borrow_mut().is_within_text = true;
                    }
                }
                _ => {}
            }
            tokens.all.push((token, position));
        }
        tokens
    }

    /// The heads of all functions with a name.
    pub fn heads(&self) -> Vec<Head> {
        let mut found = Vec::new();
        for (at, (token, _)) in self.all.iter().enumerate() {
            if *token == Token::Fn
                && let Some((Token::Identifier(name), position)) = self.all.get(at + 1)
                && let Some((open, _)) = self.all.get(at + 2)
            {
                // `()` is one token.
                let parameters = match open {
                    Token::LeftParen => self.names_until(at + 3, &Token::RightParen),
                    _ => Vec::new(),
                };
                found.push(Head { name: name.to_string(), position: *position, parameters });
            }
        }
        found
    }

    /// The parameters of the closure that begins at a position.
    pub fn closure(&self, position: Position) -> Vec<(String, Position)> {
        match self.all.binary_search_by(|(_, at)| at.cmp(&position)) {
            Ok(at) if self.all[at].0 == Token::Pipe => self.names_until(at + 1, &Token::Pipe),
            _ => Vec::new(),
        }
    }

    fn names_until(&self, from: usize, end: &Token) -> Vec<(String, Position)> {
        let tokens = self.all.iter().skip(from).take_while(|(token, _)| token != end);
        let name = |(token, position): &(Token, Position)| match token {
            Token::Identifier(name) => Some((name.to_string(), *position)),
            _ => None,
        };
        tokens.filter_map(name).collect()
    }
}
