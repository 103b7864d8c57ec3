//! GitHub as a forge: the real binary against the emulator, and against answers made up by GitHub's own description.

mod discovery;
mod owners;
mod paths;
mod rulesets;
mod stage;
mod statuses;
mod templates;
mod verbs;
