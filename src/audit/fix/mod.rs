//! Fixes: what policies would change of objects, made in the text of their files. Each is looked at before it counts: what
//! mends nothing, or breaks something else, isn't made. The command line writes what comes of it.

mod apply;
mod planned;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::Text;
use super::crew::{self, Seats};
use super::examine::{Examined, examine, number_of};
use super::panel::Panel;
use crate::error::{Error, Result};
use crate::formats::lists;
use crate::formats::yaml::{self, Step};
use crate::primitives::manifest::Manifest;
use crate::primitives::policy::Candidate;
use crate::report::{Audit, Detection, Edit, Place, RefusedFix, Remedy};
use apply::{Target, apply};
pub use planned::planned;

/// What is to be mended in one text: objects by their number in it, and the policies that found fault with them, in the
/// order of the findings.
#[derive(Debug, Clone)]
pub struct Todo {
    /// Which of the texts.
    pub text: usize,
    items: Vec<Item>,
}

#[derive(Debug, Clone)]
struct Item {
    object: usize,
    policy: String,
    /// The finding that is told of if it can't be mended.
    first: Detection,
    open: Vec<Vec<Step>>,
    waived: Vec<Vec<Step>>,
}

/// What came of a text.
#[derive(Debug)]
pub struct Mended {
    /// Which of the texts.
    pub text: usize,
    /// What it says now, if that is something else.
    pub content: Option<String>,
    /// Fixes that weren't made, with the lines of the text as it was.
    pub refused: Vec<RefusedFix>,
    /// The same with the lines of what it says now.
    pub left: Vec<RefusedFix>,
}

impl Todo {
    /// Of one that couldn't be gone through.
    pub fn given_up(&self, why: &str) -> Mended {
        let refused: Vec<_> = self.items.iter().map(|item| item.refused(why)).collect();
        Mended { text: self.text, content: None, left: refused.clone(), refused }
    }
}

impl Item {
    fn refused(&self, why: &str) -> RefusedFix {
        let place = self.first.finding.place.clone();
        RefusedFix { policy: self.policy.clone(), place, why: why.to_owned() }
    }

    /// Whether an edit changes only what somebody answers for.
    fn leaves(&self, edit: &Edit) -> bool {
        let Ok(path) = yaml::parse_path(&edit.path) else { return false };
        let touches = |other: &Vec<Step>| other.starts_with(&path) || path.starts_with(other);
        self.waived.iter().any(touches) && !self.open.iter().any(touches)
    }
}

/// The findings of an audit that have a fix and that nobody answers for.
pub fn todo(audit: &Audit, texts: &[Text]) -> Vec<Todo> {
    let numbers: BTreeMap<&str, usize> = texts.iter().enumerate().map(|(at, text)| (&*text.shown, at)).collect();
    let mut found: BTreeMap<usize, Vec<Item>> = BTreeMap::new();
    for detection in audit.detections.iter().filter(|detection| detection.fixable) {
        let Some(object) = detection.object else { continue };
        let Some(seen) = audit.objects.get(object) else { continue };
        let Some(text) = numbers.get(&*seen.file) else { continue };
        // The objects of a file stand together.
        let before = audit.objects[..object].iter().rev().take_while(|other| other.file == seen.file).count();
        let items = found.entry(*text).or_default();
        let policy = &detection.finding.policy;
        let at = items.iter().position(|item| item.object == before && item.policy == *policy);
        let at = at.unwrap_or_else(|| {
            let (policy, first) = (policy.clone(), detection.clone());
            items.push(Item { object: before, policy, first, open: Vec::new(), waived: Vec::new() });
            items.len() - 1
        });
        let path = yaml::parse_path(&detection.path).unwrap_or_default();
        if detection.waived.is_some() { items[at].waived.push(path) } else { items[at].open.push(path) }
    }
    let open = |(text, mut items): (usize, Vec<Item>)| {
        items.retain(|item| !item.open.is_empty());
        (!items.is_empty()).then_some(Todo { text, items })
    };
    found.into_iter().filter_map(open).collect()
}

/// What would come of mending what a policy finds in one object, if it has a fix and there is something left to mend.
///
/// # Errors
/// `idp::io` for a file that can't be read, or if no thread can be started.
pub fn prospect(
    audit: &Audit,
    texts: &[Text],
    panel: &Arc<Panel>,
    policy: &str,
    object: usize,
) -> Result<Option<Remedy>> {
    let mut one = audit.clone();
    one.detections.retain(|found| found.object == Some(object) && found.finding.policy == policy);
    let todo = todo(&one, texts);
    let Some(at) = todo.first().map(|todo| todo.text) else { return Ok(None) };
    let mut texts = texts.to_vec();
    texts[at] = texts[at].read()?.into_owned();
    let made = make(texts, panel.clone(), todo)?;
    Ok(made.into_iter().next().map(|mended| Remedy {
        mends: mended.content.is_some(),
        why: mended.refused.into_iter().next().map(|refused| refused.why),
    }))
}

