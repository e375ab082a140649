//! The list of this project's commands.
fn main() {}
