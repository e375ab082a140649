//! The operations of the room `limit`.

use std::net::IpAddr;

use counterseal::core::{Charge, Charged, KeyId, Pending, Refusal, Step, Time, Unavailable};
use counterseal::limit::{
    Admission, Admitted, Fields, Limit, LimitError, client_address, forwarded_address,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::bytes::hex;
use crate::request::{Outcome, boxed, input, observed};
use crate::{Case, CaseError, Observation, Reply};

/// A connection and what proxies wrote, for the operation `address`.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddressInput {
    pub(crate) peer: IpAddr,
    pub(crate) field: FieldName,
    /// The values of the lines of that field, in their order.
    pub(crate) values: Vec<String>,
    pub(crate) hops: u8,
}

/// The field that proxies write.
#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum FieldName {
    Forwarded,
    XForwardedFor,
}

/// Whom a request counts for, for the operations `admit` and `tell`.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdmitInput {
    pub(crate) whom: Whom,
    pub(crate) cost: u32,
    /// Whether the table of cells is crowded.
    pub(crate) is_crowded: bool,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Whom {
    Address(IpAddr),
    Key(String),
    Name(String),
}

/// The members of a limit.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitMembers {
    name: String,
    burst: u32,
    every_ms: u32,
    #[serde(default)]
    site: Option<RateMembers>,
    #[serde(default)]
    admits_unknown: bool,
    #[serde(default)]
    yields: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RateMembers {
    burst: u32,
    every_ms: u32,
}

pub(crate) fn address(case: &Case) -> Result<Observation, CaseError> {
    let input: AddressInput = input(case)?;
    let values = input.values.iter().map(String::as_str);
    let client = match input.field {
        FieldName::Forwarded => forwarded_address(input.peer, values, input.hops),
        FieldName::XForwardedFor => client_address(input.peer, values, input.hops),
    };
    Ok(Observation::accepted(
        json!({"address": client.to_string()}),
    ))
}

/// The charges that were made, in their order, and what came of them.
struct Made {
    charges: Vec<Charge>,
    outcome: Outcome<Result<Admitted, LimitError>>,
}

pub(crate) fn admit(case: &Case) -> Result<Observation, CaseError> {
    let made = made(case)?;
    let asked = made.charges.len();
    let outcome = made.outcome.and_then(|admitted| admitted.map_err(boxed));
    let output = outcome.map(|admitted| {
        json!({
            "charges": made.charges.iter().map(charge_output).collect::<Vec<_>>(),
            "left": admitted.left(),
            "stepped_aside": admitted.stepped_aside(),
        })
    });
    Ok(observed(output).asking(asked))
}

/// What the caller is told, whether the request passed or not.
pub(crate) fn tell(case: &Case) -> Result<Observation, CaseError> {
    let made = made(case)?;
    let asked = made.charges.len();
    let now = Time::from_millis(case.now);
    let output = made.outcome.map(|admitted| match admitted {
        Ok(admitted) => json!({"code": null, "headers": headers(admitted.fields().as_ref())}),
        Err(error) => {
            json!({"code": error.code().name, "headers": headers(error.fields(now).as_ref())})
        }
    });
    Ok(observed(output).asking(asked))
}

fn made(case: &Case) -> Result<Made, CaseError> {
    let input: AdmitInput = input(case)?;
    let members = case.policy.clone().ok_or(CaseError::Policy)?;
    let members: LimitMembers = serde_json::from_value(members.into()).map_err(CaseError::Input)?;
    let mut charges = Vec::new();
    let step = match begun(&members, &input, Time::from_millis(case.now)) {
        Ok(step) => step,
        Err(refusal) => {
            return Ok(Made {
                charges,
                outcome: Err(refusal),
            });
        }
    };
    let outcome = Ok(driven(step, &case.replies, &mut charges)?);
    Ok(Made { charges, outcome })
}

fn begun(members: &LimitMembers, input: &AdmitInput, now: Time) -> Outcome<Step<Admission>> {
    let mut limit = Limit::new(&members.name, members.burst, members.every_ms).map_err(boxed)?;
    if let Some(site) = &members.site {
        limit = limit.with_site(site.burst, site.every_ms).map_err(boxed)?;
    }
    if members.admits_unknown {
        limit = limit.or_admit();
    }
    if members.yields {
        limit = limit.yielding();
    }
    limit.check_cost(input.cost).map_err(boxed)?;
    let limit = limit.in_crowd(input.is_crowded);
    Ok(match &input.whom {
        Whom::Address(client) => limit.by_address(*client, input.cost, now),
        Whom::Key(id) => limit.by_key(&KeyId::parse(id).map_err(boxed)?, input.cost, now),
        Whom::Name(name) => limit.by_name(name, input.cost, now),
    })
}

/// The store answers as the case says, and for what it does not say that the cell was empty.
fn driven(
    mut step: Step<Admission>,
    replies: &[Reply],
    charges: &mut Vec<Charge>,
) -> Result<Result<Admitted, LimitError>, CaseError> {
    loop {
        let admission = match step {
            Step::Done(outcome) => return Ok(outcome),
            Step::Need(admission) => admission,
        };
        let charge = admission.op();
        let terms = charge.rate.terms(charge.cost, charge.now);
        let empty = Reply::Taken(terms.now + terms.need);
        let reply = replies.get(charges.len()).copied().unwrap_or(empty);
        charges.push(charge);
        step = admission.finish(answer(&charge, reply)?);
    }
}

/// What a store makes of the level that it left behind.
fn answer(charge: &Charge, reply: Reply) -> Result<Result<Charged, Unavailable>, CaseError> {
    let terms = charge.rate.terms(charge.cost, charge.now);
    match reply {
        Reply::Taken(level) => Ok(Ok(terms.answer(true, level))),
        Reply::Over(level) => Ok(Ok(terms.answer(false, level))),
        Reply::Unavailable => Ok(Err(Unavailable)),
        _ => Err(CaseError::Reply),
    }
}

/// What a statement of this charge says.
fn charge_output(charge: &Charge) -> Value {
    let terms = charge.rate.terms(charge.cost, charge.now);
    json!({
        "space": charge.space.name(),
        "key": hex(&charge.key),
        "now": terms.now,
        "full": terms.full,
        "last": terms.last,
        "need": terms.need,
        "jumped": terms.jumped,
    })
}

fn headers(fields: Option<&Fields>) -> Value {
    let fields = fields.into_iter().flat_map(Fields::iter);
    json!(fields.collect::<Vec<_>>())
}
