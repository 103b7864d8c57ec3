//! Go's `fmt` over the values of templates: verbs, flags, width and precision, and what it writes where they don't fit.
//! Called for every action that prints, and by `print`, `printf` and their like.

use super::limits::{Budget, Fault};
use super::strconv::{can_backquote, format_float, is_print, quoted};
use super::value::Value;

/// Text in the making.
pub struct Printer<'b> {
    out: String,
    budget: &'b mut Budget,
    flags: Flags,
    /// A verb that doesn't fit is being told: methods aren't called for it.
    in_error: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Flags {
    width: Option<usize>,
    precision: Option<usize>,
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    /// `%#v`
    go_syntax: bool,
}

type Done = Result<(), Fault>;

/// The largest width and precision that Go takes.
const LARGEST: usize = 1_000_000;

impl<'b> Printer<'b> {
    fn new(budget: &'b mut Budget) -> Self {
        Printer { out: String::new(), budget, flags: Flags::default(), in_error: false }
    }

    /// `fmt.Sprint`
    pub fn print(values: &[Value], budget: &'b mut Budget) -> Result<String, Fault> {
        let mut printer = Self::new(budget);
        let mut after_string = false;
        for (position, value) in values.iter().enumerate() {
            let is_string = matches!(value, Value::Str(_));
            if position > 0 && !is_string && !after_string {
                printer.out.push(' ');
            }
            printer.argument(value, 'v')?;
            after_string = is_string;
        }
        Ok(printer.out)
    }

    /// `fmt.Sprintln`
    pub fn println(values: &[Value], budget: &'b mut Budget) -> Result<String, Fault> {
        let mut printer = Self::new(budget);
        for (position, value) in values.iter().enumerate() {
            if position > 0 {
                printer.out.push(' ');
            }
            printer.argument(value, 'v')?;
        }
        printer.out.push('\n');
        Ok(printer.out)
    }

    /// `fmt.Sprintf`
    pub fn printf(format: &str, values: &[Value], budget: &'b mut Budget) -> Result<String, Fault> {
        let mut printer = Self::new(budget);
        printer.format(format, values)?;
        Ok(printer.out)
    }

    fn format(&mut self, format: &str, values: &[Value]) -> Done {
        let mut reader = Reader { text: format, at: 0, next: 0, count: values.len(), reordered: false, fits: true };
        loop {
            let rest = &format[reader.at..];
            let length = rest.find('%').unwrap_or(rest.len());
            self.text(&rest[..length])?;
            reader.at += length;
            if reader.at >= format.len() {
                break;
            }
            reader.at += 1;
            self.flags = Flags::default();
            reader.fits = true;
            let Some(verb) = self.directive(&mut reader, values)? else {
                self.text("%!(NOVERB)")?;
                break;
            };
            match verb {
                '%' => self.text("%")?,
                verb if !reader.fits => self.text(&format!("%!{verb}(BADINDEX)"))?,
                verb => match values.get(reader.next) {
                    None => self.text(&format!("%!{verb}(MISSING)"))?,
                    Some(value) => {
                        if verb == 'v' || verb == 'w' {
                            self.flags.go_syntax = self.flags.sharp;
                            self.flags.sharp = false;
                            self.flags.plus = false;
                        }
                        self.argument(value, verb)?;
                        reader.next += 1;
                    }
                },
            }
        }
        let extra = values.get(reader.next..).unwrap_or_default();
        if !reader.reordered && !extra.is_empty() {
            self.flags = Flags::default();
            self.text("%!(EXTRA ")?;
            for (position, value) in extra.iter().enumerate() {
                if position > 0 {
                    self.text(", ")?;
                }
                if let Value::Nil = value {
                    self.text("<nil>")?;
                } else {
                    self.text(value.type_name())?;
                    self.text("=")?;
                    self.argument(value, 'v')?;
                }
            }
            self.text(")")?;
        }
        Ok(())
    }

