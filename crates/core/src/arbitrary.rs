//! Values for fuzzing: of each type, any that there can be.

use arbitrary::{Arbitrary, Result, Unstructured};

use crate::{KeyId, Rate, Seed, Span, Time};

impl<'a> Arbitrary<'a> for Time {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        u.arbitrary().map(Time::from_millis)
    }
}

impl<'a> Arbitrary<'a> for Span {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        u.arbitrary().map(Span::from_millis)
    }
}

impl<'a, const N: usize> Arbitrary<'a> for Seed<N> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        u.arbitrary().map(Seed::new)
    }
}

impl<'a> Arbitrary<'a> for KeyId {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let len = u.int_in_range(1..=64)?;
        let mut text = [0; 64];
        for letter in &mut text[..len] {
            *letter = *u.choose(LETTERS)?;
        }
        let text = core::str::from_utf8(&text[..len]).expect("ASCII");
        Ok(KeyId::parse(text).expect("letters of key ids"))
    }
}

impl<'a> Arbitrary<'a> for Rate {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let (burst, every_ms) = (u.arbitrary()?, u.arbitrary()?);
        Rate::new(burst, every_ms).ok_or(arbitrary::Error::IncorrectFormat)
    }
}

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-";
