//! A story of sessions: what is done one after the other, and what must come of it.

use serde_json::{Map, Value, json};

use super::token::{Token, secret};
use crate::generate::limit::{accepted, case, members};
use crate::refresh::{
    Does, HolderInput, NewInput, SecretsInput, SessionStep, SessionsInput, WhichInput,
};
use crate::{Case, Hex};

pub(super) type Sessions = Case<SessionsInput>;

/// What was told so far. Times are milliseconds after the beginning.
#[derive(Clone)]
pub(super) struct Story {
    id: String,
    flags: Vec<&'static str>,
    policy: Map<String, Value>,
    secrets: SecretsInput,
    /// The number of the secret that signs.
    signs: u8,
    at: i64,
    steps: Vec<SessionStep>,
    told: Vec<Value>,
    pub(super) holder: HolderInput,
    pub(super) new: NewInput,
    /// Salts and seeds that were used.
    drawn: u8,
    fails: bool,
}

/// A session as the story expects it.
#[derive(Clone)]
pub(super) struct Told {
    /// Its newest token.
    pub(super) token: Token,
    /// The one before, if there was one.
    pub(super) parent: Option<Token>,
    fields: Value,
}

impl Story {
    pub(super) fn new(id: &str, flags: &[&'static str]) -> Self {
        Story {
            id: id.into(),
            flags: flags.to_vec(),
            policy: members(
                json!({"confirmation": "wired", "within_seconds": DAY / 1_000, "window_seconds": 20}),
            ),
            secrets: of_number(7),
            signs: 7,
            at: 0,
            steps: Vec::new(),
            told: Vec::new(),
            holder: HolderInput {
                client: "web".into(),
                ..HolderInput::default()
            },
            new: NewInput {
                tenant: "login".into(),
                subject: "ada".into(),
                user_ver: 0,
                device: "laptop".into(),
                access: "orders:*".into(),
            },
            drawn: 0,
            fails: false,
        }
    }

    /// With these members of the policy.
    pub(super) fn policy(mut self, more: Value) -> Self {
        self.policy.extend(members(more));
        self
    }

    pub(super) fn secrets(mut self, secrets: SecretsInput) -> Self {
        self.secrets = secrets;
        self
    }

    /// What follows happens at this instant.
    pub(super) fn at(&mut self, millis: i64) -> &mut Self {
        self.at = millis;
        self
    }

    /// The store gives no answer to the first question of the next step.
    pub(super) fn fails(&mut self) -> &mut Self {
        self.fails = true;
        self
    }

    pub(super) fn of_client(&mut self, client: &str) -> &mut Self {
        self.holder.client = client.into();
        self
    }

    pub(super) fn begins(&mut self) -> Told {
        let seed = self.seed();
        let token = Token::first(self.signs, &seed);
        let absolute = self.seconds("absolute_seconds", 90 * 24 * 3_600);
        let bound = match (&self.holder.device_secret, &self.holder.key) {
            _ if self.policy.get("binding") == Some(&json!("none")) => None,
            (Some(_), _) => Some("device"),
            (_, Some(_)) => Some("key"),
            _ => None,
        };
        let fields = json!({
            "id": token.session_id(),
            "tenant": self.new.tenant,
            "subject": self.new.subject,
            "user_ver": self.new.user_ver,
            "client": self.holder.client,
            "device": self.new.device,
            "access": self.new.access,
            "bound_by": bound,
            "generation": 0,
            "began": NOW + self.at,
            "used": NOW + self.at,
            "idle_end": NOW + self.at + self.idle().min(absolute),
            "absolute_end": NOW + self.at + absolute,
            "ended_by": null,
            "ended": null,
        });
        let told = Told {
            token,
            parent: None,
            fields,
        };
        let expect = json!({"how": "begun", "token": token.text(), "session": told.fields});
        self.begin_step(seed, expect);
        told
    }

    pub(super) fn does_not_begin(&mut self, code: &str) -> &mut Self {
        let seed = self.seed();
        self.begin_step(seed, json!({"code": code}));
        self
    }

    /// The seed of the session that began last is used again.
    pub(super) fn begins_again(&mut self, code: &str) -> &mut Self {
        self.drawn -= 1;
        self.does_not_begin(code)
    }

    fn begin_step(&mut self, seed: [u8; 40], expect: Value) {
        let (new, holder) = (self.new.clone(), self.holder.clone());
        let seed = Hex(seed.to_vec());
        self.step(Does::Begin { seed, new, holder }, expect);
    }

    /// The newest token is presented, and rotated.
    pub(super) fn rotates(&mut self, told: &mut Told) -> &mut Self {
        let presented = told.token;
        let salt = self.next_salt();
        told.parent = Some(presented);
        told.token = presented.next(self.signs, &salt);
        let absolute = told.fields["absolute_end"].as_i64().expect("a number");
        let generation = told.fields["generation"].as_i64().expect("a number");
        told.fields["generation"] = (generation + 1).into();
        told.fields["used"] = (NOW + self.at).into();
        told.fields["idle_end"] = (NOW + self.at + self.idle()).min(absolute).into();
        self.presents(
            &presented.text(),
            given("rotated", Some(&told.token), told, false),
        )
    }

    /// The parent is presented, and answered with the newest token.
    pub(super) fn retries(&mut self, told: &Told, how: &str, is_followed: bool) -> &mut Self {
        let parent = told.parent.expect("there is a parent");
        self.presents(
            &parent.text(),
            given(how, Some(&told.token), told, is_followed),
        )
    }

    /// The newest token is presented, and stays.
    pub(super) fn stays(&mut self, told: &Told) -> &mut Self {
        self.presents(&told.token.text(), given("same", None, told, false))
    }

    /// This text is presented, and refused.
    pub(super) fn refuses(&mut self, text: &str, code: &str) -> &mut Self {
        self.presents(text, refusal(code))
    }

    /// The same by a token, which ends the session by it.
    pub(super) fn ends(&mut self, told: &mut Told, text: &str, code: &str, by: &str) -> &mut Self {
        told.fields["ended_by"] = by.into();
        told.fields["ended"] = (NOW + self.at).into();
        self.refuses(text, code)
    }

    fn presents(&mut self, text: &str, expect: Value) -> &mut Self {
        let seed = Hex(self.salt().to_vec());
        let (token, holder) = (text.into(), self.holder.clone());
        self.step(
            Does::Refresh {
                token,
                seed,
                holder,
            },
            expect,
        )
    }

    /// An access token alone is asked for by this text.
    pub(super) fn mints(&mut self, told: &Told, text: &str) -> &mut Self {
        self.asks(text, given("minted", None, told, false))
    }

    pub(super) fn does_not_mint(&mut self, text: &str, code: &str) -> &mut Self {
        self.asks(text, refusal(code))
    }

    fn asks(&mut self, text: &str, expect: Value) -> &mut Self {
        let (token, holder) = (text.into(), self.holder.clone());
        self.step(Does::Mint { token, holder }, expect)
    }

    /// This is what an operator is told of this text alone.
    pub(super) fn inspects(&mut self, text: &str, told: &str) -> &mut Self {
        let token = text.into();
        self.step(Does::Inspect { token }, json!({"text": told}))
    }

    /// This is what an operator is told of this text and its session.
    pub(super) fn explains(&mut self, text: &str, told: &str) -> &mut Self {
        let (token, holder) = (text.into(), self.holder.clone());
        self.step(Does::Explain { token, holder }, json!({"text": told}))
    }

    pub(super) fn confirms(&mut self, told: &Told, generation: u32) -> &mut Self {
        let session = told.token.session_id();
        let expect = json!({"session": told.fields});
        self.step(
            Does::Confirm {
                session,
                generation,
            },
            expect,
        )
    }

    pub(super) fn logs_out(&mut self, told: &mut Told) -> &mut Self {
        let expect = self.ended(told, "logged_out");
        self.step(
            Does::LogOut {
                session: told.token.session_id(),
            },
            expect,
        )
    }

    pub(super) fn revokes(&mut self, told: &mut Told) -> &mut Self {
        let expect = self.ended(told, "revoked");
        self.step(
            Does::Revoke {
                session: told.token.session_id(),
            },
            expect,
        )
    }

    /// The first end stays.
    fn ended(&self, told: &mut Told, by: &str) -> Value {
        if told.fields["ended_by"].is_null() {
            told.fields["ended_by"] = by.into();
            told.fields["ended"] = (NOW + self.at).into();
        }
        json!({"session": told.fields})
    }

    /// A change of a session is refused.
    pub(super) fn does_not(&mut self, does: Does, code: &str) -> &mut Self {
        self.step(does, json!({"code": code}))
    }

    pub(super) fn revokes_all(&mut self, which: WhichInput, ended: u32) -> &mut Self {
        let subject = self.new.subject.clone();
        self.step(Does::RevokeAll { subject, which }, json!({"ended": ended}))
    }

    /// These are the sessions of the subject, in this order.
    pub(super) fn lists(&mut self, told: &[&Told]) -> &mut Self {
        let subject = self.new.subject.clone();
        let sessions: Vec<_> = told.iter().map(|told| told.fields.clone()).collect();
        self.step(Does::Sessions { subject }, json!({"sessions": sessions}))
    }

    /// So many sessions have ended, and access tokens of these are refused with these codes some milliseconds later.
    pub(super) fn feeds(
        &mut self,
        ended: u32,
        after: i64,
        asked: &[(Option<&str>, Option<&str>)],
    ) -> &mut Self {
        let (asked, checked): (Vec<_>, Vec<_>) = asked
            .iter()
            .map(|(session, code)| (session.map(Into::into), json!(code)))
            .unzip();
        let does = Does::Feed {
            trusted_for_seconds: 30,
            asked,
            after,
        };
        self.step(does, json!({"ended": ended, "checked": checked}))
    }

    pub(super) fn bumps(&mut self) -> &mut Self {
        let subject = self.new.subject.clone();
        self.step(Does::Bump { subject }, json!({"code": null}))
    }

    pub(super) fn disables(&mut self) -> &mut Self {
        let subject = self.new.subject.clone();
        self.step(Does::Disable { subject }, json!({"code": null}))
    }

    /// From here on, these secrets are used.
    pub(super) fn rolls(&mut self, secrets: SecretsInput) -> &mut Self {
        self.signs = secrets.signing.0;
        self.step(Does::Roll { secrets }, json!({"code": null}))
    }

    fn step(&mut self, does: Does, expect: Value) -> &mut Self {
        let fails = core::mem::take(&mut self.fails);
        self.steps.push(SessionStep {
            at: NOW + self.at,
            does,
            fails,
        });
        self.told.push(expect);
        self
    }

    pub(super) fn told(&self) -> Sessions {
        accepted(self.case(), json!({"steps": self.told}))
    }

    /// Nothing is set up.
    pub(super) fn refused(&self, code: &str) -> Sessions {
        let expect = crate::generate::draft::refused(code);
        Case {
            expect,
            ..self.case()
        }
    }

    fn case(&self) -> Sessions {
        let input = SessionsInput {
            secrets: self.secrets.clone(),
            steps: self.steps.clone(),
        };
        Case {
            policy: Some(self.policy.clone()),
            now: NOW,
            ..case(&self.id, &self.flags, input)
        }
    }

    fn idle(&self) -> i64 {
        self.seconds("idle_seconds", 14 * 24 * 3_600)
    }

    /// A member of the policy, in milliseconds.
    fn seconds(&self, name: &str, usual: i64) -> i64 {
        self.policy
            .get(name)
            .and_then(Value::as_i64)
            .unwrap_or(usual)
            * 1_000
    }

    fn seed(&mut self) -> [u8; 40] {
        self.drawn += 1;
        [self.drawn; 40]
    }

    fn salt(&mut self) -> [u8; 16] {
        self.drawn += 1;
        [self.drawn; 16]
    }

    const fn next_salt(&self) -> [u8; 16] {
        [self.drawn + 1; 16]
    }
}

fn given(how: &str, token: Option<&Token>, told: &Told, is_followed: bool) -> Value {
    let token = token.map(Token::text);
    json!({"how": how, "token": token, "session": told.fields, "is_followed": is_followed})
}

/// S-12 says which of them make the client forget its tokens.
fn refusal(code: &str) -> Value {
    let clears = [
        "refresh_ended",
        "refresh_expired",
        "refresh_forged",
        "refresh_malformed",
        "refresh_replayed",
        "refresh_secret_unknown",
        "refresh_subject_disabled",
        "refresh_unconfirmed",
        "refresh_unknown",
        "refresh_user_ver",
    ];
    json!({"code": code, "clears_cookies": clears.contains(&code)})
}

/// The secret of this number alone.
pub(super) fn of_number(number: u8) -> SecretsInput {
    SecretsInput {
        signing: numbered(number),
        ..SecretsInput::default()
    }
}

pub(super) fn numbered(number: u8) -> (u8, Hex) {
    (number, Hex(secret(number).to_vec()))
}

/// When stories begin.
const NOW: i64 = 1_800_000_000_000;
pub(super) const DAY: i64 = 24 * 3_600_000;
