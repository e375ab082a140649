//! The one text frame of all tokens: `cs`, kind, version, `_`, body.
//!
//! A leaked token is recognisable by its prefix, and a token of the wrong kind fails before any
//! cryptography. The frame proves nothing: whoever parsed a token still has to look it up, or to
//! check its MAC, in constant time.
//!
//! ```
//! use counterseal_core::{LookedUp, Secret, TokenId, TokenKind};
//! const BOOT: TokenKind = TokenKind::new("bt", 1);
//! let text = LookedUp { id: TokenId::new(7), secret: Secret::new(vec![1; 32]) }.print(BOOT);
//! let text = std::str::from_utf8(text.expose())?;
//! assert!(text.starts_with("csbt1_0000000000007_"));
//! assert_eq!(LookedUp::parse(BOOT, text)?.id, TokenId::new(7));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::vec::Vec;
use core::fmt;

use crate::{Blame, Code, Refusal, Secret};

/// A kind of token: two lower-case letters and a version digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenKind([u8; 6]);

/// The public half of a looked-up token: 64 bits, printed as 13 lower-case Crockford digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId(u64);

/// A token that a store knows: an id to find it by, and 32 secret bytes to compare.
pub struct LookedUp {
    /// What the store is asked for.
    pub id: TokenId,
    /// What is compared, hashed and in constant time.
    pub secret: Secret,
}

/// A text is not a token of the expected kind.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadToken {
    /// The checksum differs: it was mistyped or cut.
    Checksum,
    /// A character or a length is outside the grammar, or a number is not in its one form.
    Malformed,
    /// It is a token of another kind or version.
    WrongKind,
}

impl TokenKind {
    /// The kind `letters` in `version`.
    ///
    /// # Panics
    ///
    /// At compile time, in a `const`, when `letters` is not two of `[a-z]` or `version` not 1 to 9.
    pub const fn new(letters: &'static str, version: u8) -> Self {
        let letters = letters.as_bytes();
        assert!(letters.len() == 2, "a kind is two letters");
        let (a, b) = (letters[0], letters[1]);
        assert!(a.is_ascii_lowercase() && b.is_ascii_lowercase(), "[a-z]");
        assert!(version >= 1 && version <= 9, "one digit, from 1");
        TokenKind([b'c', b's', a, b, b'0' + version, b'_'])
    }

    /// What follows the prefix of this kind.
    ///
    /// # Errors
    ///
    /// [`BadToken::WrongKind`] when `text` starts otherwise.
    pub fn strip(self, text: &str) -> Result<&str, BadToken> {
        let prefix = core::str::from_utf8(&self.0).expect("ASCII by construction");
        text.strip_prefix(prefix).ok_or(BadToken::WrongKind)
    }

    /// The prefix, as text.
    pub fn prefix(&self) -> &str {
        core::str::from_utf8(&self.0).expect("ASCII by construction")
    }
}

impl TokenId {
    /// The id with this number.
    pub const fn new(number: u64) -> Self {
        TokenId(number)
    }

    /// The number.
    pub const fn number(self) -> u64 {
        self.0
    }

    fn digits(self) -> [u8; ID_LEN] {
        let mut digits = [0; ID_LEN];
        let mut rest = self.0;
        for digit in digits.iter_mut().rev() {
            *digit = CROCKFORD[(rest % 32) as usize];
            rest /= 32;
        }
        digits
    }

    fn from_digits(digits: &[u8]) -> Option<Self> {
        let mut number = 0_u64;
        for digit in digits {
            let value = CROCKFORD.iter().position(|c| c == digit)?;
            number = number.checked_mul(32)?.checked_add(value as u64)?;
        }
        Some(TokenId(number))
    }
}

