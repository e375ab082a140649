//! The one MAC that RFC 9421 publishes. Its signature has no nonce, `alg` or tag, so it is no request of
//! the profile and stands here alone.

#![allow(clippy::unwrap_used)] // helpers of tests

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterseal::core::{MacKey, Secret};

#[test]
fn rfc_9421_appendix_b_2_5_is_the_mac_of_its_base() {
    let secret =
        "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";
    let base = "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\
        \"@authority\": example.com\n\
        \"content-type\": application/json\n\
        \"@signature-params\": (\"date\" \"@authority\" \"content-type\");created=1618884473;keyid=\"test-shared-secret\"";
    let key = MacKey::new(&Secret::new(STANDARD.decode(secret).unwrap())).unwrap();
    let tag = STANDARD.encode(key.tag(base.as_bytes()));
    assert_eq!(tag, "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=");
}
