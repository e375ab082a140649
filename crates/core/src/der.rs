//! The DER forms of keys. Those of a curve have a fixed length, so they are compared and not parsed.

use alloc::vec::Vec;

/// `SubjectPublicKeyInfo { id-Ed25519, .. }` up to its 32 bytes (RFC 8410 section 4).
pub(crate) const ED25519_PUBLIC: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
/// `SubjectPublicKeyInfo { id-ecPublicKey, secp256r1, .. }` up to x (RFC 5480 section 2).
pub(crate) const P256_PUBLIC: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];
/// The same with secp384r1.
pub(crate) const P384_PUBLIC: [u8; 24] = [
    0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b,
    0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00, 0x04,
];
/// `PrivateKeyInfo { id-Ed25519, .. }` up to the 32 bytes of the seed (RFC 8410 section 7), without attributes.
pub(crate) const ED25519_PRIVATE: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
/// `PrivateKeyInfo { id-ecPublicKey, secp256r1, ECPrivateKey { 1, .. } }` up to the 32 bytes of the number (RFC 5915
/// section 3, RFC 5958 section 2).
pub(crate) const P256_PRIVATE: [u8; 36] = [
    0x30, 0x81, 0x87, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
    0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x6d, 0x30, 0x6b, 0x02,
    0x01, 0x01, 0x04, 0x20,
];
/// What follows that number, up to x.
pub(crate) const P256_PRIVATE_POINT: [u8; 6] = [0xa1, 0x44, 0x03, 0x42, 0x00, 0x04];
/// The same with secp384r1, and the 48 bytes of its number.
pub(crate) const P384_PRIVATE: [u8; 35] = [
    0x30, 0x81, 0xb6, 0x02, 0x01, 0x00, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
    0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22, 0x04, 0x81, 0x9e, 0x30, 0x81, 0x9b, 0x02, 0x01,
    0x01, 0x04, 0x30,
];
/// What follows that number, up to x.
pub(crate) const P384_PRIVATE_POINT: [u8; 6] = [0xa1, 0x64, 0x03, 0x62, 0x00, 0x04];

/// Modulus and exponent of a `SubjectPublicKeyInfo { rsaEncryption, NULL, RSAPublicKey }` (RFC 8017 appendix A.1), without
/// the zero that keeps a number positive.
pub(crate) fn rsa_public(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (info, rest) = element(SEQUENCE, der)?;
    let key = info.strip_prefix(&RSA_ALGORITHM)?;
    let (bits, after) = element(BIT_STRING, key)?;
    let (numbers, last) = element(SEQUENCE, bits.strip_prefix(&[0])?)?;
    let (modulus, tail) = positive(numbers)?;
    let (exponent, end) = positive(tail)?;
    let is_whole = [rest, after, last, end].iter().all(|left| left.is_empty());
    is_whole.then_some((modulus, exponent))
}

/// The same, written.
pub(crate) fn rsa_public_of(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let numbers = [integer(modulus), integer(exponent)].concat();
    let key = [&[0][..], &wrapped(SEQUENCE, &numbers)].concat();
    let info = [&RSA_ALGORITHM[..], &wrapped(BIT_STRING, &key)].concat();
    wrapped(SEQUENCE, &info)
}

/// What an element of this tag holds, and what follows it. Lengths are in their one form (X.690 section 10.1).
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let [first, length, rest @ ..] = der else {
        return None;
    };
    let (length, rest) = match (*length, rest) {
        (short @ 0..=0x7f, rest) => (usize::from(short), rest),
        (0x81, [long, rest @ ..]) if *long >= 0x80 => (usize::from(*long), rest),
        (0x82, [high, low, rest @ ..]) if *high > 0 => {
            (usize::from(u16::from_be_bytes([*high, *low])), rest)
        }
        _ => return None,
    };
    if *first != tag {
        return None;
    }
    rest.split_at_checked(length)
}

/// A number above zero, without the zero that keeps it positive, and what follows it.
fn positive(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (number, rest) = element(INTEGER, der)?;
    match number {
        [0, number @ ..] if number.first().is_some_and(|first| *first >= 0x80) => {
            Some((number, rest))
        }
        [1..=0x7f, ..] => Some((number, rest)),
        _ => None,
    }
}

fn integer(number: &[u8]) -> Vec<u8> {
    let zero: &[u8] = if number.first().is_some_and(|first| *first >= 0x80) {
        &[0]
    } else {
        &[]
    };
    wrapped(INTEGER, &[zero, number].concat())
}

fn wrapped(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("keys are short");
    let [high, low] = length.to_be_bytes();
    let length: &[u8] = match length {
        0..=0x7f => &[low],
        0x80..=0xff => &[0x81, low],
        _ => &[0x82, high, low],
    };
    [&[tag], length, content].concat()
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
/// `AlgorithmIdentifier { rsaEncryption, NULL }`.
const RSA_ALGORITHM: [u8; 15] = [
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
];
