//! `allgreen play` in a window: arguments to the desktop's options, and the way back to the terminal where there is no
//! display.

use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::{Failure, complain};
use crate::Seed;
use crate::app::{RunOptions, run};
use crate::generate::Order;

/// What only a window can do.
#[derive(Args)]
pub(super) struct WindowOptions {
    /// Bring this panel of the window to the front: logs, metrics, traces, …
    #[arg(long, value_name = "NAME", conflicts_with_all = ["terminal", "script"])]
    panel: Option<String>,
    /// Write a picture of the window, once everything is drawn, and end
    #[arg(long, value_name = "FILE", conflicts_with_all = ["terminal", "script"])]
    screenshot: Option<PathBuf>,
    /// The size of the window in points
    #[arg(long, value_name = "WIDTHxHEIGHT", value_parser = size)]
    size: Option<[f32; 2]>,
    /// The light theme
    #[arg(long)]
    light: bool,
}

/// Opens the window; false if there is no display and the lab in the terminal is the way to go on.
pub(super) fn open(
    options: &WindowOptions,
    (lesson, session, seed): (Option<&str>, Option<&Path>, Option<Seed>),
    order: Option<Order>,
    (who, trainer): (Option<&str>, bool),
) -> Result<bool, Failure> {
    let done = run(RunOptions {
        lesson: lesson.map(str::to_owned),
        session: session.map(Path::to_owned),
        seed,
        order,
        panel: options.panel.clone(),
        screenshot: options.screenshot.clone(),
        size: options.size,
        light: options.light,
        who: who.map(str::to_owned),
        trainer,
    });
    match done {
        Ok(()) => Ok(true),
        Err(error) if error.terminal_helps() && options.screenshot.is_none() && options.panel.is_none() => {
            complain(format!("{error}\nThe lab opens in the terminal instead; `--terminal` asks for that.\n"));
            Ok(false)
        }
        Err(error) => Err(Failure::bad(error)),
    }
}

/// Reads `1440x900`.
fn size(text: &str) -> Result<[f32; 2], String> {
    let side = |text: &str| text.trim().parse::<u16>().ok().filter(|side| (400..=8000).contains(side)).map(f32::from);
    let both = text.split_once(['x', 'X', '×']).and_then(|(width, height)| Some([side(width)?, side(height)?]));
    both.ok_or_else(|| "a size is two whole numbers from 400 to 8000, such as 1440x900".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_or_refused_with_an_example() {
        assert_eq!(size("1440x900"), Ok([1440.0, 900.0]));
        for wrong in ["", "1440", "x", "0x0", "-1x5", "90000x900"] {
            assert!(size(wrong).unwrap_err().contains("1440x900"), "{wrong}");
        }
    }
}
