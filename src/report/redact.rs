//! Hides values that nobody may read: in all that is said, and in what is recorded. It knows a value as it is and in
//! the forms that a program puts it into on its way.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use aho_corasick::{AhoCorasick, MatchKind};

use super::event::{Event, Sink};

/// What stands in the place of a value.
pub const HIDDEN: &str = "***";

/// The shortest value that can be hidden. A shorter one would be found in words that have nothing to do with it.
pub const SHORTEST: usize = 6;

/// Knows values and hides them. Clones know the same.
#[derive(Clone, Default)]
pub struct Redactor(Arc<RwLock<Known>>);

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(HIDDEN)
    }
}

#[derive(Default)]
struct Known {
    forms: BTreeSet<Vec<u8>>,
    matcher: Option<AhoCorasick>,
    listener: Option<Listener>,
}

/// Is told each value, as it is, when it is learnt.
pub type Listener = Arc<dyn Fn(&str) + Send + Sync>;

impl Redactor {
    /// From now on tells each value that it learns: to a CI server that hides it in what other programs say.
    pub fn tell(&self, listener: Listener) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).listener = Some(listener);
    }

    /// Learns a value. One that is too short to be hidden isn't learnt.
    pub fn learn(&self, value: &str) {
        let forms = forms(value);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if forms.iter().all(|form| known.forms.contains(form)) {
            return;
        }
        known.forms.extend(forms);
        // It fails for sets of a size that no list of secrets comes near to.
        known.matcher = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&known.forms).ok();
        if let Some(listener) = known.listener.clone() {
            drop(known);
            listener(value);
        }
    }

    /// Where the first of the values is in some bytes, if one is.
    pub fn find(&self, bytes: &[u8]) -> Option<usize> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.matcher.as_ref()?.find(bytes).map(|found| found.start())
    }

    /// Whether there is nothing to hide.
    pub fn knows_nothing(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).forms.is_empty()
    }

    /// The text with `***` for every value.
    pub fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let Some(matcher) = &known.matcher else { return Cow::Borrowed(text) };
        let mut clean = String::new();
        let mut rest = 0;
        for found in matcher.find_iter(text) {
            clean.push_str(&text[rest..found.start()]);
            clean.push_str(HIDDEN);
            rest = found.end();
        }
        if rest == 0 {
            return Cow::Borrowed(text);
        }
        clean.push_str(&text[rest..]);
        Cow::Owned(clean)
    }

    /// The value with `***` for every secret in its texts and keys.
    pub fn clean_json(&self, value: &mut serde_json::Value) {
        use serde_json::Value;
        match value {
            Value::String(text) => self.clean_in(text),
            Value::Array(list) => list.iter_mut().for_each(|item| self.clean_json(item)),
            Value::Object(map) => {
                if map.keys().any(|key| self.find(key.as_bytes()).is_some()) {
                    let entries = std::mem::take(map).into_iter();
                    *map = entries.map(|(key, item)| (self.clean(&key).into_owned(), item)).collect();
                }
                map.values_mut().for_each(|item| self.clean_json(item));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Cleans a text in its place.
    pub fn clean_in(&self, text: &mut String) {
        if let Cow::Owned(clean) = self.clean(text) {
            *text = clean;
        }
    }
}

/// A sink that hides what a redactor knows.
pub struct Guarded {
    sink: Arc<dyn Sink>,
    redactor: Redactor,
}

impl Guarded {
    /// Hides it from this sink.
    pub fn over(sink: Arc<dyn Sink>, redactor: Redactor) -> Guarded {
        Guarded { sink, redactor }
    }
}

impl Sink for Guarded {
    fn emit(&self, event: Event) {
        if self.redactor.knows_nothing() {
            return self.sink.emit(event);
        }
        self.sink.emit(super::clean::cleaned(event, &self.redactor));
    }

    fn suspend(&self, f: &mut dyn FnMut()) {
        self.sink.suspend(f);
    }
}

/// A value and what becomes of it in JSON, in URLs, in base64 and in hexadecimal digits.
fn forms(value: &str) -> BTreeSet<Vec<u8>> {
    let mut forms = BTreeSet::new();
    let lines = value.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
    // A key of several lines is also found by each of them: diffs and logs stand between them.
    for part in std::iter::once(value.trim()).chain(lines.filter(|line| line.len() >= 2 * SHORTEST)) {
        if part.len() >= SHORTEST {
            add_forms(part, &mut forms);
        }
    }
    forms
}

fn add_forms(value: &str, forms: &mut BTreeSet<Vec<u8>>) {
    let bytes = value.as_bytes();
    forms.insert(bytes.to_vec());
    let quoted = serde_json::Value::from(value).to_string();
    let inner = &quoted[1..quoted.len() - 1];
    forms.insert(inner.into());
    // JSON within JSON, and the slash that some writers escape.
    let twice = serde_json::Value::from(inner).to_string();
    forms.insert(twice[1..twice.len() - 1].into());
    forms.insert(inner.replace('/', "\\/").into());
    forms.insert(value.escape_debug().to_string().into());
    for writer in WRITERS {
        let escaped = percent(bytes, writer);
        forms.insert(lower_escapes(&escaped).into());
        forms.insert(escaped.into());
    }
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    forms.insert(hex.to_uppercase().into());
    forms.insert(hex.into());
    for offset in 0..3 {
        let whole = base64(bytes, offset);
        if whole.len() >= SHORTEST {
            forms.insert(whole.replace('+', "-").replace('/', "_").into());
            forms.insert(whole.into());
        }
    }
}

/// What writers of URLs leave as it is, and what they make of a space: RFC 3986's unreserved letters, the same in a
/// form, HTML's forms, JavaScript's components, and a path.
const WRITERS: [(&[u8], &str); 5] =
    [(b"-._~", "%20"), (b"-._~", "+"), (b"*-._", "+"), (b"-._~!'()*", "%20"), (b"-._~!$&'()*+,;=:@/", "%20")];

fn percent(bytes: &[u8], (kept, space): (&[u8], &str)) -> String {
    let mut text = String::new();
    for byte in bytes {
        match byte {
            b' ' => text.push_str(space),
            byte if byte.is_ascii_alphanumeric() || kept.contains(byte) => text.push(char::from(*byte)),
            byte => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// `%2F` as `%2f`.
fn lower_escapes(text: &str) -> String {
    let mut left = 0;
    let lower = |letter: char| {
        if letter == '%' {
            left = 2;
        } else if left > 0 {
            left -= 1;
            return letter.to_ascii_lowercase();
        }
        letter
    };
    text.chars().map(lower).collect()
}

/// The letters of base64 that depend on these bytes alone, when so many bytes of another text stand before them.
fn base64(bytes: &[u8], offset: usize) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
    // The first letter that begins within the bytes, and the letters that end within them.
    let first = (offset * 8).div_ceil(6);
    let last = (offset + bytes.len()) * 8 / 6;
    let letter = |letter: usize| {
        let start = letter * 6 - offset * 8;
        let index = (0..6).fold(0, |index, at| index << 1 | bit(start + at));
        char::from(ALPHABET[usize::from(index)])
    };
    (first..last).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Base64 of a whole text, by hand.
    fn encode(bytes: &[u8]) -> String {
        let mut padded = bytes.to_vec();
        padded.extend(vec![0; (3 - bytes.len() % 3) % 3]);
        base64(&padded, 0)
    }

    #[test]
    fn base64_is_that_of_everybody() {
        assert_eq!(base64(b"Man", 0), "TWFu");
        assert_eq!(encode(b"light work."), "bGlnaHQgd29yay4A");
    }

    #[test]
    fn a_value_is_hidden_in_the_forms_that_it_takes() {
        let redactor = Redactor::default();
        redactor.learn("p/ss w\"rd+1\n");
        for text in ["p/ss w\"rd+1", "p%2Fss%20w%22rd%2B1", "p%2fss+w%22rd%2b1", "p/ss w\\\"rd+1", "p\\/ss w\\\"rd+1"] {
            assert_eq!(redactor.clean(&format!("a {text} b")), "a *** b", "{text}");
        }
        assert_eq!(redactor.clean("nothing to hide"), "nothing to hide");
    }

    #[test]
    fn lines_of_a_key_are_hidden_one_by_one_and_short_values_not_at_all() {
        let redactor = Redactor::default();
        redactor.learn("-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----\n");
        assert_eq!(redactor.clean("+MIIEvQIBADANBgkq\n+hkiG9w0BAQEFAASC"), "+***\n+***");
        let short = Redactor::default();
        short.learn("abc");
        assert!(short.knows_nothing());
    }

    proptest! {
        #[test]
        fn no_form_of_a_random_value_stays(
            secret in "[ -~]{6,40}", before in "[ -~]{0,9}", after in "[ -~]{0,9}", lower in any::<bool>(),
            writer in 0..WRITERS.len(),
        ) {
            prop_assume!(secret.trim().len() >= SHORTEST);
            let secret = secret.trim();
            let redactor = Redactor::default();
            redactor.learn(secret);
            let around = format!("{before}{secret}{after}");
            let url = percent(around.as_bytes(), WRITERS[writer]);
            let hex: String = around.bytes().map(|byte| format!("{byte:02x}")).collect();
            let base = encode(around.as_bytes());
            let texts = [
                around.clone(),
                serde_json::Value::from(around.as_str()).to_string(),
                if lower { lower_escapes(&url) } else { url },
                if lower { hex } else { hex.to_uppercase() },
                if lower { base.replace('+', "-").replace('/', "_") } else { base },
            ];
            for text in &texts {
                let clean = redactor.clean(text);
                prop_assert!(clean.contains(HIDDEN), "{text} became {clean}");
                prop_assert!(!clean.contains(secret) || HIDDEN.contains(secret), "{text} became {clean}");
            }
        }
    }
}
