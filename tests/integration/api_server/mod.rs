//! What a real API server says, and whether we say the same.

mod comparison;
mod generated;
mod keywords;
mod random;
mod server;
