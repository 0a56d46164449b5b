//! Charts in text: a plot of dots for one line, a row of bars for each of several. Knows points, not what they measure.

use super::Sheet;
use crate::lab::{Chart, ChartLine};
use crate::terminal::paint::{BOLD, DIM, NAME, paint, table, value};
use crate::terminal::paint::{Cell, row};

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const PLOT_ROWS: usize = 8;
/// Names of a line that is all there is.
const ALL: [&str; 2] = ["", "all"];

/// A chart with its title, its lines and their figures.
pub(super) fn chart(chart: &Chart, sheet: &Sheet) -> String {
    let mut out = paint(BOLD, &chart.title) + "\n";
    let stamps = chart.lines.iter().flat_map(|line| &line.points).map(|(stamp, _)| *stamp);
    let (Some(first), Some(last)) = (stamps.clone().min(), stamps.max()) else {
        return out + "nothing was measured\n";
    };
    let range = (first.as_secs_f64(), last.as_secs_f64());
    out += &sheet.dated(&format!("{} to {}, by the monitor's clock", sheet.seconds(first), sheet.seconds(last)));
    if let [line] = &chart.lines[..] {
        let values = line.points_in(range, 2 * sheet.width.saturating_sub(16).min(96));
        let scale = Scale::of(&values);
        if !ALL.contains(&line.name.as_str()) {
            out += &(paint(NAME, &line.name) + "\n");
        }
        out += &plot(&values, scale, &chart.unit);
        out += &figures(line, &chart.unit).join("  ");
        return out + &paint(DIM, scale.note()) + "\n";
    }
    let widest = chart.lines.iter().map(|line| line.name.chars().count()).max().unwrap_or(0);
    let columns = sheet.width.saturating_sub(widest + 46).clamp(16, 80);
    let drawn: Vec<Vec<Option<f64>>> = chart.lines.iter().map(|line| line.points_in(range, columns)).collect();
    let scale = Scale::of(drawn.iter().flatten());
    let row = |(line, values): (&ChartLine, &Vec<Option<f64>>)| {
        let mut cells = vec![Cell::styled(NAME, line.name.clone()), Cell::from(bars(values, scale))];
        cells.extend(line.low_mean_high_last().map(|v| Cell::from(v.map_or(String::new(), |v| value(v, &chart.unit)))));
        cells
    };
    let rows: Vec<Vec<Cell>> = chart.lines.iter().zip(&drawn).map(row).collect();
    let bars = format!("{} to {}", value(scale.bottom, &chart.unit), value(scale.top, &chart.unit));
    out + &table(&["", &bars, ">lowest", ">mean", ">highest", ">last"], &rows)
}

/// The values at the foot and at the top of a drawing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    bottom: f64,
    top: f64,
}

impl Scale {
    /// From zero, unless that would flatten all that differs.
    fn of<'a>(values: impl IntoIterator<Item = &'a Option<f64>>) -> Scale {
        let (mut low, mut high) = (f64::MAX, f64::MIN);
        for value in values.into_iter().flatten() {
            (low, high) = (low.min(*value), high.max(*value));
        }
        let from_zero = low >= 0.0 && low < high / 2.0;
        match low < high && !from_zero {
            true => Scale { bottom: low, top: high },
            false => Scale { bottom: 0.0_f64.min(low), top: high.max(0.0) },
        }
    }

    /// Where a value lies, 0 to 1.
    fn share(self, value: f64) -> f64 {
        let length = self.top - self.bottom;
        if length > 0.0 { ((value - self.bottom) / length).clamp(0.0, 1.0) } else { 0.0 }
    }

    fn note(self) -> &'static str {
        if self.bottom == 0.0 { "" } else { "  (the axis does not begin at 0)" }
    }
}

fn figures(line: &ChartLine, unit: &str) -> Vec<String> {
    let named = ["lowest", "mean", "highest", "last"].into_iter().zip(line.low_mean_high_last());
    named.filter_map(|(name, v)| v.map(|v| format!("{} {}", paint(DIM, name), value(v, unit)))).collect()
}

/// One character for each value, as high as its share of the scale; a blank where there is none.
pub(super) fn bars(values: &[Option<f64>], scale: Scale) -> String {
    let bar = |value: &Option<f64>| value.map_or(' ', |v| BARS[(scale.share(v) * 7.0).round() as usize]);
    values.iter().map(bar).collect()
}

/// Dots in braille, with the value axis on the left.
fn plot(values: &[Option<f64>], scale: Scale, unit: &str) -> String {
    let dots = PLOT_ROWS * 4;
    let mut cells = vec![vec![0u8; values.len().div_ceil(2)]; PLOT_ROWS];
    let mut before: Option<usize> = None;
    for (x, v) in values.iter().enumerate().filter_map(|(x, v)| v.map(|v| (x, v))) {
        let y = (scale.share(v) * (dots - 1) as f64).round() as usize;
        // A vertical stroke from the value before joins steep steps.
        let from = before.map_or(y, |b| {
            if b < y {
                b + 1
            } else if b > y {
                b - 1
            } else {
                y
            }
        });
        for y in from.min(y)..=from.max(y) {
            let down = dots - 1 - y;
            let bit = match (x % 2, down % 4) {
                (0, 3) => 0x40,
                (1, 3) => 0x80,
                (0, row) => 1 << row,
                (_, row) => 8 << row,
            };
            if let Some(cell) = cells.get_mut(down / 4).and_then(|row| row.get_mut(x / 2)) {
                *cell |= bit;
            }
        }
        before = Some(y);
    }
    let mut out = String::new();
    for (at, row) in cells.iter().enumerate() {
        let label = match at {
            0 => value(scale.top, unit),
            _ if at + 1 == PLOT_ROWS => value(scale.bottom, unit),
            _ => String::new(),
        };
        let drawn: String = row.iter().map(|bits| char::from_u32(0x2800 + u32::from(*bits)).unwrap_or(' ')).collect();
        out += &format!("{label:>11} ┤{}\n", drawn.trim_end_matches('\u{2800}'));
    }
    out
}