    /// Flags, width, precision and verb; nothing where the text ends before it.
    fn directive(&mut self, reader: &mut Reader<'_>, values: &[Value]) -> Result<Option<char>, Fault> {
        while let Some(byte) = reader.byte() {
            match byte {
                b'#' => self.flags.sharp = true,
                b'0' => self.flags.zero = true,
                b'+' => self.flags.plus = true,
                b'-' => self.flags.minus = true,
                b' ' => self.flags.space = true,
                b'a'..=b'z' if reader.next < reader.count => {
                    reader.at += 1;
                    return Ok(Some(char::from(byte)));
                }
                _ => break,
            }
            reader.at += 1;
        }
        let mut after_index = reader.index();
        if reader.byte() == Some(b'*') {
            reader.at += 1;
            match reader.star(values) {
                Some(width) => {
                    self.flags.width = Some(width.unsigned_abs());
                    if width < 0 {
                        self.flags.minus = true;
                        self.flags.zero = false;
                    }
                }
                None => self.text("%!(BADWIDTH)")?,
            }
            after_index = false;
        } else {
            self.flags.width = reader.number();
            if after_index && self.flags.width.is_some() {
                reader.fits = false;
            }
        }
        if reader.byte() == Some(b'.') && reader.at + 1 < reader.text.len() {
            reader.at += 1;
            if after_index {
                reader.fits = false;
            }
            after_index = reader.index();
            if reader.byte() == Some(b'*') {
                reader.at += 1;
                match reader.star(values) {
                    Some(precision) if precision >= 0 => self.flags.precision = Some(precision.unsigned_abs()),
                    _ => self.text("%!(BADPREC)")?,
                }
                after_index = false;
            } else {
                self.flags.precision = Some(reader.number().unwrap_or_default());
            }
        }
        if !after_index {
            reader.index();
        }
        let verb = reader.text[reader.at..].chars().next();
        reader.at += verb.map_or(0, char::len_utf8);
        Ok(verb)
    }

    /// Writes, as long as there is room.
    fn text(&mut self, text: &str) -> Done {
        self.check_room(text.len())?;
        self.out.push_str(text);
        Ok(())
    }

    fn check_room(&mut self, more: usize) -> Done {
        let size = self.out.len().saturating_add(more);
        if size > self.budget.memory_left() { self.budget.room(size) } else { Ok(()) }
    }

    fn padding(&mut self, count: usize, zero: bool) -> Done {
        self.check_room(count)?;
        self.out.extend(std::iter::repeat_n(if zero { '0' } else { ' ' }, count));
        Ok(())
    }

    fn pad(&mut self, text: &str) -> Done {
        let missing = self.flags.width.unwrap_or_default().saturating_sub(text.chars().count());
        if missing == 0 {
            return self.text(text);
        }
        if self.flags.minus {
            self.text(text)?;
            return self.padding(missing, false);
        }
        self.padding(missing, self.flags.zero)?;
        self.text(text)
    }

    fn pad_blank(&mut self, text: &str) -> Done {
        let zero = std::mem::replace(&mut self.flags.zero, false);
        self.pad(text)?;
        self.flags.zero = zero;
        Ok(())
    }

    fn argument(&mut self, value: &Value, verb: char) -> Done {
        match (value, verb) {
            (Value::Nil, 'v' | 'T') => self.pad("<nil>"),
            (value, 'T') => self.string_text(value.type_name()),
            (value, verb) => self.value(value, verb, 0),
        }
    }

