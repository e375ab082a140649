//! The field `Forwarded` (RFC 7239).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::address::{BLANKS, with_port};

/// The address of the client by the field `Forwarded`, otherwise as [`client_address`](crate::client_address) has it.
///
/// Each of our proxies has added an element to the end, whose `for` is an address. An element that is not written by the
/// grammar, has no `for` or two of them, or hides the address (`unknown`, `_name`), counts as none.
//= docs/spec/limit.md#L-8
pub fn forwarded_address<'a, I>(peer: IpAddr, forwarded: I, hops: u8) -> IpAddr
where
    I: IntoIterator<Item = &'a str, IntoIter: DoubleEndedIterator>,
{
    let elements = forwarded.into_iter().rev().flat_map(Elements::of);
    let known = elements.take(usize::from(hops)).map_while(element);
    known.last().unwrap_or(peer).to_canonical()
}

/// The elements of a value from its end, where our proxies write. Quotes are paired from there too, so that one which a
/// client leaves open hides nothing.
struct Elements<'a>(Option<&'a str>);

impl<'a> Elements<'a> {
    const fn of(value: &'a str) -> Self {
        Elements(Some(value))
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.0?;
        let mut is_quoted = false;
        let comma = text.rfind(|letter| {
            is_quoted ^= letter == '"';
            letter == ',' && !is_quoted
        });
        self.0 = comma.map(|at| &text[..at]);
        Some(comma.map_or(text, |at| &text[at + 1..]))
    }
}

/// The one `for` of an element, if all of it is pairs.
fn element(text: &str) -> Option<IpAddr> {
    let text = text.trim_matches(BLANKS);
    if text.len() > LONGEST {
        return None;
    }
    let mut found = None;
    for pair in text.split(';') {
        let (name, value) = pair.split_once('=')?;
        let value = value_of(value).filter(|_| is_token(name))?;
        if name.eq_ignore_ascii_case("for") && found.replace(value).is_some() {
            return None;
        }
    }
    node(found?)
}

/// A token, or what stands in quotes with nothing to unescape.
fn value_of(text: &str) -> Option<&str> {
    if is_token(text) {
        return Some(text);
    }
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains(['"', '\\'])).then_some(inner)
}

/// RFC 7239 section 6: version 6 stands in brackets.
fn node(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    if let Some(bare) = bare {
        return bare.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    let four = text.parse::<Ipv4Addr>().ok().map(IpAddr::V4);
    four.or_else(|| with_port(text))
}

/// RFC 9110 section 5.6.2.
fn is_token(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(fits)
}

/// An element with all four pairs, and a long name of a host.
const LONGEST: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::{String, ToString};
    use proptest::prelude::*;

    fn client(forwarded: &[&str], hops: u8) -> String {
        let peer = "10.0.0.1".parse().expect("an address");
        forwarded_address(peer, forwarded.iter().copied(), hops).to_string()
    }

    #[test]
    fn an_element_has_its_address_in_for() {
        for (element, address) in [
            ("for=192.0.2.1", "192.0.2.1"),
            ("For=\"192.0.2.1:47011\"", "192.0.2.1"),
            ("for=\"[2001:db8::7]\"", "2001:db8::7"),
            (
                "proto=https;FOR=\"[2001:db8::7]:4711\";by=_gw;host=\"api.example:8443\"",
                "2001:db8::7",
            ),
            ("for=\"[::ffff:192.0.2.1]\"", "192.0.2.1"),
            ("for=9.9.9.9,\tfor=192.0.2.1 ", "192.0.2.1"),
        ] {
            assert_eq!(client(&[element], 1), address, "{element}");
        }
        let both = ["for=9.9.9.9, for=192.0.2.1", "for=192.0.2.2;proto=https"];
        assert_eq!(client(&both, 2), "192.0.2.1");
        assert_eq!(client(&both, 0), "10.0.0.1");
        assert_eq!(client(&both, 9), "9.9.9.9");
    }

    #[test]
    fn what_is_no_element_counts_for_the_proxy_that_sent_it() {
        for junk in [
            "",
            "192.0.2.1",
            "for=unknown",
            "for=_hidden",
            "for=",
            "for",
            "for=192.0.2.1:80",
            "for=[2001:db8::1]",
            "for=\"2001:db8::1\"",
            "for=\"[192.0.2.1]\"",
            "for=\"[fe80::1%eth0]\"",
            "for=\"192.0.2.1",
            "for=192.0.2.1\"",
            "for=192.0.2.1;for=192.0.2.2",
            "for=192.0.2.1; proto=https",
            "for=192.0.2.1;",
            "by=192.0.2.1",
            "for=\"192.0.2\\.1\"",
            "for = 192.0.2.1",
            "for=192.0.2.1;host=\"a;b\"",
        ] {
            assert_eq!(client(&[junk], 1), "10.0.0.1", "{junk}");
        }
    }

    #[test]
    fn a_quote_that_a_client_leaves_open_hides_no_proxy() {
        for before in [
            "for=\"",
            "for=\"9.9.9.9",
            "\"",
            "for=\"a\\\"",
            "for=1.1.1.1;host=\"a,b",
        ] {
            for ours in ["for=192.0.2.1", "for=\"192.0.2.1\""] {
                assert_eq!(
                    client(&[&format!("{before}, {ours}")], 1),
                    "192.0.2.1",
                    "{before}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn what_a_client_writes_before_the_proxies_element_changes_nothing(text in "[ -~]{0,40}") {
            let value = format!("{text},for=\"[2001:db8::7]:443\";proto=https");
            prop_assert_eq!(client(&[&value], 1), "2001:db8::7");
        }
    }
}
