//! One station, and stations in a row. Formulas: Kleinrock, *Queueing Systems I*, 1975.

use crate::SEEDS;
use crate::support::{Line, agrees, gauge, histogram, simulate, world};

/// Mean time at a station (waiting and service), as its caller measures it.
fn sojourns(line: &Line<'_>, secs: u64) -> Vec<f64> {
    SEEDS
        .map(|seed| {
            let (sum, count) =
                histogram(line.run(seed, secs).telemetry(), "edge", "http.client.request.duration", None);
            sum / count
        })
        .collect()
}

/// The share of requests that were turned away.
fn losses(line: &Line<'_>, secs: u64) -> Vec<f64> {
    SEEDS
        .map(|seed| {
            let sim = line.run(seed, secs);
            let all = histogram(sim.telemetry(), "s0", "http.server.request.duration", None).1;
            let refused = histogram(
                sim.telemetry(),
                "s0",
                "http.server.request.duration",
                Some(("http.response.status_code", "503")),
            )
            .1;
            refused / all
        })
        .collect()
}

/// Erlang's B formula by its stable recursion.
fn erlang_b(servers: u32, offered: f64) -> f64 {
    (1..=servers).fold(1.0, |b, k| offered * b / (f64::from(k) + offered * b))
}

/// Erlang's C formula: the probability of waiting.
fn erlang_c(servers: u32, offered: f64) -> f64 {
    let (b, rho) = (erlang_b(servers, offered), offered / f64::from(servers));
    b / (1.0 - rho * (1.0 - b))
}

#[test]
fn m_m_1() {
    // λ = 50/s, μ = 80/s: T = 1/(μ − λ).
    let line = Line { rate: 50.0, stations: &[("Exp(\"12500us\")", 1, 1_000_000)] };
    agrees("M/M/1 time in system", &sojourns(&line, 600), 1.0 / 30.0);
}

#[test]
fn m_m_c_follows_erlang_c() {
    // Offered load 3.2 Erlang on 4 servers.
    let line = Line { rate: 80.0, stations: &[("Exp(\"40ms\")", 4, 1_000_000)] };
    let theory = 0.04 + erlang_c(4, 3.2) * 0.04 / (4.0 - 3.2);
    agrees("M/M/4 time in system", &sojourns(&line, 600), theory);
}

#[test]
fn m_g_c_c_follows_erlang_b_whatever_the_distribution() {
    // Insensitivity: only the mean of the service time counts. Offered load 4 Erlang on 5 servers, no place to wait.
    for work in ["Exp(\"40ms\")", "Const(\"40ms\")", "Uniform(\"0s\", \"80ms\")"] {
        let line = Line { rate: 100.0, stations: &[(work, 5, 0)] };
        agrees(&format!("loss of M/G/5/5 with {work}"), &losses(&line, 200), erlang_b(5, 4.0));
    }
}

#[test]
fn m_m_1_k_loses_what_does_not_fit() {
    // Room for K = 5 in all: P(loss) = (1 − ρ) ρ^K / (1 − ρ^(K+1)).
    let rho: f64 = 0.8;
    let line = Line { rate: 80.0, stations: &[("Exp(\"10ms\")", 1, 4)] };
    agrees("loss of M/M/1/5", &losses(&line, 200), (1.0 - rho) * rho.powi(5) / (1.0 - rho.powi(6)));
}

#[test]
fn m_m_c_k_loses_what_does_not_fit() {
    // 3 servers, K = 8 in all, offered load a = 2.4: p_n ∝ aⁿ/n! up to 3, then times (a/3) for each one more.
    let (a, mut weights) = (2.4_f64, vec![1.0]);
    for n in 1..=8 {
        weights.push(weights[n - 1] * a / (n.min(3) as f64));
    }
    let line = Line { rate: 80.0, stations: &[("Exp(\"30ms\")", 3, 5)] };
    agrees("loss of M/M/3/8", &losses(&line, 200), weights[8] / weights.iter().sum::<f64>());
}

