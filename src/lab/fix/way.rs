//! The ways in which fixes reach the system, and what each costs. The engine charges it: a deploy restarts replicas one
//! after another, a restart empties memory, a new replica is cold.

use crate::time::Duration;
use crate::world::ChangeKind;

/// How long a process is away when it restarts, and how long a new one takes to be warm.
const RESTART: Duration = Duration::from_secs(3);
const WARM_UP: Duration = Duration::from_secs(20);

/// The way a fix reaches the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// A new build, replica after replica; each restarts.
    Deploy,
    /// A new setting for processes that keep running.
    Config,
    /// A switch that processes look up all the time.
    Flag,
    /// Processes restart, replica after replica.
    Restart,
    /// Replicas come or go.
    Scaling,
    /// A new host is set up.
    Replacement,
    /// A command to a running process.
    Command,
    /// The clock service sets clocks right.
    Clocks,
}

/// What a way takes.
pub(super) struct Takes {
    /// What the feed calls it.
    pub kind: ChangeKind,
    /// From the order to the first effect.
    pub lead: Duration,
    /// From one replica to the next.
    pub rolling: Duration,
    /// How long a replica that it reaches is away.
    pub away: Duration,
}

impl Way {
    pub fn takes(self) -> Takes {
        let secs = Duration::from_secs;
        let (kind, lead, rolling, away) = match self {
            Way::Deploy => (ChangeKind::Deploy, secs(120), secs(20), RESTART),
            Way::Config => (ChangeKind::Config, secs(30), Duration::ZERO, Duration::ZERO),
            Way::Flag => (ChangeKind::Flag, secs(5), Duration::ZERO, Duration::ZERO),
            Way::Restart => (ChangeKind::Infrastructure, secs(15), secs(15), RESTART),
            Way::Scaling => (ChangeKind::Scaling, secs(60), Duration::ZERO, WARM_UP),
            Way::Replacement => (ChangeKind::Infrastructure, secs(60), Duration::ZERO, WARM_UP),
            Way::Command => (ChangeKind::Infrastructure, secs(5), Duration::ZERO, Duration::ZERO),
            Way::Clocks => (ChangeKind::Infrastructure, secs(10), Duration::ZERO, Duration::ZERO),
        };
        Takes { kind, lead, rolling, away }
    }

    pub fn words(self) -> &'static str {
        match self {
            Way::Deploy => {
                "a rolling deploy: 2m until the first replica restarts with it, 20s from one to the next; each is away for 3s and loses what it held in memory"
            }
            Way::Config => "a config change: in effect everywhere after 30s, nothing restarts",
            Way::Flag => "a flag: in effect everywhere after 5s, nothing restarts",
            Way::Restart => {
                "15s until the first replica restarts, 15s from one to the next; each is away for 3s and loses what it held in memory"
            }
            Way::Scaling => {
                "1m until replicas are added or removed, then 20s until a new one is warm and takes traffic; its caches and pools are empty"
            }
            Way::Replacement => {
                "1m until the new host is there, then 20s until it is warm and takes traffic; what the old one held in memory is gone"
            }
            Way::Command => "in effect after 5s",
            Way::Clocks => "10s; clocks step, so stamps jump",
        }
    }
}
