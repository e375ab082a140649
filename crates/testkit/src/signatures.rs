//! What every library of signatures must do.

use std::sync::Arc;

use counterseal_core::{
    Algorithm, PrivateKey, PublicKey, PublicKeyError, Secret, Seed, SignKey, Signatures, VerifyKey,
};

use crate::forms::{ed25519_plus_order, p256_twin};
use crate::keys;

/// The algorithms that sign here.
const SIGNING: [Algorithm; 3] = [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Es384];

/// What was signed is accepted; what differs in any bit of the signature, or in the message, is not.
pub fn what_was_signed_is_accepted_and_nothing_else(library: &dyn Signatures) {
    for algorithm in SIGNING {
        let (signer, verifier) = pair(library, algorithm);
        for message in [&b""[..], b"message", &[0; 5_000]] {
            let signature = signer.sign(message).expect("it signs");
            let signature = signature.as_bytes();
            assert_eq!(verifier.verify(message, signature), Ok(()));
            assert!(
                verifier
                    .verify(&[message, b"!"].concat(), signature)
                    .is_err()
            );
            for bit in (0..signature.len() * 8).step_by(7) {
                let mut other = signature.to_vec();
                other[bit / 8] ^= 1 << (bit % 8);
                assert!(
                    verifier.verify(message, &other).is_err(),
                    "{algorithm} {bit}"
                );
            }
            for len in [0, 1, signature.len() - 1] {
                assert!(verifier.verify(message, &signature[..len]).is_err());
            }
            assert!(
                verifier
                    .verify(message, &[signature, b"\0"].concat())
                    .is_err()
            );
        }
        assert_eq!(
            (signer.algorithm(), verifier.algorithm()),
            (algorithm, algorithm)
        );
    }
}

/// A key is of one algorithm.
pub fn j09_a_key_serves_the_algorithm_of_its_kind_only(library: &dyn Signatures) {
    let of = |algorithm: Algorithm| match algorithm {
        Algorithm::EdDsa | Algorithm::Es256 | Algorithm::Es384 => Some(private(algorithm)),
        _ => None,
    };
    for kind in SIGNING {
        let key = of(kind).expect("a key");
        let public = public(library, kind);
        for algorithm in Algorithm::ALL.into_iter().filter(|other| *other != kind) {
            let refused = PublicKeyError::Algorithm { algorithm };
            assert_eq!(library.verify_key(algorithm, &public).err(), Some(refused));
            assert_eq!(library.sign_key(algorithm, &key).err(), Some(refused));
        }
    }
}

/// Numbers that are zero, and numbers of the group's size, sign nothing (CVE-2022-21449).
pub fn e11_a_signature_of_zeros_is_none(library: &dyn Signatures) {
    for (algorithm, len) in [(Algorithm::Es256, 32), (Algorithm::Es384, 48)] {
        let (signer, verifier) = pair(library, algorithm);
        let good = signer.sign(b"message").expect("it signs");
        let (r, s) = good.as_bytes().split_at(len);
        let (zero, most) = (vec![0; len], vec![0xff; len]);
        for forged in [
            [&zero, &zero[..]],
            [&zero, s],
            [r, &zero],
            [&most, s],
            [r, &most],
        ] {
            assert!(verifier.verify(b"message", &forged.concat()).is_err());
        }
    }
}

/// The other signature that ECDSA has for the same message is one too: nothing may tell tokens apart by their signatures.
pub fn e15_the_twin_of_a_signature_is_accepted(library: &dyn Signatures) {
    let (signer, verifier) = pair(library, Algorithm::Es256);
    let good = signer.sign(b"message").expect("it signs");
    assert_eq!(
        verifier.verify(b"message", &p256_twin(good.as_bytes())),
        Ok(())
    );
}

/// Ed25519 has one form of each signature.
pub fn e16_a_second_form_of_an_ed25519_signature_is_refused(library: &dyn Signatures) {
    let (signer, verifier) = pair(library, Algorithm::EdDsa);
    let good = signer.sign(b"message").expect("it signs");
    assert!(
        verifier
            .verify(b"message", &ed25519_plus_order(good.as_bytes()))
            .is_err()
    );
    assert!(
        verifier
            .verify(b"message", &bytes(keys::ED25519_SMALL))
            .is_err()
    );
    // A point of order 1 for R, with S = 0: no key of a large order verifies it.
    let mut small = [0; 64];
    small[0] = 1;
    assert!(verifier.verify(b"message", &small).is_err());
}