/// Makes fixes. What comes back is in the order of what was to be done.
///
/// # Errors
/// `idp::io` if no thread can be started.
pub fn make(texts: Vec<Text>, panel: Arc<Panel>, todo: Vec<Todo>) -> Result<Vec<Mended>> {
    crew::mend(texts, panel, todo)
}

/// How many findings each policy has of each object, and the first one's words.
type Tally = BTreeMap<(Option<usize>, String), (usize, String)>;

fn tally(examined: &Examined) -> Tally {
    let mut tally = Tally::new();
    for found in &examined.detections {
        let words = || (0, found.finding.message.clone());
        tally.entry((found.object, found.finding.policy.clone())).or_insert_with(words).0 += 1;
    }
    tally
}

/// A text as it is mended, one fix after the other.
struct Bench<'b, 'j> {
    number: usize,
    text: Text,
    examined: Examined,
    panel: &'j Panel,
    seats: &'b mut Seats<'j>,
    /// Policies whose fixes were made, by object.
    made: Vec<(usize, String)>,
}

/// Makes the fixes of one text. One that isn't made is tried again once others were: they may have been in its way.
pub fn mend<'j>(todo: &Todo, text: &Text, panel: &'j Panel, seats: &mut Seats<'j>) -> Mended {
    let examined = examine(todo.text, text, panel, seats);
    let mut bench = Bench { number: todo.text, text: text.clone(), examined, panel, seats, made: Vec::new() };
    let mut open: Vec<&Item> = todo.items.iter().collect();
    let mut whys: Vec<(&Item, Error)> = Vec::new();
    // Each round but the last leaves fewer findings.
    for _ in 0..MOST_ROUNDS {
        let made = bench.made.len();
        whys = open.iter().filter_map(|item| Some((*item, bench.fix(item).unwrap_or_else(Some)?))).collect();
        open = whys.iter().map(|(item, _)| *item).collect();
        if open.is_empty() || bench.made.len() == made {
            break;
        }
    }
    let left = whys.iter().map(|(item, why)| RefusedFix { place: bench.place(item), ..item.refused(why.message()) });
    let left = left.collect();
    let content = bench.text.content.take().filter(|new| Some(new) != text.content.as_ref());
    bench.text = text.clone();
    if content.is_some() {
        bench.examined = examine(todo.text, text, panel, bench.seats);
    }
    let refused = whys.iter().map(|(item, why)| item.refused(&bench.words(item, why))).collect();
    Mended { text: todo.text, content: content.map(|new| new.to_string()), refused, left }
}

/// How often fixes of one text are tried.
const MOST_ROUNDS: usize = 8;

impl Bench<'_, '_> {
    /// Makes one fix. What comes back is why a part of it wasn't made, if it wasn't.
    fn fix(&mut self, item: &Item) -> Result<Option<Error>> {
        let Some((pack, rule)) = self.panel.rule(&item.policy) else { return Ok(None) };
        let of_one = self.panel.packs[pack].pack().rules()[rule].of_one;
        let key = (Some(item.object), item.policy.clone());
        let before = tally(&self.examined);
        let count = |tally: &Tally, key| tally.get(key).map_or(0, |(count, _)| *count);
        if of_one && count(&before, &key) <= item.waived.len() {
            // Another fix mended it, too.
            return Ok(None);
        }
        let refuse = |why: &str| Err(Error::failed("idp::audit::fix", why));
        let content = self.text.content.clone().unwrap_or_default();
        let (mended, unmade) = self.edited(item, (pack, rule), &content)?;
        // JSON is YAML for the one who edits it, and must still be JSON for others.
        let is_json = |text: &str| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
        if is_json(&content) && !is_json(&mended) {
            return refuse("the file would be no JSON any more: edit it by hand");
        }
        let next = Text { content: Some(mended.into()), ..self.text.clone() };
        let again = examine(self.number, &next, self.panel, self.seats);
        let same = again.objects.len() == self.examined.objects.len() && again.roots == self.examined.roots;
        if !same {
            return refuse("it would make other objects of the file");
        }
        let after = tally(&again);
        let worse = after.iter().find(|(key, (number, _))| *number > count(&before, *key));
        if let Some(((_, policy), (_, message))) = worse {
            let conflict = self.made.contains(&(item.object, policy.clone()));
            return refuse(&match conflict {
                true => format!("it contradicts the fix of {policy}, which was made: {message}"),
                false => format!("{policy} would find fault with it: {message}"),
            });
        }
        if of_one && count(&after, &key) >= count(&before, &key) {
            return refuse("it mends nothing: the finding would still be there");
        }
        (self.text, self.examined) = (next, again);
        self.made.push((item.object, item.policy.clone()));
        let rest = || Error::failed("idp::audit::fix", "it mends a part of what was found: mend the rest by hand");
        Ok(unmade.or_else(|| (of_one && count(&after, &key) > item.waived.len()).then(rest)))
    }

