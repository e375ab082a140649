//! Comparisons of secrets under valgrind's memcheck: it reports each branch and each address that depends on a secret.

use std::fs;
use std::path::Path;

use crate::setup;
use crate::shell::{Done, Run, Stop, at};

/// A case of `proofs/memcheck`, what it must come to, and the lines that learn the verdict: they are reported, and no other.
struct Case {
    name: &'static str,
    ends: &'static str,
    verdict: &'static [Line],
    /// Whether it signs with the secret first: its tag becomes public as it is written as base64, by a table.
    publishes: bool,
}

/// The end of a file's path, and what the line says: a loop that ends early says something else.
type Line = (&'static str, &'static str);

const CASES: &[Case] = &[
    case("same_bytes", "same", HERE),
    case("other_bytes", "other", HERE),
    case("tag", "same", HERE),
    case("request", "same", REQUEST),
    case("request_forged", "other", REQUEST),
    case("pieces", "same", REQUEST),
    case("pieces_forged", "other", REQUEST),
    case("foreign", "same", REQUEST),
    case("foreign_forged", "other", REQUEST),
    publishing("response", "same", RESPONSE),
    publishing("response_forged", "other", RESPONSE),
    publishing("clock", "same", RESPONSE),
    case("webhook", "same", WEBHOOK),
    case("webhook_forged", "other", WEBHOOK),
    case("webhook_second_key", "same", WEBHOOK),
    case("webhook_neither_key", "other", WEBHOOK),
    case("seal", "same", OPEN),
    case("seal_broken", "other", OPEN),
    case("key_record", "same", OPEN),
    case("key_record_broken", "other", OPEN),
];
const HERE: &[Line] = &[("memcheck/src/cases.rs", "if black_box(is_same) {")];
const REQUEST: &[Line] = &[("request/src/verify.rs", "if checked.is_err() {")];
const RESPONSE: &[Line] = &[(
    "request/src/response.rs",
    "self.authenticate(response.status, value, input, &mac)?;",
)];
const WEBHOOK: &[Line] = &[("webhook/src/receiver.rs", "if found {")];
/// The cipher's own comparison ends in a branch, and its caller branches on that.
const OPEN: &[Line] = &[
    ("src/cipher.rs", "if self.mac.verify(tag).is_ok() {"),
    (
        "src/lib.rs",
        "self.decrypt_inout_detached(nonce, associated_data, msg.into(), &tag)?;",
    ),
];
/// A comparison that ends early, which must be reported where it is.
const CONTROL: &str = "control";
const CONTROL_LINE: Line = ("memcheck/src/cases.rs", "if one != other {");
/// Where base64 is written.
const BASE64: &str = "src/engine/general_purpose/mod.rs";
/// And by whom.
const SIGNS: &str = "request/src/sign.rs";

const fn case(name: &'static str, ends: &'static str, verdict: &'static [Line]) -> Case {
    Case {
        name,
        ends,
        verdict,
        publishes: false,
    }
}

const fn publishing(name: &'static str, ends: &'static str, verdict: &'static [Line]) -> Case {
    Case {
        publishes: true,
        ..case(name, ends, verdict)
    }
}

pub(crate) fn prove() -> Done {
    setup::system("valgrind", &|| {
        Run::new("valgrind").words("--version").succeeds()
    })?;
    Run::cargo("build --quiet --locked --profile memcheck --package counterseal-memcheck")
        .built()?;
    let mut failed = listed()? != CASES.len() + 1;
    let (_, places) = run(CONTROL)?;
    let seen = places.iter().any(|place| place.is(CONTROL_LINE));
    failed |= !say(CONTROL, "is reported", seen, places.len());
    for case in CASES {
        let (end, places) = run(case.name)?;
        let leaks = case.leaks(&places);
        let held = end == case.ends && leaks.is_empty() && case.is_seen(&places);
        failed |= !say(case.name, "nothing but the verdict", held, leaks.len());
        for place in leaks {
            println!("     {}: {}", place.path, place.text);
        }
    }
    if failed {
        return Err(Stop::failed(
            "memcheck: a secret decides what runs, or nothing was checked",
        ));
    }
    Ok(())
}

impl Case {
    /// What is reported beside the verdict.
    fn leaks<'p>(&self, places: &'p [Place]) -> Vec<&'p Place> {
        let is_public = |place: &Place| self.publishes && place.is_written_base64();
        let leaks = places
            .iter()
            .filter(|place| !is_public(place) && !self.verdict.iter().any(|line| place.is(*line)));
        leaks.collect()
    }

    /// Each line that learns the verdict was reported: the secret did reach it, once.
    fn is_seen(&self, places: &[Place]) -> bool {
        let mut lines = self.verdict.iter();
        lines.all(|line| places.iter().filter(|place| place.is(*line)).count() == 1)
    }
}

/// How many cases the program has.
fn listed() -> Result<usize, Stop> {
    let (text, _) = Run::new(program()).output()?;
    Ok(text.lines().count())
}

