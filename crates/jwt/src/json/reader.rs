//! Reading JSON: a text is taken in once, from its begin to its end.
//!
//! Every part is read from what is left of the text, and comes with what is left behind it.
#![allow(
    clippy::inline_always,
    reason = "a part and its rest are five words, which a call hands over through memory: half the time of reading"
)]

use alloc::vec::Vec;

use super::{Broken, MEMBERS, Name, Tag, Text, Value};

/// Reads values, and the names of their members.
pub(super) struct Reader<'t, 'n> {
    text: &'t str,
    /// Names of an object that is being read lie at its end.
    names: &'n mut Vec<Name>,
}

impl<'t, 'n> Reader<'t, 'n> {
    pub(super) const fn new(text: &'t str, names: &'n mut Vec<Name>) -> Self {
        Reader { text, names }
    }

    /// An object and nothing else, each member handed on as it is read.
    pub(super) fn whole(
        &mut self,
        member: impl FnMut(Tag, Text<'t>, Value<'t>),
    ) -> Result<(), Broken> {
        let rest = self.object(self.text, 0, member)?;
        if rest.trim_start_matches(BLANKS).is_empty() {
            Ok(())
        } else {
            Err(Broken)
        }
    }

    #[inline(always)]
    pub(super) fn value(
        &mut self,
        rest: &'t str,
        depth: usize,
    ) -> Result<(Value<'t>, &'t str), Broken> {
        let rest = skip(rest);
        let word = |word, value| Ok((value, rest.strip_prefix(word).ok_or(Broken)?));
        match rest.as_bytes().first().ok_or(Broken)? {
            b'"' => {
                let (text, rest) = text(&rest[1..])?;
                Ok((Value::Text(text), rest))
            }
            b'[' => {
                let behind = self.list(rest, depth)?;
                let list = &rest[1..rest.len() - behind.len() - 1];
                Ok((Value::List(list.trim_ascii()), behind))
            }
            b'{' => {
                let behind = self.object(rest, depth, |_, _, _| ())?;
                let object = &rest[..rest.len() - behind.len()];
                Ok((Value::Object(object), behind))
            }
            b't' => word("true", Value::Bool(true)),
            b'f' => word("false", Value::Bool(false)),
            b'n' => word("null", Value::Null),
            _ => {
                let (number, behind) = number(rest)?;
                Ok((Value::Number(number), behind))
            }
        }
    }

    /// An object, each of whose members is handed on.
    //= docs/spec/jwt.md#T-5
    fn object(
        &mut self,
        rest: &'t str,
        depth: usize,
        mut member: impl FnMut(Tag, Text<'t>, Value<'t>),
    ) -> Result<&'t str, Broken> {
        let mut rest = take(rest, '{')?;
        let inside = deeper(depth)?;
        if let Ok(behind) = take(rest, '}') {
            return Ok(behind);
        }
        let first = self.names.len();
        let mut seen = 0;
        loop {
            let begin = take(rest, '"')?;
            let (name, behind) = text(begin)?;
            let tag = tag(name, begin);
            self.add(first, &mut seen, tag, begin)?;
            let (value, behind) = self.value(take(behind, ':')?, inside)?;
            member(tag, name, value);
            let Ok(next) = take(behind, ',') else {
                self.names.truncate(first);
                return take(behind, '}');
            };
            rest = next;
        }
    }

    /// Adds a name to those of its object, which begin at `first`. One whose bit was not seen is none of theirs.
    #[inline(always)]
    fn add(&mut self, first: usize, seen: &mut u64, tag: Tag, rest: &str) -> Result<(), Broken> {
        let begin = self.text.len() - rest.len();
        let name = Name { tag, begin };
        let bit = 1 << (tag.begin.wrapping_mul(SPREAD) >> 58);
        let is_full = self.names.len() - first == MEMBERS;
        if is_full || *seen & bit != 0 && self.has(first, name) {
            return Err(Broken);
        }
        *seen |= bit;
        self.names.push(name);
        Ok(())
    }

    fn has(&self, first: usize, name: Name) -> bool {
        let said = |name: Name| text(&self.text[name.begin..]).map(|(text, _)| text);
        let is_same = |other: &Name| match (said(*other), said(name)) {
            (Ok(other), Ok(name)) => other.is_same(name),
            _ => true,
        };
        let mut others = self.names[first..].iter();
        others.any(|other| other.tag == name.tag && (name.tag.is_all() || is_same(other)))
    }

    fn list(&mut self, rest: &'t str, depth: usize) -> Result<&'t str, Broken> {
        let mut rest = take(rest, '[')?;
        let inside = deeper(depth)?;
        if let Ok(behind) = take(rest, ']') {
            return Ok(behind);
        }
        loop {
            let (_, behind) = self.value(rest, inside)?;
            match take(behind, ',') {
                Ok(next) => rest = next,
                Err(Broken) => return take(behind, ']'),
            }
        }
    }
}

/// A text from behind its first quote.
#[inline(always)]
fn text(rest: &str) -> Result<(Text<'_>, &str), Broken> {
    let (raw, behind) = rest.split_at(plain(rest));
    match behind.strip_prefix('"') {
        Some(behind) => {
            let is_plain = true;
            Ok((Text { raw, is_plain }, behind))
        }
        None => escaped(rest, behind),
    }
}

