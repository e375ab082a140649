//! The stores that run inside the addon.

use std::sync::Arc;

use counterseal_shared::{self as shared, RingMembers, WindowMembers};
use napi_derive::napi;

use crate::answer::{Answer, answer};

/// A store of this process or of this host.
#[napi]
pub struct Store(pub(crate) Arc<shared::Store>);

/// Sizes and window of a store; what is left out has its default.
#[napi(object, object_to_js = false)]
pub struct StoreOptions {
    /// How many nonces a store in memory may hold.
    pub capacity: Option<i64>,
    /// How far ahead `created` may be.
    pub future_seconds: Option<i64>,
    /// How many claims one key may win in 15 s.
    pub owner_cap: Option<i64>,
    /// How old `created` may be.
    pub past_seconds: Option<i64>,
    /// Requests per second that a ring is made for.
    pub per_second: Option<i64>,
}

/// How full a ring is.
#[napi(object, object_from_js = false)]
pub struct Gauge {
    /// Slots.
    pub capacity: i64,
    /// Slots in use.
    pub live: i64,
    /// Slots of one generation.
    pub generation: i64,
    /// Slots in use of the fullest generation.
    pub fullest: i64,
}

/// How many cells of a table of limits are not empty.
#[napi(object, object_from_js = false)]
pub struct CellGauge {
    /// All of them.
    pub cells: i64,
    /// Those that are not empty.
    pub hot: i64,
}

#[napi]
impl Store {
    /// Nonces and keys in the memory of this process.
    #[napi]
    pub fn memory(options: StoreOptions, now: i64) -> Answer<Store> {
        answer("Store.memory", || {
            let store = shared::Store::memory(options.capacity, options.window(), now)?;
            Ok(Store(Arc::new(store)))
        })
    }

    /// A ring of this process.
    #[napi]
    pub fn ring(options: StoreOptions, now: i64, seed: &[u8]) -> Answer<Store> {
        answer("Store.ring", || {
            let store = shared::Store::ring(options.ring(), options.window(), now, seed)?;
            Ok(Store(Arc::new(store)))
        })
    }

    /// A ring in a file.
    #[napi]
    pub fn shared(path: String, options: StoreOptions, now: i64, seed: &[u8]) -> Answer<Store> {
        answer("Store.shared", || {
            let (ring, window) = (options.ring(), options.window());
            let store = shared::Store::shared(&path, ring, window, now, seed)?;
            Ok(Store(Arc::new(store)))
        })
    }

    /// Nonces and keys in a database file.
    #[napi]
    pub fn sqlite(path: String, options: StoreOptions, now: i64) -> Answer<Store> {
        answer("Store.sqlite", || {
            let store = shared::Store::sqlite(&path, options.window(), now)?;
            Ok(Store(Arc::new(store)))
        })
    }

    /// Counts of limits in the memory of this process.
    #[napi]
    pub fn cells(cells: Option<i64>, seed: &[u8]) -> Answer<Store> {
        answer("Store.cells", || {
            Ok(Store(Arc::new(shared::Store::cells(cells, seed)?)))
        })
    }

    /// Counts of limits in a file.
    #[napi]
    pub fn shared_cells(path: String, cells: Option<i64>, seed: &[u8]) -> Answer<Store> {
        answer("Store.sharedCells", || {
            let store = shared::Store::shared_cells(&path, cells, seed)?;
            Ok(Store(Arc::new(store)))
        })
    }

    /// Whether limits that yield step aside.
    #[napi]
    pub fn is_crowded(&self, now: i64) -> Answer<bool> {
        answer("Store.isCrowded", || self.0.is_crowded(now))
    }

    /// How many cells are hot.
    #[napi]
    pub fn cell_gauge(&self, now: i64) -> Answer<CellGauge> {
        answer("Store.cellGauge", || {
            let gauge = self.0.cell_gauge(now)?.unwrap_or_default();
            Ok(CellGauge {
                cells: count(gauge.cells),
                hot: count(gauge.hot),
            })
        })
    }

    /// How full the ring is.
    #[napi]
    pub fn gauge(&self) -> Answer<Gauge> {
        answer("Store.gauge", || {
            let gauge = self.0.gauge().unwrap_or_default();
            Ok(Gauge {
                capacity: count(gauge.capacity),
                live: count(gauge.live),
                generation: count(gauge.generation),
                fullest: count(gauge.fullest),
            })
        })
    }

    /// Deletes claims that are over, and counts them.
    #[napi]
    pub fn sweep(&self, now: i64, limit: i64) -> Answer<i64> {
        answer("Store.sweep", || Ok(count(self.0.sweep(now, limit)?)))
    }

    /// Deletes cells of limits that are empty, and counts them.
    #[napi]
    pub fn sweep_cells(&self, now: i64, limit: i64) -> Answer<i64> {
        answer("Store.sweepCells", || {
            Ok(count(self.0.sweep_cells(now, limit)?))
        })
    }
}

impl StoreOptions {
    fn ring(&self) -> RingMembers {
        RingMembers {
            per_second: self.per_second,
            owner_cap: self.owner_cap,
        }
    }

    pub(crate) fn window(&self) -> WindowMembers {
        WindowMembers {
            past_seconds: self.past_seconds,
            future_seconds: self.future_seconds,
        }
    }
}

/// A number of slots or rows; a JavaScript number holds each that fits into memory.
fn count(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
