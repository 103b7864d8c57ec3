//! A plan or a result as GitHub's Markdown: the summary of a job and the comment of a pull request are both this text.
//! Whatever scripts and repositories say stays text: no markup, no link, no mention comes of it.

use serde_json::Value;

use super::look::{Look, clean, one_line};
use super::record::{Happened, Told, Trouble, What};
use super::rendered;
use super::words::{self, count};
use crate::report::{Action, Counts, Diff, FileDiff, Status};

/// The longest comment that GitHub takes (65,536 characters, here bytes, which are never fewer).
pub const COMMENT: usize = 65_536;

/// The longest summary that GitHub shows of a step, in bytes.
pub const SUMMARY: usize = 1 << 20;

/// Bytes kept free for the lines that say what was left out.
const NOTES: usize = 400;

/// The longest sentence, and the longest name, in characters.
const SENTENCE: usize = 600;
const NAME: usize = 240;

/// What stands around what was said.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// By which the text is found again: the first line, which people don't see.
    pub marker: Option<String>,
    /// Whether nothing was touched.
    pub plan: bool,
    /// The run's key, or the script's name.
    pub run: String,
    /// Where the log is.
    pub job: Option<String>,
    /// The commit that it is about.
    pub commit: Option<String>,
}

/// The line that says how it ended, in its two parts, of which the second begins with a space.
pub fn verdict(plan: bool, told: &Told) -> (String, String) {
    let (counts, status) = told.end.unwrap_or((Counts::default(), Status::Cancelled));
    let (head, rest) = words::summary(plan, &counts, status, told.waits_for.as_deref());
    let rest = one_line(&rest);
    (one_line(&head), if rest.is_empty() { rest } else { format!(" {rest}") })
}

/// The text, of at most so many bytes; nothing if not even its head fits.
pub fn render(about: &About, told: &Told, most: usize) -> String {
    let (head, rest) = verdict(about.plan, told);
    let kind = if about.plan { "Plan of" } else { "Run of" };
    let mut top = about.marker.as_ref().map(|marker| format!("{}\n", hidden(marker))).unwrap_or_default();
    top.push_str(&format!("### {kind} {}\n\n", code(&about.run, NAME)));
    top.push_str(&format!("**{}**", text(&head, NAME)));
    if !rest.is_empty() {
        top.push_str(&format!(" {}", text(&rest, SENTENCE)));
    }
    top.push_str("\n\n");
    let foot = foot(about);
    let mut page = Page { text: top, most: most.saturating_sub(foot.len() + NOTES), ..Page::default() };
    if page.text.len() > page.most {
        return String::new();
    }
    for trouble in &told.troubles {
        page.block(&trouble_of(trouble));
    }
    page.outputs(&told.outputs);
    let mut steps: &[String] = &[];
    for happened in &told.happened {
        if page.happened(happened, steps != happened.steps) {
            steps = &happened.steps;
        }
    }
    for set in &told.rendered {
        let mut lines = rendered::planned(&Look { unicode: true, ..Look::default() }, set, true).into_iter();
        let head = text(&lines.next().unwrap_or_default(), SENTENCE);
        let rest: Vec<String> = lines.collect();
        page.block(&if rest.is_empty() {
            format!("{head}\n\n")
        } else {
            folded(&head, &fenced("text", &rest.join("\n")))
        });
    }
    if !told.prints.trim().is_empty() {
        page.block(&folded("What the script printed", &fenced("text", &clean(&told.prints))));
    }
    let notes = page.notes(most);
    page.text.push_str(&notes);
    page.text.push_str(&foot);
    page.text
}

/// The text as far as it got.
#[derive(Default)]
struct Page {
    text: String,
    most: usize,
    /// Changes of which only the line fitted.
    shortened: usize,
    /// Of which nothing did.
    left_out: usize,
}

impl Page {
    fn fits(&mut self, block: &str) -> bool {
        let fits = self.text.len() + block.len() <= self.most;
        if fits {
            self.text.push_str(block);
        }
        fits
    }

    fn block(&mut self, block: &str) {
        if !self.fits(block) {
            self.left_out += 1;
        }
    }

    fn outputs(&mut self, outputs: &[(String, Value)]) {
        let mut rows = outputs.iter().map(|(name, value)| {
            let value = match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            format!("| {} | {} |\n", text(name, NAME), code(&value, SENTENCE))
        });
        if let Some(first) = rows.next() {
            self.block(&format!("| output | value |\n| --- | --- |\n{first}"));
            rows.for_each(|row| self.block(&row));
            self.text.push('\n');
        }
    }

