//! One picture of the window, then the end: how the documentation's pictures and the smoke test are made.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use egui::{ColorImage, Context, ViewportCommand};

use crate::whole;

/// Frames that are drawn after everything has its answer.
const CALM_FRAMES: u32 = 8;

/// How it went; shared with the caller of the window.
pub type Outcome = Arc<Mutex<Option<Result<(), String>>>>;

/// A picture that is to be taken.
pub struct Shot {
    path: PathBuf,
    calm: u32,
    asked: bool,
    image: Arc<Mutex<Option<Arc<ColorImage>>>>,
    outcome: Outcome,
}

impl Shot {
    /// A picture for this file.
    pub fn new(path: PathBuf, outcome: Outcome) -> Shot {
        Shot { path, calm: 0, asked: false, image: Arc::default(), outcome }
    }

    /// Goes on: waits until all is `calm`, asks for the pixels, writes them, closes the window.
    pub fn step(&mut self, ctx: &Context, calm: bool) {
        if self.asked {
            let image = self.image.lock().unwrap_or_else(PoisonError::into_inner).take();
            match image {
                Some(image) => self.end(ctx, write(&self.path, &image)),
                None => ctx.request_repaint_after_secs(0.03),
            }
            return;
        }
        self.calm = if calm { self.calm + 1 } else { 0 };
        ctx.request_repaint();
        if self.calm >= CALM_FRAMES {
            self.asked = true;
            let (slot, wake) = (self.image.clone(), ctx.clone());
            ctx.request_screenshot(move |image| {
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(image);
                wake.request_repaint();
            });
        }
    }

    /// Ends the window, and tells how it went.
    pub fn end(&self, ctx: &Context, result: Result<(), String>) {
        let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        outcome.get_or_insert(result);
        ctx.send_viewport_cmd(ViewportCommand::Close);
    }
}

fn write(path: &Path, image: &ColorImage) -> Result<(), String> {
    let fail = |problem: String| format!("{}: {problem}", path.display());
    let mut file = Vec::new();
    let [width, height] = image.size.map(|side| u32::try_from(side).unwrap_or(u32::MAX));
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let bytes: Vec<u8> = image.pixels.iter().flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()]).collect();
    let mut writer = encoder.write_header().map_err(|error| fail(error.to_string()))?;
    writer.write_image_data(&bytes).map_err(|error| fail(error.to_string()))?;
    writer.finish().map_err(|error| fail(error.to_string()))?;
    whole::write(path, &file).map_err(|error| fail(error.to_string()))
}
