//! What the page about refresh tokens shows of the rule is what the rule does.

use crate::project::is_as_generated;

#[test]
fn the_transitions_are_as_generated() {
    is_as_generated("transitions");
}
