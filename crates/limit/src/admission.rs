//! The decision whether a request passes.

use counterseal_core::{Charge, Charged, Pending, Rate, Step, Time, Unavailable};

use crate::{Fields, Limit, LimitError};

/// A request that waits for the store of a limit.
#[must_use = "nothing is admitted until `finish`"]
pub struct Admission {
    limit: Limit,
    charge: Charge,
    /// What is charged after it, if it passes.
    then: Option<Charge>,
    /// What the cell before left.
    left: u32,
}

/// A request that passed a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admitted {
    limit: Limit,
    left: Option<u32>,
}

impl Admission {
    pub(crate) const fn begin(limit: Limit, charge: Charge, then: Option<Charge>) -> Step<Self> {
        if limit.is_aside {
            let left = None;
            return Step::Done(Ok(Admitted { limit, left }));
        }
        Step::Need(Admission {
            limit,
            charge,
            then,
            left: u32::MAX,
        })
    }

    /// A store that does not answer is an answer too: the limit says which.
    //= docs/spec/limit.md#L-12
    fn unknown(&self) -> Result<Admitted, LimitError> {
        if !self.limit.admits_unknown {
            return Err(LimitError::Unavailable);
        }
        Ok(Admitted {
            limit: self.limit,
            left: None,
        })
    }

    fn passed(self, left: u32) -> Step<Self> {
        let left = left.min(self.left);
        let Some(charge) = self.then else {
            return Step::Done(Ok(Admitted {
                limit: self.limit,
                left: Some(left),
            }));
        };
        Step::Need(Admission {
            limit: self.limit,
            charge,
            then: None,
            left,
        })
    }
}

impl Pending for Admission {
    type Op = Charge;
    type Outcome = Result<Admitted, LimitError>;

    fn op(&self) -> Charge {
        self.charge
    }

    fn finish(self, reply: Result<Charged, Unavailable>) -> Step<Self> {
        match reply {
            Ok(Charged::Within { left }) => self.passed(left),
            Ok(Charged::Over { retry_at }) => Step::Done(Err(LimitError::Exceeded {
                name: self.limit.name(),
                rate: self.charge.rate,
                retry_at,
            })),
            Err(Unavailable) => Step::Done(self.unknown()),
        }
    }
}

impl Admitted {
    /// How many more would pass now; none when the store did not answer and the limit admits then, or when it stepped
    /// aside.
    pub const fn left(&self) -> Option<u32> {
        self.left
    }

    /// Whether nothing was charged because the limit stepped aside for a crowded table.
    pub const fn stepped_aside(&self) -> bool {
        self.limit.is_aside
    }

    /// The rate.
    pub const fn rate(&self) -> Rate {
        self.limit.rate()
    }

    /// What the caller is told, if it is known.
    pub fn fields(&self) -> Option<Fields> {
        let left = self.left?;
        Some(Fields::within(self.limit.name(), self.rate(), left))
    }
}

impl LimitError {
    /// What the caller is told at `now`, if it is known.
    pub fn fields(&self, now: Time) -> Option<Fields> {
        match *self {
            LimitError::Exceeded {
                name,
                rate,
                retry_at,
            } => Some(Fields::over(name, rate, retry_at.since(now))),
            LimitError::Unavailable => None,
        }
    }
}
