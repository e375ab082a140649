//! A limit, and the cells that a request is charged to.

use core::net::IpAddr;

use counterseal_core::{Charge, KeyId, Rate, Space, Step, Time, sha256};

use crate::Admission;
use crate::address::prefixes;
use crate::identity::normal;

/// A limit: its name, its rate, and what becomes of requests when its store does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    name: Space,
    rate: Rate,
    site: Rate,
    pub(crate) admits_unknown: bool,
}

impl Limit {
    /// A limit that refuses when its store does not answer. Limits of different names have cells of their own.
    pub fn new(name: Space, rate: Rate) -> Self {
        let (burst, every) = (rate.burst().saturating_mul(SITE), rate.every_ms() / SITE);
        Limit {
            name,
            rate,
            site: Rate::new(burst, every.max(1)).unwrap_or(rate),
            admits_unknown: false,
        }
    }

    /// The same limit, which admits when its store does not answer: for what is protected by other means too.
    #[must_use]
    pub const fn or_admit(self) -> Self {
        Limit {
            admits_unknown: true,
            ..self
        }
    }

    /// The same limit with another rate for a site's whole network of version 6 (/48); it is 16 times that of one
    /// segment unless said.
    #[must_use]
    pub const fn with_site(self, site: Rate) -> Self {
        Limit { site, ..self }
    }

    /// The name.
    pub const fn name(&self) -> Space {
        self.name
    }

    /// The rate for one address of version 4, segment of version 6, or identity.
    pub const fn rate(&self) -> Rate {
        self.rate
    }

    /// Charges `cost` to the client's address, and to its site's where it has one.
    pub fn by_address(&self, client: IpAddr, cost: u32, now: Time) -> Step<Admission> {
        let (own, site) = prefixes(client);
        let own = self.charge(b"address", &own, self.rate, cost, now);
        let site = site.map(|site| self.charge(b"address", &site, self.site, cost, now));
        Admission::begin(*self, own, site)
    }

    /// Charges `cost` to a key of this program's own.
    pub fn by_key(&self, key: &KeyId, cost: u32, now: Time) -> Step<Admission> {
        let key = self.charge(b"key", key.as_str().as_bytes(), self.rate, cost, now);
        Admission::begin(*self, key, None)
    }

    /// Charges `cost` to a name as people write it, for example that of an account: spellings that differ in case, white
    /// space, width or invisible characters count as one.
    pub fn by_name(&self, name: &str, cost: u32, now: Time) -> Step<Admission> {
        let name = self.charge(b"name", normal(name).as_bytes(), self.rate, cost, now);
        Admission::begin(*self, name, None)
    }

    /// The cell's key is a hash, so that a store learns no names and no addresses that it cannot guess.
    //= docs/spec/limit.md#L-11
    fn charge(&self, kind: &[u8], whom: &[u8], rate: Rate, cost: u32, now: Time) -> Charge {
        let hash = sha256(&[b"cs-limit/1 ", kind, b" ", whom]);
        Charge {
            space: self.name,
            key: *hash.first_chunk().expect("32 bytes have 16"),
            cost,
            rate,
            now,
        }
    }
}

/// How many segments' worth a site may take.
const SITE: u32 = 16;