    /// A change with its difference, or else its line alone; whether either fitted.
    fn happened(&mut self, Happened { steps, what }: &Happened, named: bool) -> bool {
        let heading = match steps.is_empty() {
            true if named => "**After the steps**\n\n".to_string(),
            false if named => {
                let names: Vec<_> = steps.iter().map(|name| text(name, NAME)).collect();
                format!("**{}**\n\n", names.join(" › "))
            }
            _ => String::new(),
        };
        let (line, diff) = match what {
            What::Change { action, kind, target, diff, note } => (changed(*action, kind, target, diff, note), diff),
            What::Moved { kind, target, why, diff } => {
                let kind = text(&words::kind(kind), NAME);
                (format!("<code>!</code> {kind} {}: {}", code(target, NAME), text(why, SENTENCE)), diff)
            }
            What::Stays { kind, target, why } => {
                let kind = text(&words::kind(kind), NAME);
                (
                    format!("<code>=</code> {kind} {} stays: {}", code(target, NAME), text(why, SENTENCE)),
                    &Diff::default(),
                )
            }
            What::Wait(what) => (format!("… wait for {}", text(what, SENTENCE)), &Diff::default()),
        };
        let short = format!("{heading}{line}\n\n");
        if diff.is_empty() {
            let fits = self.fits(&short);
            self.left_out += usize::from(!fits);
            return fits;
        }
        // What can't fit is not even written.
        let room = self.most.saturating_sub(self.text.len());
        if size(diff) < room && self.fits(&format!("{heading}{}", folded(&line, &difference(diff)))) {
            return true;
        }
        let fits = self.fits(&short);
        *(if fits { &mut self.shortened } else { &mut self.left_out }) += 1;
        fits
    }

    /// What was left out, in words.
    fn notes(&self, most: usize) -> String {
        let shortened = (self.shortened > 0).then(|| format!("the differences of {}", count(self.shortened, "change")));
        let left_out = (self.left_out > 0).then(|| count(self.left_out, "entry").replace("entrys", "entries"));
        let what: Vec<String> = [shortened, left_out].into_iter().flatten().collect();
        if what.is_empty() {
            return String::new();
        }
        let what = what.join(" and ");
        format!("> Left out: {what}. There is room for {most} bytes here; `--plan --verbose` shows all of a plan.\n\n")
    }
}

fn foot(about: &About) -> String {
    let commit = about.commit.as_ref().map(|commit| format!(" for {}", code(commit, 64))).unwrap_or_default();
    let job = about.job.as_ref().map(|url| format!(", in <a href=\"{}\">this job</a>", entities(url)));
    format!("<sub>idp-run {}{commit}{}</sub>\n", env!("CARGO_PKG_VERSION"), job.unwrap_or_default())
}

fn trouble_of(trouble: &Trouble) -> String {
    let lines = |kind: &str, head: String, place: Option<&str>, help: Option<&str>| {
        let mut lines = format!("> [!{kind}]\n> {head}\n");
        if let Some(place) = place {
            lines.push_str(&format!("> at {}\n", code(place, NAME)));
        }
        if let Some(help) = help {
            lines.push_str(&format!("> <br>{}\n", text(help, SENTENCE)));
        }
        lines + "\n"
    };
    match trouble {
        Trouble::Error { item, code: stable, message, help, place } => {
            let item = item.as_ref().map(|item| format!("{}: ", code(item, NAME))).unwrap_or_default();
            let head = format!("{item}{} <br>{}", code(stable, NAME), text(message, SENTENCE));
            lines("CAUTION", head, place.as_deref(), help.as_deref())
        }
        Trouble::Finding(finding) => {
            let kind = if finding.refuses() { "CAUTION" } else { "WARNING" };
            let head = format!("{}: {}", code(&finding.policy, NAME), text(&finding.message, SENTENCE));
            lines(kind, head, Some(&finding.place.to_string()), finding.help.as_deref())
        }
        Trouble::Warning { message, help } => lines("WARNING", text(message, SENTENCE), None, help.as_deref()),
    }
}

/// `+ commit acme/payments-api main (12 files, +342 −0)`
fn changed(action: Action, kind: &str, target: &str, diff: &Diff, note: &Option<String>) -> String {
    let sign = match action {
        Action::Create => "+",
        Action::Update => "~",
        Action::Delete => "-",
    };
    let mut line = format!("<code>{sign}</code> {} {}", text(&words::kind(kind), NAME), code(target, NAME));
    if !diff.files.is_empty() {
        let added: usize = diff.files.iter().map(|file| file.added).sum();
        let removed: usize = diff.files.iter().map(|file| file.removed).sum();
        line.push_str(&format!(" ({}, +{added} −{removed})", count(diff.files.len(), "file")));
    }
    if let Some(note) = note {
        line.push_str(&format!(" · {}", text(note, SENTENCE)));
    }
    line
}

