//! JSON as a token may hold it (RFC 8259): one object, no name twice at any level, and nothing allocated in a list that is used again.
//!
//! Two parsers that read one text differently are how a forged claim comes in, so what is loose is refused: names that are
//! there twice, lone surrogates, and more depth than anybody needs.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::borrow::BorrowMut;
use core::iter;
use core::ops::Range;

/// A text is not the one form that is read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

/// A value, as it stands in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'t> {
    Bool(bool),
    /// What stands between its brackets.
    List(&'t str),
    Null,
    Number(&'t str),
    /// With its brackets.
    Object(&'t str),
    Text(Text<'t>),
}

/// A text, as it stands between its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Text<'t> {
    raw: &'t str,
    is_plain: bool,
}

/// The members of an object, in a list that its owner may use again.
pub(crate) struct Members<'t, L = Vec<Member>> {
    text: &'t str,
    list: L,
}

/// Where a member stands in its text.
pub(crate) struct Member {
    /// Different for names that differ in their first 8 bytes.
    tag: u64,
    name: Place,
    value: Place,
}

/// Where a name or a value stands.
#[derive(Clone)]
struct Place {
    kind: Kind,
    span: Range<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    False,
    List,
    Null,
    Number,
    Object,
    /// A text without escapes.
    Plain,
    Escaped,
    True,
}

impl<'t> Members<'t> {
    /// The members of the object that `text` is.
    pub(crate) fn parse(text: &'t str) -> Result<Self, Broken> {
        Self::parse_in(text, Vec::new())
    }
}

impl<'t, L: BorrowMut<Vec<Member>>> Members<'t, L> {
    /// The same, listed in `list`, whatever there was in it.
    pub(crate) fn parse_in(text: &'t str, mut list: L) -> Result<Self, Broken> {
        let members = list.borrow_mut();
        members.clear();
        members.reserve(USUAL);
        let mut reader = Reader {
            text,
            at: 0,
            members,
        };
        reader.skip();
        reader.object(0)?;
        reader.skip();
        if reader.at == text.len() {
            Ok(Members { text, list })
        } else {
            Err(Broken)
        }
    }

    /// The value of this name.
    pub(crate) fn get(&self, name: &str) -> Option<Value<'t>> {
        let found = self.iter().find(|(other, _)| other.is(name));
        found.map(|(_, value)| value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Text<'t>, Value<'t>)> + '_ {
        let text = self.text;
        let members = self.list.borrow().iter();
        members.map(move |member| (member.name.text(text), member.value.value(text)))
    }
}

impl Place {
    fn value<'t>(&self, text: &'t str) -> Value<'t> {
        let raw = &text[self.span.clone()];
        match self.kind {
            Kind::False => Value::Bool(false),
            Kind::True => Value::Bool(true),
            Kind::Null => Value::Null,
            Kind::List => Value::List(raw),
            Kind::Number => Value::Number(raw),
            Kind::Object => Value::Object(raw),
            Kind::Plain | Kind::Escaped => Value::Text(self.text(text)),
        }
    }

    fn text<'t>(&self, text: &'t str) -> Text<'t> {
        Text {
            raw: &text[self.span.clone()],
            is_plain: self.kind == Kind::Plain,
        }
    }
}

impl<'t> Text<'t> {
    /// Whether it says this.
    pub(crate) fn is(self, text: &str) -> bool {
        match self.plain() {
            Some(plain) => plain == text,
            None => self.letters().eq(text.chars()),
        }
    }

    fn is_same(self, other: Text<'_>) -> bool {
        match other.plain() {
            Some(plain) => self.is(plain),
            None => self.letters().eq(other.letters()),
        }
    }

    /// The first 8 bytes of what it says.
    fn tag(self) -> u64 {
        let said = self.said();
        let mut bytes = said.bytes();
        u64::from_le_bytes(core::array::from_fn(|_| bytes.next().unwrap_or(0)))
    }

