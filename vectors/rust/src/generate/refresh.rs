//! Sessions that go on by refresh tokens: the rows R01 to R14.
//!
//! Tokens are worked out here from the specification, and what must come of a step is said by hand.

mod explain;
mod places;
mod sessions;
mod story;
mod token;

pub(super) use explain::cases as explained;
pub(super) use places::cases as places;
pub(super) use sessions::cases as sessions;

/// `W` of the stories, in milliseconds.
const W: i64 = 20_000;
/// Long enough after a token was made that it is rotated.
const LATER: i64 = 2 * W + 1;
