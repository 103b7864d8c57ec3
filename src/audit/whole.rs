//! Rules that look at all objects of a run, asked once everything was read, on a thread that is watched like the others.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Text;
use super::crew::{self, Seats, failed};
use super::examine::{Examined, numbered, reported};
use super::panel::Panel;
use crate::error::{Place, Result};
use crate::formats::yaml;
use crate::primitives::policy::{Objects, Report};
use crate::report::{Detection, Seen};

/// What a rule said of the objects.
pub struct Answer {
    pub pack: usize,
    pub rule: usize,
    /// With which parameters and levels; it counts for objects of their environments.
    pub setup: usize,
    pub said: std::result::Result<Vec<Report>, crate::error::Error>,
}

/// Asks every rule that looks at all objects.
pub fn ask<'j>(panel: &'j Panel, all: &Objects, seats: &mut Seats<'j>) -> Vec<Answer> {
    let mut answers = Vec::new();
    for (pack, chosen) in panel.packs.iter().enumerate() {
        for (rule, facts) in chosen.pack().rules().iter().enumerate() {
            for setup in chosen.asked(rule).filter(|_| facts.of_all).collect::<Vec<_>>() {
                let said = seats.ask((pack, setup), rule, |seat, params| seat.check_all(rule, all.clone(), params));
                answers.push(Answer { pack, rule, setup, said });
            }
        }
    }
    answers
}

/// Adds what they said to what was found in each text. Files with findings are read a second time, for their places.
pub fn add(job: &Arc<crew::Job>, results: &mut [Examined]) -> Result<()> {
    let all: Vec<_> = results.iter_mut().flat_map(|examined| std::mem::take(&mut examined.kept)).collect();
    let answers = crew::whole(job, Objects::new(all))?;
    place(&job.panel, &job.texts, answers, results)
}

/// A report of a rule of a pack, asked with a setup.
type Told = (usize, usize, usize, Report);

/// Adds answers to what was found in each text. What is said of objects of no text is dropped.
pub fn place(panel: &Panel, texts: &[Text], answers: Vec<Answer>, results: &mut [Examined]) -> Result<()> {
    let mut by_text: BTreeMap<usize, Vec<Told>> = BTreeMap::new();
    for Answer { pack, rule, setup, said } in answers {
        match said {
            Ok(reports) => {
                for report in reports {
                    let (text, _) = numbered(report.at.number());
                    by_text.entry(text).or_default().push((pack, rule, setup, report));
                }
            }
            Err(error) => {
                // Of all objects, the first one stands for them.
                let with_objects = results.iter_mut().find(|examined| !examined.objects.is_empty());
                if let Some(examined) = with_objects
                    && let Some(Seen { file, line, .. }) = examined.objects.first()
                {
                    let place = Place::at(&**file, *line, 1);
                    examined.detections.push(failed(&panel.packs[pack], (rule, setup), &error, Some(0), place));
                }
            }
        }
    }
    for (text, reports) in by_text {
        let (Some(source), Some(examined)) = (texts.get(text), results.get_mut(text)) else { continue };
        let found = of_text(panel, &*source.read()?, examined, reports);
        examined.detections.extend(found);
    }
    Ok(())
}

fn of_text(panel: &Panel, text: &Text, examined: &Examined, reports: Vec<Told>) -> Vec<Detection> {
    let content = text.content.as_deref().unwrap_or_default();
    let (documents, _) = yaml::parse_each(&text.shown, content);
    let told = |(pack, rule, setup, report): Told| {
        let chosen = panel.packs.get(pack)?;
        let number = report.at.number();
        let (_, object) = numbered(number);
        let (document, root) = examined.roots.get(object)?;
        let facts = &chosen.pack().rules()[rule];
        let namespace = examined.objects.get(object)?.object.namespace.as_deref();
        if chosen.setup(panel.environment_of(text, namespace)) != setup {
            return None;
        }
        let level = chosen.level(rule, setup)?;
        Some(reported(facts, level, report, number, object, root, documents.get(*document)?))
    };
    reports.into_iter().filter_map(told).collect()
}
