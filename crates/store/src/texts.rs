//! Texts that are put together once, because a rotation is cheaper than its text.

use alloc::{borrow::Cow, boxed::Box, string::String};

use once_cell::race::OnceBox;

/// Texts by what they were made of. They are kept for good, so only the first [`MOST`] are.
pub(crate) struct Texts<K, const N: usize>(OnceBox<Known<K, N>>);

struct Known<K, const N: usize> {
    made_of: K,
    texts: [String; N],
    others: Texts<K, N>,
}

impl<K, const N: usize> Texts<K, N> {
    pub(crate) const fn new() -> Self {
        Texts(OnceBox::new())
    }

    /// The texts that are made of what `is` knows.
    pub(crate) fn find(
        &'static self,
        is: impl Fn(&K) -> bool,
        make: impl Fn() -> (K, [String; N]),
    ) -> [Cow<'static, str>; N] {
        let mut others = self;
        for _ in 0..MOST {
            let known = others.0.get_or_init(|| {
                let (made_of, texts) = make();
                let others = Texts::new();
                Box::new(Known {
                    made_of,
                    texts,
                    others,
                })
            });
            if is(&known.made_of) {
                return known.texts.each_ref().map(|text| text.as_str().into());
            }
            others = &known.others;
        }
        make().1.map(Cow::from)
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
        static TEXTS: Texts<usize, 1> = Texts::new();
        let made = Cell::new(0);
        let find = |number: usize| {
            TEXTS.find(
                |made_of| *made_of == number,
                || {
                    made.set(made.get() + 1);
                    (number, [number.to_string()])
                },
            )
        };
        for number in (0..MOST).chain(0..MOST) {
            assert_eq!(find(number), [number.to_string()]);
        }
        assert_eq!(made.get(), MOST);
        assert_eq!(
            [find(MOST), find(MOST)],
            [[MOST.to_string()], [MOST.to_string()]]
        );
        assert_eq!(made.get(), MOST + 2);
    }
}
