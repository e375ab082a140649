//! What operators are told of a token: the same text in every language, line by line as it is written here.

use super::LATER;
use super::story::{DAY, Sessions, Story, numbered, of_number};
use super::token::{Token, spelled};
use crate::refresh::SecretsInput;

pub(in crate::generate) fn cases() -> Vec<Sessions> {
    vec![
        inspected(),
        taken(),
        retried(),
        ended(),
        held(),
        texts(),
        secrets(),
        stores(),
    ]
}

/// S-1: a text alone, with no secret at hand.
fn inspected() -> Sessions {
    let mut story = Story::new("what-stands-in-a-token", &["S-1", "Told"]);
    let told = story.begins();
    let token = told.token.text();
    let form = |number: u8, generation: u32| {
        format!(
            "nothing of this is checked: anybody may have written it\n\
             a refresh token: 62 bytes of version 1\n\
             secret number {number}\n\
             session AQEBAQEBAQEBAQEBAQEBAQ\n\
             generation {generation}\n\
             own secret: 24 bytes, not shown\n\
             tag: 16 bytes, not shown"
        )
    };
    let none = |fault: &str| {
        format!(
            "nothing of this is checked: anybody may have written it\nno refresh token: {fault}"
        )
    };
    story.inspects(&token, &form(7, 0));
    let forged = Token {
        number: 200,
        generation: u32::MAX,
        ..told.token
    };
    story.inspects(&forged.text(), &form(200, u32::MAX));
    story.inspects("", &none("it does not begin with csrt1_"));
    story.inspects("hunter2", &none("it does not begin with csrt1_"));
    story.inspects(&token[..88], &none("it has 88 bytes in the place of 89"));
    story.inspects(
        &format!("{}=", &token[..88]),
        &none("it is not base64url in its one form"),
    );
    let mut bytes = told.token.bytes();
    bytes[0] = 2;
    story.inspects(&spelled(&bytes), &none("it is not of version 1"));
    story.told()
}

/// What comes before the rule, of a session with one secret whose newest token is of this generation and second.
fn genuine(generation: u32, second: u32) -> String {
    format!(
        "passed form: 62 bytes of version 1\n\
         passed secret: number 7; 7 signs\n\
         passed tag: by secret 7\n\
         passed session: AQEBAQEBAQEBAQEBAQEBAQ is stored\n\
         passed seal: by secret 7\n\
         passed row: newest is generation {generation}, made at 2027-01-15T08:00:{second:02}Z; \
         0 generations in a row before it were retried late\n"
    )
}

/// S-7: the newest token, when it is new and when it is not.
fn taken() -> Sessions {
    let mut story = Story::new("why-the-newest-token-is-taken", &["S-7", "Told"]);
    let mut told = story.begins();
    let token = told.token.text();
    let before = genuine(0, 0);
    let rule = |since: &str| {
        format!(
            "passed holder: of client \"web\", and it was shown; bound to nothing, nothing was shown\n\
             passed clock: the row's last instant is 2027-01-15T08:00:00Z\n\
             passed end: has not ended\n\
             passed expiry: idle end 2027-01-29T08:00:00Z, absolute end 2027-04-15T08:00:00Z\n\
             passed place: generation 0 for 0, the newest; new for 40 s, and that for {since}\n\
             passed subject: version 0 for 0, the subject is not disabled\n\
             passed state: secret 7 signs\n\
             passed successor: none is given again"
        )
    };
    let head =
        |how: &str| format!("taken: {how}\nnothing is written; it is 2027-01-15T08:00:40Z\n");
    story.at(LATER - 1);
    story.explains(&token, &format!("{}{before}{}", head("same"), rule("40 s")));
    story.at(LATER);
    let rotated = format!("{}{before}{}", head("rotated"), rule("40.001 s"));
    story.explains(&token, &rotated);
    story.rotates(&mut told);
    story.told()
}

