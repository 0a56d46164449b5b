//! `allgreen new`: a file to begin with.

use std::fs;
use std::io::Write;
use std::path::Path;

use clap::{Args, Subcommand};

use super::failure::{Failure, answers};
use crate::builtin::{self, Loaded};
use crate::lesson::is_inside;
use crate::starter;
use crate::{Seed, whole};

/// Write a new world or lesson file: complete, right, and with every field explained. Overwrites nothing.
#[derive(Args)]
#[command(after_help = "\
Examples:
  allgreen new world market
  allgreen new world acme --services 1000 --seed 7   a company, drawn by luck
  allgreen new lesson the-slow-till --world market
  allgreen check worlds lessons")]
pub(super) struct NewArguments {
    #[command(subcommand)]
    what: New,
}

#[derive(Subcommand)]
enum New {
    /// Write worlds/NAME.ron
    #[command(after_help = "\
Examples:
  allgreen new world market
  allgreen new world acme --services 1000 --seed 7   a company, drawn by luck")]
    World {
        /// Its name: letters, digits, - and _
        #[arg(value_parser = name)]
        name: String,
        /// A company with so many services, drawn by luck, instead of a small world to begin with: 20 to 5000
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(20..=5000))]
        services: Option<u16>,
        /// The luck: the same name, size and seed make the same company
        #[arg(long, requires = "services", default_value = "0", value_parser = super::seed, allow_hyphen_values = true)]
        seed: Seed,
    },
    /// Write lessons/NAME.ron
    #[command(after_help = "\
Examples:
  allgreen new lesson the-slow-till                  in the storefront
  allgreen new lesson the-slow-till --world market")]
    Lesson {
        /// Its name: letters, digits, - and _
        #[arg(value_parser = name)]
        name: String,
        /// The world that it happens in: a name, or a path such as worlds/market.ron
        #[arg(long, default_value = "storefront")]
        world: String,
    },
}

pub(super) fn new(arguments: &NewArguments) -> Result<(), Failure> {
    let (path, text, next) = match &arguments.what {
        New::World { name, services, seed } => {
            let path = format!("worlds/{name}.ron");
            let next = format!("allgreen check {path}\nallgreen run {name}\nallgreen new lesson NAME --world {name}");
            let text = match services {
                Some(services) => starter::company(name, *services, seed.0),
                None => starter::world(name),
            };
            (path, text, next)
        }
        New::Lesson { name, world } => {
            let path = format!("lessons/{name}.ron");
            let next = format!("allgreen check {path}\nallgreen play {name}");
            (path, lesson(name, world)?, next)
        }
    };
    write(Path::new(&path), &text)?;
    let mut out = answers();
    writeln!(out, "wrote {path}\nnext:\n  {}", next.replace('\n', "\n  "))?;
    out.flush()?;
    Ok(())
}

fn lesson(name: &str, world: &str) -> Result<String, Failure> {
    let found = match builtin::find(world) {
        Ok(Loaded::World(found)) => found,
        Ok(Loaded::Lesson(_)) => {
            return Err(Failure::bad(format!("{world} is a lesson; name a world: --world storefront")));
        }
        Err(problems) if world.ends_with(".ron") => return Err(problems.into()),
        // Names of lessons would be no help here.
        Err(_) => builtin::world(world)?.0,
    };
    let path = if world.ends_with(".ron") { world.replace('\\', "/") } else { format!("worlds/{world}.ron") };
    if !is_inside(&path) {
        return Err(Failure::bad(format!(
            "{world} is not inside this folder, and a lesson names its world by a path inside it; copy it to worlds/, and \
             name that: --world worlds/NAME.ron"
        )));
    }
    let none = || Failure::bad(format!("{world} has no arrow between two of its nodes, so nothing can fail on one"));
    starter::lesson(name, &path, &found).ok_or_else(none)
}

/// Writes a file that must not be there yet: the whole of it, or nothing.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = whole::folder_of(path);
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::bad(format!("{} cannot be written: {error}. Go to a folder that you may write to", path.display()))
    };
    let taken = || {
        Failure::bad(format!("{} is there already, and nothing is overwritten; choose another name", path.display()))
    };
    if path.exists() {
        return Err(taken());
    }
    fs::create_dir_all(folder).map_err(|error| cannot(&error))?;
    let draft = whole::written(folder, text.as_bytes()).map_err(|error| cannot(&error))?;
    match draft.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Err(taken()),
        Err(error) => Err(cannot(&error.error)),
    }
}

/// A name that is safe in a path.
fn name(text: &str) -> Result<String, String> {
    let sane = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if text.is_empty() || text.len() > 64 || !text.chars().all(sane) || text.starts_with('-') {
        return Err("a name has letters a to z, digits, - and _, and at most 64 of them, such as the-slow-till".into());
    }
    Ok(text.to_owned())
}
