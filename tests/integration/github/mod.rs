//! GitHub as a forge: the real binary against the emulator, and against answers made up by GitHub's own description.

mod account;
mod comments;
mod desk;
mod discovery;
mod doctor;
mod enterprise;
mod failures;
mod kills;
mod moved;
mod owners;
mod paths;
mod policies;
mod promotion;
mod refusals;
mod requests;
mod rulesets;
mod settings;
mod stage;
mod statuses;
mod templates;
mod together;
mod verbs;
