//! What a real API server says, and whether we say the same.

mod server;
