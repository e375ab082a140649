//! `cargo xtask prove`: races, kills and models at full size, of which the tests run a smoke size; and what other tools
//! prove.

use crate::args::Args;
use crate::shell::{Done, Run, at};
use crate::{canary, fuzz, memcheck, node, python, setup};

/// A proof that is no program of `proofs/`.
struct Other {
    name: &'static str,
    run: fn(Size) -> Done,
}

/// How large a proof is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// At the size of the claims that are made for it.
    Full,
    /// A few seconds.
    Smoke,
}

const OTHERS: &[Other] = &[
    Other {
        name: "calls",
        run: calls,
    },
    Other {
        name: "canary",
        run: |_| canary::prove(),
    },
    Other {
        name: "fuzz",
        run: fuzz::prove,
    },
    Other {
        name: "joserfc",
        run: joserfc,
    },
    Other {
        name: "memcheck",
        run: |_| memcheck::prove(),
    },
];

pub(crate) fn run(mut args: Args) -> Done {
    let (full, json) = (args.flag("--full"), args.flag("--json"));
    let names = args.rest()?;
    let is_other = |name: &String| OTHERS.iter().any(|other| other.name == name);
    let (others, own): (Vec<_>, Vec<_>) = names.into_iter().partition(is_other);
    let all = others.is_empty() && own.is_empty();
    if all || !own.is_empty() {
        databases()?;
        let options = [full.then_some("--full"), json.then_some("--json")];
        prove()
            .args(own)
            .args(options.into_iter().flatten())
            .ours()?;
    }
    let size = if full { Size::Full } else { Size::Smoke };
    let asked = |other: &&Other| all || others.iter().any(|name| name == other.name);
    OTHERS
        .iter()
        .filter(asked)
        .try_for_each(|other| (other.run)(size))
}

/// Calls of all that both packages export, with hostile arguments.
fn calls(size: Size) -> Done {
    let calls = if size == Size::Full {
        "1000000"
    } else {
        "100000"
    };
    python::package()?;
    let test = python::program("pytest").words("-p no:cacheprovider --quiet -c");
    let test = test.args([
        at("bindings/python/pyproject.toml"),
        at("bindings/python/tests/test_calls.py"),
    ]);
    test.env("COUNTERSEAL_CALLS", calls).done()?;
    node::addon()?;
    let test = Run::new("node").words("--test test/fuzz.test.mjs");
    test.within(at("bindings/node"))
        .env("COUNTERSEAL_CALLS", calls)
        .done()
}

/// Tokens that our verifier and joserfc look at, others than those of the tests.
fn joserfc(size: Size) -> Done {
    let tokens = if size == Size::Full {
        "1000000"
    } else {
        "100000"
    };
    python::package()?;
    let test = python::program("pytest").words("-p no:cacheprovider --quiet -c");
    let test = test.args([
        at("bindings/python/pyproject.toml"),
        at("bindings/python/tests/test_jwt_beside_joserfc.py"),
    ]);
    let test = test.env("COUNTERSEAL_TOKENS", tokens);
    test.env("COUNTERSEAL_SEED", "2").done()
}

/// Every proof of `proofs/` at smoke size, and those of others that take seconds.
pub(crate) fn smoke() -> Done {
    databases()?;
    prove().done()?;
    memcheck::prove()?;
    canary::prove()
}

/// The servers that proofs of sessions start for themselves.
fn databases() -> Done {
    setup::postgres()?;
    setup::redis()
}

fn prove() -> Run {
    Run::cargo("run --quiet --locked --release --package counterseal-proofs --")
}