/// The same, where its first part is plain.
#[cold]
fn escaped<'t>(text: &'t str, mut rest: &'t str) -> Result<(Text<'t>, &'t str), Broken> {
    while let Some(letter) = rest.strip_prefix('\\') {
        let behind = escape(letter)?;
        rest = &behind[plain(behind)..];
    }
    let raw = &text[..text.len() - rest.len()];
    let behind = rest.strip_prefix('"').ok_or(Broken)?;
    let is_plain = false;
    Ok((Text { raw, is_plain }, behind))
}

/// What is behind an escape, from behind its backslash.
fn escape(rest: &str) -> Result<&str, Broken> {
    if let Some(behind) = rest.strip_prefix(['"', '\\', '/', 'b', 'f', 'n', 'r', 't']) {
        return Ok(behind);
    }
    match unit(rest)? {
        (0xd800..0xdc00, behind) => {
            let low = behind.strip_prefix('\\').ok_or(Broken)?;
            match unit(low)? {
                (0xdc00..0xe000, behind) => Ok(behind),
                _ => Err(Broken),
            }
        }
        (0xdc00..0xe000, _) => Err(Broken),
        (_, behind) => Ok(behind),
    }
}

/// What four digits behind a `u` say.
fn unit(rest: &str) -> Result<(u32, &str), Broken> {
    let rest = rest.strip_prefix('u').ok_or(Broken)?;
    let (digits, behind) = rest.split_at_checked(4).ok_or(Broken)?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Broken);
    }
    let unit = u32::from_str_radix(digits, 16).map_err(|_| Broken)?;
    Ok((unit, behind))
}

/// How many bytes there are before a quote, a backslash or a control character: eight at a time.
#[inline(always)]
fn plain(rest: &str) -> usize {
    let (words, last) = rest.as_bytes().as_chunks();
    for (at, word) in words.iter().enumerate() {
        let found = special(u64::from_le_bytes(*word));
        if found != 0 {
            return at * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | ..0x20);
    let found = last.iter().position(is_special);
    rest.len() - last.len() + found.unwrap_or(last.len())
}

/// The tag of a name that begins here.
#[inline(always)]
fn tag(name: Text<'_>, rest: &str) -> Tag {
    let len = name.raw.len();
    match rest.as_bytes().first_chunk() {
        Some(word) if name.is_plain => {
            let word = u64::from_le_bytes(*word);
            let begin = if len < 8 {
                word & ((1 << (8 * len)) - 1)
            } else {
                word
            };
            Tag { begin, len }
        }
        _ => Tag::of(&name.said()),
    }
}

/// A number and what is behind it. Most are a few digits before a comma or the end.
#[inline(always)]
fn number(rest: &str) -> Result<(&str, &str), Broken> {
    let count = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, behind) = rest.split_at(count);
    let is_usual = !number.starts_with('0') && count < 20 && behind.starts_with([',', '}']);
    if is_usual && count > 0 {
        return Ok((number, behind));
    }
    any_number(rest)
}

/// The same, however it is written.
fn any_number(rest: &str) -> Result<(&str, &str), Broken> {
    let whole = rest.strip_prefix('-').unwrap_or(rest);
    let mut behind = digits(whole)?;
    if whole.starts_with('0') && whole.len() - behind.len() > 1 {
        return Err(Broken);
    }
    if let Some(part) = behind.strip_prefix('.') {
        behind = digits(part)?;
    }
    let mut may_be_huge = rest.len() - behind.len() > 300;
    if let Some(power) = behind.strip_prefix(['e', 'E']) {
        may_be_huge = true;
        behind = digits(power.strip_prefix(['+', '-']).unwrap_or(power))?;
    }
    let number = &rest[..rest.len() - behind.len()];
    // Some parsers refuse it, others read infinity.
    if may_be_huge && !number.parse::<f64>().is_ok_and(f64::is_finite) {
        return Err(Broken);
    }
    Ok((number, behind))
}

/// What is behind one digit or more.
#[inline]
fn digits(rest: &str) -> Result<&str, Broken> {
    let other = rest.bytes().position(|byte| !byte.is_ascii_digit());
    match other.unwrap_or(rest.len()) {
        0 => Err(Broken),
        count => Ok(&rest[count..]),
    }
}

/// What is behind this letter, which may have blanks before it.
#[inline(always)]
fn take(rest: &str, letter: char) -> Result<&str, Broken> {
    match rest.strip_prefix(letter) {
        Some(behind) => Ok(behind),
        None => skip(rest).strip_prefix(letter).ok_or(Broken),
    }
}

#[inline(always)]
fn skip(rest: &str) -> &str {
    if matches!(rest.as_bytes().first(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        return rest.trim_start_matches(BLANKS);
    }
    rest
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
    // What is below a space, and a quote, which is then one itself.
    let control_or_quote = (word ^ (EACH * 0x02)).wrapping_sub(EACH * 0x21);
    let backslash = (word ^ (EACH * 0x5c)).wrapping_sub(EACH);
    (control_or_quote | backslash) & !word & (EACH * 0x80)
}

const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];
/// 2^64 divided by the golden ratio: the upper bits of a product depend on all of a tag.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
/// How many objects and lists may stand in one another.
pub(super) const DEPTH: usize = 8;
