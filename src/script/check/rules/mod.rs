//! The registry of checks: one list, a file a rule.

pub mod bad_suppression;
mod captured_assignment;
mod closure_as_function;
mod closure_on_own_value;
mod discarded_edit;
mod duplicate_id;
mod duplicate_step;
mod edit_without_tree;
pub mod entry_point;
mod import_cycle;
mod interpolation_in_quotes;
mod later_decision;
mod missing_docs;
mod option_type;
mod reserved_word;
mod return_in_closure;
mod shadowed_variable;
pub mod syntax;
mod top_level_work;
mod undefined_variable;
mod unknown_constant;
mod unknown_field;
mod unknown_function;
mod unknown_manifest_field;
mod unknown_option;
mod unknown_parameter;
mod unknown_template;
mod unnamed_step;
mod unreachable_code;
mod unresolved_import;
mod unused_function;
mod unused_import;
mod unused_parameter;
pub mod unused_suppression;
mod unused_variable;
mod wrong_arguments;
mod wrong_policy;

use super::script::{Checked, Report};
use crate::report::Severity;

/// A check.
#[derive(Debug)]
pub struct Rule {
    /// Its name, which stays.
    pub id: &'static str,
    /// How bad what it finds is: from high on an error, below a warning.
    pub severity: Severity,
    /// What it finds, a sentence without a final stop.
    pub about: &'static str,
    /// Why that is worth mending.
    pub why: &'static str,
    /// A script in which it finds something.
    pub bad: &'static str,
    /// The same, mended.
    pub good: &'static str,
    /// Files that both need beside them.
    pub files: &'static [(&'static str, &'static str)],
    /// Looks for it.
    pub find: fn(&Checked, &mut Report),
}

impl Rule {
    /// Whether what it finds is an error.
    pub fn is_error(&self) -> bool {
        super::script::is_error(self.severity)
    }

    /// Its stable code: `idp::check::unknown_function`.
    pub fn code(&self) -> String {
        code(self.id)
    }
}

/// The code of a rule.
pub fn code(id: &str) -> String {
    format!("idp::check::{}", id.replace('-', "_"))
}

const ALL: [&Rule; 37] = [
    &bad_suppression::RULE,
    &captured_assignment::RULE,
    &closure_as_function::RULE,
    &closure_on_own_value::RULE,
    &discarded_edit::RULE,
    &duplicate_id::RULE,
    &duplicate_step::RULE,
    &edit_without_tree::RULE,
    &entry_point::RULE,
    &import_cycle::RULE,
    &interpolation_in_quotes::RULE,
    &later_decision::RULE,
    &missing_docs::RULE,
    &option_type::RULE,
    &reserved_word::RULE,
    &return_in_closure::RULE,
    &shadowed_variable::RULE,
    &syntax::RULE,
    &top_level_work::RULE,
    &undefined_variable::RULE,
    &unknown_constant::RULE,
    &unknown_field::RULE,
    &unknown_function::RULE,
    &unknown_manifest_field::RULE,
    &unknown_option::RULE,
    &unknown_parameter::RULE,
    &unknown_template::RULE,
    &unnamed_step::RULE,
    &unreachable_code::RULE,
    &unresolved_import::RULE,
    &unused_function::RULE,
    &unused_import::RULE,
    &unused_parameter::RULE,
    &unused_suppression::RULE,
    &unused_variable::RULE,
    &wrong_arguments::RULE,
    &wrong_policy::RULE,
];

/// All rules, in alphabetical order.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    ALL.into_iter()
}

/// The rule of a name.
pub fn by_id(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id == id)
}

/// Finds nothing by going through a file: for rules that others report.
fn elsewhere(_: &Checked, _: &mut Report) {}
