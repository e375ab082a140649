//! A JSON object as text, in which members are changed, doubled, renamed and spoiled.

use crate::choices::Choices;
use crate::{AUDIENCE, ISSUER};

/// Its members, name and value, as they are written.
pub(crate) struct Object(Vec<(String, Vec<u8>)>);

impl Object {
    pub(crate) fn new(members: &[(&str, String)]) -> Self {
        let written =
            |(name, value): &(&str, String)| (format!("\"{name}\""), value.clone().into_bytes());
        Object(members.iter().map(written).collect())
    }

    /// One change of the member of one of these names.
    pub(crate) fn change(&mut self, choices: &mut Choices<'_>, names: &[&str], now: i64) {
        let name = choices.one_of(names);
        let plain = format!("\"{name}\"");
        match choices.below(12) {
            0 | 1 => self.0.retain(|(other, _)| *other != plain),
            2 => self.0.push((plain, value(choices, now))),
            3 => self.0.insert(0, (plain, value(choices, now))),
            4 => self.rename(&plain, &escaped(name)),
            5 => self.0.push((escaped(name), value(choices, now))),
            6 => self.rename(&plain, &plain.to_uppercase()),
            _ => self.set(plain, value(choices, now)),
        }
    }

    fn set(&mut self, name: String, value: Vec<u8>) {
        match self.0.iter_mut().find(|(other, _)| *other == name) {
            Some(member) => member.1 = value,
            None => self.0.push((name, value)),
        }
    }

    fn rename(&mut self, from: &str, to: &str) {
        if let Some(member) = self.0.iter_mut().find(|(name, _)| name == from) {
            to.clone_into(&mut member.0);
        }
    }

    /// The object as text, with something around it or in it that may not be there now and then.
    pub(crate) fn written(&self, choices: &mut Choices<'_>) -> Vec<u8> {
        let members = self.0.iter();
        let members: Vec<_> = members
            .map(|(name, value)| [name.as_bytes(), b":", value].concat())
            .collect();
        let members = members.join(&b',');
        let (before, after) = match choices.seldom(AROUND.len()) {
            Some(at) => AROUND[at],
            None => ("{", "}"),
        };
        [before.as_bytes(), &members, after.as_bytes()].concat()
    }
}

/// What may stand around the members; the first three are JSON.
const AROUND: [(&str, &str); 15] = [
    (" \t\r\n{", "}"),
    ("{ ", "\n}\n"),
    ("{", "}\u{20}\u{20}"),
    ("\u{feff}{", "}"),
    ("{", ",}"),
    ("{,", "}"),
    ("{", "}x"),
    ("{", "}{}"),
    ("{", "}\0"),
    ("[{", "}]"),
    ("{/**/", "}"),
    ("{\u{c}", "}"),
    ("{\u{a0}", "}"),
    ("{'a':1,", "}"),
    ("", ""),
];

/// The same name with its first letter as an escape.
fn escaped(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    format!("\"\\u{:04x}{rest}\"", first.as_bytes()[0])
}

fn value(choices: &mut Choices<'_>, now: i64) -> Vec<u8> {
    match choices.below(8) {
        0 | 1 => time(choices, now).into_bytes(),
        2 | 3 => format!("\"{}\"", choices.one_of(&TEXTS)).into_bytes(),
        4 => choices.short().into(),
        5 => wide(choices).into_bytes(),
        _ => choices.one_of(&VALUES).into(),
    }
}

/// A number of seconds near the clock, in one of the forms in which numbers are written. None is within three seconds of where
/// a leeway of 30 s ends, so that a slow machine changes no verdict.
fn time(choices: &mut Choices<'_>, now: i64) -> String {
    let at = now + choices.one_of(&OFFSETS);
    match choices.below(20) {
        0 => format!("{at}.0"),
        1 => format!("{at}.5"),
        2 => format!("{at}.999999999"),
        3 => format!("{at}.0000000001"),
        4 => format!("{at}e0"),
        5 => format!("\"{at}\""),
        6 => format!("-{at}"),
        7 => format!("{at}000"),
        8 => format!("0{at}"),
        9 => format!("+{at}"),
        10 => format!("{at}."),
        11 => format!("[{at}]"),
        _ => at.to_string(),
    }
}

const OFFSETS: [i64; 20] = [
    -90_000, -3_600, -1_800, -600, -60, -35, -25, -1, 0, 1, 20, 25, 35, 60, 600, 1_799, 1_800,
    1_801, 3_600, 90_000,
];
const TEXTS: [&str; 24] = [
    "",
    "a",
    "user-7",
    ISSUER,
    "https://evil.example",
    "https://iss.example/",
    AUDIENCE,
    "API",
    "\\u0061pi",
    "a\\u0000",
    "\\ud800",
    "\\ud83d\\ude00",
    "\u{e9}",
    "a\\/b",
    "a\nb",
    "k1",
    "ec",
    "HS256",
    "ES256",
    "EdDSA",
    "HS512",
    "none",
    "JWT",
    "application/at+jwt",
];
/// What `cnf` is where a token is bound to a key.
const BOUND: &str = "{\"jkt\":\"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I\"}";
const VALUES: [&str; 42] = [
    "null",
    "true",
    "0",
    "-0",
    "0.0",
    "-1",
    "7",
    "1.5",
    "1e3",
    "1e400",
    "-1e400",
    "1E5",
    "9007199254740992",
    "9223372036854775808",
    "18446744073709551616",
    "253402300799",
    "253402300800",
    "[]",
    "{}",
    "[\"api\"]",
    "[\"api\",\"other\"]",
    "[\"api\",\"api\"]",
    "[\"other\"]",
    "[\"api\",7]",
    "[\"api\",null]",
    "[[\"api\"]]",
    "[\"a\\u0070i\"]",
    "[\"https://iss.example\"]",
    "[\"https://iss.example\",\"https://evil.example\"]",
    "{\"a\":1}",
    "{\"a\":1,\"a\":2}",
    "{\"a\":1,\"\\u0061\":2}",
    BOUND,
    BOUND,
    "[1,]",
    "NaN",
    "01",
    "\"a",
    BOUND,
    "{\"kty\":\"oct\",\"k\":\"AAAA\"}",
    "[\"exp\"]",
    "'a'",
];

/// Long, deep or with many members.
fn wide(choices: &mut Choices<'_>) -> String {
    let long = |count: usize| format!("\"{}\"", "a".repeat(count));
    let deep = |count: usize| format!("{}{}", "[".repeat(count), "]".repeat(count));
    let many = |count: usize| {
        let members: Vec<_> = (0..count).map(|at| format!("\"m{at}\":{at}")).collect();
        format!("{{{}}}", members.join(","))
    };
    match choices.below(12) {
        0 => long(255),
        1 => long(256),
        2 => long(1_800),
        3 => long(2_100),
        4 => long(7_000),
        5 => deep(7),
        6 => deep(8),
        7 => deep(130),
        8 => many(64),
        9 => many(65),
        10 => format!("[{}\"api\"]", "\"b\",".repeat(70)),
        _ => "1".repeat(25),
    }
}
