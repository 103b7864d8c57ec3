//! What a stream can show: colour, symbols, width. Every coloured or foreign text passes through here.

use std::borrow::Cow;

use console::Style;

use super::ColorChoice;
use crate::report::Action;

/// The value that the world will assign; printed dimmed wherever it stands.
const KNOWN_AFTER_APPLY: &str = "(known after apply)";

/// What one stream can show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Look {
    /// ANSI colours.
    pub color: bool,
    /// Symbols outside ASCII.
    pub unicode: bool,
    /// The terminal's columns; none when it isn't a terminal.
    pub width: Option<usize>,
    /// Whether a person can type the next command there.
    pub terminal: bool,
}

impl Look {
    /// Decides from `--color`, the environment and whether the stream is a terminal.
    pub(super) fn detect(
        choice: ColorChoice,
        terminal: bool,
        width: Option<usize>,
        env: impl Fn(&str) -> Option<String>,
    ) -> Look {
        let set = |name: &str| env(name).filter(|value| !value.is_empty());
        let color = match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto if set("NO_COLOR").is_some() => false,
            ColorChoice::Auto if set("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
            ColorChoice::Auto => terminal && set("TERM").as_deref() != Some("dumb"),
        };
        // The first that is set decides, as in setlocale(3).
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default().to_lowercase();
        let unicode = locale.contains("utf-8") || locale.contains("utf8");
        Look { color, unicode, width: width.filter(|_| terminal), terminal }
    }

    fn paint(&self, style: Style, text: &str) -> String {
        style.force_styling(self.color).apply_to(text).to_string()
    }

    pub(super) fn bold(&self, text: &str) -> String {
        self.paint(Style::new().bold(), text)
    }

    pub(super) fn dim(&self, text: &str) -> String {
        self.paint(Style::new().dim(), text)
    }

    pub(super) fn green(&self, text: &str) -> String {
        self.paint(Style::new().green(), text)
    }

    pub(super) fn yellow(&self, text: &str) -> String {
        self.paint(Style::new().yellow(), text)
    }

    pub(super) fn red(&self, text: &str) -> String {
        self.paint(Style::new().red(), text)
    }

    pub(super) fn cyan(&self, text: &str) -> String {
        self.paint(Style::new().cyan(), text)
    }

    /// One of two spellings of a symbol.
    pub(super) fn symbol(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.unicode { unicode } else { ascii }
    }

    /// `+`, `~` or `-` in its colour.
    pub(super) fn action(&self, action: Action) -> String {
        match action {
            Action::Create => self.green("+"),
            Action::Update => self.yellow("~"),
            Action::Delete => self.red("-"),
        }
    }

    /// A value with the parts dimmed that the world will assign.
    pub(super) fn value(&self, value: &str) -> String {
        clean(value).replace(KNOWN_AFTER_APPLY, &self.dim(KNOWN_AFTER_APPLY))
    }

    /// Where sentences wrap: the terminal's width, but no longer than reads well.
    pub(super) fn measure(&self) -> usize {
        self.width.unwrap_or(100).clamp(40, 100)
    }
}

/// A text that can't move the cursor, change colours or reorder what is read: names and contents come from repositories
/// and clusters that others write to.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(hostile) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        if hostile(c) { clean.extend(c.escape_unicode()) } else { clean.push(c) }
    }
    Cow::Owned(clean)
}

/// Control characters other than newline and tab, and the bidirectional ones.
pub(super) fn hostile(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text on one line.
pub(super) fn one_line(text: &str) -> String {
    clean(text).lines().map(str::trim).collect::<Vec<_>>().join(" ").trim().to_string()
}

/// Breaks a text at spaces so that no line passes `width`, unless a word does; its own line breaks stay.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            let fits = console::measure_text_width(&line) + 1 + console::measure_text_width(word) <= width;
            if line.is_empty() {
                line.push_str(word);
            } else if fits {
                line.push(' ');
                line.push_str(word);
            } else {
                lines.push(std::mem::replace(&mut line, word.to_string()));
            }
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn color(choice: ColorChoice, terminal: bool, env: &[(&str, &str)]) -> bool {
        Look::detect(choice, terminal, None, |name| {
            env.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_string())
        })
        .color
    }

    #[test]
    fn the_flag_wins_then_no_color_then_force_then_the_terminal() {
        use ColorChoice::*;
        assert!(color(Always, false, &[("NO_COLOR", "1")]));
        assert!(!color(Never, true, &[("CLICOLOR_FORCE", "1")]));
        assert!(!color(Auto, true, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]));
        assert!(color(Auto, false, &[("NO_COLOR", ""), ("CLICOLOR_FORCE", "1")]));
        assert!(!color(Auto, false, &[("CLICOLOR_FORCE", "0")]));
        assert!(color(Auto, true, &[]));
        assert!(!color(Auto, true, &[("TERM", "dumb")]));
        assert!(!color(Auto, false, &[]));
    }

    #[test]
    fn symbols_follow_the_locale() {
        let unicode = |env: &[(&str, &str)]| {
            Look::detect(ColorChoice::Auto, true, None, |name| {
                env.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_string())
            })
            .unicode
        };
        assert!(unicode(&[("LANG", "en_US.UTF-8")]));
        assert!(unicode(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8"), ("LANG", "C")]));
        assert!(!unicode(&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")]));
        assert!(!unicode(&[]));
    }

    #[test]
    fn foreign_text_cant_drive_the_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb\r\nc\u{202e}"), "a\\u{1b}[2Jb\nc\\u{202e}");
    }

    #[test]
    fn long_words_stay_whole() {
        assert_eq!(wrap("see https://example.com/a now", 10), ["see", "https://example.com/a", "now"]);
    }
}
