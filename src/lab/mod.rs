//! A learner's session: commands in, views out; grading; debrief; save and replay. Only [`Session`] and the grading
//! behind it know the ground truth; a face meets it in the [`Debrief`] and nowhere else.

mod catalogue;
mod command;
mod debrief;
mod document;
mod fix;
mod grade;
mod limits;
mod look;
mod mechanism;
mod notebook;
mod observation;
mod progress;
mod refusal;
mod reproduce;
mod save;
mod session;
mod trainer;
pub(crate) mod trial;
mod view;
mod words;
mod work;

pub use catalogue::{LessonCard, in_order, lessons};
pub use command::*;
pub use debrief::*;
pub use fix::{Fix, FixField, FixKind, FixSort, FixTarget, FixValue};
pub(crate) use grade::proving;
pub use notebook::{Deployment, Notebook, PinnedEvidence};
pub use observation::Observation;
pub use progress::Progress;
pub use refusal::Refusal;
pub use session::{Opening, Reply, Session};
pub use trainer::{HarmMinute, TrainerView};
pub use view::*;
pub use work::{Deed, Shift, ShiftWork, Work, local_name};
