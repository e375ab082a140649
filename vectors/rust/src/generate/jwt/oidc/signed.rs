//! Tokens by RS256, as GitHub signs them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Map, Value};

use crate::generate::jwt::draft::encoded;
use crate::generate::jwt::secrets::{By, pem_key};
use crate::jwt::TokenKeysInput;

/// The key of the issuer.
pub(super) fn keys(by: Option<By>) -> TokenKeysInput {
    TokenKeysInput::Each(vec![match by {
        Some(by) => by.key("k1"),
        None => pem_key("k1", "RS256", PUBLIC),
    }])
}

/// These claims, signed by the issuer, or by this key of another algorithm.
pub(super) fn token(claims: &Map<String, Value>, by: Option<By>) -> String {
    let alg = by.map_or("RS256", By::name);
    let header = format!(r#"{{"typ":"JWT","alg":"{alg}","x5t":"nfrCbIp3mYw3","kid":"k1"}}"#);
    let payload = Value::from(claims.clone()).to_string();
    let text = format!("{}.{}", encoded(header), encoded(payload));
    let signature = match by {
        Some(by) => by.sign(&text),
        None => signature(text.as_bytes()),
    };
    format!("{text}.{}", encoded(signature))
}

/// PKCS #1 v1.5 draws nothing: the randomness is for blinding.
fn signature(text: &[u8]) -> Vec<u8> {
    let pair = pair();
    let mut signature = vec![0; pair.public().modulus_len()];
    let signed = pair.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        text,
        &mut signature,
    );
    signed.expect("a key of 2048 bits signs");
    signature
}

fn pair() -> RsaKeyPair {
    let lines = KEY.lines().filter(|line| !line.starts_with('-'));
    let der = STANDARD.decode(lines.collect::<String>()).expect("base64");
    RsaKeyPair::from_pkcs8(&der).expect("a key of these vectors")
}

/// Made for these vectors.
const KEY: &str = "-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDtEsAz1sLBfZss
5DXHsvQIiiFGl/IQFAsqUmP0rPPPDbHXmErpnxE8BYpkOirMXWLz7/MkZpoaH6+D
xhe6cE7yjP5BZHnPhOgC9rMTijylnpxV6Lwz05MHGGl5Fk0bQUyFSHeX3ht2vgjl
tDAe29k5QswBsuG+0uRPgI/DQWsDKeLZuEkoIOs8rhbqD/6y+ssPjLrAYxzjhZRO
vIuwfE/ohqXOAH4wgkUg2NLHcHPzItWOH43u8Fvbx4miSa/CnR6k3EI1FedX57ps
WMbu+OWwMysrA3YRYSGLfNr8rlUVuEQFNh4remAfKpDwRAp0YlkwxNIvspeY5aig
W0M/HN9XAgMBAAECggEAQCcXUM/YUvDQ+YRl0zznUZpDZ+19KQGrhc/W0aKttUWA
7xT8jJypVsMvEHE3HKdWvCkd9Cc5o0EYx0FnMWHr0zH5KavtVI0kFY05p1t8jtrN
dmfs6d9ihYSDIiu5QNtaQCT8i+GkL+07ziEE9ozKiva66ujDstYxxxvEi3Nb6HY7
XAATybYbh4U8xXw9hPfbLqXm86zIS7rmDqb6pgUr1FUx+qVSM7fhDaB7ZTBzqWES
RFzmMlvIvXdPnXSSuM/eajZf3UsXVz15KuzfrquNG0ab/EvxGf4iy/uzw+jxubZt
lwYXUfZiXAXtoCr7Rvy0o5GfNqed1Ot7dZ0VkRHh2QKBgQD7ThlWtLcYxIZQSfT/
Me0RmwTXkXRWvp0MT8XVORNBkxpw621yP0hrn6TAdaTtLFdq6F0gLDtOHqV2/1j8
6aSa08OZrf2U+czr8LvPd0MXLW8schIkHAW2N6dhZClV/NPIXsxJUmYvKKOBEmGd
l1RlJRR3ywDI5/EjQBx1BHsbSQKBgQDxgJYNBZIXvAo8xEA56bP1FFkm+Do0i0Ar
h+ql2gMf2cVaf4QhUB08Of6NjpryeOu98kj0yH0haQiBylpIKpJAyxKb33XaMLV5
JM6MwVVPnS3Fnk28Qn685DqGTA21sTlt7/cNe8RleN9sruzn7GvD9U+Ge0JW5Lq+
/+lrS6qFnwKBgAurJawL+hBxV5c0x+ZtiAdwPjpQK6m3cg1XSuVKoCVEUk7573wF
ijRNFlZFYCIPFAQHxAMxapOHAsHSu2wK4TS7LnLdTE/1hVlTNTU94WSbHHVg2ozI
rE84qFHyV6UBd0fvdubUp5/68BSXKOcrVqTXouqpB2FMu7qaSHf6fEjZAoGAEVHD
cROhMoqNwWXhpUWZXk4jRqQuqG4EIBsTPOmxp6saeC8E7s6sChGuq8A6ZIE/htPF
X6ixMKAzt/snFl3XN0ZZA0y3SvqLSTDWj0meMKN5EN8VfBbYt/s2J0N1CD65e6Tl
9tWVdCGDBGxXGRrfb6I8HczhKRImQmRf/Q3kIMkCgYEA3Eg8y9nV/gR9H1IeIfzR
DT+8zbpWXrl2OMbo2/mNXxTQFD3QjwfW0PkkOvrSiqNeOAsqHRmii1v4yDhKP82K
tgGhn1LbDU7Ap6w9IHBilN2Uw2I2BAaGAjMgck+23bFV8UkGtDFGyRSAi1Pi3L7b
f/9NkxCbqI1IjYdw3luo/EQ=
-----END PRIVATE KEY-----
";

const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA7RLAM9bCwX2bLOQ1x7L0
CIohRpfyEBQLKlJj9Kzzzw2x15hK6Z8RPAWKZDoqzF1i8+/zJGaaGh+vg8YXunBO
8oz+QWR5z4ToAvazE4o8pZ6cVei8M9OTBxhpeRZNG0FMhUh3l94bdr4I5bQwHtvZ
OULMAbLhvtLkT4CPw0FrAyni2bhJKCDrPK4W6g/+svrLD4y6wGMc44WUTryLsHxP
6IalzgB+MIJFINjSx3Bz8yLVjh+N7vBb28eJokmvwp0epNxCNRXnV+e6bFjG7vjl
sDMrKwN2EWEhi3za/K5VFbhEBTYeK3pgHyqQ8EQKdGJZMMTSL7KXmOWooFtDPxzf
VwIDAQAB
-----END PUBLIC KEY-----
";
