//! Comparisons of secrets under valgrind's memcheck: it reports each branch and each address that depends on a secret.

use crate::setup;
use crate::shell::{Done, Run, Stop, at};

/// A case of `proofs/memcheck`, what it must come to, and where it may report.
struct Case {
    name: &'static str,
    ends: &'static str,
    /// The functions that learn the verdict: one branch on it is what a comparison is for.
    verdict: &'static [&'static str],
    /// Functions that write what becomes public.
    publishes: &'static [&'static str],
}

const CASES: &[Case] = &[
    case("same_bytes", "same", &["verdict"]),
    case("other_bytes", "other", &["verdict"]),
    case("tag", "same", &["verdict"]),
    case("request", "same", AUTHENTICATE),
    case("request_forged", "other", AUTHENTICATE),
    publishing("response", "same", VERIFY),
    publishing("response_forged", "other", VERIFY),
    publishing("clock", "same", VERIFY),
    case("webhook", "same", AUTHENTICATE),
    case("webhook_forged", "other", AUTHENTICATE),
    case("seal", "same", OPEN),
    case("seal_broken", "other", OPEN),
];
const AUTHENTICATE: &[&str] = &["authenticate"];
/// It hands the verdict on to its caller, which hands on a refusal.
const VERIFY: &[&str] = &["authenticate", "verify"];
/// The cipher's own comparison ends in a branch, and its caller branches on that.
const OPEN: &[&str] = &[
    "decrypt_inout_detached",
    "decrypt_in_place",
    "decrypt",
    "map",
    "open",
];
/// A comparison that ends early, which must be reported where it is.
const CONTROL: &str = "control";

const fn case(name: &'static str, ends: &'static str, verdict: &'static [&'static str]) -> Case {
    Case {
        name,
        ends,
        verdict,
        publishes: &[],
    }
}

/// A case that signs with the secret first: its tag is written as base64, by a table.
const fn publishing(
    name: &'static str,
    ends: &'static str,
    verdict: &'static [&'static str],
) -> Case {
    Case {
        publishes: &["internal_encode", "encode", "encode_slice"],
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
    let (_, reports) = run(CONTROL)?;
    let seen = reports.iter().any(|place| place == CONTROL);
    failed |= !say(CONTROL, "is reported", seen, reports.len());
    for case in CASES {
        let (end, reports) = run(case.name)?;
        let is = |names: &[&str], place: &String| names.contains(&place.as_str());
        let verdicts = reports
            .iter()
            .filter(|place| is(case.verdict, place))
            .count();
        let published = reports
            .iter()
            .filter(|place| is(case.publishes, place))
            .count();
        let leaks = reports.len() - verdicts - published;
        // One branch in each of its functions: a loop that ends early has one for each byte.
        let is_branch = (1..=case.verdict.len()).contains(&verdicts);
        let held = end == case.ends && is_branch && leaks == 0;
        failed |= !say(case.name, "nothing but the verdict", held, leaks);
        if leaks > 0 {
            println!("     in {}", reports.join(", "));
        }
    }
    if failed {
        return Err(Stop::failed(
            "memcheck: a secret decides what runs, or nothing was checked",
        ));
    }
    Ok(())
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

/// What the case ends in, and the innermost function of each report.
fn run(name: &str) -> Result<(String, Vec<String>), Stop> {
    let mut command = Run::new("valgrind")
        .words("--error-limit=no --leak-check=no --num-callers=4")
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
    Ok((end, places(&String::from_utf8_lossy(&output.stderr))))
}

fn program() -> std::path::PathBuf {
    at("target/memcheck/memcheck")
}

/// The innermost function of each report that is no `?`: the last word of its path, without what it is generic over.
fn places(log: &str) -> Vec<String> {
    let mut places = Vec::new();
    let mut is_found = true;
    for line in log.lines() {
        let is_first = line.contains("    at 0x");
        if !is_first && !line.contains("    by 0x") {
            continue;
        }
        is_found &= !is_first;
        let frame = line.split_once(": ").map(|(_, frame)| function(frame));
        if let Some(name) = frame.filter(|name| !is_found && name != "branch") {
            places.push(name);
            is_found = true;
        }
    }
    places
}

fn function(frame: &str) -> String {
    let (name, _) = frame.rsplit_once(" (").unwrap_or((frame, ""));
    let mut plain = String::new();
    let mut depth = 0_u32;
    for letter in name.chars() {
        match letter {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            letter if depth == 0 => plain.push(letter),
            _ => {}
        }
    }
    plain.rsplit("::").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::places;

    #[test]
    fn the_innermost_function_of_each_report_is_found() {
        let log = "==1== Conditional jump or move depends on uninitialised value(s)\n\
            ==1==    at 0x14376D: counterseal_request::verify::Verifier::authenticate (verify.rs:151)\n\
            ==1==    by 0x1439F9: counterseal_request::verify::Verifier::begin (verify.rs:66)\n\
            ==1== Use of uninitialised value of size 8\n\
            ==1==    at 0x124548: <base64::engine::GeneralPurpose as base64::engine::Engine>::internal_encode (mod.rs:78)\n\
            ==1== Conditional jump or move depends on uninitialised value(s)\n\
            ==1==    at 0x12B1CE: branch<(), aead::Error> (library/core/src/result.rs:2173)\n\
            ==1==    by 0x12B1CE: decrypt_in_place<A, B<C>> (src/lib.rs:311)\n\
            ==1==    by 0x12B1CE: decrypt<A> (src/lib.rs:214)\n\
            ==1==    at 0x48E: bcmp (vg_replace_strmem.c:1129)\n";
        assert_eq!(
            places(log),
            [
                "authenticate",
                "internal_encode",
                "decrypt_in_place",
                "bcmp"
            ]
        );
    }
}
