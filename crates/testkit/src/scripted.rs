//! A store that answers from a list.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use counterseal_core::{Op, Run, RunAsync, Unavailable};

/// A store that gives these answers in their order, and remembers what it was asked.
///
/// ```
/// use counterseal_core::{Claimed, Run, Unavailable};
/// use counterseal_testkit::{NOW, Scripted, claims::claim};
///
/// let store = Scripted::new([Ok(Claimed::Held), Err(Unavailable)]);
/// assert_eq!(store.run(claim(1, NOW, 7)), Ok(Claimed::Held));
/// assert_eq!(store.run(claim(1, NOW, 8)), Err(Unavailable));
/// assert_eq!(store.asked(), [claim(1, NOW, 7), claim(1, NOW, 8)]);
/// ```
pub struct Scripted<O: Op>(Mutex<Script<O>>);

struct Script<O: Op> {
    answers: VecDeque<Result<O::Reply, Unavailable>>,
    asked: Vec<O>,
}

impl<O: Op> Scripted<O> {
    /// A store with these answers.
    pub fn new(answers: impl IntoIterator<Item = Result<O::Reply, Unavailable>>) -> Self {
        Scripted(Mutex::new(Script {
            answers: answers.into_iter().collect(),
            asked: Vec::new(),
        }))
    }

    /// How many answers are left.
    pub fn left(&self) -> usize {
        self.lock().answers.len()
    }

    fn lock(&self) -> MutexGuard<'_, Script<O>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<O: Op + Clone> Scripted<O> {
    /// What it was asked, in order.
    pub fn asked(&self) -> Vec<O> {
        self.lock().asked.clone()
    }
}

impl<O: Op> Run<O> for Scripted<O> {
    /// # Panics
    ///
    /// When it is asked more often than it has answers.
    fn run(&self, op: O) -> Result<O::Reply, Unavailable> {
        let mut script = self.lock();
        script.asked.push(op);
        let answer = script.answers.pop_front();
        answer.expect("the script has no answer left")
    }
}

impl<O: Op> RunAsync<O> for Scripted<O> {
    async fn run(&self, op: O) -> Result<O::Reply, Unavailable> {
        Run::run(self, op)
    }
}
