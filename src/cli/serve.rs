//! `allgreen serve`: lets a run go on, and has its telemetry asked over HTTP and pushed to a collector.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration as Wall, Instant};

use clap::Args;

use super::failure::{Failure, answers, complain};
use super::simulate::{Extent, Run};
use crate::serve::{Backoff, Endpoint, Limits, Push, Pushed, Server, Shelf};
use crate::terminal::{count, interrupted, watch_for_interrupts};
use crate::time::Epoch;
use crate::{Duration, Seed, SimTime, Simulation};

/// Wall time between two slices of the run.
const TICK: Wall = Wall::from_millis(50);
/// Wall time between two snapshots.
const PUBLISH: Wall = Wall::from_millis(250);
/// Wall time that a slice may fall behind before it is given up to catch up.
const LAG: Wall = Wall::from_secs(1);
/// Events between two looks at the keyboard.
const SLICE_EVENTS: u64 = 200_000;
/// Wall time for what a collector has not acknowledged at the end.
const DRAIN: Wall = Wall::from_secs(10);

/// Let a run go on, and answer Prometheus's, Loki's and Tempo's HTTP APIs about it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  allgreen serve quiet-fallback
  allgreen serve storefront --listen 127.0.0.1:9090 --speed 60
  allgreen serve quiet-fallback --push http://127.0.0.1:4318")]
pub(super) struct ServeArguments {
    /// A world or lesson: its name, or a path to its file
    #[arg(value_name = "WORLD|LESSON")]
    what: String,
    /// The seed; a lesson has its own, a world starts with 0
    #[arg(long, value_parser = super::seed, allow_hyphen_values = true)]
    seed: Option<Seed>,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", value_parser = address)]
    listen: SocketAddr,
    /// How many times as fast as real time the run goes on; 0 stands still
    #[arg(long, value_name = "N", default_value_t = 10.0, value_parser = speed)]
    speed: f64,
    /// Stop when this much more was simulated; goes on until Ctrl-C unless told
    #[arg(long = "for", value_name = "DURATION", value_parser = super::duration, allow_hyphen_values = true)]
    length: Option<Duration>,
    /// Push all telemetry to an OpenTelemetry collector (OTLP over HTTP)
    #[arg(long, value_name = "URL", value_parser = Endpoint::parse)]
    push: Option<Endpoint>,
    /// Stand still when telemetry and what is under way fill this much memory
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=1024))]
    memory_gib: u64,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "an address is numbers and a port: write 127.0.0.1:9464, or port 0 for a free one".into())
}

fn speed(text: &str) -> Result<f64, String> {
    let read = text.parse::<f64>().ok().filter(|speed| (0.0..=100_000.0).contains(speed));
    read.ok_or_else(|| "write a number from 0 to 100000, such as 10 or 0.5".into())
}

pub(super) fn serve(arguments: &ServeArguments) -> Result<(), Failure> {
    watch_for_interrupts();
    let extent = Extent::history(arguments.seed, arguments.memory_gib);
    let mut run = extent.prepare(&arguments.what)?;
    // Refused before the work, not after it.
    let cannot = |why: std::io::Error| {
        Failure::bad(format!(
            "{} cannot be listened at: {why}. Name another port, such as 127.0.0.1:9464, or port 0 for a free one: \
             --listen ADDRESS",
            arguments.listen
        ))
    };
    let socket = TcpListener::bind(arguments.listen).map_err(cannot)?;
    if let Some(spent) = extent.simulate(&mut run)? {
        return Err(extent.stopped(&run.sim, run.until, &spent));
    }
    let shelf = Shelf::new(run.sim.telemetry().clone());
    let server = Server::on(socket, shelf.clone(), Limits::default()).map_err(cannot)?;
    if !arguments.listen.ip().is_loopback() {
        complain(format!(
            "warning: whoever reaches {} can ask; nothing is encrypted and nobody is asked for a password",
            server.address()
        ));
    }
    let push = arguments.push.clone().map(|endpoint| {
        Push::start(endpoint, shelf.clone(), Backoff::default(), Box::new(|words| complain(format!("push: {words}"))))
    });
    let push = push.transpose().map_err(|why| Failure::bad(format!("the push cannot be started: {why}")))?;
    greet(&server, &run, arguments)?;
    let ended = go_on(&mut run.sim, arguments, &shelf);
    drop(server);
    let sent = push.map_or(Ok(()), |push| report(&push.finish(DRAIN)));
    ended.and(sent)
}

