//! Addresses: which one is the client's, and which of them count as one.

use core::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The address of the client, where `hops` proxies of ours stand between it and this service.
///
/// `peer` is the other end of the connection, and `forwarded` are the values of the `X-Forwarded-For` fields in the order in
/// which they came. Each of our proxies has added the address that it saw to the end, so the client's own is the entry
/// number `hops` from the end; what stands before it was written by whoever liked to. Without proxies of ours nothing of it is
/// believed.
///
/// An entry is an address, with or without a port. Where there are fewer of them, or one of them is none, the client's is the
/// last address before it: that of a proxy, with whose other clients it shares a cell.
//= docs/spec/limit.md#L-8
pub fn client_address<'a, I>(peer: IpAddr, forwarded: I, hops: u8) -> IpAddr
where
    I: IntoIterator<Item = &'a str, IntoIter: DoubleEndedIterator>,
{
    let fields = forwarded.into_iter().rev();
    let entries = fields.flat_map(|field| field.rsplit(','));
    let known = entries.take(usize::from(hops)).map_while(entry);
    known.last().unwrap_or(peer).to_canonical()
}

/// An entry of the field: `192.0.2.7`, `192.0.2.7:443`, `2001:db8::7`, `[2001:db8::7]` or `[2001:db8::7]:443`.
fn entry(text: &str) -> Option<IpAddr> {
    let text = text.trim_matches(BLANKS);
    if text.len() > LONGEST {
        return None;
    }
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    match bare {
        Some(bare) => bare.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => text.parse().ok().or_else(|| with_port(text)),
    }
}

/// An address of version 6 may have the zone of an interface before its port, which means nothing to another host.
pub(crate) fn with_port(text: &str) -> Option<IpAddr> {
    let socket: SocketAddr = text.parse().ok()?;
    (!text.contains('%')).then(|| socket.ip())
}

/// Addresses that count as one, from the narrowest: that of version 4 itself, and of version 6 the network of a site's
/// segment (/64) and of the site (/48), because whoever has one address there has all of them.
//= docs/spec/limit.md#L-9
pub(crate) fn prefixes(address: IpAddr) -> (Prefix, Option<Prefix>) {
    match address.to_canonical() {
        IpAddr::V4(four) => (prefix(32, &four.octets()), None),
        IpAddr::V6(six) => {
            let octets = six.octets();
            (prefix(64, &octets[..8]), Some(prefix(48, &octets[..6])))
        }
    }
}

/// The number of bits, and the bits: no two prefixes are written alike.
pub(crate) type Prefix = [u8; 9];

fn prefix(bits: u8, octets: &[u8]) -> Prefix {
    let mut prefix = [0; 9];
    prefix[0] = bits;
    prefix[1..=octets.len()].copy_from_slice(octets);
    prefix
}

/// The blanks around an entry.
pub(crate) const BLANKS: [char; 2] = [' ', '\t'];
/// `[` 39 characters of version 6 `]:` 5 digits.
const LONGEST: usize = 47;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    fn client(forwarded: &[&str], hops: u8) -> alloc::string::String {
        let peer = "10.0.0.1".parse().expect("an address");
        client_address(peer, forwarded.iter().copied(), hops).to_string()
    }

    #[test]
    fn the_entry_is_counted_from_the_end() {
        let forwarded = ["9.9.9.9, 192.0.2.1", "192.0.2.2,192.0.2.3"];
        for (hops, address) in [
            (0, "10.0.0.1"),
            (1, "192.0.2.3"),
            (2, "192.0.2.2"),
            (3, "192.0.2.1"),
            (4, "9.9.9.9"),
            (5, "9.9.9.9"),
            (255, "9.9.9.9"),
        ] {
            assert_eq!(client(&forwarded, hops), address, "{hops}");
        }
        assert_eq!(client(&[], 2), "10.0.0.1");
    }

    #[test]
    fn an_entry_has_an_address_with_or_without_a_port() {
        for (entry, address) in [
            ("192.0.2.7", "192.0.2.7"),
            (" \t192.0.2.7 ", "192.0.2.7"),
            ("192.0.2.7:443", "192.0.2.7"),
            ("2001:db8::7", "2001:db8::7"),
            ("2001:DB8:0::7", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:443", "2001:db8::7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("[::ffff:c000:207]:1", "192.0.2.7"),
        ] {
            assert_eq!(client(&[entry], 1), address, "{entry}");
        }
    }

    #[test]
    fn what_is_no_address_counts_for_the_proxy_that_sent_it() {
        for junk in [
            "",
            ",",
            "unknown",
            "_hidden",
            "192.0.2.7.",
            "192.0.2",
            "192.0.2.07",
            "0x7f000001",
            "3221225991",
            "192.0.2.7:",
            "192.0.2.7:65536",
            "192.0.2.7:+1",
            "[192.0.2.7]",
            "[2001:db8::7",
            "2001:db8::7]",
            "fe80::1%eth0",
            "[fe80::1%2]:443",
            "\"192.0.2.7\"",
            "192.0.2.7\u{660}",
            "192.0.2.7\u{a0}",
            "192.0.2.7 192.0.2.8",
        ] {
            assert_eq!(client(&[junk], 1), "10.0.0.1", "{junk}");
            let before = ["192.0.2.9", junk, "192.0.2.8"];
            assert_eq!(client(&before, 3), "192.0.2.8", "{junk}");
        }
    }

    #[test]
    fn p08_a_network_of_version_6_counts_as_one() {
        let of = |text: &str| prefixes(text.parse().expect("an address"));
        let (segment, site) = of("2001:db8:1:2::1");
        assert_eq!(of("2001:db8:1:2:ffff:ffff:ffff:ffff"), (segment, site));
        let (other, same) = of("2001:db8:1:3::1");
        assert!(other != segment && same == site);
        assert_ne!(of("2001:db8:2:2::1").1, site);
        assert_eq!(of("::ffff:192.0.2.7"), of("192.0.2.7"));
        assert_ne!(of("192.0.2.8"), of("192.0.2.7"));
    }

    proptest! {
        #[test]
        fn what_a_client_writes_before_the_proxies_entry_changes_nothing(text in "[ -~]{0,40}", hops in 1u8..4) {
            let trusted = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];
            let ours = trusted[..usize::from(hops)].join(", ");
            let forwarded = [&*text, &*ours];
            prop_assert_eq!(client(&forwarded, hops), "192.0.2.1");
        }
    }
}
