//! A store that fails: before the step, or after it.

use std::sync::{Mutex, PoisonError};

use counterseal_core::{Op, Run, Unavailable};

use crate::random::Random;

/// A store around `S` that fails by a schedule, which is the same for the same seed.
///
/// ```
/// use counterseal_core::{Claimed, Run, Unavailable};
/// use counterseal_testkit::{Fault, Faulty, NOW, Scripted, claims::claim};
///
/// let store = Faulty::with(Scripted::new([Ok(Claimed::Fresh)]), [Some(Fault::Lost), Some(Fault::Refused)]);
/// assert_eq!(store.run(claim(1, NOW, 7)), Err(Unavailable));
/// assert_eq!(store.inner().left(), 0); // the step happened all the same
/// assert_eq!(store.run(claim(1, NOW, 7)), Err(Unavailable));
/// ```
pub struct Faulty<S> {
    inner: S,
    schedule: Mutex<Box<dyn Iterator<Item = Option<Fault>> + Send>>,
}

/// How a step fails. The caller learns [`Unavailable`] either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The step happened, and its answer was lost.
    Lost,
    /// The step did not happen.
    Refused,
}

impl<S> Faulty<S> {
    /// A store that loses one step in six, and the answer to another one in six.
    pub fn new(inner: S, seed: u64) -> Self {
        let mut random = Random(seed);
        Self::with(inner, std::iter::from_fn(move || Some(draw(&mut random))))
    }

    /// A store that fails by this schedule, one item for each step, and not when it has ended.
    pub fn with(
        inner: S,
        schedule: impl IntoIterator<Item = Option<Fault>, IntoIter: Send + 'static>,
    ) -> Self {
        let schedule = Mutex::new(Box::new(schedule.into_iter()) as Box<_>);
        Faulty { inner, schedule }
    }

    /// The store that does the work.
    pub const fn inner(&self) -> &S {
        &self.inner
    }

    fn next(&self) -> Option<Fault> {
        let schedule = self.schedule.lock();
        let mut schedule = schedule.unwrap_or_else(PoisonError::into_inner);
        schedule.next().flatten()
    }
}

impl<O: Op, S: Run<O>> Run<O> for Faulty<S> {
    fn run(&self, op: O) -> Result<O::Reply, Unavailable> {
        match self.next() {
            None => self.inner.run(op),
            Some(Fault::Lost) => self.inner.run(op).and(Err(Unavailable)),
            Some(Fault::Refused) => Err(Unavailable),
        }
    }
}

fn draw(random: &mut Random) -> Option<Fault> {
    match random.below(6) {
        0 => Some(Fault::Lost),
        1 => Some(Fault::Refused),
        _ => None,
    }
}
