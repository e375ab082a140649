//! The keys of a ring as JSON, for one column of a table.
//!
//! ```json
//! {"keys":[{"jwk":{..},"announced":1,"active":1,"ends":9,"gone":12,"sealed":".."}],"revoked":[{"jwk":{..},"at":5}]}
//! ```
//!
//! Instants are milliseconds since 1970. Without `ends` and `gone`, no other key was announced yet.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterseal_core::Time;

use crate::json::{Members, Value};
use crate::ring::key::RingKey;
use crate::ring::rotation::{MOST, MOST_REVOKED, Over, Revoked};
use crate::{PublicJwk, Rotation, RotationPolicy, Turn};

/// What is stored of this rotation, beside its policy.
pub(crate) fn write(rotation: &Rotation<RingKey>) -> String {
    let mut out = String::from("{\"keys\":[");
    let mut before = "";
    for turn in rotation.turns() {
        out.push_str(before);
        write_turn(&mut out, turn);
        before = ",";
    }
    out.push_str("],\"revoked\":[");
    before = "";
    for (key, at) in rotation.revoked() {
        let (jwk, at) = (key.jwk.text(), at.millis());
        let _ = write!(out, "{before}{{\"jwk\":{jwk},\"at\":{at}}}");
        before = ",";
    }
    out.push_str("]}");
    out
}

fn write_turn(out: &mut String, turn: &Turn<RingKey>) {
    let jwk = turn.key.jwk.text();
    let (announced, active) = (turn.announced.millis(), turn.active.millis());
    let _ = write!(
        out,
        "{{\"jwk\":{jwk},\"announced\":{announced},\"active\":{active}"
    );
    if let Some(Over { ends, gone }) = turn.over {
        let (ends, gone) = (ends.millis(), gone.millis());
        let _ = write!(out, ",\"ends\":{ends},\"gone\":{gone}");
    }
    out.push_str(",\"sealed\":\"");
    URL_SAFE_NO_PAD.encode_string(&turn.key.sealed, out);
    out.push_str("\"}");
}

/// The rotation that was stored so: at most as many keys as there may be, each once, in the order in which they sign.
pub(crate) fn read(text: &str, policy: RotationPolicy) -> Option<Rotation<RingKey>> {
    if text.len() > MOST_TEXT {
        return None;
    }
    let members = Members::parse(text).ok()?;
    let turns = items(&members, "keys", MOST, read_turn)?;
    let revoked = items(&members, "revoked", MOST_REVOKED, read_revoked)?;
    let are_two = members.iter().count() == 2;
    let is_in_order = |pair: &[Turn<RingKey>]| {
        let over = pair[0].over;
        over.is_some_and(|over| over.ends <= pair[1].active)
    };
    let keys = turns.iter().map(|turn| &turn.key);
    let keys: Vec<_> = keys.chain(revoked.iter().map(|lost| &lost.key)).collect();
    let is_once = |(at, key): (usize, &&RingKey)| !keys[..at].contains(key);
    let is_right =
        are_two && turns.windows(2).all(is_in_order) && keys.iter().enumerate().all(is_once);
    is_right.then(|| Rotation::stored(Some(policy), turns, revoked))
}

fn items<T>(
    members: &Members<'_>,
    name: &str,
    most: usize,
    read: impl Fn(&Members<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let Some(Value::List(list)) = members.get(name) else {
        return None;
    };
    let mut items = Vec::new();
    for item in Value::items(list) {
        let Value::Object(text) = item else {
            return None;
        };
        if items.len() == most {
            return None;
        }
        items.push(read(&Members::parse(text).ok()?)?);
    }
    Some(items)
}

fn read_turn(members: &Members<'_>) -> Option<Turn<RingKey>> {
    let over = match (members.get("ends"), members.get("gone")) {
        (None, None) => None,
        _ => Some(Over {
            ends: time(members, "ends")?,
            gone: time(members, "gone")?,
        }),
    };
    let active = time(members, "active")?;
    let is_right = over.is_none_or(|over| active <= over.ends && over.ends <= over.gone);
    let Some(Value::Text(sealed)) = members.get("sealed") else {
        return None;
    };
    is_right.then_some(())?;
    Some(Turn {
        key: RingKey {
            jwk: jwk(members)?,
            sealed: URL_SAFE_NO_PAD.decode(sealed.plain()?).ok()?,
        },
        announced: time(members, "announced")?,
        active,
        over,
    })
}

fn read_revoked(members: &Members<'_>) -> Option<Revoked<RingKey>> {
    let (jwk, sealed) = (jwk(members)?, Vec::new());
    let at = time(members, "at")?;
    let key = RingKey { jwk, sealed };
    Some(Revoked { key, at })
}

/// The key, if it stands there as we write it.
fn jwk(members: &Members<'_>) -> Option<PublicJwk> {
    let Some(Value::Object(text)) = members.get("jwk") else {
        return None;
    };
    PublicJwk::parse(text).filter(|jwk| jwk.text() == text)
}

fn time(members: &Members<'_>, name: &str) -> Option<Time> {
    match members.get(name) {
        Some(Value::Number(number)) => number.parse().ok().map(Time::from_millis),
        _ => None,
    }
}

/// More than the longest keys need.
const MOST_TEXT: usize = 64 * 1024;
