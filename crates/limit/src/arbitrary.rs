//! Values for fuzzing: limits of any rate.

use arbitrary::{Arbitrary, Error, Result, Unstructured};

use crate::Limit;

impl<'a> Arbitrary<'a> for Limit {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let name = u.choose(&["login", "by-key", "all"])?;
        let limit = Limit::new(name, u.arbitrary()?, u.arbitrary()?);
        limit.map_err(|_| Error::IncorrectFormat)
    }
}