impl ChartLine {
    /// The mean of the points in each of `columns` equal parts of `range`; fewer parts if there are fewer points.
    fn points_in(&self, range: (f64, f64), columns: usize) -> Vec<Option<f64>> {
        let columns = columns.min(self.points.len()).max(1);
        let mut sums = vec![(0.0, 0u32); columns];
        let length = (range.1 - range.0).max(1e-9);
        for (stamp, value) in self.points.iter().filter(|(_, value)| value.is_finite()) {
            let share = (stamp.as_secs_f64() - range.0) / length;
            let at = ((share * columns as f64) as usize).min(columns.saturating_sub(1));
            if let Some((sum, count)) = sums.get_mut(at) {
                *sum += value;
                *count += 1;
            }
        }
        sums.into_iter().map(|(sum, count)| (count > 0).then(|| sum / f64::from(count))).collect()
    }

    fn low_mean_high_last(&self) -> [Option<f64>; 4] {
        let values: Vec<f64> = self.points.iter().map(|(_, v)| *v).filter(|v| v.is_finite()).collect();
        if values.is_empty() {
            return [None; 4];
        }
        let low = values.iter().copied().fold(f64::MAX, f64::min);
        let high = values.iter().copied().fold(f64::MIN, f64::max);
        [Some(low), Some(values.iter().sum::<f64>() / values.len() as f64), Some(high), values.last().copied()]
    }
}

/// Rows of bars for several named lists of counts over the same time, on one scale.
pub(super) fn counts(lines: &[(&str, Vec<Option<f64>>)]) -> String {
    let top = lines.iter().flat_map(|(_, values)| values.iter().flatten()).copied().fold(0.0, f64::max);
    let scale = Scale { bottom: 0.0, top };
    let rows: Vec<Vec<Cell>> = lines
        .iter()
        .map(|(name, values)| {
            let all: f64 = values.iter().flatten().sum();
            row![*name, bars(values, scale), value(all, "")]
        })
        .collect();
    table(&["", "", ">in all"], &rows)
}

/// `values` in at most `columns` sums.
pub(super) fn squeeze(values: &[u64], columns: usize) -> Vec<Option<f64>> {
    let each = values.len().div_ceil(columns.max(1)).max(1);
    values.chunks(each).map(|part| Some(part.iter().sum::<u64>() as f64)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Stamp;

    fn line(values: &[f64]) -> ChartLine {
        let points = values.iter().enumerate().map(|(at, v)| (Stamp(at as i64 * 1_000_000_000), *v)).collect();
        ChartLine { name: "x".into(), points }
    }

    #[test]
    fn bars_are_as_high_as_their_share_and_gaps_stay_gaps() {
        let values = [Some(0.0), None, Some(7.0), Some(3.5)];
        assert_eq!(bars(&values, Scale::of(&values)), "▁ █▅");
        assert_eq!(bars(&[Some(0.0), Some(0.0)], Scale::of(&[Some(0.0)])), "▁▁");
    }

    #[test]
    fn a_small_difference_is_not_flattened_and_the_axis_says_so() {
        let scale = Scale::of(&[Some(2840.0), Some(2762.0)]);
        assert_eq!(scale, Scale { bottom: 2762.0, top: 2840.0 });
        assert!(scale.note().contains("does not begin at 0"));
        assert_eq!(Scale::of(&[Some(1.0), Some(4.0)]), Scale { bottom: 0.0, top: 4.0 });
        assert_eq!(Scale::of(&[Some(5.0), Some(5.0)]), Scale { bottom: 0.0, top: 5.0 });
        assert_eq!(Scale::of(&[Some(-5.0), Some(5.0)]), Scale { bottom: -5.0, top: 5.0 });
        assert_eq!(Scale::of(&[]), Scale { bottom: 0.0, top: 0.0 });
    }

    #[test]
    fn a_plot_has_an_axis_and_survives_any_number() {
        let values = [Some(0.0), Some(1.0), None, Some(2.0)];
        let text = plot(&values, Scale::of(&values), "s");
        assert_eq!(text.lines().count(), PLOT_ROWS);
        assert!(text.starts_with("        2 s ┤"), "{text}");
        let odd = line(&[f64::INFINITY, f64::NAN, -4.0]).points_in((5.0, 5.0), 9);
        plot(&odd, Scale::of(&odd), "");
        plot(&[], Scale::of(&[]), "");
    }

    #[test]
    fn a_single_line_says_which_one_it_is_unless_it_is_all() {
        let sheet = Sheet { epoch: crate::time::Epoch::UNIX, day: String::new(), width: 80 };
        let named = |name: &str| {
            let line = ChartLine { name: name.into(), ..line(&[1.0, 2.0]) };
            let drawn = Chart { title: "up".into(), lines: vec![line], ..Chart::default() };
            anstream::adapter::strip_str(&chart(&drawn, &sheet)).to_string()
        };
        assert!(named("shop-2").lines().any(|text| text == "shop-2"));
        assert_eq!(named("all"), named(""));
    }

    #[test]
    fn points_fall_into_their_columns() {
        assert_eq!(line(&[1.0, 3.0, 5.0, 7.0]).points_in((0.0, 3.0), 2), [Some(2.0), Some(6.0)]);
        assert_eq!(squeeze(&[1, 2, 3], 2), [Some(3.0), Some(3.0)]);
    }
}
