//! Responses, and content in pieces.

use counterseal_shared::{self as shared, Answered};
use napi_derive::napi;

use crate::answer::{Answer, Refusal, answer, done, line};
use crate::message::lines;
use crate::sign::flat;
use crate::waiting::Waiting;

/// A signed request that waits for its response.
#[napi]
pub struct Sent(pub(crate) shared::Sent);

/// The content of a genuine request, which follows in pieces.
#[napi]
pub struct Content(pub(crate) shared::Content);

#[napi]
impl Sent {
    /// The fields that sign the request: name and value of each, one on a line.
    #[napi]
    pub fn headers(&self) -> Answer<String> {
        answer("Sent.headers", || Ok(flat(self.0.headers())))
    }

    /// What is known of the response, one on a line: key id, status, signed time.
    #[napi]
    pub fn check(&self, status: i64, headers: String, body: &[u8]) -> Answer<String> {
        answer("Sent.check", || {
            let headers = lines(&headers)?;
            let headers: Vec<_> = headers.iter().map(|(n, v)| (&**n, &**v)).collect();
            let verified = self.0.check(&Answered {
                status,
                headers: &headers,
                body,
            })?;
            let mut text = String::new();
            line(&mut text, verified.key_id());
            line(&mut text, &verified.status().to_string());
            line(&mut text, &verified.created().to_string());
            Ok(text)
        })
    }

    /// The service's clock, from a refusal whose head took so many milliseconds, and whether to sign anew: as JSON.
    #[napi]
    pub fn clock(
        &self,
        status: i64,
        headers: String,
        body: &[u8],
        round_trip: i64,
    ) -> Answer<String> {
        answer("Sent.clock", || {
            let headers = lines(&headers)?;
            let headers: Vec<_> = headers.iter().map(|(n, v)| (&**n, &**v)).collect();
            let answered = Answered {
                status,
                headers: &headers,
                body,
            };
            let (now, sign_anew) = self.0.clock(&answered, round_trip)?;
            Ok(format!("[{now},{sign_anew}]"))
        })
    }
}

#[napi]
impl Content {
    /// Takes the next piece.
    #[napi]
    pub fn update(&self, piece: &[u8]) -> Option<Refusal> {
        done("Content.update", || self.0.update(piece))
    }

    /// All of it came: everything but the claim.
    #[napi]
    pub fn finish(&self) -> Answer<Waiting> {
        answer("Content.finish", || Ok(Waiting::new(self.0.finish()?)))
    }
}
