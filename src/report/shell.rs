//! Words as a shell takes them, for commands that people copy out of messages.

/// A word as a shell takes it: in quotes, if it needs them.
pub fn word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "=-_./:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_string()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_one() {
        assert_eq!(word("size=large"), "size=large");
        assert_eq!(word("description=a cat's"), "'description=a cat'\\''s'");
    }
}
