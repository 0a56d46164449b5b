//! The program. Everything is in [`allgreen::cli`].

fn main() -> std::process::ExitCode {
    allgreen::cli::main()
}