#[test]
fn m_g_1_follows_pollaczek_and_khinchine() {
    // W = λ E[S²] / (2 (1 − ρ)).
    let (lambda, sigma) = (40.0, 0.6_f64);
    let (median, mean) = (0.012_f64, 0.012 * (sigma * sigma / 2.0).exp());
    let second = median * median * (2.0 * sigma * sigma).exp();
    let line = Line { rate: lambda, stations: &[("LogNormal(median: \"12ms\", sigma: 0.6)", 1, 1_000_000)] };
    agrees("M/G/1, log-normal", &sojourns(&line, 600), mean + lambda * second / (2.0 * (1.0 - lambda * mean)));

    // M/D/1: half the wait of M/M/1.
    let line = Line { rate: 40.0, stations: &[("Const(\"15ms\")", 1, 1_000_000)] };
    agrees("M/D/1", &sojourns(&line, 600), 0.015 + 40.0 * 0.015_f64.powi(2) / (2.0 * (1.0 - 0.6)));
}

#[test]
fn processor_sharing_does_not_care_for_the_distribution() {
    // M/G/1-PS: T = S / (1 − ρ) for any service time of mean S; and as many are present as in M/M/1.
    for work in ["Const(\"15ms\")", "Uniform(\"0s\", \"30ms\")", "LogNormal(median: \"9097us\", sigma: 1.0)"] {
        let nodes = format!(
            "\"edge\": (kind: LoadBalancer, concurrency: 100000, telemetry: (spans: false, access_log: false)),
             \"s0\": (kind: Service, concurrency: 100000, queue_limit: 0, discipline: ProcessorSharing(1.0), routes: {{ \"GET /\": (steps: [Work({work})]) }}, telemetry: (spans: false, access_log: false)),"
        );
        let world = world(40.0, "", &nodes, "\"edge -> s0\": (latency: Const(\"0s\"), telemetry: (spans: false)),");
        let (mut times, mut idle) = (Vec::new(), Vec::new());
        for seed in SEEDS {
            let sim = simulate(&world, seed, 200);
            let (sum, count) = histogram(sim.telemetry(), "edge", "http.client.request.duration", None);
            times.push(sum / count);
            let present = gauge(sim.telemetry(), "s0", "http.server.active_requests");
            idle.push(present.iter().filter(|present| **present == 0.0).count() as f64 / present.len() as f64);
        }
        agrees(&format!("M/G/1 processor sharing, {work}"), &times, 0.015 / (1.0 - 0.6));
        agrees(&format!("nobody there, {work}"), &idle, 1.0 - 0.6);
    }
}

#[test]
fn a_tandem_is_two_queues_that_know_nothing_of_each_other() {
    // Burke 1956: departures of M/M/1 are Poisson. The second station alone is M/M/1; its time is that of its callers'
    // detached calls, as the first station's client measures them.
    let line = Line { rate: 40.0, stations: &[("Exp(\"10ms\")", 1, 1_000_000), ("Exp(\"15ms\")", 1, 1_000_000)] };
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for seed in SEEDS {
        let sim = line.run(seed, 500);
        let mean = |node| {
            let (sum, count) = histogram(sim.telemetry(), node, "http.client.request.duration", None);
            sum / count
        };
        first.push(mean("edge"));
        second.push(mean("s0"));
    }
    agrees("first of a tandem", &first, 1.0 / (100.0 - 40.0));
    agrees("second of a tandem", &second, 1.0 / (1.0 / 0.015 - 40.0));
}

#[test]
fn littles_law_holds() {
    // L = λ W with L from a gauge that is read once a second and λ W from a histogram: two independent roads.
    let line = Line { rate: 60.0, stations: &[("LogNormal(median: \"20ms\", sigma: 0.8)", 2, 1_000_000)] };
    let ratios: Vec<f64> = SEEDS
        .map(|seed| {
            let sim = line.run(seed, 600);
            let (sum, _) = histogram(sim.telemetry(), "edge", "http.client.request.duration", None);
            let present = gauge(sim.telemetry(), "s0", "http.server.active_requests");
            let mean = present.iter().sum::<f64>() / present.len() as f64;
            mean / (sum / 600.0)
        })
        .collect();
    agrees("Little's law, L / (λ W)", &ratios, 1.0);
}
