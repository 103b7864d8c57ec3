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
    pub said: std::result::Result<Vec<Report>, crate::error::Error>,
}

/// Asks every rule that looks at all objects.
pub fn ask<'j>(panel: &'j Panel, all: &Objects, seats: &mut Seats<'j>) -> Vec<Answer> {
    let mut answers = Vec::new();
    for (pack, chosen) in panel.packs.iter().enumerate() {
        for (rule, facts) in chosen.pack().rules().iter().enumerate() {
            if facts.of_all && chosen.level(rule).is_some() {
                let said = seats.ask(pack, rule, |seat, params| seat.check_all(rule, all.clone(), params));
                answers.push(Answer { pack, rule, said });
            }
        }
    }
    answers
}

/// Adds what they said to what was found in each text. Files with findings are read a second time, for their places.
pub fn add(job: &Arc<crew::Job>, results: &mut [Examined]) -> Result<()> {
    let all: Vec<_> = results.iter_mut().flat_map(|examined| std::mem::take(&mut examined.kept)).collect();
    let answers = crew::whole(job, Objects::new(all))?;
    let mut by_text: BTreeMap<usize, Vec<(usize, usize, Report)>> = BTreeMap::new();
    for Answer { pack, rule, said } in answers {
        match said {
            Ok(reports) => {
                for report in reports {
                    let (text, _) = numbered(report.at.number());
                    by_text.entry(text).or_default().push((pack, rule, report));
                }
            }
            Err(error) => {
                // Of all objects, the first one stands for them.
                let with_objects = results.iter_mut().find(|examined| !examined.objects.is_empty());
                if let Some(examined) = with_objects
                    && let Some(Seen { file, line, .. }) = examined.objects.first()
                {
                    let place = Place::at(&**file, *line, 1);
                    examined.detections.push(failed(&job.panel.packs[pack], rule, &error, Some(0), place));
                }
            }
        }
    }
    for (text, reports) in by_text {
        let (Some(source), Some(examined)) = (job.texts.get(text), results.get_mut(text)) else { continue };
        let source = source.read()?;
        let found = of_text(&job.panel, &source, examined, reports);
        examined.detections.extend(found);
    }
    Ok(())
}

fn of_text(panel: &Panel, text: &Text, examined: &Examined, reports: Vec<(usize, usize, Report)>) -> Vec<Detection> {
    let content = text.content.as_deref().unwrap_or_default();
    let documents = yaml::parse(&text.shown, content).unwrap_or_default();
    let told = |(pack, rule, report): (usize, usize, Report)| {
        let chosen = panel.packs.get(pack)?;
        let number = report.at.number();
        let (_, object) = numbered(number);
        let (document, root) = examined.roots.get(object)?;
        let facts = &chosen.pack().rules()[rule];
        let level = chosen.level(rule)?;
        Some(reported(facts, level, report, number, object, root, documents.get(*document)?))
    };
    reports.into_iter().filter_map(told).collect()
}