    fn value(&mut self, value: &Value, verb: char, depth: usize) -> Done {
        self.budget.step(1)?;
        self.budget.check_depth(depth)?;
        match value {
            Value::Nil if depth > 0 => self.text(if self.flags.go_syntax { "interface {}(nil)" } else { "<nil>" }),
            Value::Nil => self.bad_verb(value, verb),
            Value::Bool(truth) if matches!(verb, 't' | 'v') => self.pad(if *truth { "true" } else { "false" }),
            Value::Int(number) | Value::Int64(number) => self.integer(value, number.unsigned_abs(), *number < 0, verb),
            Value::Uint64(number) => self.integer(value, *number, false, verb),
            Value::Byte(number) => self.integer(value, u64::from(*number), false, verb),
            Value::Float(number) => self.float(value, *number, verb),
            Value::Str(text) => self.string(value, text, verb),
            Value::Time(time) if !self.in_error && matches!(verb, 'v' | 's' | 'x' | 'X' | 'q') => {
                self.string(value, &time.to_string(), verb)
            }
            Value::Version(version) if !self.in_error && matches!(verb, 'v' | 's' | 'x' | 'X' | 'q') => {
                self.string(value, &version.to_string(), verb)
            }
            Value::List(list) => self.list(value, list, verb, depth),
            Value::Map(map) => {
                if self.flags.go_syntax {
                    self.text(value.type_name())?;
                    if map.is_nil() {
                        return self.text("(nil)");
                    }
                }
                self.text(if self.flags.go_syntax { "{" } else { "map[" })?;
                for (position, (key, element)) in map.snapshot().into_iter().enumerate() {
                    if position > 0 {
                        self.text(if self.flags.go_syntax { ", " } else { " " })?;
                    }
                    self.string(&Value::Str(key.clone()), &key, verb)?;
                    self.text(":")?;
                    self.value(&element, verb, depth + 1)?;
                }
                self.text(if self.flags.go_syntax { "}" } else { "]" })
            }
            _ => self.bad_verb(value, verb),
        }
    }

    fn list(&mut self, value: &Value, list: &super::value::List, verb: char, depth: usize) -> Done {
        if self.flags.go_syntax {
            self.text(value.type_name())?;
            if list.is_nil() {
                return self.text("(nil)");
            }
        }
        self.text(if self.flags.go_syntax { "{" } else { "[" })?;
        for (position, item) in list.items().iter().enumerate() {
            if position > 0 {
                self.text(if self.flags.go_syntax { ", " } else { " " })?;
            }
            self.value(item, verb, depth + 1)?;
        }
        self.text(if self.flags.go_syntax { "}" } else { "]" })
    }

    fn bad_verb(&mut self, value: &Value, verb: char) -> Done {
        self.in_error = true;
        self.text(&format!("%!{verb}("))?;
        if let Value::Nil = value {
            self.text("<nil>")?;
        } else {
            self.text(value.type_name())?;
            self.text("=")?;
            match value {
                Value::Time(_) | Value::Version(_) => self.text(value.kind_name())?,
                _ => self.value(value, 'v', 0)?,
            }
        }
        self.text(")")?;
        self.in_error = false;
        Ok(())
    }

