//! `cargo xtask bench`: hot paths beside their floors and peers.
//!
//! Programs in three languages only measure (`benches/`). What their figures say is worked out here, once for all of them:
//! ratios of one run, because absolute times move with the weather of a machine. Nothing here fails a build.

mod bar;
mod figures;
mod page;
mod plot;
mod program;
mod table;

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::args::Args;
use crate::bench::bar::Bar;
use crate::bench::figures::{Record, Run};
use crate::bench::program::Program;
use crate::setup::write;
use crate::shell::{Done, Stop, at};

/// One bench: where it runs, and what is asked of it.
struct Bench {
    name: &'static str,
    program: Program,
    bars: &'static [Bar],
}

const BENCHES: &[Bench] = &[
    Bench {
        name: "replay_claim",
        program: Program::Rust,
        bars: &[
            Bar::Faster("moka", 8.0),
            Bar::Faster("dashmap", 1.8),
            Bar::OfFloor(1.5),
        ],
    },
    Bench {
        name: "shm_claim",
        program: Program::Rust,
        bars: &[Bar::Faster("redis", 100.0)],
    },
    Bench {
        name: "limit_charge",
        program: Program::Rust,
        bars: &[],
    },
    Bench {
        name: "refresh_rotate_memory",
        program: Program::RustAmong,
        bars: &[Bar::Faster("oidc_provider_above_http", 100.0)],
    },
    Bench {
        name: "refresh_rotate_sqlite",
        program: Program::Rust,
        bars: &[Bar::OfFloor(1.1)],
    },
    Bench {
        name: "refresh_rotate_sqlite_in_memory",
        program: Program::RustAmong,
        bars: &[Bar::Faster("django_oauth_toolkit", 100.0)],
    },
    Bench {
        name: "refresh_rotate_postgres",
        program: Program::RustOnOneCore,
        bars: &[Bar::OfFloor(1.1)],
    },
    Bench {
        name: "refresh_rotate_redis",
        program: Program::Rust,
        bars: &[Bar::OfFloor(1.1)],
    },
    Bench {
        name: "request_sign",
        program: Program::Rust,
        bars: &[Bar::OfFloor(1.8)],
    },
    Bench {
        name: "request_verify",
        program: Program::Rust,
        bars: &[Bar::Faster("httpsig", 8.0)],
    },
    Bench {
        name: "request_verify_claimed",
        program: Program::Rust,
        bars: &[Bar::OverFloor(500.0)],
    },
    Bench {
        name: "jwt_verify_hs256",
        program: Program::Rust,
        bars: &[Bar::OfFloor(2.6), Bar::Faster("jsonwebtoken", 2.7)],
    },
    Bench {
        name: "jwt_verify_es256",
        program: Program::Rust,
        bars: &[Bar::OfFloor(1.06)],
    },
    Bench {
        name: "jwt_verify_eddsa",
        program: Program::Rust,
        bars: &[Bar::OfFloor(1.06)],
    },
    Bench {
        name: "jwt_verify_rs256",
        program: Program::Rust,
        bars: &[Bar::OfFloor(1.06)],
    },
    Bench {
        name: "jwt_encode_hs256",
        program: Program::Rust,
        bars: &[],
    },
    Bench {
        name: "jwt_encode_es256",
        program: Program::Rust,
        bars: &[Bar::OfFloor(1.06), Bar::Faster("jsonwebtoken", 1.5)],
    },
    Bench {
        name: "jwt_encode_eddsa",
        program: Program::Rust,
        bars: &[],
    },
    Bench {
        name: "jwt_cached",
        program: Program::Rust,
        bars: &[Bar::Under(300.0)],
    },
    Bench {
        name: "python_request_sign",
        program: Program::Python,
        bars: &[Bar::Faster("http_message_signatures", 40.0)],
    },
    Bench {
        name: "python_request_verify",
        program: Program::Python,
        bars: &[Bar::Faster("http_message_signatures", 25.0)],
    },
    Bench {
        name: "python_jwt_verify_hs256",
        program: Program::Python,
        bars: &[Bar::Faster("pyjwt", 20.0)],
    },
    Bench {
        name: "python_jwt_verify_es256",
        program: Program::Python,
        bars: &[Bar::OfFloor(1.0), Bar::Faster("pyjwt", 2.0)],
    },
    Bench {
        name: "python_jwt_verify_eddsa",
        program: Program::Python,
        bars: &[],
    },
    Bench {
        name: "python_jwt_verify_rs256",
        program: Program::Python,
        bars: &[],
    },
    Bench {
        name: "python_jwt_encode_hs256",
        program: Program::Python,
        bars: &[],
    },
    Bench {
        name: "python_jwt_encode_es256",
        program: Program::Python,
        bars: &[],
    },
    Bench {
        name: "python_jwt_encode_eddsa",
        program: Program::Python,
        bars: &[],
    },
    Bench {
        name: "python_jwt_cached",
        program: Program::Python,
        bars: &[Bar::Under(500.0)],
    },
    Bench {
        name: "node_request_sign",
        program: Program::Node,
        bars: &[Bar::Faster("http_message_signatures", 10.0)],
    },
    Bench {
        name: "node_request_verify",
        program: Program::Node,
        bars: &[Bar::Faster("http_message_signatures", 8.0)],
    },
    Bench {
        name: "node_jwt_verify_hs256",
        program: Program::Node,
        bars: &[Bar::Faster("fast_jwt", 2.2)],
    },
    Bench {
        name: "node_jwt_verify_es256",
        program: Program::Node,
        bars: &[Bar::Faster("fast_jwt", 1.3)],
    },
    Bench {
        name: "node_jwt_verify_eddsa",
        program: Program::Node,
        bars: &[],
    },
    Bench {
        name: "node_jwt_verify_rs256",
        program: Program::Node,
        bars: &[],
    },
    Bench {
        name: "node_jwt_encode_hs256",
        program: Program::Node,
        bars: &[],
    },
    Bench {
        name: "node_jwt_encode_es256",
        program: Program::Node,
        bars: &[],
    },
    Bench {
        name: "node_jwt_encode_eddsa",
        program: Program::Node,
        bars: &[],
    },
    Bench {
        name: "node_jwt_cached",
        program: Program::Node,
        bars: &[Bar::Faster("fast_jwt", 8.0)],
    },
];