    /// What it says, if it stands there without escapes.
    pub(crate) fn plain(self) -> Option<&'t str> {
        self.is_plain.then_some(self.raw)
    }

    /// What it says; copied only if it is written with escapes.
    pub(crate) fn said(self) -> Cow<'t, str> {
        match self.plain() {
            Some(plain) => Cow::Borrowed(plain),
            None => Cow::Owned(self.letters().collect()),
        }
    }

    /// What it says.
    pub(crate) fn letters(self) -> impl Iterator<Item = char> + 't {
        let mut rest = self.raw.chars();
        iter::from_fn(move || match rest.next()? {
            '\\' => match rest.next()? {
                'b' => Some('\u{8}'),
                'f' => Some('\u{c}'),
                'n' => Some('\n'),
                'r' => Some('\r'),
                't' => Some('\t'),
                'u' => {
                    let unit = hex(&mut rest)?;
                    if !(0xd800..0xdc00).contains(&unit) {
                        return char::from_u32(unit);
                    }
                    // Its second half is there: the text was read.
                    let low = rest.by_ref().nth(1).and_then(|_| hex(&mut rest))?;
                    char::from_u32(0x1_0000 + ((unit & 0x3ff) << 10) + (low & 0x3ff))
                }
                plain => Some(plain),
            },
            letter => Some(letter),
        })
    }
}