    fn truncated<'t>(&self, text: &'t str) -> &'t str {
        let Some(precision) = self.flags.precision else { return text };
        text.char_indices().nth(precision).map_or(text, |(at, _)| &text[..at])
    }

    fn string_text(&mut self, text: &str) -> Done {
        let text = self.truncated(text);
        self.pad(text)
    }

    fn string(&mut self, value: &Value, text: &str, verb: char) -> Done {
        match verb {
            'v' if self.flags.go_syntax => self.quoted(text),
            'v' | 's' => self.string_text(text),
            'x' => self.hexadecimal(text, false),
            'X' => self.hexadecimal(text, true),
            'q' => self.quoted(text),
            _ => self.bad_verb(value, verb),
        }
    }

    fn quoted(&mut self, text: &str) -> Done {
        self.check_room(text.len().saturating_mul(10))?;
        let text = self.truncated(text);
        if self.flags.sharp && can_backquote(text) {
            return self.pad(&format!("`{text}`"));
        }
        self.pad(&quoted(text, '"', self.flags.plus))
    }

    fn hexadecimal(&mut self, text: &str, upper: bool) -> Done {
        let bytes = text.as_bytes();
        let bytes = &bytes[..self.flags.precision.map_or(bytes.len(), |precision| precision.min(bytes.len()))];
        self.check_room(bytes.len().saturating_mul(5))?;
        let prefix = match (self.flags.sharp, upper) {
            (false, _) => "",
            (true, false) => "0x",
            (true, true) => "0X",
        };
        let mut out = String::with_capacity(bytes.len() * 5);
        for (position, byte) in bytes.iter().enumerate() {
            if position > 0 && self.flags.space {
                out.push(' ');
            }
            if position == 0 || self.flags.space {
                out.push_str(prefix);
            }
            out.push_str(&if upper { format!("{byte:02X}") } else { format!("{byte:02x}") });
        }
        self.pad(&out)
    }

    fn integer(&mut self, value: &Value, number: u64, negative: bool, verb: char) -> Done {
        let is_signed = matches!(value, Value::Int(_) | Value::Int64(_));
        match verb {
            'v' if self.flags.go_syntax && !is_signed => {
                let sharp = std::mem::replace(&mut self.flags.sharp, true);
                self.digits(number, negative, 16, verb)?;
                self.flags.sharp = sharp;
                Ok(())
            }
            'v' | 'd' => self.digits(number, negative, 10, verb),
            'b' => self.digits(number, negative, 2, verb),
            'o' | 'O' => self.digits(number, negative, 8, verb),
            'x' | 'X' => self.digits(number, negative, 16, verb),
            'c' | 'q' => {
                let code = if negative { None } else { u32::try_from(number).ok() };
                let c = code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
                let text = if verb == 'c' { c.to_string() } else { quoted(&c.to_string(), '\'', self.flags.plus) };
                self.pad(&text)
            }
            'U' => {
                let number = if negative { number.wrapping_neg() } else { number };
                let least = self.flags.precision.unwrap_or_default().max(4);
                self.check_room(least)?;
                let mut text = format!("U+{number:0least$X}");
                let c = u32::try_from(number).ok().and_then(char::from_u32).filter(|c| is_print(*c));
                if let Some(c) = c.filter(|_| self.flags.sharp) {
                    text.push_str(&format!(" '{c}'"));
                }
                self.pad_blank(&text)
            }
            _ => self.bad_verb(value, verb),
        }
    }

    fn digits(&mut self, number: u64, negative: bool, base: u32, verb: char) -> Done {
        if self.flags.precision == Some(0) && number == 0 {
            return self.padding(self.flags.width.unwrap_or_default(), false);
        }
        let mut text = match base {
            2 => format!("{number:b}"),
            8 => format!("{number:o}"),
            16 if verb == 'X' => format!("{number:X}"),
            16 => format!("{number:x}"),
            _ => number.to_string(),
        };
        let has_sign = negative || self.flags.plus || self.flags.space;
        let least = match (self.flags.precision, self.flags.width) {
            (Some(precision), _) => precision,
            (None, Some(width)) if self.flags.zero && !self.flags.minus => width - usize::from(has_sign && width > 0),
            _ => 0,
        };
        self.check_room(least)?;
        if text.len() < least {
            text.insert_str(0, &"0".repeat(least - text.len()));
        }
        if self.flags.sharp {
            match base {
                2 => text.insert_str(0, "0b"),
                8 if !text.starts_with('0') => text.insert(0, '0'),
                16 => text.insert_str(0, if verb == 'X' { "0X" } else { "0x" }),
                _ => {}
            }
        }
        if verb == 'O' {
            text.insert_str(0, "0o");
        }
        if negative {
            text.insert(0, '-');
        } else if self.flags.plus {
            text.insert(0, '+');
        } else if self.flags.space {
            text.insert(0, ' ');
        }
        self.pad_blank(&text)
    }

    fn float(&mut self, value: &Value, number: f64, verb: char) -> Done {
        let (style, default) = match verb {
            'v' | 'g' => ('g', None),
            'G' => ('G', None),
            'e' | 'E' => (verb, Some(6)),
            'f' | 'F' => ('f', Some(6)),
            'b' | 'x' | 'X' => (verb, None),
            _ => return self.bad_verb(value, verb),
        };
        let precision = self.flags.precision.or(default);
        self.check_room(precision.unwrap_or_default().saturating_add(400))?;
        // The formatter of the standard library takes 16 bits of precision.
        let mut text = format_float(number, style, precision.map(|precision| precision.min(60_000)));
        if !text.starts_with(['-', '+']) {
            text.insert(0, '+');
        }
        if self.flags.space && text.starts_with('+') && !self.flags.plus {
            text.replace_range(..1, " ");
        }
        if !number.is_finite() {
            let shown = if number.is_nan() && !self.flags.space && !self.flags.plus { &text[1..] } else { &text };
            let shown = shown.to_owned();
            return self.pad_blank(&shown);
        }
        if self.flags.sharp && verb != 'b' {
            text = with_point(&text, verb, precision);
        }
        if self.flags.plus || !text.starts_with('+') {
            let width = self.flags.width.unwrap_or_default();
            if self.flags.zero && !self.flags.minus && width > text.len() {
                self.text(&text[..1])?;
                self.padding(width - text.len(), true)?;
                return self.text(&text[1..]);
            }
            return self.pad(&text);
        }
        let unsigned = text[1..].to_owned();
        self.pad(&unsigned)
    }
}

