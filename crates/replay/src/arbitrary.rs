//! Values for fuzzing: shapes and windows of any size, also such as no ring takes.

use arbitrary::{Arbitrary, Result, Unstructured};

use crate::{Shape, Window};

impl<'a> Arbitrary<'a> for Shape {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Shape::for_rate(u.int_in_range(1..=10_000)?))
    }
}

impl<'a> Arbitrary<'a> for Window {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Window {
            past: u.arbitrary()?,
            future: u.arbitrary()?,
        })
    }
}
