//! The format `email`: an address as Go's `mail.ParseAddress` takes it, with a name in front of it or without.

use std::net::IpAddr;

/// Whether a text is one address. Groups (`team: a@b;`) are taken for none.
pub(super) fn is_address(text: &str) -> bool {
    let mut reader = Reader(text);
    (reader.mailbox().is_some() && reader.comments().is_some()) && reader.0.is_empty()
}

/// What is left to read. Each step is None where the text isn't what it reads.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn mailbox(&mut self) -> Option<()> {
        self.spaces();
        let start = *self;
        if self.address().is_some() {
            return Some(());
        }
        *self = start;
        while !self.0.is_empty() && !self.0.starts_with('<') {
            if self.0.len() < start.0.len() {
                self.comments()?;
            }
            if self.0.starts_with('<') {
                break;
            }
            self.word(true)?;
            self.spaces();
        }
        self.sign('<')?;
        self.address()?;
        self.sign('>')
    }

    fn address(&mut self) -> Option<()> {
        self.spaces();
        match self.0.starts_with("\"\"") {
            true => return None,
            false => self.word(false)?,
        }
        self.sign('@')?;
        self.spaces();
        let Some(literal) = self.0.strip_prefix('[') else { return self.atom(false) };
        let (address, rest) = literal.split_once(']')?;
        self.0 = rest;
        address.parse::<IpAddr>().ok().map(|_| ())
    }

    fn word(&mut self, lenient: bool) -> Option<()> {
        if self.0.starts_with('"') { self.quoted() } else { self.atom(lenient) }
    }

    fn quoted(&mut self) -> Option<()> {
        let mut escaped = false;
        for (at, c) in self.0.char_indices().skip(1) {
            match c {
                c if !is_visible(c) && !matches!(c, ' ' | '\t') => return None,
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => {
                    self.0 = &self.0[at + 1..];
                    return Some(());
                }
                _ => {}
            }
        }
        None
    }

    /// Signs and dots; only in a name may dots stand anywhere.
    fn atom(&mut self, lenient: bool) -> Option<()> {
        let special = |c: char| matches!(c, '(' | ')' | '<' | '>' | '[' | ']' | ':' | ';' | '@' | '\\' | ',' | '"');
        let end = self.0.find(|c| special(c) || !is_visible(c)).unwrap_or(self.0.len());
        let atom = &self.0[..end];
        self.0 = &self.0[end..];
        let dots = atom.starts_with('.') || atom.ends_with('.') || atom.contains("..");
        (!atom.is_empty() && (lenient || !dots)).then_some(())
    }

    fn sign(&mut self, c: char) -> Option<()> {
        self.0 = self.0.strip_prefix(c)?;
        Some(())
    }

    fn spaces(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    fn comments(&mut self) -> Option<()> {
        self.spaces();
        while self.0.starts_with('(') {
            let (mut depth, mut escaped, mut end) = (0, false, None);
            for (at, c) in self.0.char_indices() {
                match c {
                    _ if escaped => escaped = false,
                    '\\' => escaped = true,
                    '(' => depth += 1,
                    ')' => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    end = Some(at + 1);
                    break;
                }
            }
            self.0 = &self.0[end?..];
            self.spaces();
        }
        Some(())
    }
}

fn is_visible(c: char) -> bool {
    ('!'..='~').contains(&c) || !c.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_with_names_or_without() {
        for text in [
            "a@b",
            "a.b+c@example.com",
            "Ada L. <ada@example.com>",
            "\"Ada (L)\" <ada@example.com>",
            "<a@b>",
            "\"a b\"@c",
            "a@[127.0.0.1]",
            "a@b (Ada)",
            " a@b ",
            "é@ü",
            "Ada (x) <a@b>",
        ] {
            assert!(is_address(text), "{text}");
        }
        for text in [
            "", "a", "a@", "@b", "a@b@c", "a b@c", ".a@b", "a..b@c", "a@b.", "Ada <a@b", "a@b, c@d", "\"\"@b", "a@[x]",
            "a@b (x",
        ] {
            assert!(!is_address(text), "{text}");
        }
    }
}
