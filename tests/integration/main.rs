//! The one integration binary: a file for each thing that must hold.

mod create_service;
mod readme;
mod skeletons;
mod workspace;
mod yaml;
