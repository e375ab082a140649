//! Texts that are put together once, because a rotation is cheaper than its text.

use alloc::{borrow::Cow, boxed::Box, string::String};

use once_cell::race::OnceBox;

/// Texts by what they were made of. They are kept for good, so only the first [`MOST`] are.
pub(crate) struct Texts<K>(OnceBox<Known<K>>);

struct Known<K> {
    made_of: K,
    text: String,
    others: Texts<K>,
}

impl<K> Texts<K> {
    pub(crate) const fn new() -> Self {
        Texts(OnceBox::new())
    }

    /// The text that is made of what `is` knows.
    pub(crate) fn find(
        &'static self,
        is: impl Fn(&K) -> bool,
        make: impl Fn() -> (K, String),
    ) -> Cow<'static, str> {
        let mut texts = self;
        for _ in 0..MOST {
            let known = texts.0.get_or_init(|| {
                let (made_of, text) = make();
                let others = Texts::new();
                Box::new(Known {
                    made_of,
                    text,
                    others,
                })
            });
            if is(&known.made_of) {
                return known.text.as_str().into();
            }
            texts = &known.others;
        }
        make().1.into()
    }
}

/// More than a program has kinds of edits.
const MOST: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use core::cell::Cell;

    #[test]
    fn a_text_is_made_once_until_there_are_too_many() {
        static TEXTS: Texts<usize> = Texts::new();
        let made = Cell::new(0);
        let find = |number: usize| {
            TEXTS.find(
                |made_of| *made_of == number,
                || {
                    made.set(made.get() + 1);
                    (number, number.to_string())
                },
            )
        };
        for number in (0..MOST).chain(0..MOST) {
            assert_eq!(find(number), number.to_string());
        }
        assert_eq!(made.get(), MOST);
        assert_eq!(
            [find(MOST), find(MOST)],
            [MOST.to_string(), MOST.to_string()]
        );
        assert_eq!(made.get(), MOST + 2);
    }
}