fn say(name: &str, what: &str, held: bool, reports: usize) -> bool {
    let verdict = if held { "ok  " } else { "FAIL" };
    println!("{verdict} memcheck {name}: {what} (reports {reports})");
    held
}

/// What the case ends in, and the place of each report.
fn run(name: &str) -> Result<(String, Vec<Place>), Stop> {
    let mut command = Run::new("valgrind")
        .words("--error-limit=no --leak-check=no --num-callers=8 --fullpath-after=")
        .args([program().as_path()])
        .words(name)
        .into_command();
    let output = command.output();
    let output = output.map_err(|error| Stop::unable(format!("valgrind: {error}")))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(Stop::unable(format!("memcheck {name}: {text}")));
    }
    let end = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let log = String::from_utf8_lossy(&output.stderr);
    Ok((
        end,
        reports(&log)
            .iter()
            .map(|frames| Place::at(frames))
            .collect(),
    ))
}

fn program() -> std::path::PathBuf {
    at("target/memcheck/memcheck")
}

/// A line of source.
#[derive(Debug, PartialEq)]
struct Place {
    path: String,
    text: String,
    /// The files of its callers, from the inside out.
    callers: Vec<String>,
}

impl Place {
    /// The place of a report: of its innermost frame, `function (path:line)`, that is not in the standard library, where `?` is.
    /// What has no source is a place without text, which no case excuses.
    fn at(frames: &[&str]) -> Self {
        let is_ours = |frame: &&&str| !frame.contains("library/core/src");
        let frame = frames.iter().find(is_ours).copied().unwrap_or_default();
        let (path, line) = place(frame);
        let source = fs::read_to_string(Path::new(path)).unwrap_or_default();
        let number = line
            .parse::<usize>()
            .ok()
            .and_then(|line| line.checked_sub(1));
        let text = number.and_then(|number| source.lines().nth(number));
        Self {
            path: path.to_owned(),
            text: text.unwrap_or_default().trim().to_owned(),
            callers: frames
                .iter()
                .map(|frame| place(frame).0.to_owned())
                .collect(),
        }
    }

    /// Whether it is where the tag of a request is written as base64.
    fn is_written_base64(&self) -> bool {
        self.path.ends_with(BASE64) && self.callers.iter().any(|path| path.ends_with(SIGNS))
    }

    fn is(&self, (path, text): Line) -> bool {
        self.path.ends_with(path) && self.text == text
    }
}

/// Path and line of a frame.
fn place(frame: &str) -> (&str, &str) {
    let place = frame.rsplit_once('(').map_or(frame, |(_, place)| place);
    let place = place.trim_end_matches(')');
    place.rsplit_once(':').unwrap_or((place, ""))
}

/// The frames of each report, from the inside out.
fn reports(log: &str) -> Vec<Vec<&str>> {
    let mut reports = Vec::new();
    for line in log.lines() {
        if line.contains("    at 0x") {
            reports.push(Vec::new());
        } else if !line.contains("    by 0x") {
            continue;
        }
        if let (Some(report), Some((_, frame))) = (reports.last_mut(), line.split_once(": ")) {
            report.push(frame);
        }
    }
    reports
}

#[cfg(test)]
mod tests {
    use super::{Place, reports};

    #[test]
    fn the_innermost_frame_of_each_report_is_its_place() {
        let log = "==1== Conditional jump or move depends on uninitialised value(s)\n\
            ==1==    at 0x14376D: counterseal_request::verify::Verifier::authenticate (/p/verify.rs:151)\n\
            ==1==    by 0x1439F9: counterseal_request::verify::Verifier::begin (/p/verify.rs:66)\n\
            ==1== Conditional jump or move depends on uninitialised value(s)\n\
            ==1==    at 0x12B1CE: branch<(), aead::Error> (/rustc/5/library/core/src/result.rs:2173)\n\
            ==1==    by 0x12B1CE: decrypt_in_place<A, B<C>> (/r/src/lib.rs:311)\n\
            ==1==    by 0x12B1CE: decrypt<A> (/r/src/lib.rs:214)\n\
            ==1== Conditional jump or move depends on uninitialised value(s)\n\
            ==1==    at 0x48E: bcmp (vg_replace_strmem.c:1129)\n";
        let places: Vec<_> = reports(log)
            .iter()
            .map(|frames| Place::at(frames).path)
            .collect();
        assert_eq!(
            places,
            ["/p/verify.rs", "/r/src/lib.rs", "vg_replace_strmem.c"]
        );
    }

    #[test]
    fn a_place_is_a_line_of_its_file() {
        let here = concat!(
            "Place::at (",
            env!("CARGO_MANIFEST_DIR"),
            "/src/memcheck.rs:1)"
        );
        let place = Place::at(&[here]);
        assert!(place.path.ends_with("src/memcheck.rs"));
        assert!(place.text.starts_with("//! Comparisons of secrets"));
        assert!(
            Place::at(&["bcmp (vg_replace_strmem.c:1129)"])
                .text
                .is_empty()
        );
    }
}
