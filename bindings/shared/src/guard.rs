//! The one door through which a host language comes in: panics stop here.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{Problem, codes};

/// Runs the body of the exported function `name`, and turns a panic into a [`Problem`].
///
/// What a panic leaves behind is safe to use: all shared state is behind locks that are recovered, and
/// a decision that was taken out of its [`Waiting`](crate::Waiting) stays out, so it cannot be used.
///
/// Built with `--cfg counterseal_panic_probe`, it panics when `COUNTERSEAL_PANIC_PROBE` names the
/// function; the tests force a panic in each one so.
///
/// # Errors
///
/// What the body refuses with, or `binding_panicked`.
pub fn guard<T, E: From<Problem>>(
    name: &'static str,
    body: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    let guarded = AssertUnwindSafe(|| {
        probe(name);
        body()
    });
    catch_unwind(guarded).unwrap_or_else(|_| Err(Problem::panicked(name).into()))
}

impl Problem {
    fn panicked(name: &'static str) -> Self {
        let detail = vec![("function", name.into())];
        Problem::of(crate::Family::Internal, codes::PANICKED, detail)
    }
}

#[cfg(counterseal_panic_probe)]
#[allow(clippy::panic)] // what it is for
fn probe(name: &'static str) {
    let named = std::env::var_os("COUNTERSEAL_PANIC_PROBE");
    assert!(named.is_none_or(|n| n != name), "forced panic");
}

#[cfg(not(counterseal_panic_probe))]
#[inline]
const fn probe(_: &'static str) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::panic)]
    fn b01_a_panic_becomes_a_problem_that_names_the_function() {
        let caught = guard::<(), Problem>("Signer.sign", || panic!("a\0secret"));
        let problem = caught.unwrap_err();
        assert_eq!(problem.code.name, "binding_panicked");
        assert_eq!(problem.detail, [("function", "Signer.sign".into())]);
        assert!(!problem.to_string().contains("secret"));
    }
}
