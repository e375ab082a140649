//! Where a request has its token (RFC 6750 section 2.1).

use crate::JwtError;

/// The token of these `Authorization` field lines: there is one, `Bearer` in any case, and what stands behind it. Tokens in queries
/// and forms are not looked for: they end in logs.
///
/// ```
/// let token = counterseal_jwt::bearer([&b"Bearer eyJ.e30.c2ln"[..]])?;
/// assert_eq!(token, "eyJ.e30.c2ln");
/// # Ok::<(), counterseal_jwt::JwtError>(())
/// ```
///
/// # Errors
///
/// [`JwtError::Missing`] without a line, or for another scheme; [`JwtError::Malformed`] for more than one line, which nobody may choose
/// from, and for what can be no token.
//= docs/spec/jwt.md#T-16
pub fn bearer<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Result<&'a str, JwtError> {
    let mut lines = lines.into_iter();
    let line = lines.next().ok_or(JwtError::Missing)?;
    if lines.next().is_some() {
        return Err(JwtError::Malformed);
    }
    let line = core::str::from_utf8(line).map_err(|_| JwtError::Malformed)?;
    let (scheme, token) = line.split_once(' ').unwrap_or((line, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(JwtError::Missing);
    }
    let token = token.trim_matches(' ');
    let is_of_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if token.is_empty() || !token.bytes().all(is_of_token) {
        return Err(JwtError::Malformed);
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_stands_behind_its_scheme() {
        for line in ["Bearer a.b.c", "bearer a.b.c", "BEARER   a.b.c "] {
            assert_eq!(bearer([line.as_bytes()]), Ok("a.b.c"), "{line}");
        }
    }

    #[test]
    fn what_is_no_one_token_is_refused() {
        assert_eq!(bearer([]), Err(JwtError::Missing));
        for line in [
            "",
            "Basic dTpw",
            "Bearera.b.c",
            "DPoP a.b.c",
            " Bearer a.b.c",
        ] {
            assert_eq!(bearer([line.as_bytes()]), Err(JwtError::Missing), "{line}");
        }
        let bad: [&[u8]; 6] = [
            b"Bearer",
            b"Bearer ",
            b"Bearer a b",
            b"Bearer a,b",
            b"Bearer\ta",
            b"Bearer \xff",
        ];
        for line in bad {
            let is_refused = bearer([line]).is_err();
            assert!(is_refused, "{line:?}");
        }
        assert_eq!(
            bearer([&b"Bearer a"[..], b"Bearer a"]),
            Err(JwtError::Malformed)
        );
    }
}
