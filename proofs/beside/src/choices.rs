//! Decisions out of bytes: whatever the bytes, there is always a next one, and after the last byte nothing is changed.

/// Bytes that are taken from the front; after the last one come zeros.
pub(crate) struct Choices<'a> {
    left: &'a [u8],
    about: About,
}

/// What is changed in one token: most of what is refused for two reasons says nothing about either.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    /// Members of the header.
    Header,
    /// Claims.
    Claims,
    /// All of it, and how it is written, encoded and signed.
    All,
}

impl<'a> Choices<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        let (left, about) = (data, About::All);
        let mut choices = Choices { left, about };
        choices.about = choices.one_of(&[About::Header, About::Claims, About::Claims, About::All]);
        choices
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.left.split_first() else {
            return 0;
        };
        self.left = rest;
        *first
    }

    /// How many changes are made to what `about` says.
    pub(crate) fn few(&mut self, about: About) -> usize {
        if self.about != about && self.about != About::All {
            return 0;
        }
        match self.byte() {
            0 => 0,
            1..192 => 1,
            192..240 => 2,
            _ => 3,
        }
    }

    /// One of `0..end` now and then, for how a token is written; nothing otherwise.
    pub(crate) fn seldom(&mut self, end: usize) -> Option<usize> {
        (self.about == About::All && self.byte() >= 224).then(|| self.below(end))
    }

    /// One of `0..end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) % end
    }

    pub(crate) fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// Up to 15 bytes, as many as the next byte says.
    pub(crate) fn short(&mut self) -> &'a [u8] {
        let length = self.below(16).min(self.left.len());
        let (taken, rest) = self.left.split_at(length);
        self.left = rest;
        taken
    }

    /// All that is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.left)
    }
}