impl LookedUp {
    /// The token's text.
    ///
    /// # Panics
    ///
    /// When the secret is not 32 bytes, which only whoever mints can get wrong.
    pub fn print(&self, kind: TokenKind) -> Secret {
        let secret = self.secret.expose().try_into();
        let mut text = Vec::with_capacity(TEXT_LEN);
        text.extend(kind.0);
        text.extend(self.id.digits());
        text.push(b'_');
        text.extend(to_base62(secret.expect("a minted secret is 32 bytes")));
        text.extend(checksum(&text));
        Secret::new(text)
    }

    /// The parts of `text`.
    ///
    /// # Errors
    ///
    /// [`BadToken`] unless it is a token of this kind in its one canonical form.
    pub fn parse(kind: TokenKind, text: &str) -> Result<Self, BadToken> {
        let body = kind.strip(text)?.as_bytes();
        if text.len() != TEXT_LEN || body[ID_LEN] != b'_' {
            return Err(BadToken::Malformed);
        }
        let (framed, check) = text.as_bytes().split_at(TEXT_LEN - CHECK_LEN);
        let secret = from_base62(&body[ID_LEN + 1..ID_LEN + 1 + SECRET_LEN]);
        let secret = secret.ok_or(BadToken::Malformed)?;
        let id = TokenId::from_digits(&body[..ID_LEN]).ok_or(BadToken::Malformed)?;
        if check != checksum(framed) {
            return Err(BadToken::Checksum);
        }
        Ok(LookedUp { id, secret })
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(core::str::from_utf8(&self.digits()).expect("ASCII by construction"))
    }
}

impl BadToken {
    /// The codes of this enum.
    pub const CODES: &'static [Code] = &[CHECKSUM, MALFORMED, WRONG_KIND];
}

impl fmt::Display for BadToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code().means)
    }
}

impl core::error::Error for BadToken {}

impl Refusal for BadToken {
    fn code(&self) -> Code {
        match self {
            Self::Checksum => CHECKSUM,
            Self::Malformed => MALFORMED,
            Self::WrongKind => WRONG_KIND,
        }
    }
}

/// 256 bits as 43 digits of base 62, most significant first. The same work for every secret.
fn to_base62(bytes: &[u8; 32]) -> [u8; SECRET_LEN] {
    let mut limbs = [0_u32; 8];
    for (limb, chunk) in limbs.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *limb = u32::from_be_bytes(*chunk);
    }
    let mut digits = [0; SECRET_LEN];
    for digit in digits.iter_mut().rev() {
        let mut rest = 0_u64;
        for limb in &mut limbs {
            let part = rest << 32 | u64::from(*limb);
            *limb = u32::try_from(part / 62).expect("a quotient of a 32-bit limb");
            rest = part % 62;
        }
        *digit = base62_digit(rest);
    }
    digits
}

/// The inverse of [`to_base62`]; none when a character is no digit or the number needs a 257th bit.
fn from_base62(digits: &[u8]) -> Option<Secret> {
    let mut limbs = [0_u32; 8];
    for digit in digits {
        let mut carry = base62_value(*digit)?;
        for limb in limbs.iter_mut().rev() {
            let part = u64::from(*limb) * 62 + carry;
            *limb = (part & 0xffff_ffff) as u32;
            carry = part >> 32;
        }
        if carry != 0 {
            return None;
        }
    }
    let bytes = limbs.iter().flat_map(|limb| limb.to_be_bytes());
    Some(Secret::new(bytes.collect()))
}

fn base62_digit(value: u64) -> u8 {
    let value = u8::try_from(value).expect("below 62");
    match value {
        0..10 => b'0' + value,
        10..36 => b'A' + value - 10,
        _ => b'a' + value - 36,
    }
}

fn base62_value(digit: u8) -> Option<u64> {
    Some(u64::from(match digit {
        b'0'..=b'9' => digit - b'0',
        b'A'..=b'Z' => digit - b'A' + 10,
        b'a'..=b'z' => digit - b'a' + 36,
        _ => return None,
    }))
}

/// CRC-32 (ISO 3309) as six digits of base 62: finds typing errors, proves nothing.
fn checksum(framed: &[u8]) -> [u8; CHECK_LEN] {
    let mut rest = u64::from(!framed.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            crc >> 1 ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    }));
    let mut digits = [0; CHECK_LEN];
    for digit in digits.iter_mut().rev() {
        *digit = base62_digit(rest % 62);
        rest /= 62;
    }
    digits
}

