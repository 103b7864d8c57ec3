//! What is wrong with exemptions themselves, once the services were scored.

use jiff::civil::Date;
use jiff::{Span, ToSpan};

use super::{Exemption, Exemptions, POLICY};
use crate::audit::waivers::Glob;
use crate::error::{Place, nearest};
use crate::report::{Finding, Severity};
use crate::score::scorecard::Scorecard;
use crate::score::standing::Standing;
use crate::score::verdict::Verdict;

/// How far ahead an exemption may end without a word.
fn longest() -> Span {
    1.year()
}

/// What an exemption did.
#[derive(Default)]
struct Use {
    /// By its globs over services: whether one is of that name.
    seen: Vec<bool>,
    /// Whether it covers what doesn't pass, today or if it hadn't expired.
    needed: bool,
}

impl Exemptions {
    /// What is wrong with the exemptions themselves: expired, needed by nobody, about checks or services that there aren't, or
    /// for longer than a year. `scorecards` are all that were asked; of an exemption of another one nothing can be said. `whole` says
    /// that all services of the workspace were scored: of those that weren't looked at nothing can be said, either.
    pub fn judge(&self, scorecards: &[&Scorecard], standings: &[Standing], whole: bool) -> Vec<Finding> {
        let ids: Vec<String> = scorecards
            .iter()
            .flat_map(|scorecard| scorecard.checks().map(|check| scorecard.full_id(&check.id)))
            .collect();
        let mut found = Vec::new();
        for exemption in &self.exemptions {
            let uses = exemption.uses(standings);
            let mut any_check = false;
            for (glob, place) in &exemption.checks {
                if ids.iter().any(|id| glob.matches(id)) {
                    any_check = true;
                } else if asked(glob, scorecards) {
                    found.push(no_check(glob, place, &ids));
                }
            }
            if any_check {
                self.one(exemption, &uses, standings, whole, &mut found);
            }
        }
        found
    }

    fn one(&self, exemption: &Exemption, uses: &Use, standings: &[Standing], whole: bool, found: &mut Vec<Finding>) {
        let named = exemption.named();
        let told = &exemption.told;
        let agreed = told.ticket.as_ref().map(|ticket| format!(", {ticket}")).unwrap_or_default();
        let seen_any = uses.seen.contains(&true);
        if exemption.expires < self.today && (seen_any || whole) {
            let message = format!("the exemption from {named} expired with {}", told.expires);
            let help = match uses.needed {
                true => format!(
                    "what it covered counts again: mend it, or have {} agree on another day{agreed}",
                    told.owner
                ),
                false => "nothing needs it any more: remove it".to_owned(),
            };
            found.push(finding(Severity::High, &exemption.expires_place, message, help));
            return;
        }
        for ((glob, place), _) in exemption.services.iter().zip(&uses.seen).filter(|(_, seen)| !**seen && whole) {
            let names = standings.iter().map(|standing| standing.service.name());
            let help = match nearest(&glob.text, names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "remove it, or mend its name: `*` doesn't cross `/`".to_owned(),
            };
            found.push(finding(Severity::Low, place, format!("no service is called `{}`", glob.text), help));
        }
        if seen_any && !uses.needed {
            let message = format!("{named} passes without this exemption");
            found.push(finding(Severity::Low, &told.place, message, "nothing needs it any more: remove it".to_owned()));
        }
        if is_far(self.today, exemption.expires) {
            let message = format!("the exemption from {named} holds until {}, for longer than a year", told.expires);
            let help = format!("have {} look at it once a year: give it an earlier day", told.owner);
            found.push(finding(Severity::Low, &exemption.expires_place, message, help));
        }
    }
}

impl Exemption {
    fn uses(&self, standings: &[Standing]) -> Use {
        let mut uses = Use { seen: vec![false; self.services.len()], needed: false };
        for standing in standings {
            let mut meant = false;
            for ((glob, _), seen) in self.services.iter().zip(&mut uses.seen) {
                let fits = standing.service.is_named_by(glob);
                *seen |= fits;
                meant |= fits;
            }
            let of = |check: &str| self.is_of(&format!("{}/{check}", standing.scorecard));
            uses.needed |= meant
                && standing.checks.iter().any(|outcome| {
                    matches!(outcome.answer.verdict, Verdict::Fail | Verdict::Unknown) && of(&outcome.check)
                });
        }
        uses
    }
}

/// Whether the scorecard that a glob names is among those that were asked.
fn asked(glob: &Glob, scorecards: &[&Scorecard]) -> bool {
    let of = glob.text.split('/').next().unwrap_or_default();
    Glob::new(of).is_ok_and(|glob| scorecards.iter().any(|scorecard| glob.matches(scorecard.id())))
}

fn is_far(today: Date, expires: Date) -> bool {
    today.checked_add(longest()).is_ok_and(|latest| expires > latest)
}

fn no_check(glob: &Glob, place: &Place, ids: &[String]) -> Finding {
    let help = match nearest(&glob.text, ids.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "a check is SCORECARD/CHECK: its scorecard's id and its own".to_owned(),
    };
    finding(
        Severity::Low,
        place,
        format!("there is no check `{}`, so the exemption covers nothing of it", glob.text),
        help,
    )
}

fn finding(severity: Severity, place: &Place, message: String, help: String) -> Finding {
    Finding { policy: POLICY.into(), severity, place: place.clone(), message, help: Some(help) }
}
