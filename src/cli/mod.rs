//! The command line: arguments to calls, and outcomes to exit codes. Knows no simulation and no lesson.
//!
//! Exit status: 0 done, 1 the answer is "no", 2 bad usage or bad input, 130 stopped by Ctrl-C, 141 left undone because
//! nobody read on.

mod check;
mod export;
mod failure;
mod folder;
mod ledger;
mod lessons;
mod new;
mod play;
mod prove;
mod query;
mod replay;
mod report;
mod run;
#[cfg(feature = "serve")]
mod serve;
mod simulate;
mod sweep;
#[cfg(feature = "gui")]
mod window;

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{Duration, Seed};
use failure::Failure;

/// A desktop lab for the failures that dashboards do not show.
///
/// With no command the lab opens: a window, or a prompt where there is no display.
#[derive(Parser)]
#[command(name = "allgreen", version, args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    play: play::PlayOptions,
    /// The language of lessons, such as de; that of the environment (LANG) unless told, and English where there is no
    /// translation
    #[arg(long, global = true, value_name = "TAG", value_parser = crate::language::parse)]
    lang: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  allgreen                              open the lab
  allgreen play quiet-fallback          open one lesson
  allgreen --terminal                   the same lab as a prompt
  allgreen run storefront --for 10m     simulate and count";

#[derive(Subcommand)]
enum Command {
    Play(play::PlayArguments),
    Run(run::RunArguments),
    Export(export::ExportArguments),
    Query(query::QueryArguments),
    #[cfg(feature = "serve")]
    Serve(serve::ServeArguments),
    Check(check::CheckArguments),
    New(new::NewArguments),
    Prove(prove::ProveArguments),
    Sweep(sweep::SweepArguments),
    Replay(replay::ReplayArguments),
    Report(report::ReportArguments),
    Lessons(lessons::LessonsArguments),
}

/// Reads the arguments of this process, does what they say, and answers the exit status.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            return match error.print().and_then(|()| std::io::stdout().flush()) {
                // Help that was asked for is an answer. Of what is wrong the exit status tells, where nobody listens.
                Err(why) if !error.use_stderr() && why.kind() != ErrorKind::BrokenPipe => Failure::from(why).exit(),
                _ => ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2)),
            };
        }
    };
    let lang = arguments.lang;
    crate::language::choose(lang.as_deref());
    let done = match arguments.command {
        None => play::play(&play::PlayArguments { lesson: None, options: arguments.play }),
        Some(Command::Play(arguments)) => play::play(&arguments),
        Some(Command::Run(arguments)) => run::run(&arguments),
        Some(Command::Export(arguments)) => export::export(&arguments),
        Some(Command::Query(arguments)) => query::query(&arguments),
        #[cfg(feature = "serve")]
        Some(Command::Serve(arguments)) => serve::serve(&arguments),
        Some(Command::Check(arguments)) => check::check(&arguments, lang.as_deref()),
        Some(Command::New(arguments)) => new::new(&arguments),
        Some(Command::Prove(arguments)) => prove::prove(&arguments),
        Some(Command::Sweep(arguments)) => sweep::sweep(&arguments),
        Some(Command::Replay(arguments)) => replay::replay(&arguments),
        Some(Command::Report(arguments)) => report::report(&arguments),
        Some(Command::Lessons(arguments)) => lessons::lessons(&arguments),
    };
    done.map_or_else(Failure::exit, |()| ExitCode::SUCCESS)
}

/// Reads a seed: a whole number, decimal or hexadecimal after `0x`.
fn seed(text: &str) -> Result<Seed, String> {
    let digits = text.trim().replace('_', "");
    let read = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hexadecimal) => u64::from_str_radix(hexadecimal, 16),
        None => digits.parse(),
    };
    read.map(Seed).map_err(|_| format!("a seed is a whole number from 0 to {}, such as 7 or 0x2a", u64::MAX))
}

/// Reads a duration.
fn duration(text: &str) -> Result<Duration, String> {
    Duration::parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    fn shows_an_example(command: &clap::Command) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        assert!(help.contains("allgreen"), "{}", command.get_name());
        command.get_subcommands().for_each(shows_an_example);
    }

    #[test]
    fn every_command_shows_an_example() {
        shows_an_example(&Arguments::command());
    }

    #[test]
    fn seeds_are_decimal_or_hexadecimal() {
        assert_eq!(seed("7"), Ok(Seed(7)));
        assert_eq!(seed("0xff"), Ok(Seed(255)));
        assert_eq!(seed("18446744073709551615"), Ok(Seed(u64::MAX)));
        for wrong in ["", "-1", "seven", "1.5", "0x", "18446744073709551616"] {
            assert!(seed(wrong).unwrap_err().contains("0x2a"), "{wrong}");
        }
    }
}
