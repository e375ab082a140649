//! The raw messages of the vectors, byte for byte, to real servers.
//!
//! Each server verifies by the case in a file, which is written before each message, and names the exact code in the
//! field `X-Code` of its answer. An answer without that field is the server's own.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::Value;

use crate::demo::server::{Server, exchange, free_address};
use crate::demo::site;
use crate::shell::{Done, Run, Stop, at};
use crate::{python, setup, vectors};

/// A kind of server.
struct Kind {
    /// What vectors call it.
    name: &'static str,
    run: fn(SocketAddr) -> Run,
}

const KINDS: &[Kind] = &[
    Kind {
        name: "uvicorn",
        run: uvicorn,
    },
    Kind {
        name: "node",
        run: node,
    },
    Kind {
        name: "next",
        run: |address| site::next_start(NEXT, address),
    },
];

/// Who answered a message, and with which code.
#[derive(PartialEq)]
enum Answer {
    Room(String),
    Server,
}

/// Sends each raw message to each kind of server.
pub(crate) fn run() -> Done {
    python::package()?;
    site::install()?;
    site::build_app("sockets", NEXT)?;
    let cases = vectors::cases()?;
    let cases: Vec<_> = cases
        .iter()
        .filter(|case| case["raw"].is_string())
        .collect();
    if cases.len() < FEWEST {
        let count = cases.len();
        return Err(Stop::failed(format!(
            "{count} raw messages are too few to show much"
        )));
    }
    let differing = KINDS.iter().map(|kind| run_kind(kind, &cases));
    match differing.sum::<Result<usize, Stop>>()? {
        0 => Ok(()),
        differ => Err(Stop::failed(format!(
            "{differ} answers over sockets are others than expected"
        ))),
    }
}

/// Sends each message to a server of this kind, and counts the answers that are not the expected ones.
fn run_kind(kind: &Kind, cases: &[&Value]) -> Result<usize, Stop> {
    let address = free_address()?;
    let file = at("target/sockets").join(kind.name).with_extension("json");
    let mut server = Server::start(kind.name, address, (kind.run)(address).env("CASE", &file))?;
    // Next.js takes connections before it has made itself ready to verify.
    let answers =
        |address| answer(address, &file, cases[0]).is_ok_and(|answer| answer != Answer::Server);
    server.wait_until(answers)?;
    let (mut differ, mut refused_by_server) = (0, 0);
    for case in cases {
        let (wanted, got) = (wanted(kind, case), answer(address, &file, case)?);
        refused_by_server += usize::from(got == Answer::Server);
        if got != wanted {
            differ += 1;
            println!(
                "{}: {}: expected {wanted}, got {got}",
                kind.name, case["id"]
            );
        }
    }
    let (name, count) = (kind.name, cases.len());
    println!(
        "{name}: {count} raw messages, {refused_by_server} refused by the server itself, {differ} differ"
    );
    Ok(differ)
}

/// What the case expects of this kind of server.
fn wanted(kind: &Kind, case: &Value) -> Answer {
    let socket = &case["sockets"][kind.name];
    if socket["layer"] == "server" {
        return Answer::Server;
    }
    let code = socket["code"].as_str().or(case["expect"]["code"].as_str());
    Answer::Room(code.unwrap_or(ACCEPTED).into())
}

/// Sends the case's message on a connection of its own.
fn answer(address: SocketAddr, file: &Path, case: &Value) -> Result<Answer, Stop> {
    setup::write(file, case.to_string().as_bytes())?;
    let raw = case["raw"].as_str().unwrap_or_default();
    // Each character is the byte of its number.
    let raw: Vec<u8> = raw.chars().filter_map(|c| u8::try_from(c).ok()).collect();
    let answer = exchange(address, &raw);
    let answer = answer.map_err(|error| Stop::failed(format!("{}: {error}", case["id"])))?;
    Answer::read(&String::from_utf8_lossy(&answer)).ok_or_else(|| {
        Stop::failed(format!(
            "{}: an answer that is no refusal and has no code",
            case["id"]
        ))
    })
}

impl Answer {
    /// None for an answer that is good and has no code, which neither of the two gives.
    fn read(answer: &str) -> Option<Self> {
        let (head, _) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap_or_default();
        let is_code = |line: &str| {
            line.to_ascii_lowercase()
                .strip_prefix("x-code: ")
                .map(String::from)
        };
        match lines.find_map(is_code) {
            Some(code) => Some(Answer::Room(code)),
            None if status.starts_with("HTTP/1.1 2") => None,
            None => Some(Answer::Server),
        }
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Answer::Room(code) => f.write_str(code),
            Answer::Server => f.write_str("a refusal by the server"),
        }
    }
}

fn uvicorn(address: SocketAddr) -> Run {
    let uvicorn = python::program("uvicorn").words("judge:app --no-access-log --log-level warning");
    let uvicorn = uvicorn.args([
        "--host",
        &address.ip().to_string(),
        "--port",
        &address.port().to_string(),
    ]);
    uvicorn.within(at(SOCKETS))
}

fn node(address: SocketAddr) -> Run {
    let node = Run::new("node").args(["judge.mjs", &address.port().to_string()]);
    node.within(at(SOCKETS))
}

/// With fewer messages something went missing.
const FEWEST: usize = 30;
const ACCEPTED: &str = "request_accepted";
const NEXT: &str = "examples/sockets/next";
const SOCKETS: &str = "examples/sockets";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(answer: &str) -> Option<String> {
        Answer::read(answer).map(|answer| answer.to_string())
    }

    #[test]
    fn an_answer_with_a_code_is_the_rooms() {
        let answer = "HTTP/1.1 401 Unauthorized\r\nx-code: request_replayed\r\n\r\n";
        assert_eq!(read(answer).as_deref(), Some("request_replayed"));
    }

    #[test]
    fn a_refusal_or_an_end_without_a_code_is_the_servers() {
        for answer in [
            "HTTP/1.1 400 Bad Request\r\n\r\n",
            "HTTP/1.1 308 \r\n\r\n",
            "",
        ] {
            assert!(Answer::read(answer) == Some(Answer::Server), "{answer}");
        }
    }

    #[test]
    fn a_good_answer_without_a_code_is_neither() {
        assert_eq!(
            read("HTTP/1.1 200 OK\r\n\r\nx-code: request_replayed"),
            None
        );
    }
}
