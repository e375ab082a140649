//! How many tests a part ran, by what its runners say of themselves.

/// The tests that the log of a part says it ran and passed; checks without tests of their own, such as lints, say nothing.
pub(crate) fn passed(log: &str) -> u64 {
    log.lines().filter_map(of_line).sum()
}

/// The number in a line that one of the runners ends with.
fn of_line(line: &str) -> Option<u64> {
    let line = line.trim();
    let cargo = between(line, "test result: ok. ", " passed;");
    // nextest: `Summary [   3.1s] 512 tests run: 512 passed, 0 skipped`
    let nextest = between(line, " tests run: ", " passed");
    // node, as a test protocol and in colour
    let node = line
        .strip_prefix("# pass ")
        .or(line.strip_prefix("ℹ pass "));
    let pytest = pytest(line);
    let vectors = line.strip_suffix(" cases as expected in each language");
    let sockets = between(line, ": ", " raw messages, ");
    let proofs = line.starts_with("ok   ").then_some("1");
    let all = [cargo, nextest, node, pytest, vectors, sockets, proofs];
    all.into_iter()
        .flatten()
        .find_map(|number| number.parse().ok())
}

/// What stands between two texts.
fn between<'a>(line: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(start)?;
    Some(rest.split_once(end)?.0)
}

/// What passed, of a summary that ends with how long it took: `409 passed, 1 skipped in 3.20s`, and from a minute on
/// `753 passed in 68.78s (0:01:08)`.
fn pytest(line: &str) -> Option<&str> {
    let (counts, took) = line.rsplit_once(" in ")?;
    let (seconds, _) = took.split_once('s')?;
    seconds.parse::<f64>().ok()?;
    let mut counts = counts.split(", ");
    counts.find_map(|count| count.strip_suffix(" passed"))
}

#[cfg(test)]
mod tests {
    use super::passed;

    #[test]
    fn each_runner_is_counted_once() {
        for (line, count) in [
            (
                "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured",
                12,
            ),
            (
                "     Summary [   3.112s] 512 tests run: 512 passed, 3 skipped",
                512,
            ),
            (
                "     Summary [   3.112s] 512 tests run: 510 passed (2 slow), 3 skipped",
                510,
            ),
            ("# pass 120", 120),
            ("ℹ pass 7", 7),
            ("409 passed, 1 skipped in 3.20s", 409),
            ("753 passed in 68.78s (0:01:08)", 753),
            ("3 requests passed in silence", 0),
            ("1 failed, 408 passed in 3.20s", 408),
            ("685 cases as expected in each language", 685),
            (
                "uvicorn: 58 raw messages, 3 refused by the server itself, 0 differ",
                58,
            ),
            ("ok   ring-race: no nonce is accepted twice (nonces 9)", 1),
            ("FAIL ring-race: no nonce is accepted twice (nonces 9)", 0),
            ("test result: FAILED. 3 passed; 1 failed", 0),
            ("no std, and the probe fails with it", 0),
        ] {
            assert_eq!(passed(line), count, "{line}");
        }
        assert_eq!(passed("# pass 2\n# fail 0\n# pass 3\n"), 5);
    }
}
