//! Keys are read in one form, and weak ones are refused.

#![allow(clippy::unwrap_used, clippy::panic)] // a test: what fails is seen

use counterseal_core::{Algorithm, PrivateKey, PublicKey, PublicKeyError, PublicNumbers, Secret};
use counterseal_testkit::keys;
use counterseal_testkit::signatures::bytes;

const EXPONENT: [u8; 3] = [1, 0, 1];

#[test]
fn a_key_is_written_as_it_was_read() {
    for text in [keys::P256_PUBLIC, keys::P384_PUBLIC] {
        let key = PublicKey::from_pem(text).unwrap();
        assert_eq!(PublicKey::from_der(&key.to_der()), Ok(key));
    }
    let der = bytes(keys::RSA_PUBLIC);
    let key = PublicKey::from_der(&der).unwrap();
    assert_eq!(key.to_der(), der);
    assert!(matches!(key.numbers(), PublicNumbers::Rsa(modulus) if modulus.len() == 256));
    let crlf = keys::P256_PUBLIC.replace('\n', "\r\n");
    assert_eq!(
        PublicKey::from_pem(&crlf),
        PublicKey::from_pem(keys::P256_PUBLIC)
    );
}

#[test]
fn j05_a_key_text_with_anything_around_it_is_none() {
    let good = keys::P256_PUBLIC;
    let body = good.lines().nth(1).unwrap();
    let texts = [
        format!("# comment\n{good}"),
        format!("\0{good}"),
        format!("\x1b[0m{good}"),
        format!("\u{200b}{good}"),
        format!("HTTP/1.1 200 OK\r\n\r\n{good}"),
        format!(" {good}"),
        format!("\n{good}"),
        format!("{good}\n"),
        format!("{good} "),
        format!("{good}{good}"),
        good.replace("PUBLIC", "PRIVATE"),
        good.replace("-----BEGIN", "----BEGIN"),
        good.replace(body, &format!("{body}\n")),
        good.replace(body, &format!(" {body}")),
        good.replace(body, &body[..60]),
        good.replace("==", ""),
        good.lines().next().unwrap().to_owned(),
        String::new(),
    ];
    for text in texts {
        assert_eq!(
            PublicKey::from_pem(&text),
            Err(PublicKeyError::Malformed),
            "{text:?}"
        );
    }
    for text in [good, ""] {
        let refused = PrivateKey::from_pem(&Secret::new(text.into()));
        assert_eq!(refused.err(), Some(PublicKeyError::Malformed));
    }
}

#[test]
fn every_other_form_of_a_key_is_refused() {
    let curves = [keys::P256_PUBLIC, keys::P384_PUBLIC];
    let ders = curves.map(|text| PublicKey::from_pem(text).unwrap().to_der());
    for der in ders.into_iter().chain([bytes(keys::RSA_PUBLIC)]) {
        for at in 0..23 {
            let mut other = der.clone();
            other[at] ^= 1;
            assert!(PublicKey::from_der(&other).is_err(), "byte {at}");
        }
        for len in 0..der.len() {
            assert!(PublicKey::from_der(&der[..len]).is_err());
        }
        assert!(PublicKey::from_der(&[&der[..], &[0]].concat()).is_err());
    }
}

#[test]
fn o10_weak_rsa_keys_are_refused() {
    let der = |text: &str| PublicKey::from_der(&bytes(text));
    assert_eq!(
        der(keys::RSA_SHORT),
        Err(PublicKeyError::RsaSize { bits: 1_024 })
    );
    assert_eq!(der(keys::RSA_EXPONENT_3), Err(PublicKeyError::RsaExponent));
    let modulus = |text: &str| PublicKey::rsa(&bytes(text), &EXPONENT);
    assert_eq!(modulus(keys::ROCA_MODULUS), Err(PublicKeyError::RsaWeak));
    assert_eq!(modulus(keys::CLOSE_MODULUS), Err(PublicKeyError::RsaWeak));
    let good = PublicKey::from_der(&bytes(keys::RSA_PUBLIC)).unwrap();
    let PublicNumbers::Rsa(good) = good.numbers() else {
        panic!("an RSA key")
    };
    for exponent in [&[1][..], &[3], &[2], &[1, 0, 0], &[0, 1, 0, 1], &[]] {
        let refused = PublicKey::rsa(good, exponent);
        assert_eq!(refused, Err(PublicKeyError::RsaExponent));
    }
    let mut even = good.to_vec();
    even[255] &= 0xfe;
    assert_eq!(
        PublicKey::rsa(&even, &EXPONENT),
        Err(PublicKeyError::RsaWeak)
    );
    let zero = [&[0], good].concat();
    assert_eq!(
        PublicKey::rsa(&zero, &EXPONENT),
        Err(PublicKeyError::Malformed)
    );
    let mut short = good.to_vec();
    short[0] = 0x7f;
    let refused = PublicKey::rsa(&short, &EXPONENT);
    assert_eq!(refused, Err(PublicKeyError::RsaSize { bits: 2_047 }));
    let long = [good, &[1; 769]].concat();
    let refused = PublicKey::rsa(&long, &EXPONENT);
    assert_eq!(refused, Err(PublicKeyError::RsaSize { bits: 8_200 }));
    let longest = [good, &[1; 768]].concat();
    assert!(PublicKey::rsa(&longest, &EXPONENT).is_ok());
    assert_eq!(
        PublicKey::rsa(&[], &EXPONENT),
        Err(PublicKeyError::Malformed)
    );
}

#[test]
fn e16_a_point_of_small_order_is_no_key() {
    let mut zero = [0; 32];
    let mut points = vec![zero];
    zero[0] = 1;
    points.push(zero);
    for first in [0xec, 0xed, 0xee, 0xff] {
        let mut most = [0xff; 32];
        (most[0], most[31]) = (first, 0x7f);
        points.push(most);
    }
    for text in [
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ] {
        points.push(bytes(text).try_into().unwrap());
    }
    for mut point in points {
        assert_eq!(PublicKey::ed25519(&point), Err(PublicKeyError::Point));
        point[31] |= 0x80;
        assert_eq!(PublicKey::ed25519(&point), Err(PublicKeyError::Point));
    }
}

#[test]
fn private_keys_are_read_as_openssl_writes_them() {
    for (text, algorithm) in [
        (keys::ED25519, Algorithm::EdDsa),
        (keys::P256, Algorithm::Es256),
        (keys::P384, Algorithm::Es384),
    ] {
        let key = PrivateKey::from_pem(&Secret::new(text.into())).unwrap();
        assert_eq!(key.algorithm(), algorithm);
        assert_eq!(key.public_key().is_some(), algorithm != Algorithm::EdDsa);
        let cut = &text[..text.len() - 40];
        assert!(PrivateKey::from_pem(&Secret::new(cut.into())).is_err());
    }
    assert!(PrivateKey::ed25519(Secret::new(vec![1; 31])).is_err());
    let rsa = PublicKey::from_der(&bytes(keys::RSA_PUBLIC)).unwrap();
    let refused = PrivateKey::pair(Secret::new(vec![1; 32]), rsa);
    assert_eq!(refused.err(), Some(PublicKeyError::Unsupported));
}
