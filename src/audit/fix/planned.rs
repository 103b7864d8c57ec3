//! What a plan of fixes says: the findings of the files as they are, with those marked that the fixes mend. The text that the
//! fixes make isn't written, so that its lines are nobody's.

use std::collections::BTreeMap;

use crate::error::Place;
use crate::report::{Audit, Detection};

/// What two findings have in common that are one: each pass pairs what those before it left, since elements of lists move
/// up, and sentences count what is left.
const SAME: [fn(&Detection, &Detection) -> bool; 4] = [
    |one, other| one.path == other.path && one.finding.message == other.finding.message,
    |one, other| one.path == other.path,
    |one, other| one.finding.message == other.finding.message,
    |_, _| true,
];

/// The audit of the files as they are. What is found no more is marked as mended; what would only be found then is put at its
/// object.
pub fn planned(before: &Audit, after: Audit) -> Audit {
    let mut audit = before.clone();
    let mut left: BTreeMap<(Option<usize>, String), Vec<Detection>> = BTreeMap::new();
    for found in after.detections {
        left.entry((found.object, found.finding.policy.clone())).or_default().push(found);
    }
    let mut open: Vec<bool> = audit.detections.iter().map(|_| true).collect();
    for same in SAME {
        for (found, open) in audit.detections.iter().zip(&mut open).filter(|(_, open)| **open) {
            let key = (found.object, found.finding.policy.clone());
            let Some(others) = left.get_mut(&key) else { continue };
            if let Some(at) = others.iter().position(|other| same(found, other)) {
                others.remove(at);
                *open = false;
            }
        }
    }
    for (found, gone) in audit.detections.iter_mut().zip(open) {
        // What somebody answers for is left as it is.
        found.mended = gone && found.waived.is_none();
    }
    for mut news in left.into_values().flatten() {
        // A finding about a waiver is at a line of the waiver.
        if let Some(seen) = news.object.and_then(|at| audit.objects.get(at)) {
            news.finding.place = Place::at(&*seen.file, seen.line, 1);
        }
        for (file, text) in &after.sources {
            if *file == news.finding.place.file {
                audit.sources.entry(file.clone()).or_insert_with(|| text.clone());
            }
        }
        audit.detections.push(news);
    }
    audit
}
