//! Whether a genuine token may still act: the rows C31, C32, E15 and R14, for one look at the store and over steps.
//!
//! The ids of rows are worked out here from the specification.

mod steps;

pub(in crate::generate) use steps::cases as steps;

use counterseal::core::sha256;
use serde_json::{Value, json};

use super::draft::{Draft, NOW, draft, refusal};
use crate::bytes::hex;
use crate::generate::limit::accepted;
use crate::jwt::{StandInput, StandingInput};
use crate::{Case, Reply, Stored, StoredAccessKey, StoredSubject};

type Stand = Case<StandInput>;

pub(in crate::generate) fn cases() -> Vec<Stand> {
    [subjects(), access_keys(), orders(), stores(), setups()].concat()
}

fn subjects() -> Vec<Stand> {
    let of = |id: &str, version: Option<&str>| {
        let look = look(id, &["A-9"]);
        match version {
            Some(version) => look.claim("user_ver", version),
            None => look,
        }
    };
    let most = (1_i64 << 53) - 1;
    let (over, ahead) = ("jwt_user_ver", "jwt_user_ver_ahead");
    vec![
        of("c31-the-current-version", Some("3"))
            .at_version(3)
            .lives(),
        of("c31-a-version-that-is-over-by-one", Some("2"))
            .at_version(3)
            .refused(over),
        of("c31-a-version-that-is-over-by-many", Some("0"))
            .at_version(most)
            .refused(over),
        of("c31-a-version-ahead-by-one", Some("4"))
            .at_version(3)
            .refused(ahead),
        of("c31-the-greatest-version", Some(&most.to_string()))
            .at_version(most)
            .lives(),
        of("c31-no-version-and-none-is-stored", None)
            .at_version(0)
            .lives(),
        of("c31-no-version-and-one-is-stored", None)
            .at_version(1)
            .refused(over),
        of("c31-a-version-of-zero", Some("0")).at_version(0).lives(),
        of("c31-a-subject-that-is-not-stored", Some("0")).refused("jwt_subject_unknown"),
        of("r14-a-disabled-subject", Some("3"))
            .disabled(3)
            .refused("jwt_subject_disabled"),
        of("r14-a-disabled-subject-of-a-later-version", Some("2"))
            .disabled(3)
            .refused("jwt_subject_disabled"),
        of("any-subject-and-none-is-stored", None)
            .any_subject()
            .lives(),
        of("any-subject-of-version-zero-and-none-is-stored", Some("0"))
            .any_subject()
            .lives(),
        of("c31-any-subject-of-a-version-and-none-is-stored", Some("1"))
            .any_subject()
            .refused(ahead),
        of("c31-any-subject-and-its-version-is-over", None)
            .any_subject()
            .at_version(1)
            .refused(over),
        of("r14-any-subject-and-it-is-disabled", None)
            .any_subject()
            .disabled(0)
            .refused("jwt_subject_disabled"),
    ]
}

fn access_keys() -> Vec<Stand> {
    let by = |id: &str| look(id, &["A-9"]).claim("akid", "\"key-1\"").at_version(0);
    let without = |id: &str| look(id, &["A-9"]).at_version(0);
    let bad = "jwt_access_key";
    vec![
        by("c32-a-key-of-the-subject").key(true, None).lives(),
        by("c32-a-key-that-is-not-stored").refused(bad),
        by("c32-a-disabled-key").key(true, Some(NOW)).refused(bad),
        by("c32-a-key-that-is-disabled-in-the-future")
            .key(true, Some(NOW + 1_000))
            .refused(bad),
        by("c32-a-key-of-another-subject")
            .key(false, None)
            .refused(bad),
        by("c32-a-key-that-is-not-stored-of-any-subject")
            .any_subject()
            .refused(bad),
        by("c32-a-key-where-one-is-needed")
            .with_access_key()
            .key(true, None)
            .lives(),
        without("no-key-where-none-is-needed").lives(),
        without("c32-no-key-where-one-is-needed")
            .with_access_key()
            .refused(bad),
    ]
}

fn orders() -> Vec<Stand> {
    let all = |id: &str| {
        let look = look(id, &["A-9", "Order"]).claim("akid", "\"key-1\"");
        look.denied().key(true, Some(NOW))
    };
    vec![
        look("a-denied-token", &["A-9"])
            .at_version(0)
            .denied()
            .refused("jwt_denied"),
        all("an-unknown-subject-first").refused("jwt_subject_unknown"),
        all("a-disabled-subject-before-its-version")
            .disabled(7)
            .refused("jwt_subject_disabled"),
        all("a-version-before-a-key")
            .at_version(1)
            .refused("jwt_user_ver"),
        all("a-key-before-a-denial")
            .at_version(0)
            .refused("jwt_access_key"),
        look("a-token-that-is-not-genuine", &["A-8", "Order"])
            .changed_subject()
            .refused_unasked("jwt_signature"),
    ]
}