/// What `#` asks for: a decimal point, and the zeros behind it.
fn with_point(text: &str, verb: char, precision: Option<usize>) -> String {
    let marks = if matches!(verb, 'x' | 'X') { ['p', 'P'] } else { ['e', 'E'] };
    let (number, tail) = text.find(marks).map_or((text, ""), |at| text.split_at(at));
    let mut out = number.to_owned();
    let mut digits = match verb {
        'v' | 'g' | 'G' | 'x' => precision.unwrap_or(6),
        _ => 0,
    };
    let mut seen = false;
    for c in number.chars().skip(1).filter(|c| *c != '.') {
        seen |= c != '0';
        digits = digits.saturating_sub(usize::from(seen));
    }
    if !number.contains('.') {
        if number.len() == 2 && number.ends_with('0') {
            digits = digits.saturating_sub(1);
        }
        out.push('.');
    }
    out.extend(std::iter::repeat_n('0', digits));
    out + tail
}

/// A format on the way through its directives.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// The argument that is next.
    next: usize,
    count: usize,
    reordered: bool,
    /// Whether the index that was asked for is one.
    fits: bool,
}

impl Reader<'_> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Digits; none if there are none or it is too large.
    fn number(&mut self) -> Option<usize> {
        let mut number = None;
        while let Some(digit) = self.byte().filter(u8::is_ascii_digit) {
            let so_far = number.unwrap_or(0);
            if so_far > LARGEST {
                self.at = self.text.len();
                return None;
            }
            number = Some(so_far * 10 + usize::from(digit - b'0'));
            self.at += 1;
        }
        number
    }

    /// A width or precision that is an argument.
    fn star(&mut self, values: &[Value]) -> Option<isize> {
        let value = values.get(self.next)?;
        self.next += 1;
        let number = match value {
            Value::Int(number) | Value::Int64(number) => isize::try_from(*number).ok()?,
            Value::Uint64(number) => isize::try_from(*number).ok()?,
            Value::Byte(number) => isize::from(*number),
            _ => return None,
        };
        (number.unsigned_abs() <= LARGEST).then_some(number)
    }

    /// `[2]`: which argument is next. Whether there was one.
    fn index(&mut self) -> bool {
        if self.byte() != Some(b'[') {
            return false;
        }
        self.reordered = true;
        let rest = &self.text[self.at..];
        let Some(end) = rest.find(']').filter(|_| rest.len() >= 3) else {
            self.fits = false;
            self.at += 1;
            return false;
        };
        let inner = &rest[1..end];
        self.at += end + 1;
        let is_number = !inner.is_empty() && inner.bytes().all(|byte| byte.is_ascii_digit());
        let Some(number) = inner.parse::<usize>().ok().filter(|number| is_number && *number <= LARGEST * 10) else {
            self.fits = false;
            return false;
        };
        match number.checked_sub(1).filter(|index| *index < self.count) {
            Some(index) => self.next = index,
            None => self.fits = false,
        }
        true
    }
}
