//! Rate limits.

use counterseal_shared::{self as shared, Counting, LimitMembers};
use napi_derive::napi;

use crate::answer::{Answer, answer, line};
use crate::waiting::Waiting;

/// How many requests pass at once, and how fast more do.
#[napi]
pub struct Limit(shared::Limit);

/// The members of a limit beyond its name; what is left out has its default.
#[napi(object, object_to_js = false)]
pub struct LimitOptions {
    /// How many requests pass at once.
    pub burst: i64,
    /// After how many milliseconds one more passes.
    pub every_ms: i64,
    /// Burst and interval for all networks of one site of version 6.
    pub site: Option<Vec<i64>>,
    /// Whether it admits when its store does not answer.
    pub admits_unknown: bool,
    /// Whether it steps aside while its table of cells is crowded.
    pub yields: bool,
}

/// How a request counts.
#[napi(object, object_to_js = false)]
pub struct CountOptions {
    /// As how many requests.
    pub cost: i64,
    /// Whether the table of cells is crowded.
    pub is_crowded: bool,
    /// When, in milliseconds.
    pub now: i64,
}

/// Someone who is within a limit: U+0001, and then one on a line: how many more would pass now (empty when nothing was
/// counted), whether the limit stepped aside, and the name and the value of each field for the response. No proof
/// begins with U+0001.
pub(crate) type Admission = String;

#[napi]
impl Limit {
    /// The limit of these members.
    #[napi]
    pub fn create(name: String, options: LimitOptions) -> Answer<Limit> {
        answer("Limit.create", || {
            Ok(Limit(shared::Limit::new(&LimitMembers {
                name,
                burst: options.burst,
                every_ms: options.every_ms,
                site: options.site.and_then(pair),
                admits_unknown: options.admits_unknown,
                yields: options.yields,
            })?))
        })
    }

    /// Counts a request for a client's address.
    #[napi]
    pub fn by_address(&self, client: String, options: CountOptions) -> Answer<Waiting> {
        answer("Limit.byAddress", || {
            Ok(Waiting::new(
                self.0.by_address(&client, options.counting())?,
            ))
        })
    }

    /// Counts a request for a key of the host's own.
    #[napi]
    pub fn by_key(&self, id: String, options: CountOptions) -> Answer<Waiting> {
        answer("Limit.byKey", || {
            Ok(Waiting::new(self.0.by_key(&id, options.counting())?))
        })
    }

    /// Counts a request for a name as people write it.
    #[napi]
    pub fn by_name(&self, name: String, options: CountOptions) -> Answer<Waiting> {
        answer("Limit.byName", || {
            Ok(Waiting::new(self.0.by_name(&name, options.counting())?))
        })
    }

    /// The address of the client, where `hops` proxies of the host's own have written into `field`.
    #[napi]
    pub fn client_address(
        peer: Option<String>,
        field: String,
        values: Vec<String>,
        hops: i64,
    ) -> Answer<String> {
        answer("Limit.clientAddress", || {
            shared::client_address(peer.as_deref(), &field, &values, hops)
        })
    }
}

impl CountOptions {
    const fn counting(&self) -> Counting {
        Counting {
            cost: self.cost,
            is_crowded: self.is_crowded,
            now: self.now,
        }
    }
}

/// The text of someone who is within a limit.
pub(crate) fn admission(admitted: &shared::Admitted) -> Admission {
    let left = admitted.left().map(|left| left.to_string());
    let mut text = String::from('\u{1}');
    line(&mut text, &left.unwrap_or_default());
    line(
        &mut text,
        if admitted.stepped_aside() {
            "aside"
        } else {
            ""
        },
    );
    for (name, value) in admitted.headers() {
        line(&mut text, name);
        line(&mut text, &value);
    }
    text
}

/// The facade hands over two.
fn pair(site: Vec<i64>) -> Option<(i64, i64)> {
    let [burst, every_ms] = <[i64; 2]>::try_from(site).ok()?;
    Some((burst, every_ms))
}
