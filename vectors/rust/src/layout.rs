//! JSON laid out for people and for line-by-line comparison: what fits on a line stands on one, and
//! everything but visible ASCII is escaped.

use std::fmt::Write;

use serde::Serialize;

/// The text of `value`, ending in a line end.
///
/// # Panics
///
/// Never for the types of this crate: their maps have text for keys.
pub fn text_of(value: &impl Serialize) -> String {
    let compact = serde_json::to_string(value).expect("keys are text");
    let mut out = String::with_capacity(compact.len() * 2);
    Printer {
        rest: &escaped(&compact),
        out: &mut out,
    }
    .value(0);
    out.push('\n');
    out
}

/// Walks compact JSON, which it takes to be well-formed.
struct Printer<'a> {
    rest: &'a str,
    out: &'a mut String,
}

impl Printer<'_> {
    fn value(&mut self, indent: usize) {
        let len = len_of(self.rest);
        let (whole, rest) = self.rest.split_at(len);
        if indent + spaced(whole).len() <= WIDTH || !whole.starts_with(['{', '[']) {
            self.out.push_str(&spaced(whole));
            self.rest = rest;
            return;
        }
        self.pass(1);
        while !self.rest.starts_with(['}', ']']) {
            self.item(indent + 2);
        }
        self.line(indent);
        self.pass(1);
    }

    /// A member or an element, with the comma after it.
    fn item(&mut self, indent: usize) {
        self.line(indent);
        let len = len_of(self.rest);
        if self.rest[len..].starts_with(':') {
            self.pass(len + 1);
            self.out.push(' ');
        }
        self.value(indent);
        if self.rest.starts_with(',') {
            self.pass(1);
        }
    }

    fn line(&mut self, indent: usize) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    fn pass(&mut self, len: usize) {
        let (passed, rest) = self.rest.split_at(len);
        self.out.push_str(passed);
        self.rest = rest;
    }
}

/// The length of the value at the beginning of `text`.
fn len_of(text: &str) -> usize {
    let (mut depth, mut quoted) = (0_usize, false);
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' | b',' | b':' if !quoted && depth == 0 => return at,
            b'}' | b']' if !quoted => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// Compact JSON with a blank after each comma and colon.
fn spaced(text: &str) -> String {
    let (mut quoted, mut escape) = (false, false);
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        out.push(c);
        match c {
            _ if escape => escape = false,
            '\\' => escape = true,
            '"' => quoted = !quoted,
            ',' | ':' if !quoted => out.push(' '),
            _ => {}
        }
    }
    out
}

/// All that is not visible ASCII as `\u`, which stands in strings only.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, ' '..='~') {
            out.push(c);
            continue;
        }
        let mut units = [0; 2];
        for unit in c.encode_utf16(&mut units) {
            write!(out, "\\u{unit:04x}").expect("a string takes all that is written");
        }
    }
    out
}

const WIDTH: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_fits_stands_on_one_line() {
        assert_eq!(
            text_of(&json!({"a": [1, "x,y:z"], "b": {}})),
            "{\"a\": [1, \"x,y:z\"], \"b\": {}}\n"
        );
        let long = "x".repeat(WIDTH);
        let wanted = format!("{{\n  \"a\": [],\n  \"b\": [\n    \"{long}\",\n    1\n  ]\n}}\n");
        assert_eq!(text_of(&json!({"a": [], "b": [long, 1]})), wanted);
    }

    #[test]
    fn the_text_reads_back_as_the_value() {
        let value = json!({"a\"\\": ["\u{0}\u{7f}\u{e9}\u{1f600}]}", {"k": [null, true, -1.5]}], "long": ["y".repeat(200)]});
        let text = text_of(&value);
        assert!(text.bytes().all(|b| b == b'\n' || matches!(b, b' '..=b'~')));
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            value
        );
    }
}
