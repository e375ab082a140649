//! Reading JSON: a text is taken in once, from its begin to its end.

use alloc::vec::Vec;

use super::{Broken, Kind, MEMBERS, Member, Place};

/// Reads a text. Members of an object that is being read lie at the end of `members`.
pub(super) struct Reader<'t, 'm> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    pub(super) members: &'m mut Vec<Member>,
}

impl Reader<'_, '_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn skip(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Result<(), Broken> {
        if self.peek() != Some(byte) {
            return Err(Broken);
        }
        self.at += 1;
        Ok(())
    }

    /// Where what `read` reads stands.
    pub(super) fn place(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Kind, Broken>,
    ) -> Result<Place, Broken> {
        let begin = self.at;
        let kind = read(self)?;
        let end = self.at;
        Ok(Place { begin, end, kind })
    }

    pub(super) fn value(&mut self, depth: usize) -> Result<Kind, Broken> {
        match self.peek().ok_or(Broken)? {
            b'"' => self.string(),
            b'[' => self.list(depth),
            b'{' => {
                let before = self.members.len();
                self.object(depth)?;
                self.members.truncate(before);
                Ok(Kind::Object)
            }
            b't' => self.word("true", Kind::True),
            b'f' => self.word("false", Kind::False),
            b'n' => self.word("null", Kind::Null),
            _ => self.number(),
        }
    }

    /// An object, whose members come to the end of the list.
    //= docs/spec/jwt.md#T-5
    pub(super) fn object(&mut self, depth: usize) -> Result<(), Broken> {
        self.take(b'{')?;
        let inside = deeper(depth)?;
        let before = self.members.len();
        let mut seen = 0;
        self.skip();
        if self.take(b'}').is_ok() {
            return Ok(());
        }
        loop {
            self.skip();
            let name = self.place(Self::string)?;
            self.skip();
            self.take(b':')?;
            self.skip();
            let value = self.place(|reader| reader.value(inside))?;
            self.add(before, name, value, &mut seen)?;
            self.skip();
            if self.take(b',').is_err() {
                return self.take(b'}');
            }
        }
    }

    /// Adds a member to those of its object, which begin at `first`. A name whose bit was not seen is none of theirs.
    fn add(
        &mut self,
        first: usize,
        name: Place,
        value: Place,
        seen: &mut u64,
    ) -> Result<(), Broken> {
        let text = name.text(self.text);
        let tag = name.tag(self.text);
        let bit = 1 << (tag.wrapping_mul(SPREAD) >> 58);
        let others = &self.members[first..];
        let is_there =
            |other: &Member| other.tag == tag && other.name.text(self.text).is_same(text);
        if others.len() == MEMBERS || *seen & bit != 0 && others.iter().any(is_there) {
            return Err(Broken);
        }
        *seen |= bit;
        self.members.push(Member { tag, name, value });
        Ok(())
    }

    fn list(&mut self, depth: usize) -> Result<Kind, Broken> {
        self.take(b'[')?;
        let inside = deeper(depth)?;
        self.skip();
        if self.take(b']').is_ok() {
            return Ok(Kind::List);
        }
        loop {
            self.skip();
            self.value(inside)?;
            self.skip();
            if self.take(b',').is_err() {
                self.take(b']')?;
                return Ok(Kind::List);
            }
        }
    }

    fn string(&mut self) -> Result<Kind, Broken> {
        self.take(b'"')?;
        let mut kind = Kind::Plain;
        loop {
            self.skip_plain();
            match self.peek().ok_or(Broken)? {
                b'"' => {
                    self.at += 1;
                    return Ok(kind);
                }
                b'\\' => {
                    kind = Kind::Escaped;
                    self.escape()?;
                }
                _ => return Err(Broken),
            }
        }
    }

    /// Goes to the first quote, backslash or control character: eight bytes at a time.
    fn skip_plain(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(word) = bytes.get(self.at..).and_then(<[u8]>::first_chunk) {
            let found = special(u64::from_le_bytes(*word));
            if found != 0 {
                self.at += found.trailing_zeros() as usize / 8;
                return;
            }
            self.at += 8;
        }
        while matches!(self.peek(), Some(byte) if byte >= 0x20 && byte != b'"' && byte != b'\\') {
            self.at += 1;
        }
    }

    fn escape(&mut self) -> Result<(), Broken> {
        let kind = self.text.as_bytes().get(self.at + 1).ok_or(Broken)?;
        match kind {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {
                self.at += 2;
                Ok(())
            }
            b'u' => match self.unit()? {
                0xd800..0xdc00 if matches!(self.unit()?, 0xdc00..0xe000) => Ok(()),
                0xd800..0xe000 => Err(Broken),
                _ => Ok(()),
            },
            _ => Err(Broken),
        }
    }

    /// The four digits of `\u`.
    fn unit(&mut self) -> Result<u32, Broken> {
        let rest = self.text.get(self.at..self.at + 6).ok_or(Broken)?;
        let digits = rest.strip_prefix("\\u").ok_or(Broken)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Broken);
        }
        self.at += 6;
        u32::from_str_radix(digits, 16).map_err(|_| Broken)
    }

    fn word(&mut self, word: &str, kind: Kind) -> Result<Kind, Broken> {
        if !self.text[self.at..].starts_with(word) {
            return Err(Broken);
        }
        self.at += word.len();
        Ok(kind)
    }

    fn number(&mut self) -> Result<Kind, Broken> {
        let begin = self.at;
        let _ = self.take(b'-');
        let first = self.peek();
        let whole = self.digits()?;
        if first == Some(b'0') && whole > 1 {
            return Err(Broken);
        }
        if self.take(b'.').is_ok() {
            self.digits()?;
        }
        let mut may_be_huge = self.at - begin > 300;
        if matches!(self.peek(), Some(b'e' | b'E')) {
            may_be_huge = true;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        let number = &self.text[begin..self.at];
        // Some parsers refuse it, others read infinity.
        if may_be_huge && !number.parse::<f64>().is_ok_and(f64::is_finite) {
            return Err(Broken);
        }
        Ok(Kind::Number)
    }

    /// One digit or more.
    fn digits(&mut self) -> Result<usize, Broken> {
        let begin = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == begin {
            return Err(Broken);
        }
        Ok(self.at - begin)
    }
}

fn deeper(depth: usize) -> Result<usize, Broken> {
    if depth == DEPTH {
        return Err(Broken);
    }
    Ok(depth + 1)
}

/// The high bit of the lowest byte of `word` that is special, and perhaps of bytes above it.
const fn special(word: u64) -> u64 {
    const EACH: u64 = u64::MAX / 255;
    const fn below(word: u64, limit: u64) -> u64 {
        word.wrapping_sub(EACH * limit) & !word
    }
    let quote = word ^ (EACH * 0x22);
    let backslash = word ^ (EACH * 0x5c);
    (below(quote, 1) | below(backslash, 1) | below(word, 0x20)) & (EACH * 0x80)
}

/// 2^64 divided by the golden ratio: the upper bits of a product depend on all of a tag.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
/// How many objects and lists may stand in one another.
pub(super) const DEPTH: usize = 8;