/// S-4, S-7: its parent, in the window and after it.
fn retried() -> Sessions {
    let mut story = Story::new("why-the-parent-is-taken", &["S-4", "S-7", "Told"]);
    let mut told = story.begins();
    let parent = told.token.text();
    story.at(LATER).rotates(&mut told);
    let before = genuine(1, 40);
    let rule = |ago: &str| {
        format!(
            "passed holder: of client \"web\", and it was shown; bound to nothing, nothing was shown\n\
             passed clock: the row's last instant is 2027-01-15T08:00:40Z\n\
             passed end: has not ended\n\
             passed expiry: idle end 2027-01-29T08:00:40Z, absolute end 2027-04-15T08:00:00Z\n\
             passed place: generation 0 for 1, the parent of the newest; answered {ago} ago in a window of 20 s, \
             retried 0 of 32 times; rotated {ago} ago, and the newest is not confirmed, waited for 86400 s\n\
             passed subject: version 0 for 0, the subject is not disabled\n\
             passed state: secret 7 signs\n\
             passed successor: the newest follows from this token"
        )
    };
    for (at, how, now, ago) in [
        (20_000, "retried", "2027-01-15T08:01:00Z", "20 s"),
        (20_001, "retried_late", "2027-01-15T08:01:00Z", "20.001 s"),
    ] {
        let head = format!("taken: {how}\nnothing is written; it is {now}\n");
        story.at(LATER + at);
        story.explains(&parent, &format!("{head}{before}{}", rule(ago)));
    }
    story.retries(&told, "retried_late", false);
    story.told()
}

/// S-7: what would end the session, and does not.
fn ended() -> Sessions {
    let mut story = Story::new("why-a-session-would-end", &["S-7", "Told"]);
    let mut told = story.begins();
    let first = told.token.text();
    story.at(LATER).rotates(&mut told);
    story.confirms(&told, 1);
    story.at(DAY);
    let text = format!(
        "refused: refresh_replayed, and the session would end\n\
         nothing is written; it is 2027-01-16T08:00:00Z\n\
         {}\
         passed holder: of client \"web\", and it was shown; bound to nothing, nothing was shown\n\
         passed clock: the row's last instant is 2027-01-15T08:00:40Z\n\
         passed end: has not ended\n\
         passed expiry: idle end 2027-01-29T08:00:40Z, absolute end 2027-04-15T08:00:00Z\n\
         REFUSED place: generation 0 for 1, the parent of the newest; answered 86359.999 s ago in a window of 20 s, \
         retried 0 of 32 times; rotated 86359.999 s ago, and the newest is confirmed, waited for 86400 s\n\
         skipped subject\n\
         skipped state\n\
         skipped successor",
        genuine(1, 40)
    );
    story.explains(&first, &text);
    story.rotates(&mut told);
    story.told()
}

/// S-7: who shows something else, and a clock that is behind.
fn held() -> Sessions {
    let mut story = Story::new("why-a-holder-or-a-clock-is-refused", &["S-7", "Told"]);
    let mut told = story.begins();
    story.at(LATER).rotates(&mut told);
    let token = told.token.text();
    let before = genuine(1, 40);
    story.holder.client = "app".into();
    story.holder.key = Some(crate::Hex(vec![3; 32]));
    let text = format!(
        "refused: refresh_holder\n\
         nothing is written; it is 2027-01-15T08:00:40Z\n\
         {before}\
         REFUSED holder: of client \"web\", and another one was shown; bound to nothing, another one was shown\n\
         skipped clock\nskipped end\nskipped expiry\nskipped place\nskipped subject\nskipped state\nskipped successor"
    );
    story.explains(&token, &text);
    story.holder.client = "web".into();
    story.holder.key = None;
    story.at(LATER - 5_001);
    let text = format!(
        "refused: refresh_clock\n\
         nothing is written; it is 2027-01-15T08:00:35Z\n\
         {before}\
         passed holder: of client \"web\", and it was shown; bound to nothing, nothing was shown\n\
         REFUSED clock: the row's last instant is 2027-01-15T08:00:40Z, this clock is 5.001 s behind, 5 s at most\n\
         skipped end\nskipped expiry\nskipped place\nskipped subject\nskipped state\nskipped successor"
    );
    story.explains(&token, &text);
    story.told()
}

