//! Figures as text, as a table of a page, and as lines of JSON.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::bench::bar::Bar;
use crate::bench::figures::{Item, Ratio, Record, Run, quantile};

/// All runs, and what became of the bars.
pub(crate) fn text(record: &Record, bars: &[Bar]) -> String {
    let mut text = String::new();
    for run in &record.runs {
        let _ = writeln!(text, "{} ({} rounds)", record.bench, run.floor().ns.len());
        for item in &run.0 {
            let (name, time, bytes) = (&item.name, duration(item.median()), bytes(item));
            let (floor, ours) = (ratio(item.over(run.floor())), ratio(item.over(run.ours())));
            let _ = writeln!(
                text,
                "  {name:<24} {time:>8}  of the floor {floor:<21} of ours {ours:<21} {bytes}"
            );
        }
    }
    for bar in bars {
        let _ = writeln!(text, "  {}", bar.sentence(record));
    }
    text
}

/// The table of a page, and the bars below it.
pub(crate) fn markdown(record: &Record, bars: &[Bar]) -> String {
    let mut page = String::from(HEAD);
    for (at, item) in record.runs[0].0.iter().enumerate() {
        let of_all = |of: fn(&Run) -> &Item| {
            let ratios = record.runs.iter().map(|run| run.0[at].over(of(run)));
            ratio(together(&ratios.collect::<Vec<_>>()))
        };
        let times = record.runs.iter().map(|run| duration(run.0[at].median()));
        let times = times.collect::<Vec<_>>().join(", ");
        let name = &item.name;
        let (floor, ours) = (of_all(Run::floor), of_all(Run::ours));
        let _ = writeln!(
            page,
            "| {name} | {times} | {floor} | {ours} | {} |",
            bytes(item)
        );
    }
    for (at, bar) in bars.iter().enumerate() {
        let (gap, sentence) = (if at == 0 { "\n" } else { "" }, bar.sentence(record));
        let _ = writeln!(page, "{gap}- Asked: {sentence}.");
    }
    page
}

/// One line of JSON for each item of each run.
pub(crate) fn lines(record: &Record) -> String {
    let mut lines = String::new();
    for (run, number) in record.runs.iter().zip(1..) {
        for item in &run.0 {
            let _ = writeln!(lines, "{}", line(record, number, run, item));
        }
    }
    lines
}

fn line(record: &Record, number: usize, run: &Run, item: &Item) -> Value {
    let (floor, ours) = (item.over(run.floor()), item.over(run.ours()));
    json!({
        "bench": record.bench, "run": number, "item": item.name, "bytes": item.bytes,
        "median_ns": item.median(),
        "of_floor": floor.medians, "of_floor_q1": floor.quartiles.0, "of_floor_q3": floor.quartiles.1,
        "of_ours": ours.medians, "of_ours_q1": ours.quartiles.0, "of_ours_q3": ours.quartiles.1,
    })
}

/// The median of the runs' ratios, and the widest quartiles.
fn together(ratios: &[Ratio]) -> Ratio {
    let medians: Vec<f64> = ratios.iter().map(|ratio| ratio.medians).collect();
    let low = ratios.iter().map(|ratio| ratio.quartiles.0);
    let high = ratios.iter().map(|ratio| ratio.quartiles.1);
    Ratio {
        medians: quantile(&medians, 0.5),
        quartiles: (low.fold(f64::INFINITY, f64::min), high.fold(0.0, f64::max)),
    }
}

fn ratio(ratio: Ratio) -> String {
    let (low, high) = ratio.quartiles;
    let [middle, low, high] = [ratio.medians, low, high].map(significant);
    if middle == low && middle == high {
        return middle;
    }
    format!("{middle} ({low} to {high})")
}

fn bytes(item: &Item) -> String {
    match item.bytes {
        0.0 => String::new(),
        bytes => significant(bytes),
    }
}

/// Three digits, and the unit that suits them.
pub(crate) fn duration(ns: f64) -> String {
    match ns {
        ..1e3 => format!("{} ns", significant(ns)),
        ..1e6 => format!("{} µs", significant(ns / 1e3)),
        _ => format!("{} ms", significant(ns / 1e6)),
    }
}

/// A positive number with three digits that count.
pub(crate) fn significant(number: f64) -> String {
    match number {
        ..9.995 => format!("{number:.2}"),
        ..99.95 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

const HEAD: &str = "\
| item | median of each run | of the floor | of ours | bytes |
|---|---|---|---|---|
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::figures::tests::run;

    #[test]
    fn numbers_have_three_digits_that_count() {
        let numbers = [1.0, 9.996, 99.96, 845.28].map(significant);
        assert_eq!(numbers, ["1.00", "10.0", "100", "845"]);
        let times = [403.8, 7544.6, 84_697.0, 1.5e6].map(duration);
        assert_eq!(times, ["404 ns", "7.54 µs", "84.7 µs", "1.50 ms"]);
    }

    #[test]
    fn a_table_has_each_item_with_its_time_in_each_run() {
        let mut record = Record::new("bench");
        record.runs.extend([run(), run()]);
        let page = markdown(&record, &[Bar::OfFloor(2.0)]);
        let rows: Vec<_> = page.lines().skip(2).collect();
        assert_eq!(rows[0], "| floor | 100 ns, 100 ns | 1.00 | 0.50 | 471 |");
        let peer = "| peer | 880 ns, 880 ns | 8.80 (8.00 to 16.0) | 4.40 (4.00 to 8.00) |  |";
        assert_eq!(rows[2], peer);
        assert_eq!(
            rows[4],
            "- Asked: at most 2 times the floor: 2.00, 2.00 (met)."
        );
        assert_eq!(lines(&record).lines().count(), 6);
    }
}
