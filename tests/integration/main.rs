//! The one integration binary: a file for each thing that must hold.

mod catalog;
mod check;
mod cli;
mod create_resource;
mod create_service;
mod ensure;
mod faults;
mod hostile;
mod layers;
mod messages;
mod mistakes;
mod parallel;
mod parameters;
mod plan;
mod promises;
mod proposals;
mod readme;
mod registry;
mod sandbox;
mod saved_plans;
mod script_tests;
mod skeletons;
mod support;
mod undo;
mod workspace;
mod yaml;
