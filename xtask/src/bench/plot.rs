//! Bars on a logarithmic scale, as SVG that reads on light and dark pages.

use crate::bench::figures::{Item, OURS, Record, quantile};
use crate::bench::table::duration;

/// A bar for each item, as long as the median of its medians, and a line over the middle half of its rounds.
pub(crate) fn svg(record: &Record) -> String {
    let items: Vec<Drawn<'_>> = (0..record.runs[0].0.len())
        .map(|at| Drawn::new(record, at))
        .collect();
    let scale = Scale::of(&items);
    let foot = TOP + ROW * items.len();
    let mut svg = head(&record.bench, foot + FOOT);
    for decade in scale.first..=scale.last {
        svg.push_str(&scale.line(decade, foot));
    }
    for (row, item) in items.iter().enumerate() {
        svg.push_str(&item.svg(&scale, TOP + ROW * row));
    }
    svg.push_str("</svg>\n");
    svg
}

fn head(name: &str, height: usize) -> String {
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">
<title>{name}</title>
<style>{STYLE}</style>
"#
    )
}

/// What is drawn of one item.
struct Drawn<'a> {
    name: &'a str,
    median: f64,
    quartiles: (f64, f64),
}

impl<'a> Drawn<'a> {
    fn new(record: &'a Record, at: usize) -> Self {
        let runs = || record.runs.iter().map(|run| &run.0[at]);
        let medians: Vec<f64> = runs().map(Item::median).collect();
        let rounds: Vec<f64> = runs().flat_map(|item| item.ns.iter().copied()).collect();
        Drawn {
            name: &record.runs[0].0[at].name,
            median: quantile(&medians, 0.5),
            quartiles: (quantile(&rounds, 0.25), quantile(&rounds, 0.75)),
        }
    }

    fn svg(&self, scale: &Scale, top: usize) -> String {
        let class = match self.name {
            "floor" => "floor",
            name if name.starts_with(OURS) => "ours",
            _ => "peer",
        };
        let (end, low, high) = (
            scale.x(self.median),
            scale.x(self.quartiles.0),
            scale.x(self.quartiles.1),
        );
        let (wide, middle, base) = (end - LEFT, top + THICK / 2, top + THICK - 5);
        let (name, label, time) = (self.name, LEFT - 8.0, duration(self.median));
        let beside = end.max(high) + 8.0;
        format!(
            r#"<text class="name" x="{label}" y="{base}">{name}</text>
<rect class="{class}" x="{LEFT}" y="{top}" width="{wide:.1}" height="{THICK}" rx="2"/>
<line class="spread" x1="{low:.1}" y1="{middle}" x2="{high:.1}" y2="{middle}"/>
<text x="{beside:.1}" y="{base}">{time}</text>
"#
        )
    }
}

/// Powers of ten of nanoseconds, from the one below the least to the one above the most.
struct Scale {
    first: i32,
    last: i32,
}

impl Scale {
    fn of(items: &[Drawn<'_>]) -> Self {
        let medians = || items.iter().map(|item| item.median.log10());
        let least = medians().fold(f64::INFINITY, f64::min);
        let most = medians().fold(f64::NEG_INFINITY, f64::max);
        // A bar that begins at the least would have no length.
        let first = whole((least - 0.3).floor());
        Scale {
            first,
            last: whole(most.ceil()).max(first + 1),
        }
    }

    fn x(&self, ns: f64) -> f64 {
        let share = (ns.log10() - f64::from(self.first)) / f64::from(self.last - self.first);
        LEFT + share * (RIGHT - LEFT)
    }

    fn line(&self, decade: i32, foot: usize) -> String {
        let x = self.x(10_f64.powi(decade));
        let (below, label) = (foot + 14, unit(decade));
        format!(
            r#"<line class="grid" x1="{x:.1}" y1="{TOP}" x2="{x:.1}" y2="{foot}"/>
<text class="unit" x="{x:.1}" y="{below}">{label}</text>
"#
        )
    }
}

fn unit(decade: i32) -> String {
    let number = |zeros: i32| 10_u64.pow(zeros.unsigned_abs());
    match decade {
        ..3 => format!("{} ns", number(decade)),
        3..6 => format!("{} µs", number(decade - 3)),
        _ => format!("{} ms", number(decade - 6)),
    }
}

fn whole(number: f64) -> i32 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a power of ten of nanoseconds"
    )]
    let whole = number as i32;
    whole
}

const WIDTH: usize = 720;
const LEFT: f64 = 190.0;
const RIGHT: f64 = 620.0;
const TOP: usize = 8;
const ROW: usize = 28;
const THICK: usize = 18;
const FOOT: usize = 24;

/// Colours that stand out from white and from black; a page that is dark gets lighter text.
const STYLE: &str = "
text { font: 13px system-ui, sans-serif; fill: #3d444d; }
.name { text-anchor: end; }
.unit { text-anchor: middle; font-size: 11px; fill: #6e7781; }
.grid { stroke: #8c959f; stroke-opacity: 0.35; }
.spread { stroke: #57606a; stroke-width: 2; }
.floor { fill: #8c959f; }
.ours { fill: #2f9e6e; }
.peer { fill: #c98a3a; }
@media (prefers-color-scheme: dark) {
  text { fill: #d1d7e0; }
  .unit { fill: #9198a1; }
  .spread { stroke: #d1d7e0; }
}
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::figures::tests::run;

    fn record() -> Record {
        let mut record = Record::new("bench");
        record.runs.extend([run(), run(), run()]);
        record
    }

    #[test]
    fn the_same_figures_make_the_same_plot() {
        assert_eq!(svg(&record()), svg(&record()));
    }

    #[test]
    fn ten_times_as_long_is_one_decade_further() {
        let scale = Scale { first: 1, last: 3 };
        let places = [10.0, 100.0, 1000.0].map(|ns| whole(scale.x(ns)));
        let middle = f64::midpoint(LEFT, RIGHT);
        assert_eq!(places, [LEFT, middle, RIGHT].map(whole));
    }

    #[test]
    fn each_item_has_a_bar_with_its_time() {
        let svg = svg(&record());
        assert_eq!(svg.matches("<rect").count(), 3);
        for text in ["floor", "counterseal", "peer", "880 ns", "1 µs"] {
            assert!(svg.contains(&format!(">{text}</text>")), "{text}");
        }
    }
}
