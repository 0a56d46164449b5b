//! Normal draws by the ziggurat method: Marsaglia and Tsang, *The ziggurat method for generating random variables*, 2000,
//! with 256 layers. Exact: layers and wedges cover the density, and the tail is Marsaglia's of 1964.

use std::sync::LazyLock;

use crate::random::{Identity, Stream};

/// Where the tail begins, and the area of each layer, for 256 layers.
const TAIL: f64 = 3.654_152_885_361_009;
const AREA: f64 = 4.928_673_233_992_336e-3;
const LAYERS: usize = 256;

/// The children of an identity that further tries draw for.
const AGAIN: u64 = 1 << 48;

/// From the lowest layer up: how far each reaches to the right, and the density there. The lowest one has the area of the
/// others together with the tail, as if it were that wide.
struct Layers {
    right: [f64; LAYERS + 1],
    density: [f64; LAYERS + 1],
}

static ZIGGURAT: LazyLock<Layers> = LazyLock::new(|| {
    let mut right = [0.0; LAYERS + 1];
    right[0] = AREA / density(TAIL);
    right[1] = TAIL;
    for layer in 2..LAYERS {
        let below = right[layer - 1];
        right[layer] = libm::sqrt(-2.0 * libm::log(AREA / below + density(below)));
    }
    Layers { right, density: right.map(density) }
});

/// The normal density, but for a factor.
fn density(x: f64) -> f64 {
    libm::exp(-0.5 * x * x)
}

/// A draw with mean 0 and standard deviation 1. Uses lanes `lane` and `lane + 1`.
#[inline]
pub fn normal(stream: Stream, identity: Identity, lane: u64) -> f64 {
    let ziggurat = &*ZIGGURAT;
    let (x, layer) = place(ziggurat, stream.bits(identity, lane));
    // All but one in a hundred.
    if x.abs() < ziggurat.right[layer + 1] { x } else { at_the_edge(stream, identity, lane) }
}

/// A place in a layer, uniform from its left end to its right.
#[inline]
fn place(ziggurat: &Layers, bits: u64) -> (f64, usize) {
    let layer = bits as usize % LAYERS;
    let unit = (bits >> 11) as f64 * (2.0 / (1_u64 << 53) as f64) - 1.0;
    (unit * ziggurat.right[layer], layer)
}

/// The same from the start, where a place may lie outside of the layer above.
#[cold]
fn at_the_edge(stream: Stream, identity: Identity, lane: u64) -> f64 {
    let ziggurat = &*ZIGGURAT;
    let mut who = identity;
    for again in 0.. {
        let (x, layer) = place(ziggurat, stream.bits(who, lane));
        if x.abs() < ziggurat.right[layer + 1] {
            return x;
        }
        let unit = stream.unit(who, lane + 1);
        if layer == 0 {
            return tail(stream, who, lane).copysign(x);
        }
        let (low, high) = (ziggurat.density[layer], ziggurat.density[layer + 1]);
        if low + (high - low) * unit < density(x) {
            return x;
        }
        who = identity.child(AGAIN + again);
    }
    TAIL
}

/// A draw beyond the beginning of the tail.
fn tail(stream: Stream, identity: Identity, lane: u64) -> f64 {
    for again in 0.. {
        let who = identity.child(AGAIN * 2 + again);
        let beyond = -libm::log(1.0 - stream.unit(who, lane)) / TAIL;
        if -2.0 * libm::log(1.0 - stream.unit(who, lane + 1)) > beyond * beyond {
            return TAIL + beyond;
        }
    }
    TAIL
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seed;

    #[test]
    fn draws_are_normal_in_the_middle_at_the_edges_and_in_the_tail() {
        let stream = Stream::new(Seed(5), "test", "normal");
        let n = 2_000_000;
        let draws: Vec<f64> = (0..n).map(|i| normal(stream, Identity(i), 0)).collect();
        // The share below each point, by the error function; five standard errors of a binomial share.
        for point in [-4.2, -TAIL, -3.0, -2.0, -1.0, -0.3, 0.0, 0.1, 0.7, 1.5, 2.5, 3.3, TAIL, 4.0] {
            let share = draws.iter().filter(|draw| **draw < point).count() as f64 / n as f64;
            let expected = 0.5 * libm::erfc(-point / std::f64::consts::SQRT_2);
            let error = (expected * (1.0 - expected) / n as f64).sqrt();
            assert!((share - expected).abs() < 5.0 * error, "below {point}: {share} against {expected}");
        }
        let moment = |power: i32| draws.iter().map(|draw| draw.powi(power)).sum::<f64>() / n as f64;
        for (power, expected, error) in [(1, 0.0, 7.1e-4), (2, 1.0, 1.0e-3), (3, 0.0, 2.8e-3), (4, 3.0, 7.0e-3)] {
            assert!((moment(power) - expected).abs() < 5.0 * error, "moment {power}: {}", moment(power));
        }
    }

    #[test]
    fn layers_have_equal_areas_and_end_at_the_top() {
        let ziggurat = &*ZIGGURAT;
        for layer in 1..LAYERS {
            let high = if layer + 1 < LAYERS { ziggurat.density[layer + 1] } else { 1.0 };
            let area = ziggurat.right[layer] * (high - ziggurat.density[layer]);
            assert!((area / AREA - 1.0).abs() < 1e-6, "layer {layer}: {area}");
        }
    }
}
