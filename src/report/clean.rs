//! Every text of an event, so that a redactor sees all of them. A new field of an event has its line here.

use super::event::Event;
use super::redact::Redactor;
use super::{Diff, Place, RenderedSet};
use crate::error::{Error, Frame, Related};

/// The event with `***` for what the redactor knows.
pub fn cleaned(event: Event, by: &Redactor) -> Event {
    let text = |text: String| text_of(text, by);
    let option = |option: Option<String>| option.map(|text| text_of(text, by));
    match event {
        Event::StepStarted { name, depth } => Event::StepStarted { name: text(name), depth },
        Event::StepEnded { name, depth, ok } => Event::StepEnded { name: text(name), depth, ok },
        Event::Items { running, done, of } => {
            Event::Items { running: running.into_iter().map(text).collect(), done, of }
        }
        Event::Change { action, kind, target, diff, note } => {
            Event::Change { action, kind, target: text(target), diff: diff_of(diff, by), note: option(note) }
        }
        Event::Unchanged { kind, target } => Event::Unchanged { kind, target: text(target) },
        Event::Output { name, mut value } => {
            by.clean_json(&mut value);
            Event::Output { name: text(name), value }
        }
        Event::Print(said) => Event::Print(text(said)),
        Event::Debug { text: said, place } => Event::Debug { text: text(said), place: place_of(place, by) },
        Event::Warning { message, help } => Event::Warning { message: text(message), help: option(help) },
        Event::Finding(mut finding) => {
            finding.message = text(finding.message);
            finding.help = option(finding.help);
            finding.place = place_of(finding.place, by);
            Event::Finding(finding)
        }
        Event::Waiting(what) => Event::Waiting(text(what)),
        Event::Failure { error, frames } => {
            Event::Failure { error: error_of(error, by), frames: frames_of(frames, by) }
        }
        Event::PlanSaved { file, digest, changes } => Event::PlanSaved { file: text(file), digest, changes },
        Event::PlanRead { run, created, idp_run, digest, changes } => {
            Event::PlanRead { run: text(run), created, idp_run, digest, changes }
        }
        Event::Moved { kind, target, why, diff } => {
            Event::Moved { kind, target: text(target), why: text(why), diff: diff_of(diff, by) }
        }
        Event::Conflict { kind, target, why } => Event::Conflict { kind, target: text(target), why: text(why) },
        Event::Stays { kind, target, why } => Event::Stays { kind, target: text(target), why: text(why) },
        Event::Rendered(set) => Event::Rendered(Box::new(rendered(*set, by))),
        Event::PullRequest { repository, number, title, head, base, state, url } => Event::PullRequest {
            repository: text(repository),
            number,
            title: text(title),
            head: text(head),
            base: text(base),
            state,
            url: text(url),
        },
        Event::Summary { counts, status } => Event::Summary { counts, status },
    }
}

/// The set with `***` for what the redactor knows, wherever in it that is.
pub fn rendered(set: RenderedSet, by: &Redactor) -> RenderedSet {
    let Ok(mut value) = serde_json::to_value(&set) else { return set };
    by.clean_json(&mut value);
    serde_json::from_value(value).unwrap_or_default()
}

fn text_of(mut text: String, by: &Redactor) -> String {
    by.clean_in(&mut text);
    text
}

fn place_of(mut place: Place, by: &Redactor) -> Place {
    by.clean_in(&mut place.file);
    place
}

/// The difference with `***` for what the redactor knows.
pub fn diff_of(mut diff: Diff, by: &Redactor) -> Diff {
    for (name, before, after) in &mut diff.fields {
        by.clean_in(name);
        [before, after].into_iter().flatten().for_each(|text| by.clean_in(text));
    }
    for file in &mut diff.files {
        by.clean_in(&mut file.path);
        by.clean_in(&mut file.text);
    }
    diff
}

fn error_of(error: Error, by: &Redactor) -> Error {
    let related = error.related().iter().map(|related| Related {
        item: text_of(related.item.clone(), by),
        error: error_of(related.error.clone(), by),
        frames: frames_of(related.frames.clone(), by),
    });
    let related = related.collect();
    error.map_texts(|text| by.clean_in(text)).because(related)
}

fn frames_of(frames: Vec<Frame>, by: &Redactor) -> Vec<Frame> {
    let one = |frame: Frame| {
        // The same number of lines, so that the place stays that of the call.
        let source = match by.clean(&frame.source) {
            std::borrow::Cow::Owned(clean) => clean.into(),
            std::borrow::Cow::Borrowed(_) => frame.source.clone(),
        };
        Frame { label: text_of(frame.label, by), place: place_of(frame.place, by), source }
    };
    frames.into_iter().map(one).collect()
}
