//! The stores that run inside the extension, as one type.
use counterseal::core::{Claim, Claimed, Run, Unavailable};
pub enum Store {}
impl Run<Claim> for Store {
    fn run(&self, _: Claim) -> Result<Claimed, Unavailable> {
        match *self {}
    }
}
impl Store {
    pub fn blocks(&self) -> bool {
        match *self {}
    }
}