impl<'t> Value<'t> {
    /// The texts of a list that has nothing else in it.
    pub(crate) fn texts(list: &'t str) -> impl Iterator<Item = Option<Text<'t>>> {
        Self::items(list).map(|value| match value {
            Value::Text(text) => Some(text),
            _ => None,
        })
    }

    /// The values of a list that was read.
    pub(crate) fn items(list: &'t str) -> impl Iterator<Item = Value<'t>> {
        let mut at = 0;
        iter::from_fn(move || {
            let members = &mut Vec::new();
            let mut reader = Reader {
                text: list,
                at,
                members,
            };
            reader.skip();
            let place = reader.value(0).ok()?;
            reader.skip();
            // The comma between two.
            at = reader.at + 1;
            Some(place.value(list))
        })
    }
}

/// Reads a text from its begin to its end. Members of an object that is being read lie at the end of `members`.
struct Reader<'t, 'm> {
    text: &'t str,
    at: usize,
    members: &'m mut Vec<Member>,
}

impl Reader<'_, '_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip(&mut self) {
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

    fn value(&mut self, depth: usize) -> Result<Place, Broken> {
        let begin = self.at;
        let kind = match self.peek().ok_or(Broken)? {
            b'"' => return self.string(),
            b'[' => return self.list(depth),
            b'{' => {
                let before = self.members.len();
                self.object(depth)?;
                self.members.truncate(before);
                Kind::Object
            }
            b't' => self.word("true", Kind::True)?,
            b'f' => self.word("false", Kind::False)?,
            b'n' => self.word("null", Kind::Null)?,
            _ => self.number()?,
        };
        let span = begin..self.at;
        Ok(Place { kind, span })
    }

    /// An object, whose members come to the end of the list.
    fn object(&mut self, depth: usize) -> Result<(), Broken> {
        self.take(b'{')?;
        let inside = deeper(depth)?;
        let before = self.members.len();
        self.skip();
        if self.take(b'}').is_ok() {
            return Ok(());
        }
        loop {
            self.skip();
            let name = self.string()?;
            self.skip();
            self.take(b':')?;
            self.skip();
            let value = self.value(inside)?;
            self.add(before, name, value)?;
            self.skip();
            if self.take(b',').is_err() {
                return self.take(b'}');
            }
        }
    }

    /// Adds a member to those of its object, which begin at `first`.
    fn add(&mut self, first: usize, name: Place, value: Place) -> Result<(), Broken> {
        let text = name.text(self.text);
        let tag = text.tag();
        let others = &self.members[first..];
        let is_there =
            |other: &Member| other.tag == tag && other.name.text(self.text).is_same(text);
        if others.len() == MEMBERS || others.iter().any(is_there) {
            return Err(Broken);
        }
        self.members.push(Member { tag, name, value });
        Ok(())
    }

    fn list(&mut self, depth: usize) -> Result<Place, Broken> {
        self.take(b'[')?;
        let inside = deeper(depth)?;
        let begin = self.at;
        let mut end = begin;
        self.skip();
        if self.take(b']').is_err() {
            loop {
                self.skip();
                self.value(inside)?;
                self.skip();
                end = self.at;
                if self.take(b',').is_err() {
                    break self.take(b']')?;
                }
            }
        }
        Ok(Place {
            kind: Kind::List,
            span: begin..end,
        })
    }

    fn string(&mut self) -> Result<Place, Broken> {
        self.take(b'"')?;
        let begin = self.at;
        let mut kind = Kind::Plain;
        loop {
            self.at += plain_bytes(&self.text.as_bytes()[self.at..]);
            match self.peek().ok_or(Broken)? {
                b'"' => break self.at += 1,
                b'\\' => {
                    kind = Kind::Escaped;
                    self.escape()?;
                }
                _ => return Err(Broken),
            }
        }
        let span = begin..self.at - 1;
        Ok(Place { kind, span })
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

/// How many bytes stand before the first quote, backslash or control character: eight at a time.
fn plain_bytes(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks();
    for (at, word) in words.iter().enumerate() {
        let found = special(u64::from_le_bytes(*word));
        if found != 0 {
            return at * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    let plain = rest.iter().position(is_special).unwrap_or(rest.len());
    words.len() * 8 + plain
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

fn hex(digits: &mut core::str::Chars<'_>) -> Option<u32> {
    let mut unit = 0;
    for _ in 0..4 {
        unit = unit * 16 + digits.next()?.to_digit(16)?;
    }
    Some(unit)
}

/// How many members most tokens have no more than.
const USUAL: usize = 16;
/// How many members an object may have.
pub(crate) const MEMBERS: usize = 64;
/// How many objects and lists may stand in one another.
const DEPTH: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::String, vec::Vec};

    #[test]
    fn an_object_is_read_as_it_stands() {
        let text = r#" { "a" : "x", "n":-1.5e+3 ,"l":[ "y" , "z" ],"o":{"a":1,"b":{}},"t":true,"f":false,"z":null} "#;
        let members = Members::parse(text).unwrap();
        assert!(matches!(members.get("a"), Some(Value::Text(text)) if text.plain() == Some("x")));
        assert_eq!(members.get("n"), Some(Value::Number("-1.5e+3")));
        let Some(Value::List(list)) = members.get("l") else {
            unreachable!("a list")
        };
        let texts: Vec<_> = Value::texts(list)
            .map(|text| text.unwrap().plain())
            .collect();
        assert_eq!(texts, [Some("y"), Some("z")]);
        assert_eq!(members.get("o"), Some(Value::Object(r#"{"a":1,"b":{}}"#)));
        assert_eq!(members.get("b"), None);
        assert_eq!(members.iter().count(), 7);
    }

    #[test]
    fn c22_a_name_that_is_there_twice_is_refused_however_it_is_written() {
        for text in [
            r#"{"exp":1,"exp":2}"#,
            r#"{"exp":1,"\u0065xp":2}"#,
            r#"{"\u0065xp":1,"e\u0078p":2}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":[{"b":1,"b":2}]}"#,
            r#"{"\ud83d\ude00":1,"😀":2}"#,
        ] {
            assert!(Members::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_escape_says_its_letter() {
        let text = r#"{"a":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"}"#;
        let Some(Value::Text(text)) = Members::parse(text).unwrap().get("a") else {
            unreachable!("a text")
        };
        let said: String = text.letters().collect();
        assert_eq!(said, "\"\\/\u{8}\u{c}\n\r\té😀");
        assert!(text.is(&said) && text.plain().is_none());
    }

    #[test]
    fn c25_what_is_no_object_in_its_one_form_is_refused() {
        for text in [
            "",
            " ",
            "null",
            "[]",
            "\"a\"",
            "1",
            "{}{}",
            "{},",
            "{\"a\":1,}",
            "{,}",
            "{\"a\"}",
            "{a:1}",
            "{'a':1}",
            "{\"a\":1 /* c */}",
            "// c\n{}",
            "{\"a\":01}",
            "{\"a\":+1}",
            "{\"a\":.5}",
            "{\"a\":1.}",
            "{\"a\":1e}",
            "{\"a\":NaN}",
            "{\"a\":Infinity}",
            "{\"a\":-}",
            "{\"a\":0x1}",
            "{\"a\":tru}",
            "{\"a\":\"\n\"}",
            "{\"a\":\"\\x41\"}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":\"\\udc00\"}",
            "{\"a\":\"\\ud800\\u0041\"}",
            "{\"a\":\"\\u00g0\"}",
            "{\"a\":\"",
            "{\"a\":[1,]}",
            "{\"a\":[,1]}",
            "{\"a\":[1 2]}",
            "\u{feff}{}",
            "{}\0",
        ] {
            assert!(Members::parse(text).is_err(), "{text:?}");
        }
        assert!(Members::parse("{}").is_ok());
    }

    #[test]
    fn c28_depth_and_breadth_have_an_end() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(Members::parse(&nested(DEPTH - 1)).is_ok());
        assert!(Members::parse(&nested(DEPTH)).is_err());
        assert!(Members::parse(&nested(4_000)).is_err());
        let wide = |count: usize| {
            let members: Vec<_> = (0..count).map(|at| format!("\"{at}\":1")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert!(Members::parse(&wide(MEMBERS)).is_ok());
        assert!(Members::parse(&wide(MEMBERS + 1)).is_err());
    }
}
