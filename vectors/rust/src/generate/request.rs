//! The cases of the operation `verify`, a file for each topic.

mod accepted;
mod components;
mod content;
mod headers;
mod identity;
mod order;
mod parameters;
mod replay;
mod signature;
mod sizes;
mod sockets;
mod target;
mod window;

use super::draft::RequestCase;

pub(super) use sockets::sockets;

/// Topics and their cases.
pub(super) fn files() -> [(&'static str, Vec<RequestCase>); 13] {
    [
        ("accepted", accepted::cases()),
        ("components", components::cases()),
        ("content", content::cases()),
        ("headers", headers::cases()),
        ("identity", identity::cases()),
        ("order", order::cases()),
        ("parameters", parameters::cases()),
        ("replay", replay::cases()),
        ("signature", signature::cases()),
        ("sizes", sizes::cases()),
        ("sockets", sockets::cases()),
        ("target", target::cases()),
        ("window", window::cases()),
    ]
}
