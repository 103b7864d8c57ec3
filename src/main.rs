//! The binary: hands the arguments to the library and its exit code to the system.

fn main() -> std::process::ExitCode {
    std::process::ExitCode::from(idp_run::cli::main(std::env::args_os().collect()) as u8)
}
