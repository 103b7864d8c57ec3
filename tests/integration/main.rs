//! The one integration binary: a file for each thing that must hold.

mod cli;
mod ensure;
mod layers;
mod messages;
mod parameters;
mod plan;
mod proposals;
mod registry;
mod sandbox;
mod skeletons;
mod workspace;
mod yaml;
