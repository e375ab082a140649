//! `prove NAME [--full] [--json]`.
fn main() {}
