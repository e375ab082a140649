//! A limit, and the cells that a request is charged to.

use core::net::IpAddr;

use counterseal_core::{Charge, KeyId, Rate, Space, Step, Time, sha256};

use crate::address::prefixes;
use crate::identity::normal;
use crate::{Admission, LimitName, LimitSetupError};

/// A limit: its name, its rate, and what becomes of requests when its store does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    name: LimitName,
    rate: Rate,
    site: Rate,
    pub(crate) admits_unknown: bool,
    yields: bool,
    /// Whether it steps aside for now.
    pub(crate) is_aside: bool,
}

impl Limit {
    /// The space of this room's charges.
    pub const SPACE: Space = Space::new("limit");

    /// A limit called `name` that lets `burst` requests pass at once and one more every `every_ms` milliseconds, and that
    /// refuses when its store does not answer. Limits of different names have cells of their own; the name is public.
    ///
    /// # Errors
    ///
    /// [`LimitSetupError::Name`], or [`LimitSetupError::Rate`] as [`Rate::new`] has it.
    pub fn new(name: &str, burst: u32, every_ms: u32) -> Result<Self, LimitSetupError> {
        let rate = rate(burst, every_ms)?;
        let site = (burst.saturating_mul(SITE), (every_ms / SITE).max(1));
        Ok(Limit {
            name: LimitName::parse(name)?,
            rate,
            site: Rate::new(site.0, site.1).unwrap_or(rate),
            admits_unknown: false,
            yields: false,
            is_aside: false,
        })
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
    ///
    /// # Errors
    ///
    /// [`LimitSetupError::Rate`].
    pub fn with_site(self, burst: u32, every_ms: u32) -> Result<Self, LimitSetupError> {
        let site = rate(burst, every_ms)?;
        Ok(Limit { site, ..self })
    }

    /// The same limit, which steps aside while its table of cells is crowded: see [`Limit::in_crowd`].
    ///
    /// For requests that a signature protects too. A limit on guesses never yields.
    #[must_use]
    pub const fn yielding(self) -> Self {
        Limit {
            yields: true,
            ..self
        }
    }

    /// The limit for one request, now that its table of cells is crowded or not: one that yields charges nothing in a
    /// crowd, and [`Admitted::stepped_aside`](crate::Admitted::stepped_aside) says so.
    //= docs/spec/limit.md#L-14
    #[must_use]
    pub const fn in_crowd(self, is_crowded: bool) -> Self {
        Limit {
            is_aside: self.yields && is_crowded,
            ..self
        }
    }

    /// Whether it steps aside while its table is crowded; who asks need not count the cells of another.
    pub const fn yields(&self) -> bool {
        self.yields
    }

    /// Whether a request may count as so many: at least one, and no more than ever pass at once.
    ///
    /// # Errors
    ///
    /// [`LimitSetupError::Cost`].
    pub const fn check_cost(&self, cost: u32) -> Result<(), LimitSetupError> {
        if cost == 0 || cost > self.rate.burst() {
            return Err(LimitSetupError::Cost);
        }
        Ok(())
    }

    /// The name.
    pub const fn name(&self) -> LimitName {
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
        let name = self.name.as_str().as_bytes();
        let hash = sha256(&[b"cs-limit/1 ", name, b" ", kind, b" ", whom]);
        Charge {
            space: Self::SPACE,
            key: *hash.first_chunk().expect("32 bytes have 16"),
            cost,
            rate,
            now,
        }
    }
}

fn rate(burst: u32, every_ms: u32) -> Result<Rate, LimitSetupError> {
    Rate::new(burst, every_ms).ok_or(LimitSetupError::Rate)
}

/// How many segments' worth a site may take.
const SITE: u32 = 16;