const CROCKFORD: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const ID_LEN: usize = 13;
const SECRET_LEN: usize = 43;
const CHECK_LEN: usize = 6;
const TEXT_LEN: usize = 6 + ID_LEN + 1 + SECRET_LEN + CHECK_LEN;

const fn peer(name: &'static str, means: &'static str, fix: &'static str) -> Code {
    Code {
        name,
        blame: Blame::Peer,
        public: "token_malformed",
        http: 400,
        means,
        fix,
    }
}

const CHECKSUM: Code = peer(
    "token_checksum",
    "the token's checksum differs: it was mistyped or cut",
    "copy the whole token again",
);
const MALFORMED: Code = peer(
    "token_malformed",
    "the text has not the form of a token",
    "copy the whole token, without spaces, quotes or line ends",
);
const WRONG_KIND: Code = peer(
    "token_wrong_kind",
    "the text is a token of another kind or version",
    "look at its prefix: each kind has its own place of use",
);

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use proptest::prelude::*;

    const BOOT: TokenKind = TokenKind::new("bt", 1);
    const INVITE: TokenKind = TokenKind::new("in", 1);

    fn text(id: u64, secret: [u8; 32]) -> String {
        let token = LookedUp {
            id: TokenId::new(id),
            secret: Secret::new(secret.to_vec()),
        };
        String::from_utf8(token.print(BOOT).expose().to_vec()).unwrap()
    }

    #[test]
    fn t09_a_token_of_another_kind_is_refused_before_anything_else() {
        let refused = LookedUp::parse(INVITE, &text(1, [2; 32])).err();
        assert_eq!(refused, Some(BadToken::WrongKind));
    }

    #[test]
    fn the_largest_values_print_and_parse() {
        let token = LookedUp::parse(BOOT, &text(u64::MAX, [255; 32])).unwrap();
        assert_eq!(token.id.number(), u64::MAX);
        assert_eq!(token.secret.expose(), [255; 32]);
    }

    #[test]
    fn a_number_beyond_its_bits_is_malformed() {
        let good = text(0, [0; 32]);
        let id = good.replace("_0000000000000_", "_zzzzzzzzzzzzz_");
        assert_eq!(LookedUp::parse(BOOT, &id).err(), Some(BadToken::Malformed));
        let secret = good.replace(&"0".repeat(43), &"z".repeat(43));
        assert_eq!(
            LookedUp::parse(BOOT, &secret).err(),
            Some(BadToken::Malformed)
        );
    }

    #[test]
    fn the_checksum_is_crc_32() {
        let digits = checksum(b"123456789");
        let value = digits
            .iter()
            .fold(0, |sum, d| sum * 62 + base62_value(*d).unwrap());
        assert_eq!(value, 0xcbf4_3926);
    }

    #[test]
    fn e18_every_truncation_is_refused() {
        let good = text(77, [7; 32]);
        for len in 0..good.len() {
            assert!(LookedUp::parse(BOOT, &good[..len]).is_err());
        }
    }

    proptest! {
        #[test]
        fn parsing_gives_back_what_was_printed(id in any::<u64>(), secret in any::<[u8; 32]>()) {
            let token = LookedUp::parse(BOOT, &text(id, secret)).unwrap();
            prop_assert_eq!(token.id.number(), id);
            prop_assert_eq!(token.secret.expose(), secret);
        }

        #[test]
        fn a_text_that_parses_is_the_one_that_prints(text in "csbt1_[0-9a-z]{13}_[0-9A-Za-z]{49}") {
            if let Ok(token) = LookedUp::parse(BOOT, &text) {
                let printed = token.print(BOOT);
                prop_assert_eq!(printed.expose(), text.as_bytes());
            }
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".*") {
            let _ = LookedUp::parse(BOOT, &text);
        }
    }
}
