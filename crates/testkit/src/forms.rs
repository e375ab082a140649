//! Second forms of one signature.

/// The other signature of the same message by the same key on P-256: s taken from the order. It is genuine (SEC 1 section 4.1.4).
///
/// # Panics
///
/// For a signature that is not of 64 bytes.
pub fn p256_twin(signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(32);
    let mut other = vec![0; 32];
    let mut borrow = 0;
    for at in (0..32).rev() {
        let left = i16::from(P256_ORDER[at]) - i16::from(s[at]) - borrow;
        borrow = i16::from(left < 0);
        other[at] = u8::try_from(left.rem_euclid(256)).expect("a byte");
    }
    [r, &other].concat()
}

/// The same signature of Ed25519 with the group's order added to s: the same number to who does not look (RFC 8032 section 5.1.7).
///
/// # Panics
///
/// For a signature that is not of 64 bytes.
pub fn ed25519_plus_order(signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(32);
    let mut more = vec![0; 32];
    let mut carry = 0;
    for at in 0..32 {
        let sum = u16::from(s[at]) + u16::from(ED25519_ORDER[at]) + carry;
        carry = sum >> 8;
        more[at] = u8::try_from(sum & 0xff).expect("a byte");
    }
    assert_eq!(carry, 0, "s is less than the order");
    [r, &more].concat()
}

/// The order of P-256's group, the highest byte first (SEC 2 section 2.4.2).
pub const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
    0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];
/// The order of Ed25519's group, least byte first (RFC 8032 section 5.1).
const ED25519_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];
