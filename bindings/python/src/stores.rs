use crate::{args::Any, errors::Guarded};
use std::sync::Arc;
pub(crate) fn store(_: &Any<'_>) -> Guarded<Arc<counterseal_shared::Store>> {
    Err(crate::args::wrong("store", "x").into())
}