/// How much a difference is at the least, before it is written.
fn size(diff: &Diff) -> usize {
    let value = |value: &Option<String>| value.as_ref().map_or(0, String::len);
    diff.files.iter().map(|file| file.text.len()).sum::<usize>()
        + diff.fields.iter().map(|(_, before, after)| value(before) + value(after)).sum::<usize>()
}

/// Fields and files in one block.
fn difference(diff: &Diff) -> String {
    let mut lines = String::new();
    for (name, before, after) in &diff.fields {
        let name = one_line(name);
        let many = [before, after].into_iter().flatten().any(|value| value.trim_end().contains('\n'));
        if many {
            let bytes = |value: &Option<String>| value.as_ref().map(|value| format!("{}\n", value.trim_end()));
            let (before, after) = (bytes(before), bytes(after));
            let between =
                FileDiff::between("", before.as_deref().map(str::as_bytes), after.as_deref().map(str::as_bytes));
            lines.push_str(&format!("  {name}:\n{}", clean(&between.text)));
        } else {
            for (sign, value) in [('-', before), ('+', after)] {
                if let Some(value) = value {
                    lines.push_str(&format!("{sign} {name}: {}\n", clean(value.trim_end())));
                }
            }
        }
    }
    for file in &diff.files {
        let path = one_line(&file.path);
        if file.text.is_empty() {
            let word = match file.action {
                Action::Create => "is new",
                Action::Update => "changes",
                Action::Delete => "goes",
            };
            lines.push_str(&format!("  {path} {word} (empty or binary)\n"));
            continue;
        }
        let (from, to) = match file.action {
            Action::Create => ("/dev/null".to_string(), format!("b/{path}")),
            Action::Update => (format!("a/{path}"), format!("b/{path}")),
            Action::Delete => (format!("a/{path}"), "/dev/null".to_string()),
        };
        lines.push_str(&format!("--- {from}\n+++ {to}\n{}", clean(&file.text)));
        if !lines.ends_with('\n') {
            lines.push('\n');
        }
    }
    fenced("diff", &lines)
}

/// A block that nothing in it can end.
fn fenced(language: &str, text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let gap = if text.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{language}\n{text}{gap}{fence}\n")
}

fn folded(line: &str, block: &str) -> String {
    format!("<details><summary>{line}</summary>\n\n{block}\n</details>\n\n")
}

/// A comment that people don't see. Two hyphens would end it.
fn hidden(marker: &str) -> String {
    let marker: String = marker.chars().filter(|c| c.is_ascii_alphanumeric() || " :/._-".contains(*c)).collect();
    format!("<!-- {} -->", marker.replace("--", ""))
}

fn cut(text: &str, most: usize) -> String {
    let line = one_line(text);
    match line.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

/// A name, a path, a value. GitHub looks for mentions and references in no code.
fn code(text: &str, most: usize) -> String {
    format!("<code>{}</code>", entities(&cut(text, most)))
}

/// A sentence. An invisible space keeps GitHub from taking a word for a person, a reference or an address.
fn text(text: &str, most: usize) -> String {
    let mut safe = entities(&cut(text, most)).replace("&#64;", "&#64;&#8203;").replace("&#35;", "&#35;&#8203;");
    for (word, apart) in [("www.", "www&#46;"), ("WWW.", "WWW&#46;"), ("GH-", "GH-&#8203;"), ("gh-", "gh-&#8203;")] {
        safe = safe.replace(word, apart);
    }
    // What a line begins with could make a list of it.
    let digits = safe.bytes().take_while(u8::is_ascii_digit).count();
    match safe[digits..].chars().next() {
        Some(sign) if sign.is_ascii_punctuation() && sign != '&' => {
            format!("{}&#{};{}", &safe[..digits], u32::from(sign), &safe[digits + 1..])
        }
        None if digits == 0 => "&#8203;".to_string(),
        _ => safe,
    }
}

/// Text with every sign written as its number that means something in Markdown or HTML.
fn entities(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_punctuation() && !",.-/()='%;?+".contains(c) {
            safe.push_str(&format!("&#{};", u32::from(c)));
        } else {
            safe.push(c);
        }
    }
    safe
}

#[cfg(test)]
#[path = "markdown_tests.rs"]
mod tests;
