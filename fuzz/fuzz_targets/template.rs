//! Fuzzes `checks::template`; see docs/architecture.md for how it is run.
#![no_main]

#[allow(dead_code)]
#[path = "../../tests/integration/hostile/checks.rs"]
mod checks;

// A panic of the template engine is caught and refused; the fuzzer's own hook would end the process at it.
libfuzzer_sys::fuzz_target!(init: std::panic::set_hook(Box::new(|_| {})), |data: &[u8]| checks::template(data));