/// S-1: what is no token of ours, without a store.
fn texts() -> Sessions {
    let mut story = Story::new("why-a-text-is-no-token-of-ours", &["S-1", "Told"]);
    let told = story.begins();
    let token = told.token;
    let rest = "skipped session\nskipped seal\nskipped row\nskipped holder\nskipped clock\nskipped end\nskipped expiry\n\
                skipped place\nskipped subject\nskipped state\nskipped successor";
    let now = "nothing is written; it is 2027-01-15T08:00:00Z";
    let form = "passed form: 62 bytes of version 1";
    story.explains(
        "hunter2",
        &format!(
            "refused: refresh_malformed\n{now}\nREFUSED form: it does not begin with csrt1_\n\
             skipped secret\nskipped tag\n{rest}"
        ),
    );
    let unknown = Token { number: 9, ..token };
    story.explains(
        &unknown.text(),
        &format!(
            "refused: refresh_secret_unknown\n{now}\n{form}\nREFUSED secret: number 9; 7 signs\nskipped tag\n{rest}"
        ),
    );
    let mut bytes = token.bytes();
    bytes[61] ^= 1;
    story.explains(
        &spelled(&bytes),
        &format!(
            "refused: refresh_forged\n{now}\n{form}\npassed secret: number 7; 7 signs\n\
             REFUSED tag: by secret 7\n{rest}"
        ),
    );
    story.told()
}

/// S-2: a token of a secret that only detects.
fn secrets() -> Sessions {
    let mut story = Story::new("why-a-secret-that-only-detects-refuses", &["S-2", "Told"]);
    let told = story.begins();
    let token = told.token.text();
    story.at(LATER).rolls(SecretsInput {
        detecting: vec![numbered(7)],
        verifying: vec![numbered(6)],
        ..of_number(8)
    });
    let text = "refused: refresh_secret_unknown\n\
         nothing is written; it is 2027-01-15T08:00:40Z\n\
         passed form: 62 bytes of version 1\n\
         passed secret: number 7; 8 signs, 6 verifies, 7 only detects\n\
         passed tag: by secret 7\n\
         passed session: AQEBAQEBAQEBAQEBAQEBAQ is stored\n\
         passed seal: by secret 7\n\
         passed row: newest is generation 0, made at 2027-01-15T08:00:00Z; 0 generations in a row before it were retried late\n\
         passed holder: of client \"web\", and it was shown; bound to nothing, nothing was shown\n\
         passed clock: the row's last instant is 2027-01-15T08:00:00Z\n\
         passed end: has not ended\n\
         passed expiry: idle end 2027-01-29T08:00:00Z, absolute end 2027-04-15T08:00:00Z\n\
         passed place: generation 0 for 0, the newest; new for 40 s, and that for 40.001 s\n\
         passed subject: version 0 for 0, the subject is not disabled\n\
         REFUSED state: secret 7 only detects\n\
         skipped successor";
    story.explains(&token, text);
    story.told()
}

/// S-9: a store that has no such session, or does not answer.
fn stores() -> Sessions {
    let mut story = Story::new("why-a-session-is-not-found", &["S-9", "Told"]);
    let told = story.begins();
    let refused = |code: &str, why: &str| {
        format!(
            "refused: {code}\n\
             nothing is written; it is 2027-01-15T08:00:00Z\n\
             passed form: 62 bytes of version 1\n\
             passed secret: number 7; 7 signs\n\
             passed tag: by secret 7\n\
             REFUSED session: {why}\n\
             skipped seal\nskipped row\nskipped holder\nskipped clock\nskipped end\nskipped expiry\nskipped place\n\
             skipped subject\nskipped state\nskipped successor"
        )
    };
    let silent = refused("store_unavailable", "the store did not answer");
    story.fails().explains(&told.token.text(), &silent);
    let other = Token {
        session: [9; 16],
        ..told.token
    };
    let missing = refused("refresh_unknown", "CQkJCQkJCQkJCQkJCQkJCQ is not stored");
    story.explains(&other.text(), &missing);
    story.told()
}