/// Says where to ask, and what for.
fn greet(server: &Server, run: &Run, arguments: &ServeArguments) -> Result<(), Failure> {
    let (url, epoch) = (format!("http://{}", server.address()), run.sim.telemetry().epoch());
    let (from, now) = (at(epoch, SimTime::ZERO), at(epoch, run.sim.now()));
    let mut out = answers();
    writeln!(
        out,
        "listening on {url}\n\
         {} with seed {}, {from} to {now} (UTC); from here on {} times as fast as real time\n\
         \n\
         Grafana: save this as /etc/grafana/provisioning/datasources/allgreen.yaml, or add each by hand:\n\
         \n\
         apiVersion: 1\n\
         datasources:\n\
         \x20 - {{ name: allgreen metrics, type: prometheus, access: proxy, url: \"{url}\", jsonData: {{ httpMethod: POST }} }}\n\
         \x20 - {{ name: allgreen logs, type: loki, access: proxy, url: \"{url}\" }}\n\
         \x20 - {{ name: allgreen traces, type: tempo, access: proxy, url: \"{url}\" }}\n\
         \n\
         and set the time range to {from} .. {now}, time zone UTC.\n\
         \n\
         Ctrl-C ends it.",
        run.sim.world().spec().name,
        run.seed.0,
        arguments.speed,
    )?;
    Ok(out.flush()?)
}

/// A date and time, to the second.
fn at(epoch: Epoch, time: SimTime) -> String {
    let text = epoch.rfc3339(time.stamp());
    text.get(..19).unwrap_or(&text).replace('T', " ")
}

/// Simulates at the speed that was asked for until the end that was asked for, or Ctrl-C.
fn go_on(sim: &mut Simulation, arguments: &ServeArguments, shelf: &Shelf) -> Result<(), Failure> {
    let end = arguments.length.map(|length| sim.now() + length);
    let (mut origin, mut base) = (Instant::now(), sim.now());
    let mut published = Instant::now();
    // Whether there may be something that was not published.
    let (mut full, mut fresh) = (false, true);
    loop {
        if interrupted() {
            return Err(Failure::Stopped);
        }
        if !full {
            let target = base + Duration::from_secs_f64(origin.elapsed().as_secs_f64() * arguments.speed);
            let target = end.map_or(target, |end| target.min(end));
            let began = Instant::now();
            let mut reached = false;
            while !reached && began.elapsed() < LAG && !full {
                reached = sim.run_within(target, SLICE_EVENTS);
                full = sim.bytes() as u64 > arguments.memory_gib << 30;
            }
            if !reached {
                // This machine is not fast enough for the speed: time that was lost is not made up for.
                (origin, base) = (Instant::now(), sim.now());
            }
            if full {
                complain(format!(
                    "the run fills {} GiB and stands still at {}; it can still be asked. Allow more with --memory-gib",
                    arguments.memory_gib,
                    sim.now()
                ));
            }
        }
        let over = end.is_some_and(|end| sim.now() >= end);
        if over || (published.elapsed() >= PUBLISH && std::mem::replace(&mut fresh, !full)) {
            shelf.publish(sim.telemetry().clone());
            published = Instant::now();
        }
        if over {
            return Ok(());
        }
        std::thread::sleep(TICK);
    }
}

/// Says what became of what was pushed. That some of it was not sent is a failure.
fn report(pushed: &Pushed) -> Result<(), Failure> {
    let Pushed { acknowledged, rejected, refused, left, retries } = pushed;
    complain(format!(
        "push: {} records acknowledged ({} of them rejected), {} refused, {} not sent; {} requests tried again",
        count(*acknowledged),
        count(*rejected),
        count(*refused),
        count(*left),
        count(*retries)
    ));
    match *left {
        0 => Ok(()),
        left => Err(Failure::Refused(format!(
            "{} records were not sent: the collector had not taken them {} s after the end",
            count(left),
            DRAIN.as_secs()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_sent_is_a_failure_and_what_was_refused_is_told_only() {
        let pushed = Pushed { acknowledged: 7, rejected: 1, refused: 2, left: 0, retries: 3 };
        assert!(report(&pushed).is_ok());
        let left = report(&Pushed { left: 383_091, ..pushed });
        assert!(matches!(&left, Err(Failure::Refused(words)) if words.contains("not sent")), "{left:?}");
    }
}
