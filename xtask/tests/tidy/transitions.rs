//! What the page about refresh tokens shows of the rule is what the rule does.

use std::process::Command;

#[test]
fn the_transitions_are_as_generated() {
    let xtask = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["transitions", "--check"])
        .output();
    let output = xtask.expect("xtask runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