pub(crate) fn run(mut args: Args) -> Done {
    let (json, plot) = (args.flag("--json"), args.flag("--plot"));
    let runs = args.number("--runs")?;
    let wanted = named(&args.rest()?)?;
    // Figures that are checked in come from three runs that agree.
    let runs = runs.unwrap_or(if plot { 3 } else { 1 });
    if runs > 0 {
        measure(&wanted, runs)?;
    }
    for bench in &wanted {
        let record = stored(bench.name)?;
        if json {
            print!("{}", table::lines(&record));
        } else {
            print!("{}", table::text(&record, bench.bars));
        }
        if plot {
            page::write_bench(&record, bench.bars)?;
        }
    }
    Ok(())
}

/// The benches of these names, or all.
fn named(names: &[String]) -> Result<Vec<&'static Bench>, Stop> {
    let is_known = |name: &&String| BENCHES.iter().any(|bench| bench.name == *name);
    if let Some(name) = names.iter().find(|name| !is_known(name)) {
        let known: Vec<_> = BENCHES.iter().map(|bench| bench.name).collect();
        let known = known.join(", ");
        return Err(Stop::unable(format!(
            "no bench {name:?}; there are {known}"
        )));
    }
    let is_wanted = |bench: &&Bench| names.is_empty() || names.iter().any(|n| n == bench.name);
    Ok(BENCHES.iter().filter(is_wanted).collect())
}

/// Runs each bench so many times in processes of its own, all of them by turns, and stores what came of it.
fn measure(benches: &[&Bench], runs: u64) -> Done {
    for program in Program::ALL {
        if benches.iter().any(|bench| bench.program == program) {
            program.build()?;
        }
    }
    let mut records: Vec<_> = benches.iter().map(|b| Record::new(b.name)).collect();
    for number in 1..=runs {
        for (bench, record) in benches.iter().zip(&mut records) {
            eprintln!("{}, run {number} of {runs}", bench.name);
            record
                .runs
                .push(Run::parse(&bench.program.run(bench.name)?)?);
        }
    }
    let store = |record: &Record| {
        let text = format!("{}\n", record.to_json());
        write(&place(&record.bench), text.as_bytes())
    };
    records.iter().try_for_each(store)
}

fn stored(name: &str) -> Result<Record, Stop> {
    let path = place(name);
    let text = fs::read_to_string(&path).map_err(|error| Stop::file(&path, &error))?;
    Record::parse(name, &text)
}

fn place(name: &str) -> PathBuf {
    at("target/bench").join(name).with_extension("json")
}

/// The JSON text, or what is wrong with it.
fn parsed(text: &str) -> Result<Value, Stop> {
    serde_json::from_str(text).map_err(|error| Stop::failed(format!("figures: {error}")))
}
