//! `prove [NAME..] [--full] [--json]`: races, kills, floods, steps of the clock, and the model.
//!
//! Without a name, all of them. Each prints one line for each check, with its figures, and the program fails
//! if one does not hold. `--break` puts a wrong store in the place of the right one, to show that a proof
//! can fail.

mod broken;
mod clock_steps;
mod crew;
mod databases;
mod flood;
mod honest;
mod issuer;
mod jwt_beside;
mod key_rotation;
mod limits;
mod random;
mod refresh_kill;
mod refresh_model;
mod refresh_race;
mod refresh_schedules;
mod refresh_sim;
mod report;
mod ring_model;
mod ring_race;
mod shared_kill;
mod shared_race;
mod shared_replace;
mod shared_restart;
mod tally;
mod uses;
mod worker;

use std::process::ExitCode;

use crate::report::Report;

/// One proof.
struct Proof {
    name: &'static str,
    run: fn(Size, &mut Report),
}

/// What a process does with its arguments.
type Work = fn(&[String]);

/// How large a proof is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// Small, with a wrong store.
    Broken,
    /// At the size of the claims that are made for it.
    Full,
    /// A few seconds.
    Smoke,
}

const PROOFS: &[Proof] = &[
    Proof {
        name: "ring-model",
        run: ring_model::prove,
    },
    Proof {
        name: "ring-race",
        run: ring_race::prove,
    },
    Proof {
        name: "shared-race",
        run: shared_race::prove,
    },
    Proof {
        name: "shared-kill",
        run: shared_kill::prove,
    },
    Proof {
        name: "shared-restart",
        run: shared_restart::prove,
    },
    Proof {
        name: "shared-replace",
        run: shared_replace::prove,
    },
    Proof {
        name: "clock-steps",
        run: clock_steps::prove,
    },
    Proof {
        name: "flood",
        run: flood::prove,
    },
    Proof {
        name: "key-rotation",
        run: key_rotation::prove,
    },
    Proof {
        name: "refresh-model",
        run: refresh_model::prove,
    },
    Proof {
        name: "refresh-race",
        run: refresh_race::prove,
    },
    Proof {
        name: "refresh-kill",
        run: refresh_kill::prove,
    },
    Proof {
        name: "refresh-schedules",
        run: refresh_schedules::prove,
    },
    Proof {
        name: "refresh-sim",
        run: refresh_sim::prove,
    },
    Proof {
        name: "jwt-beside",
        run: jwt_beside::prove,
    },
    Proof {
        name: "limits",
        run: limits::prove,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    for (name, run) in WORKERS {
        if arguments.first().is_some_and(|first| first == name) {
            run(&arguments[1..]);
            return ExitCode::SUCCESS;
        }
    }
    let (flags, names): (Vec<_>, Vec<_>) = arguments.iter().partition(|a| a.starts_with('-'));
    let known = |flag: &&String| FLAGS.contains(&flag.as_str());
    let asked = |proof: &&Proof| names.is_empty() || names.iter().any(|name| *name == proof.name);
    let proofs: Vec<_> = PROOFS.iter().filter(asked).collect();
    if !flags.iter().all(known) || proofs.len() < names.len() || proofs.is_empty() {
        report::usage(PROOFS.iter().map(|proof| proof.name));
        return ExitCode::from(2);
    }
    let has = |name: &str| flags.iter().any(|flag| *flag == name);
    let size = match (has("--break"), has("--full")) {
        (true, _) => Size::Broken,
        (false, true) => Size::Full,
        (false, false) => Size::Smoke,
    };
    let mut report = Report::new(has("--json"));
    for proof in proofs {
        report.begin(proof.name);
        (proof.run)(size, &mut report);
    }
    report.end()
}

/// What this program is when it starts itself.
const WORKERS: [(&str, Work); 2] = [
    (worker::NAME, worker::run),
    (refresh_kill::worker::NAME, refresh_kill::worker::run),
];
const FLAGS: [&str; 3] = ["--full", "--json", "--break"];
