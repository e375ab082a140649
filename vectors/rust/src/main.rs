//! Runs the vectors against the crates.
fn main() {}
