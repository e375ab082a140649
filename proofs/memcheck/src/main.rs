//! Comparisons of secrets, each on secrets that valgrind's memcheck takes for undefined: `memcheck CASE`.
//!
//! Memcheck reports each branch and each address that depends on undefined bytes. What a comparison comes to is public, so
//! exactly one branch on it is expected, where the caller learns the verdict; `cargo xtask prove memcheck` knows the places.

mod cases;
mod poison;

use std::process::ExitCode;

use cases::CASES;

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1);
    let case = CASES
        .iter()
        .find(|(name, _)| Some(*name) == wanted.as_deref());
    let Some((_, run)) = case else {
        let names: Vec<_> = CASES.iter().map(|(name, _)| *name).collect();
        show(&names.join("\n"));
        return ExitCode::from(u8::from(wanted.is_some()) * 2);
    };
    if !poison::is_watched() {
        show("run it under valgrind: nothing is checked without it");
        return ExitCode::from(2);
    }
    show(if run() { "same" } else { "other" });
    ExitCode::SUCCESS
}

#[allow(clippy::print_stdout)] // what the program is for
fn show(text: &str) {
    println!("{text}");
}
