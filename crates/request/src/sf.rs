//! The part of Structured Fields (RFC 9651) that `Signature-Input` and `Signature` need: a cursor
//! that walks a dictionary and hands out slices of the received bytes. It copies and recurses nowhere.

/// The bytes are not a structured field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotStructured;

type Parsed<T> = Result<T, NotStructured>;

/// A bare item (RFC 9651 section 3.3), as received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item<'a> {
    /// The base64 text between the colons.
    Bytes(&'a [u8]),
    /// The text between the quotes, escapes included.
    String(&'a [u8]),
    /// A number, token, date, boolean or display string, which this profile never reads.
    Other,
}

/// A member of a dictionary (RFC 9651 section 3.2).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member<'a> {
    /// The key.
    pub(crate) label: &'a [u8],
    /// The value with its parameters, as received.
    pub(crate) raw: &'a [u8],
    /// The value, when it is an item; an inner list has none.
    pub(crate) item: Option<Item<'a>>,
    /// The value of the `tag` parameter, when it is a string.
    pub(crate) tag: Option<&'a [u8]>,
}

/// Walks one field line.
pub(crate) struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Cursor { text, at: 0 }
    }

    /// The next member of a dictionary, or none at its end (RFC 9651 section 4.2.2).
    pub(crate) fn member(&mut self) -> Parsed<Option<Member<'a>>> {
        if self.at == 0 {
            self.skip(b" ");
        } else {
            self.skip(b" \t");
            if self.at == self.text.len() {
                return Ok(None);
            }
            self.expect(b',')?;
            self.skip(b" \t");
        }
        if self.at == self.text.len() {
            // An empty field has no members; a comma must be followed by one.
            return if self.at == 0 || self.text.iter().all(|b| *b == b' ') {
                Ok(None)
            } else {
                Err(NotStructured)
            };
        }
        self.one_member().map(Some)
    }

    fn one_member(&mut self) -> Parsed<Member<'a>> {
        let label = self.key()?;
        let start = self.at;
        let item = if self.eat(b'=') {
            self.value()?
        } else {
            Some(Item::Other)
        };
        let value = start + usize::from(self.text.get(start) == Some(&b'='));
        let tag = self.parameters()?;
        Ok(Member {
            label,
            raw: &self.text[value..self.at],
            item,
            tag,
        })
    }

    fn value(&mut self) -> Parsed<Option<Item<'a>>> {
        if self.peek() == Some(b'(') {
            self.inner_list().map(|()| None)
        } else {
            self.bare_item().map(Some)
        }
    }

    fn inner_list(&mut self) -> Parsed<()> {
        self.expect(b'(')?;
        loop {
            self.skip(b" ");
            if self.eat(b')') {
                return Ok(());
            }
            self.bare_item()?;
            self.parameters()?;
            if !matches!(self.peek(), Some(b' ' | b')')) {
                return Err(NotStructured);
            }
        }
    }

    /// Walks the parameters and returns the last `tag` that is a string.
    fn parameters(&mut self) -> Parsed<Option<&'a [u8]>> {
        let mut tag = None;
        while self.eat(b';') {
            self.skip(b" ");
            let key = self.key()?;
            let item = if self.eat(b'=') {
                self.bare_item()?
            } else {
                Item::Other
            };
            if let (b"tag", Item::String(text)) = (key, item) {
                tag = Some(text);
            }
        }
        Ok(tag)
    }

    fn key(&mut self) -> Parsed<&'a [u8]> {
        let start = self.at;
        if !self.eat_if(|b| b.is_ascii_lowercase() || b == b'*') {
            return Err(NotStructured);
        }
        let is_key = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-.*".contains(&b);
        while self.eat_if(is_key) {}
        Ok(&self.text[start..self.at])
    }

    fn bare_item(&mut self) -> Parsed<Item<'a>> {
        match self.peek().ok_or(NotStructured)? {
            b'"' => self.string().map(Item::String),
            b':' => self.bytes().map(Item::Bytes),
            b'-' | b'0'..=b'9' => self.number(),
            b'@' => {
                self.at += 1;
                self.integer(15)
            }
            b'?' => self.boolean(),
            b'%' => self.display_string(),
            b'*' | b'A'..=b'Z' | b'a'..=b'z' => Ok(self.token()),
            _ => Err(NotStructured),
        }
    }

    fn string(&mut self) -> Parsed<&'a [u8]> {
        self.expect(b'"')?;
        let start = self.at;
        loop {
            match self.next()? {
                b'"' => return Ok(&self.text[start..self.at - 1]),
                b'\\' if matches!(self.next()?, b'"' | b'\\') => {}
                b'\\' => return Err(NotStructured),
                0x20..=0x7e => {}
                _ => return Err(NotStructured),
            }
        }
    }

    fn bytes(&mut self) -> Parsed<&'a [u8]> {
        self.expect(b':')?;
        let start = self.at;
        while self.eat_if(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b)) {}
        self.expect(b':')?;
        Ok(&self.text[start..self.at - 1])
    }

    fn number(&mut self) -> Parsed<Item<'a>> {
        self.eat(b'-');
        let whole = self.digits();
        if !self.eat(b'.') {
            return Self::other_if((1..=15).contains(&whole));
        }
        let fraction = self.digits();
        Self::other_if((1..=12).contains(&whole) && (1..=3).contains(&fraction))
    }

    fn integer(&mut self, most: usize) -> Parsed<Item<'a>> {
        self.eat(b'-');
        let digits = self.digits();
        Self::other_if(digits >= 1 && digits <= most)
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.eat_if(|b| b.is_ascii_digit()) {}
        self.at - start
    }

    fn boolean(&mut self) -> Parsed<Item<'a>> {
        self.expect(b'?')?;
        Self::other_if(matches!(self.next()?, b'0' | b'1'))
    }

    fn display_string(&mut self) -> Parsed<Item<'a>> {
        self.expect(b'%')?;
        self.expect(b'"')?;
        loop {
            match self.next()? {
                b'"' => return Ok(Item::Other),
                b'%' if is_lower_hex(self.next()?) && is_lower_hex(self.next()?) => {}
                b'%' => return Err(NotStructured),
                0x20..=0x7e => {}
                _ => return Err(NotStructured),
            }
        }
    }

    fn token(&mut self) -> Item<'a> {
        self.at += 1;
        let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:/".contains(&b);
        while self.eat_if(is_token) {}
        Item::Other
    }

    fn other_if(well_formed: bool) -> Parsed<Item<'a>> {
        if well_formed {
            Ok(Item::Other)
        } else {
            Err(NotStructured)
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Parsed<u8> {
        let byte = self.peek().ok_or(NotStructured)?;
        self.at += 1;
        Ok(byte)
    }

    fn expect(&mut self, byte: u8) -> Parsed<()> {
        if self.eat(byte) {
            Ok(())
        } else {
            Err(NotStructured)
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        self.eat_if(|b| b == byte)
    }

    fn eat_if(&mut self, accept: impl Fn(u8) -> bool) -> bool {
        let accepted = self.peek().is_some_and(accept);
        self.at += usize::from(accepted);
        accepted
    }

    fn skip(&mut self, blanks: &[u8]) {
        while self.eat_if(|b| blanks.contains(&b)) {}
    }
}

fn is_lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn labels(text: &str) -> Parsed<Vec<&[u8]>> {
        let mut cursor = Cursor::new(text.as_bytes());
        let mut labels = Vec::new();
        while let Some(member) = cursor.member()? {
            labels.push(member.label);
        }
        Ok(labels)
    }

    #[test]
    fn a_dictionary_of_every_kind_of_value_is_walked() {
        let text =
            r#"a=("x";y "z");tag="t", b=:aGk=:,c, d=?1;q , e=-1.5, f=@17, g=tok/en, h=%"f%c3%bc""#;
        assert_eq!(labels(text).unwrap().len(), 8);
    }

    #[test]
    fn raw_values_and_tags_are_slices_of_what_was_received() {
        let mut cursor = Cursor::new(br#"cs=("@path");tag="one";x=1, d=:aGk=:"#);
        let first = cursor.member().unwrap().unwrap();
        assert_eq!(first.raw, br#"("@path");tag="one";x=1"#);
        assert_eq!(first.tag, Some(&b"one"[..]));
        let second = cursor.member().unwrap().unwrap();
        assert_eq!(second.item, Some(Item::Bytes(b"aGk=")));
        assert!(cursor.member().unwrap().is_none());
    }

    #[test]
    fn what_is_not_structured_is_refused() {
        for text in [
            "a=1,",
            ",a=1",
            "a=1 b=2",
            "A=1",
            "a=",
            "a=(",
            r#"a=("x""y")"#,
            r#"a="x"#,
            r#"a="\x""#,
            "a=1.",
            "a=1.2345",
            "a=1234567890123456",
            "a=?2",
            "a=:b",
            "a=\u{e9}",
            "a=\0",
            "a=%\"%C3\"",
            "a=1;B",
            "a==1",
        ] {
            assert_eq!(labels(text), Err(NotStructured), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_cursor_panic_or_stall(bytes in any::<Vec<u8>>()) {
            let mut cursor = Cursor::new(&bytes);
            while let Ok(Some(_)) = cursor.member() {}
        }
    }
}
