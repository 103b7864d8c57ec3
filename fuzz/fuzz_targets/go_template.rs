//! Fuzzes `checks::go_template`; see docs/architecture.md for how it is run.
#![no_main]

#[allow(dead_code)]
#[path = "../../tests/integration/hostile/checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::go_template(data));