fn stores() -> Vec<Stand> {
    let silent = |id: &str| {
        look(id, &["A-9"])
            .unavailable()
            .refused("store_unavailable")
    };
    let named = |id: &str, subject: &str, tenant: &str| {
        let look = look(id, &["A-8"]).claim("sub", &json!(subject).to_string());
        look.tenant(tenant).at_version(0).lives()
    };
    let mut openid = look("a-token-without-an-id", &["A-8"]);
    openid.draft = openid
        .draft
        .policy(&json!({"profile": "openid"}))
        .header(r#"{"alg":"HS256","kid":"k1","typ":"JWT"}"#)
        .without("jti");
    vec![
        silent("c31-a-store-that-does-not-answer"),
        look(
            "c31-a-store-that-does-not-answer-about-any-subject",
            &["A-9"],
        )
        .any_subject()
        .unavailable()
        .refused("store_unavailable"),
        named("rows-of-another-tenant", "user-7", "other"),
        named("rows-whose-names-meet-at-another-place", "ruser-7", "othe"),
        named(
            "rows-of-a-subject-with-letters-beyond-ascii",
            "\u{e4}\u{1f600}",
            "login",
        ),
        named("rows-of-a-subject-of-255-bytes", &"s".repeat(255), "login"),
        named("rows-of-a-tenant-of-255-bytes", "user-7", &"t".repeat(255)),
        look("rows-of-a-token-by-a-key", &["A-8"])
            .claim("akid", "\"key-1\"")
            .at_version(0)
            .key(true, None)
            .lives(),
        openid.at_version(0).lives(),
    ]
}

fn setups() -> Vec<Stand> {
    let of = |id: &str, tenant: &str| {
        let look = look(id, &["A-8", "Setup"]).tenant(tenant);
        look.refused_unasked("jwt_setup_text")
    };
    vec![
        of("no-tenant", ""),
        of("a-tenant-of-256-bytes", &"t".repeat(256)),
    ]
}

/// A case on its way: the good token, and what is stored of it.
struct Look {
    draft: Draft,
    standing: StandingInput,
    stored: Stored,
    /// The claims that rows are named by.
    subject: String,
    access_key: Option<String>,
    has_id: bool,
    is_silent: bool,
}

fn look(id: &str, flags: &[&'static str]) -> Look {
    Look {
        draft: draft(id, flags),
        standing: StandingInput {
            tenant: "login".into(),
            ..StandingInput::default()
        },
        stored: Stored::default(),
        subject: "user-7".into(),
        access_key: None,
        has_id: true,
        is_silent: false,
    }
}

impl Look {
    fn claim(mut self, name: &str, value: &str) -> Self {
        let text = || serde_json::from_str(value).expect("a text");
        match name {
            "sub" => self.subject = text(),
            "akid" => self.access_key = Some(text()),
            _ => {}
        }
        self.draft = self.draft.claim(name, value);
        self
    }

    fn tenant(mut self, tenant: &str) -> Self {
        self.standing.tenant = tenant.into();
        self
    }

    fn any_subject(mut self) -> Self {
        self.standing.any_subject = true;
        self
    }

    fn with_access_key(mut self) -> Self {
        self.standing.with_access_key = true;
        self
    }

    fn at_version(self, user_ver: i64) -> Self {
        self.stored_subject(user_ver, None)
    }

    fn disabled(self, user_ver: i64) -> Self {
        self.stored_subject(user_ver, Some(NOW))
    }

    fn stored_subject(mut self, user_ver: i64, disabled: Option<i64>) -> Self {
        self.stored.subject = Some(StoredSubject { user_ver, disabled });
        self
    }

    fn denied(mut self) -> Self {
        self.stored.denied = true;
        self
    }

    fn key(mut self, is_own: bool, disabled: Option<i64>) -> Self {
        self.stored.access_key = Some(StoredAccessKey { is_own, disabled });
        self
    }

    fn unavailable(mut self) -> Self {
        self.is_silent = true;
        self
    }

    /// The same for a token whose payload was changed after it was signed.
    fn changed_subject(mut self) -> Self {
        self.draft = self.draft.signature(|mut bytes| {
            bytes[0] ^= 1;
            bytes
        });
        self
    }

    fn lives(mut self) -> Stand {
        if self.draft.lacks("jti") {
            self.has_id = false;
        }
        let row = |label: &str, name: &str| {
            let label = format!("counterseal/{label}/1");
            json!(row_of(&label, &self.standing.tenant, name))
        };
        let denied = if self.has_id {
            row("denied", "id-1")
        } else {
            Value::Null
        };
        let access_key = self.access_key.as_ref();
        let access_key = access_key.map_or(Value::Null, |id| row("access-key", id));
        let rows = json!({"rows": [row("subject", &self.subject), denied, access_key]});
        accepted(self.case(true), rows)
    }

    fn refused(self, code: &str) -> Stand {
        Case {
            expect: refusal(code),
            ..self.case(true)
        }
    }

    /// Refused before anything is asked.
    fn refused_unasked(self, code: &str) -> Stand {
        Case {
            expect: refusal(code),
            ..self.case(false)
        }
    }

    fn case(self, is_asked: bool) -> Stand {
        let reply = if self.is_silent {
            Reply::Unavailable
        } else {
            Reply::Stored(self.stored)
        };
        let standing = self.standing;
        let case = self.draft.accepted().of(|verify| StandInput {
            token: verify.token,
            keys: verify.keys,
            standing,
        });
        Case {
            replies: is_asked.then_some(reply).into_iter().collect(),
            ..case
        }
    }
}

/// The first 16 bytes of the hash of a label, two lengths and two texts, each text behind its length.
fn row_of(label: &str, tenant: &str, name: &str) -> String {
    let length = |text: &str| (text.len() as u64).to_be_bytes();
    let parts = [
        label.as_bytes(),
        &length(tenant),
        tenant.as_bytes(),
        &length(name),
        name.as_bytes(),
    ];
    hex(&sha256(&parts)[..16])
}
