//! Stable names for refusals: one per reason, for machines, logs and the person who is called at night.

/// Who has to act on a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Blame {
    /// A store, a clock or a file did not do its part.
    Environment,
    /// The program that embeds Counterseal gave it something that cannot work.
    Integrator,
    /// The other side sent something that must be refused.
    Peer,
}

/// One reason to refuse. Codes are never renumbered and never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Code {
    /// The stable name, `<room>_<reason>`, for logs and tests.
    pub name: &'static str,
    /// Who has to act.
    pub blame: Blame,
    /// The coarser name that the peer may be told.
    pub public: &'static str,
    /// The HTTP status that goes with `public`.
    pub http: u16,
    /// What is true when this code appears, in one lower-case clause.
    pub means: &'static str,
    /// What to do about it, in one lower-case clause.
    pub fix: &'static str,
}

/// What every error of every room can say.
pub trait Refusal: core::error::Error {
    /// The stable code of this refusal.
    fn code(&self) -> Code;
}

impl Blame {
    /// The name used in `codes.json` and by the bindings.
    pub const fn name(self) -> &'static str {
        match self {
            Blame::Environment => "environment",
            Blame::Integrator => "integrator",
            Blame::Peer => "peer",
        }
    }
}

impl Code {
    /// A code of the integrator's making: the peer learns nothing but a 500.
    pub const fn integrator(name: &'static str, means: &'static str, fix: &'static str) -> Self {
        Code {
            name,
            blame: Blame::Integrator,
            public: "internal_error",
            http: 500,
            means,
            fix,
        }
    }

    /// A code of what the program runs on: the peer learns that it may come again.
    pub const fn environment(name: &'static str, means: &'static str, fix: &'static str) -> Self {
        Code {
            name,
            blame: Blame::Environment,
            public: "unavailable",
            http: 503,
            means,
            fix,
        }
    }
}

/// The database did not answer, so nothing is known and the decision refuses.
pub const STORE_UNAVAILABLE: Code = Code {
    name: "store_unavailable",
    blame: Blame::Environment,
    public: "unavailable",
    http: 503,
    means: "the store did not answer",
    fix: "check that the store is up and reachable; the caller may retry",
};

/// The database answered something that makes no sense; to the decision it did not answer.
pub const STORE_ANSWER_MALFORMED: Code = Code {
    name: "store_answer_malformed",
    blame: Blame::Environment,
    public: "unavailable",
    http: 503,
    means: "the store's answer does not fit the statement",
    fix: "run the migrations, and look for another program that writes to the same tables",
};

/// A pending decision was asked for its verdict, or answered, a second time.
pub const PENDING_SPENT: Code = Code::integrator(
    "pending_spent",
    "a pending decision was used after it was decided",
    "begin a new decision for each request; a pending one serves once",
);

/// The codes of stores and bindings, which belong to no room.
pub const STORE_CODES: &[Code] = &[PENDING_SPENT, STORE_ANSWER_MALFORMED, STORE_UNAVAILABLE];
