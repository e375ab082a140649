//! Every interleaving of a small ring, right and wrong, at larger sizes than the tests have.

#[path = "../../crates/replay/tests/model/mod.rs"]
#[allow(dead_code, reason = "the tests tell the story of what was found")]
mod model;

use counterseal_replay::word::Tags;

use crate::Size;
use crate::report::Report;
use model::{Model, Mutant, Role};

pub(crate) fn prove(size: Size, report: &mut Report) {
    if size == Size::Broken {
        return holds(
            right(SEVEN, 1, &[A, A, B]).with(&[Mutant::NoSecondLook]),
            report,
        );
    }
    for (tags, pause, roles) in SMOKE {
        holds(right(*tags, *pause, roles), report);
    }
    for (mutants, tags, pause, roles) in MUTANTS {
        finds(right(*tags, *pause, roles).with(mutants), report);
    }
    if size == Size::Full {
        for (tags, pause, roles) in FULL {
            holds(right(*tags, *pause, roles), report);
        }
    }
}

/// The right ring. It is also asked to be prompt where nobody may sleep so long that its word misleads
/// others.
fn right(tags: Tags, pause: u8, roles: &'static [Role]) -> Model {
    let model = Model::new(tags, pause, roles);
    let patience = tags.modulus / 2 - tags.due + tags.ancient;
    let prompt = u64::from(pause) <= patience;
    Model { prompt, ..model }
}

fn holds(model: Model, report: &mut Report) {
    let found = model.explore();
    report.check(
        &format!("{} are exact", cast(model.roles)),
        found.wrong.is_none(),
        [
            ("states", found.states.into()),
            ("tags", model.tags.modulus.into()),
            ("cycles", model.last.into()),
            ("pause", model.pause.into()),
            ("prompt", model.prompt.into()),
        ],
    );
}

fn finds(model: Model, report: &mut Report) {
    let found = model.explore();
    let wrong = found
        .wrong
        .map(|(wrong, path)| (format!("{wrong:?}"), path.len()));
    let (wrong, steps) = wrong.unwrap_or_default();
    let mutants: Vec<_> = model.mutants.iter().map(|m| format!("{m:?}")).collect();
    report.check(
        &format!("{} is found out", mutants.join(" with ")),
        steps > 0,
        [
            ("states", found.states.into()),
            ("found", wrong.into()),
            ("steps", steps.into()),
        ],
    );
}

/// Who takes part, in words.
fn cast(roles: &[Role]) -> String {
    let name = |role: &Role| match role {
        Role::Claim { key: 1, .. } => "claim",
        Role::Claim { .. } => "claim of another key",
        Role::Sweep => "sweep",
        Role::Retire => "end",
    };
    roles.iter().map(name).collect::<Vec<_>>().join(", ")
}

type Setting = (Tags, u8, &'static [Role]);

/// A few seconds.
const SMOKE: &[Setting] = &[
    (SEVEN, 3, &[A, A, B]),
    (SEVEN, 3, &[A, A, A]),
    (SEVEN, 3, &[A, A, Role::Sweep]),
    (SEVEN, 3, &[A, A, Role::Retire]),
];

/// Some minutes and gigabytes.
const FULL: &[Setting] = &[
    (NINE, 4, &[A, A, B]),
    (NINE, 4, &[A, A, B_FROM_BEHIND]),
    (THIRTEEN, 6, &[A, A, A]),
    (SEVEN, 3, &[A, A, A, Role::Sweep]),
    (FIVE, 2, &[A, A, B, Role::Sweep]),
    (FIVE, 2, &[A, A, Role::Sweep, Role::Sweep]),
    (FIVE, 2, &[A, A, B, Role::Retire]),
    (FIVE, 2, &[A, A, B, B]),
];

const MUTANTS: &[(&[Mutant], Tags, u8, &[Role])] = &[
    (&[Mutant::BoundFirst], FIVE, 0, &[A, A, B]),
    (&[Mutant::BoundOnce], FIVE, 0, &[A, A, B]),
    (&[Mutant::NoSecondLook], FIVE, 1, &[A, A, B]),
    (
        &[Mutant::NoSecondLook, Mutant::SweepToZero],
        SEVEN_LATE,
        2,
        &[A, A, A],
    ),
    (&[Mutant::NoSweep], SEVEN, 0, &[A, A, B]),
    (&[Mutant::RaiseLate], FIVE, 2, &[A, A, B]),
    (&[Mutant::SweepToZero], FIVE, 2, &[A, A, A]),
    (&[Mutant::TimelessKeys], FIVE, 0, &[A, A, A]),
];

const A: Role = Role::Claim { key: 1, home: 0 };
const B: Role = Role::Claim { key: 2, home: 0 };
const B_FROM_BEHIND: Role = Role::Claim { key: 2, home: 1 };

const FIVE: Tags = tags(5);
const SEVEN: Tags = tags(7);
const SEVEN_LATE: Tags = Tags {
    modulus: 7,
    due: 3,
    ancient: 2,
};
const NINE: Tags = tags(9);
const THIRTEEN: Tags = tags(13);

const fn tags(modulus: u64) -> Tags {
    Tags {
        modulus,
        due: 2,
        ancient: 1,
    }
}