/// A point that is not on its curve is no key.
pub fn o12_a_point_off_its_curve_is_refused_at_once(library: &dyn Signatures) {
    let zero = PublicKey::p256(&[0; 32], &[0; 32]);
    let most = PublicKey::p256(&[0xff; 32], &[0xff; 32]);
    let near = PublicKey::p256(&[1; 32], &[1; 32]);
    for key in [zero, most, near] {
        let refused = library.verify_key(Algorithm::Es256, &key);
        assert_eq!(refused.err(), Some(PublicKeyError::Point));
    }
    let near = PublicKey::p384(&[1; 48], &[1; 48]);
    let refused = library.verify_key(Algorithm::Es384, &near);
    assert_eq!(refused.err(), Some(PublicKeyError::Point));
}

/// Halves of two keys sign nothing.
pub fn e17_halves_of_two_keys_are_refused(library: &dyn Signatures) {
    for algorithm in SIGNING {
        let other = library.generate(algorithm, &Seed::new([9; 64]));
        let other = library
            .sign_key(algorithm, &other.expect("a key"))
            .expect("a pair");
        let secret = Secret::new(private(algorithm).secret().expose().to_vec());
        let mixed = PrivateKey::pair(secret, other.public_key().clone()).expect("two halves");
        let refused = library.sign_key(algorithm, &mixed);
        assert_eq!(refused.err(), Some(PublicKeyError::Pair), "{algorithm}");
    }
}

/// Keys as OpenSSL writes them are read, and their public halves are those that it writes.
pub fn keys_are_read_as_openssl_writes_them(library: &dyn Signatures) {
    for (algorithm, text) in [
        (Algorithm::Es256, keys::P256_PUBLIC),
        (Algorithm::Es384, keys::P384_PUBLIC),
    ] {
        let expected = PublicKey::from_pem(text).expect("a key");
        assert_eq!(public(library, algorithm), expected);
    }
}

/// RSA signatures are verified, each with its own padding, where the library has RSA.
pub fn rsa_signatures_are_verified_each_with_its_padding(library: &dyn Signatures) {
    let key = PublicKey::from_der(&bytes(keys::RSA_PUBLIC)).expect("a key");
    for (algorithm, good, others) in [
        (
            Algorithm::Rs256,
            keys::RS256,
            [keys::PS256, keys::PS256_SHORT_SALT],
        ),
        (
            Algorithm::Ps256,
            keys::PS256,
            [keys::RS256, keys::PS256_SHORT_SALT],
        ),
    ] {
        let verifier = match library.verify_key(algorithm, &key) {
            Err(PublicKeyError::Unsupported) => continue,
            made => made.expect("a key"),
        };
        assert_eq!(verifier.verify(b"message", &bytes(good)), Ok(()));
        assert!(verifier.verify(b"massage", &bytes(good)).is_err());
        assert!(verifier.verify(b"message", &[0; 256]).is_err());
        for other in others {
            assert!(
                verifier.verify(b"message", &bytes(other)).is_err(),
                "{algorithm}"
            );
        }
    }
}

/// The signature of RFC 8032 section 7.1, test 2, and of RFC 6979 appendix A.2.5 are verified.
pub fn signatures_of_the_standards_are_verified(library: &dyn Signatures) {
    let point = bytes("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    let key = PublicKey::ed25519(&point.try_into().expect("32 bytes")).expect("a point");
    let verifier = library.verify_key(Algorithm::EdDsa, &key).expect("a key");
    let signature = bytes(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    );
    assert_eq!(verifier.verify(&[0x72], &signature), Ok(()));
    let number = |text: &str| <[u8; 32]>::try_from(bytes(text)).expect("32 bytes");
    let key = PublicKey::p256(
        &number("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"),
        &number("7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"),
    );
    let verifier = library.verify_key(Algorithm::Es256, &key).expect("a key");
    let signature = bytes(
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716\
         f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
    );
    assert_eq!(verifier.verify(b"sample", &signature), Ok(()));
}

fn pair(library: &dyn Signatures, algorithm: Algorithm) -> (Arc<dyn SignKey>, Arc<dyn VerifyKey>) {
    let signer = library
        .sign_key(algorithm, &private(algorithm))
        .expect("a pair");
    let verifier = library.verify_key(algorithm, signer.public_key());
    (signer, verifier.expect("a key"))
}

fn public(library: &dyn Signatures, algorithm: Algorithm) -> PublicKey {
    let signer = library.sign_key(algorithm, &private(algorithm));
    signer.expect("a pair").public_key().clone()
}

/// The key of the tests.
fn private(algorithm: Algorithm) -> PrivateKey {
    let text = match algorithm {
        Algorithm::Es256 => keys::P256,
        Algorithm::Es384 => keys::P384,
        _ => keys::ED25519,
    };
    PrivateKey::from_pem(&Secret::new(text.into())).expect("a key")
}

/// The bytes of a text in hexadecimal.
pub fn bytes(text: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("two digits");
    (0..text.len()).step_by(2).map(byte).collect()
}
