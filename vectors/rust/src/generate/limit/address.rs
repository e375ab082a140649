//! Connections, and what proxies and clients write into their fields.

use serde_json::json;

use super::{accepted, case};
use crate::Case;
use crate::limit::{AddressInput, FieldName};

pub(in crate::generate) fn addresses() -> Vec<Case<AddressInput>> {
    [entries(), junk(), counts(), elements()].concat()
}

fn entries() -> Vec<Case<AddressInput>> {
    let one = |id: &str, entry: &str, address: &str| {
        address_case(
            id,
            &["L-8", "Usual"],
            FieldName::XForwardedFor,
            &[entry],
            1,
            address,
        )
    };
    vec![
        one("an-address-of-version-4", "192.0.2.7", "192.0.2.7"),
        one("an-address-of-version-6", "2001:db8::7", "2001:db8::7"),
        one("an-address-in-upper-case", "2001:DB8:0:0::7", "2001:db8::7"),
        one("an-address-with-a-port", "192.0.2.7:443", "192.0.2.7"),
        one("an-address-in-brackets", "[2001:db8::7]", "2001:db8::7"),
        one(
            "an-address-in-brackets-with-a-port",
            "[2001:db8::7]:443",
            "2001:db8::7",
        ),
        one(
            "an-address-with-blanks-around",
            " \t192.0.2.7\t ",
            "192.0.2.7",
        ),
        one(
            "an-address-of-version-4-written-as-6",
            "::ffff:192.0.2.7",
            "192.0.2.7",
        ),
        one(
            "an-address-of-version-4-in-hexadecimal-groups",
            "[::ffff:c000:207]:1",
            "192.0.2.7",
        ),
    ]
}

fn junk() -> Vec<Case<AddressInput>> {
    let junk = |id: &str, entry: &str| {
        address_case(
            id,
            &["L-8", "Junk"],
            FieldName::XForwardedFor,
            &[entry],
            1,
            PEER,
        )
    };
    vec![
        junk("nothing-in-the-field", ""),
        junk("a-comma-alone", ","),
        junk("the-word-unknown", "unknown"),
        junk("a-name-of-a-host", "localhost"),
        junk("three-numbers", "192.0.2"),
        junk("five-numbers", "192.0.2.7.1"),
        junk("a-number-with-a-leading-zero", "192.0.2.07"),
        junk("a-number-of-256", "192.0.2.256"),
        junk("one-hexadecimal-number", "0xc0000207"),
        junk("one-decimal-number", "3221225991"),
        junk("a-port-of-nothing", "192.0.2.7:"),
        junk("a-port-of-65536", "192.0.2.7:65536"),
        junk("a-port-with-a-sign", "192.0.2.7:+1"),
        junk("version-4-in-brackets", "[192.0.2.7]"),
        junk("a-bracket-left-open", "[2001:db8::7"),
        junk("a-zone", "fe80::1%eth0"),
        junk("a-zone-before-a-port", "[fe80::1%2]:443"),
        junk("an-address-in-quotes", "\"192.0.2.7\""),
        junk("two-addresses-without-a-comma", "192.0.2.7 192.0.2.8"),
        junk("digits-of-another-script", "192.0.2.\u{667}"),
        junk("a-blank-beyond-ascii", "192.0.2.7\u{a0}"),
        junk("an-element-of-the-other-field", "for=192.0.2.7"),
    ]
}

fn counts() -> Vec<Case<AddressInput>> {
    let case = |id: &str, values: &[&str], hops: u8, address: &str| {
        address_case(
            id,
            &["L-8"],
            FieldName::XForwardedFor,
            values,
            hops,
            address,
        )
    };
    let lines = ["9.9.9.9, 192.0.2.1", "192.0.2.2,192.0.2.3"];
    vec![
        case("without-proxies-nothing-is-believed", &lines, 0, PEER),
        case("one-proxy-wrote-the-last-entry", &lines, 1, "192.0.2.3"),
        case("two-proxies-wrote-the-last-line", &lines, 2, "192.0.2.2"),
        case("three-proxies-wrote-into-two-lines", &lines, 3, "192.0.2.1"),
        case(
            "fewer-entries-than-proxies",
            &["192.0.2.2,192.0.2.3"],
            3,
            "192.0.2.2",
        ),
        case("no-field-at-all", &[], 1, PEER),
        case(
            "junk-between-two-proxies",
            &["192.0.2.9, junk, 192.0.2.8"],
            3,
            "192.0.2.8",
        ),
        case(
            "junk-before-what-our-proxy-wrote",
            &["\"[,;=\u{7f}, 192.0.2.8"],
            1,
            "192.0.2.8",
        ),
    ]
}

fn elements() -> Vec<Case<AddressInput>> {
    let case = |id: &str, flags: &[&'static str], value: &str, address: &str| {
        address_case(id, flags, FieldName::Forwarded, &[value], 1, address)
    };
    let usual = |id: &str, value: &str, address: &str| case(id, &["L-8", "Usual"], value, address);
    let junk = |id: &str, value: &str| case(id, &["L-8", "Junk"], value, PEER);
    vec![
        usual("an-element-with-version-4", "for=192.0.2.7", "192.0.2.7"),
        usual(
            "an-element-with-a-port",
            "For=\"192.0.2.7:47011\"",
            "192.0.2.7",
        ),
        usual(
            "an-element-with-version-6",
            "for=\"[2001:db8::7]\"",
            "2001:db8::7",
        ),
        usual(
            "an-element-with-four-pairs",
            "proto=https;FOR=\"[2001:db8::7]:4711\";by=_gw;host=\"api.example:8443\"",
            "2001:db8::7",
        ),
        usual(
            "the-last-of-two-elements",
            "for=9.9.9.9, for=192.0.2.7",
            "192.0.2.7",
        ),
        case(
            "a-quote-left-open-by-a-client",
            &["L-8", "Junk"],
            "for=\"9.9.9.9, for=192.0.2.7",
            "192.0.2.7",
        ),
        case(
            "a-quote-left-open-before-one-that-closes",
            &["L-8", "Junk"],
            "for=\"x, for=\"192.0.2.7\"",
            "192.0.2.7",
        ),
        junk("an-address-without-for", "192.0.2.7"),
        junk("an-element-that-hides-the-address", "for=_hidden"),
        junk("an-element-of-unknown", "for=unknown"),
        junk("an-element-with-two-for", "for=192.0.2.7;for=192.0.2.8"),
        junk(
            "an-element-with-a-port-outside-of-quotes",
            "for=192.0.2.7:80",
        ),
        junk(
            "an-element-with-version-6-outside-of-brackets",
            "for=\"2001:db8::7\"",
        ),
        junk(
            "an-element-with-blanks-inside",
            "for=192.0.2.7; proto=https",
        ),
        junk("an-element-without-a-value", "for=192.0.2.7;secure"),
        junk("an-element-with-an-escape", "for=\"192.0.2\\.7\""),
    ]
}

fn address_case(
    id: &str,
    flags: &[&'static str],
    field: FieldName,
    values: &[&str],
    hops: u8,
    address: &str,
) -> Case<AddressInput> {
    let input = AddressInput {
        peer: PEER.parse().expect("an address"),
        field,
        values: values.iter().map(|value| (*value).into()).collect(),
        hops,
    };
    accepted(case(id, flags, input), json!({"address": address}))
}

const PEER: &str = "10.0.0.1";
