//! JSON as a token may hold it (RFC 8259): one object, no name twice at any level, and nothing allocated in a list that is used again.
//!
//! Two parsers that read one text differently are how a forged claim comes in, so what is loose is refused: names that are
//! there twice, lone surrogates, and more depth than anybody needs.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;
use core::iter;

mod reader;

use reader::Reader;

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

/// The members of an object.
pub(crate) struct Members<'t>(Vec<(Text<'t>, Value<'t>)>);

/// A name, and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Name {
    tag: Tag,
    begin: usize,
}

/// What a name begins with, and how long it is: all of it, where that is no more than 8 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tag {
    /// The first 8 bytes, the first one lowest.
    begin: u64,
    len: usize,
}

/// Reads the object that `text` is and hands its members on. What was handed on before something is broken is worth nothing.
/// `names` are its space, whatever there was in them.
pub(crate) fn read<'t>(
    text: &'t str,
    names: &mut Vec<Name>,
    member: impl FnMut(Tag, Text<'t>, Value<'t>),
) -> Result<(), Broken> {
    names.clear();
    names.reserve(USUAL);
    Reader::new(text, names).whole(member)
}

impl<'t> Members<'t> {
    /// The members of the object that `text` is.
    pub(crate) fn parse(text: &'t str) -> Result<Self, Broken> {
        let mut list = Vec::with_capacity(USUAL);
        read(text, &mut Vec::new(), |_, name, value| {
            list.push((name, value));
        })?;
        Ok(Members(list))
    }

    /// The value of this name.
    pub(crate) fn get(&self, name: &str) -> Option<Value<'t>> {
        let found = self.iter().find(|(other, _)| other.is(name));
        found.map(|(_, value)| value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Text<'t>, Value<'t>)> + '_ {
        self.0.iter().copied()
    }
}

impl Tag {
    /// The tag of a name of no more than 8 bytes, which no other name has.
    pub(crate) const fn all(name: &str) -> Self {
        let tag = Tag::of(name);
        assert!(tag.is_all());
        tag
    }

    const fn of(name: &str) -> Self {
        let bytes = name.as_bytes();
        let len = bytes.len();
        let mut begin = 0;
        let mut at = 0;
        while at < len && at < 8 {
            begin |= (bytes[at] as u64) << (8 * at);
            at += 1;
        }
        Tag { begin, len }
    }

    /// Whether it is all of its name.
    const fn is_all(self) -> bool {
        self.len <= 8
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

    /// What it says, if it stands there without escapes.
    pub(crate) fn plain(self) -> Option<&'t str> {
        self.is_plain.then_some(self.raw)
    }

    /// What it says; copied only if it is written with escapes.
    #[allow(clippy::inline_always, reason = "as in the reader")]
    #[inline(always)]
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
        let mut rest = list;
        iter::from_fn(move || {
            let names = &mut Vec::new();
            let (value, behind) = Reader::new(list, names).value(rest, 0).ok()?;
            // The comma between two.
            rest = behind.trim_ascii_start().get(1..).unwrap_or_default();
            Some(value)
        })
    }
}

/// A JSON text (RFC 8259 section 7).
pub(crate) fn write_text(out: &mut String, text: &str) {
    out.push('"');
    let is_special = |letter: char| matches!(letter, '"' | '\\' | '\0'..='\u{1f}');
    let mut rest = text;
    while let Some(at) = rest.find(is_special) {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        let mut letters = special.chars();
        match letters.next().unwrap_or_default() {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
        }
        rest = letters.as_str();
    }
    out.push_str(rest);
    out.push('"');
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

#[cfg(test)]
mod tests {
    use super::reader::DEPTH;
    use super::*;
    use alloc::format;

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
            r#"{"user_ver":1,"user_very":2,"user_very":3}"#,
            r#"{"user_very":1,"user_ver\u0079":2}"#,
        ] {
            assert!(Members::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_tag_is_of_one_name_however_it_is_written() {
        let known = |text: &str| {
            let mut found = 0;
            let add = |tag, _: Text<'_>, _: Value<'_>| {
                found += i32::from([Tag::all("exp"), Tag::all("user_ver")].contains(&tag));
            };
            read(text, &mut Vec::new(), add).unwrap();
            found
        };
        assert_eq!(known(r#"{"exp":1}"#), 1);
        assert_eq!(known(r#"{"exp":1,"user_ver":1,"z":1}"#), 2);
        assert_eq!(known(r#"{"\u0065xp":1,"user_v\u0065r":1,"z":1}"#), 2);
        assert_eq!(known(r#"{"exp\u0000":1,"ex":1,"expo":1,"user_ver ":1}"#), 0);
        assert_eq!(known(r#"{"user_verb":1,"user_very":1,"user_ve":1}"#), 0);
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