    /// The text with what a rule would change of an object, and why a part of that can't be changed.
    fn edited(&mut self, item: &Item, (pack, rule): (usize, usize), content: &str) -> Result<(String, Option<Error>)> {
        let idle = {
            let pack = self.panel.packs[pack].pack();
            let place = Place::at(pack.script().shown.as_str(), pack.rules()[rule].line, 0);
            move || {
                let why = format!("it has nothing to change here ({place}): mend it by hand");
                Error::failed("idp::audit::fix", why)
            }
        };
        let (document, root) = self.examined.roots.get(item.object).cloned().ok_or_else(&idle)?;
        let all = self.edits(item, pack, rule, (document, &root), content)?;
        let edits: Vec<Edit> = all.iter().filter(|edit| !item.leaves(edit)).cloned().collect();
        if edits.is_empty() && !all.is_empty() {
            return Err(Error::failed("idp::audit::fix", "all that it would change is waived"));
        }
        let target = Target { file: &self.text.shown, document, root: &root };
        let (mended, unmade) = apply(content, target, &edits)?;
        if mended == content { Err(idle()) } else { Ok((mended, unmade)) }
    }

    /// Where it is in the text as it is now that an item is left: at the first finding that nobody answers for.
    fn place(&self, item: &Item) -> Place {
        let own = self
            .examined
            .detections
            .iter()
            .filter(|found| found.object == Some(item.object) && found.finding.policy == item.policy);
        let waived = |found: &&Detection| yaml::parse_path(&found.path).is_ok_and(|path| item.waived.contains(&path));
        let mut places = own.filter(|found| !waived(found)).map(|found| found.finding.place.clone());
        places.next().unwrap_or_else(|| item.first.finding.place.clone())
    }

    /// Why an item is left, where that was said of another text than this one: what can't be edited is told with lines.
    fn words(&mut self, item: &Item, why: &Error) -> String {
        let is_of_text = |why: &Error| why.code().starts_with("idp::yaml::");
        let Some(at) = self.panel.rule(&item.policy).filter(|_| is_of_text(why)) else {
            return why.message().into();
        };
        let content = self.text.content.clone().unwrap_or_default();
        match self.edited(item, at, &content) {
            Ok((_, Some(why))) | Err(why) if is_of_text(&why) => why.message().into(),
            _ => "it can't be made once the other fixes are".into(),
        }
    }

    /// What a rule would change of an object as it is now.
    fn edits(
        &mut self,
        item: &Item,
        pack: usize,
        rule: usize,
        (document, root): (usize, &[Step]),
        content: &str,
    ) -> Result<Vec<Edit>> {
        // This one was found: what can't be read is another document.
        let mut documents = yaml::parse(&self.text.shown, content).map_err(|error| {
            let line = error.place().map_or(String::new(), |place| format!(" in line {}", place.line));
            Error::invalid(
                error.code(),
                format!("another document of the file can't be read{line}: {}", error.message()),
            )
        })?;
        let Some(document) = documents.get_mut(document) else { return Ok(Vec::new()) };
        // Elements of a list of one kind are what the list says that they are.
        let parts = lists::of(&document.value).objects.into_iter();
        let typed = parts.filter(|part| part.path == root).find_map(|part| match part.value {
            Cow::Owned(value) => Some(value),
            Cow::Borrowed(_) => None,
        });
        let value = typed.or_else(|| yaml::get_mut(&mut document.value, root).map(serde_json::Value::take));
        let Some(value) = value else { return Ok(Vec::new()) };
        let object = Manifest::numbered(value, number_of(self.number, item.object));
        let namespace = self.examined.objects.get(item.object).and_then(|seen| seen.object.namespace.as_deref());
        let environment = self.panel.environment_of(&self.text, namespace);
        let candidate = Candidate { object: &object, file: &self.text.shown, environment };
        let chosen = &self.panel.packs[pack];
        let (facts, setup) = (chosen.pack().rules()[rule].clone(), chosen.setup(environment));
        let Some(view) = facts.applies_to.view(&candidate) else { return Ok(Vec::new()) };
        let mended = self.seats.ask((pack, setup), rule, |seat, params| seat.fix(rule, view, params))?;
        Ok(mended.map(|mended| mended.edits().to_vec()).unwrap_or_default())
    }
}
