//! Rate limits as plain data.

use std::net::{IpAddr, Ipv4Addr};

use counterseal::core::{KeyId, Step, Time};
use counterseal::limit::{self, Admission, Fields, LimitError, forwarded_address};

use crate::waiting::Plain;
use crate::{ArgumentFault, MAX_ITEMS, Problem, Verdict, Waiting, check_len, number, time};

/// One limit: its name, how fast, and what becomes of requests when its store does not answer.
#[derive(Clone, Copy)]
pub struct Limit(limit::Limit);

/// The members of a limit, as the host gave them.
#[derive(Clone, Default)]
pub struct LimitMembers {
    /// Its name, which is public.
    pub name: String,
    /// How many requests pass at once.
    pub burst: i64,
    /// After how many milliseconds one more passes.
    pub every_ms: i64,
    /// Burst and interval for all networks of one site of version 6; none stands for 16 times as much.
    pub site: Option<(i64, i64)>,
    /// Whether it admits when its store does not answer.
    pub admits_unknown: bool,
    /// Whether it steps aside while its table of cells is crowded.
    pub yields: bool,
}

/// How a request counts.
#[derive(Clone, Copy)]
pub struct Counting {
    /// As how many requests.
    pub cost: i64,
    /// Whether the store is crowded: see [`Store::is_crowded`](crate::Store::is_crowded).
    pub is_crowded: bool,
    /// When, in milliseconds.
    pub now: i64,
}

/// Someone who is within a limit.
#[derive(Clone, Copy)]
pub struct Admitted(limit::Admitted);

impl Limit {
    /// The limit of these members.
    ///
    /// # Errors
    ///
    /// The code of the member that cannot be.
    pub fn new(members: &LimitMembers) -> Result<Self, Problem> {
        let (burst, every_ms) = (
            whole("burst", members.burst)?,
            whole("every_ms", members.every_ms)?,
        );
        let mut limit = limit::Limit::new(&members.name, burst, every_ms)?;
        if let Some((burst, every_ms)) = members.site {
            limit = limit.with_site(whole("site", burst)?, whole("site", every_ms)?)?;
        }
        if members.admits_unknown {
            limit = limit.or_admit();
        }
        if members.yields {
            limit = limit.yielding();
        }
        Ok(Limit(limit))
    }

    /// Whether it steps aside while its table is crowded, so that a host must ask.
    pub const fn yields(&self) -> bool {
        self.0.yields()
    }

    /// Counts a request for a client's address, and for its site's where it has one.
    ///
    /// # Errors
    ///
    /// An argument that cannot be.
    pub fn by_address(&self, client: &str, counting: Counting) -> Result<Waiting, Problem> {
        let fault = ArgumentFault::Choice {
            name: "client",
            wanted: "an address of version 4 or 6",
        };
        let client: IpAddr = client.parse().map_err(|_| fault)?;
        self.begin(counting, |limit, cost, now| {
            limit.by_address(client, cost, now)
        })
    }

    /// Counts a request for a name as people write it.
    ///
    /// # Errors
    ///
    /// An argument that cannot be.
    pub fn by_name(&self, name: &str, counting: Counting) -> Result<Waiting, Problem> {
        self.begin(counting, |limit, cost, now| limit.by_name(name, cost, now))
    }

    /// Counts a request for a key of the host's own.
    ///
    /// # Errors
    ///
    /// An argument that cannot be.
    pub fn by_key(&self, id: &str, counting: Counting) -> Result<Waiting, Problem> {
        let id = KeyId::parse(id)?;
        self.begin(counting, |limit, cost, now| limit.by_key(&id, cost, now))
    }

    fn begin(
        &self,
        counting: Counting,
        ask: impl FnOnce(limit::Limit, u32, Time) -> Step<Admission>,
    ) -> Result<Waiting, Problem> {
        let (cost, now) = (whole("cost", counting.cost)?, time("now", counting.now)?);
        self.0.check_cost(cost)?;
        let limit = self.0.in_crowd(counting.is_crowded);
        Ok(Waiting::new(ask(limit, cost, now), now))
    }
}

impl Admitted {
    /// How many more would pass now; none when nothing was counted.
    pub const fn left(&self) -> Option<u32> {
        self.0.left()
    }

    /// Whether nothing was counted because the limit stepped aside.
    pub const fn stepped_aside(&self) -> bool {
        self.0.stepped_aside()
    }

    /// Fields for the response.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        self.0.fields().as_ref().map(told).unwrap_or_default()
    }
}

impl Plain for Result<limit::Admitted, LimitError> {
    fn plain(self, at: Time) -> Result<Verdict, Problem> {
        match self {
            Ok(admitted) => Ok(Verdict::Admitted(Admitted(admitted))),
            Err(error) => Err(Problem::limited(&error, at)),
        }
    }
}

/// The address of the client of a connection from `peer`, where `hops` proxies of the host's own have written into `field`
/// (`x-forwarded-for` or `forwarded`), whose lines have these values.
///
/// A peer that has no address (a socket of the file system) is 0.0.0.0, and all of those count as one.
///
/// # Errors
///
/// An argument that cannot be.
pub fn client_address(
    peer: Option<&str>,
    field: &str,
    values: &[impl AsRef<str>],
    hops: i64,
) -> Result<String, Problem> {
    check_len("values", values.len(), 0, MAX_ITEMS)?;
    let hops = number("hops", hops, 0, i64::from(u8::MAX))?;
    let hops = u8::try_from(hops).expect("the range was checked");
    let values = values.iter().map(AsRef::as_ref);
    let client = match field {
        "x-forwarded-for" => limit::client_address(address_of(peer), values, hops),
        "forwarded" => forwarded_address(address_of(peer), values, hops),
        _ => {
            return Err(ArgumentFault::Choice {
                name: "field",
                wanted: "x-forwarded-for or forwarded",
            }
            .into());
        }
    };
    Ok(client.to_string())
}

/// The other end of a connection, as operating systems write it: with the zone of an interface or without.
fn address_of(peer: Option<&str>) -> IpAddr {
    let peer = peer.and_then(|peer| peer.split('%').next()?.parse().ok());
    peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

pub(crate) fn told(fields: &Fields) -> Vec<(&'static str, String)> {
    fields
        .iter()
        .map(|(name, value)| (name, value.into()))
        .collect()
}

fn whole(name: &'static str, value: i64) -> Result<u32, ArgumentFault> {
    let value = number(name, value, 0, i64::from(u32::MAX))?;
    Ok(u32::try_from(value).expect("the range was checked"))
}
