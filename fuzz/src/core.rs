//! Texts, sealed secrets, lifetimes and rates.

use counterseal::core::{
    Bound, Charged, Gcra, KeyId, Lifetime, LookedUp, PublicKey, Rate, SealKey, Secret, Seed, Span,
    SpiffeId, Time, TokenKind,
};

use crate::bytes::Bytes;

/// A key id prints as it was parsed.
pub fn core_key_id_parse(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(id) = KeyId::parse(text) {
        assert_eq!(id.as_str(), text);
        assert!(text.len() <= 64);
    }
}

/// An ID is made of its parts, is a workload or an authority, and its path leads nowhere else.
pub fn core_spiffe_id_parse(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(id) = SpiffeId::parse(text) else {
        return;
    };
    assert!(text.len() <= 2048 && text.is_ascii() && !text.contains(['%', '?', '#', '@', '*']));
    assert_ne!(
        SpiffeId::workload(text).is_ok(),
        SpiffeId::authority(text).is_ok()
    );
    assert_eq!(SpiffeId::authority(id.domain().as_str()), Ok(id.domain()));
    let segments: Vec<_> = id.path().split('/').skip(1).collect();
    assert!(
        segments
            .iter()
            .all(|segment| !["", ".", ".."].contains(segment))
    );
    if !segments.is_empty() {
        assert_eq!(
            SpiffeId::text_of(id.trust_domain(), segments).as_deref(),
            Ok(text)
        );
    }
}

/// A token has one text.
pub fn core_looked_up_parse(data: &[u8]) {
    const KIND: TokenKind = TokenKind::new("bt", 1);
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(token) = LookedUp::parse(KIND, text) {
        assert_eq!(token.print(KIND).expose(), data);
    }
}

/// A key has one form; whatever a modulus is, looking at it ends.
pub fn core_public_key_from_der(data: &[u8]) {
    if let Ok(key) = PublicKey::from_der(data) {
        assert_eq!(key.to_der(), data);
    }
    if let Ok(key) = PublicKey::rsa(data, &[1, 0, 1]) {
        assert_eq!(PublicKey::from_der(&key.to_der()), Ok(key));
    }
}

/// A text that is a key has nothing around it.
pub fn core_public_key_from_pem(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if PublicKey::from_pem(text).is_ok() {
        assert!(text.starts_with("-----BEGIN PUBLIC KEY-----"));
        assert!(text.trim_end().ends_with("-----END PUBLIC KEY-----"));
        assert!(PublicKey::from_pem(&format!("{text}\n\n")).is_err());
    }
}

/// What was not sealed does not open; what was, opens in its own context only.
pub fn core_seal_key_open(data: &[u8]) {
    let key = SealKey::new(&Secret::new(vec![7; 32])).expect("32 bytes");
    let mut bytes = Bytes::new(data);
    let (seed, context) = (bytes.array(), bytes.short());
    let other = bytes.short();
    let secret = bytes.short();
    assert!(key.open(data, context).is_err());
    let sealed = key.seal(&Secret::new(secret.into()), context, &Seed::new(seed));
    let opened = key.open(&sealed, context).expect("what was sealed opens");
    assert_eq!(opened.expose(), secret);
    assert_eq!(key.open(&sealed, other).is_ok(), other == context);
}

/// A lifetime is never longer than what was asked for, nor than any ceiling.
pub fn core_lifetime_clamp(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let (now, asked) = (
        Time::from_millis(bytes.i64()),
        Span::from_millis(bytes.i64()),
    );
    let (ceiling, end) = (
        Span::from_millis(bytes.i64()),
        Time::from_millis(bytes.i64()),
    );
    let floor = Span::from_millis(bytes.i64());
    let bounds = [
        Bound::ceiling("ceiling", ceiling),
        Bound::end("end", end),
        Bound::floor("floor", floor),
    ];
    let Ok(life) = Lifetime::clamp(asked, &bounds, now) else {
        return;
    };
    assert_eq!(life.from(), now);
    assert!(now < life.until() && life.until() <= end);
    let span = life.span();
    assert!(span <= asked && span <= ceiling && span > Span::ZERO);
    // At the end of time there may be less left than the floor asks for.
    assert!(span >= floor || life.until() == Time::from_millis(i64::MAX));
}

/// The latest clock that rate limits go by.
const END: Time = Time::from_millis(1 << 51);

/// No sequence of charges and clock readings takes more than a bucket at one instant.
pub fn core_gcra_charge(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let (burst, every_ms) = (bytes.u32(), bytes.u32());
    let Some(rate) = Rate::new(burst, every_ms) else {
        return;
    };
    let mut cell = Gcra::from_stored(bytes.i64());
    let mut now = Time::from_millis(bytes.i64());
    let mut taken = 0_u64;
    while !bytes.is_empty() {
        let step = bytes.u16();
        if step != 0 {
            now = now.plus(Span::from_millis(i64::from(step)));
            taken = 0;
        }
        let cost = u32::from(bytes.byte());
        let (answer, next) = cell.charge(rate, cost, now);
        cell = next;
        match answer {
            Charged::Within { .. } => taken += u64::from(cost),
            Charged::Over { retry_at } => assert!(retry_at >= now.min(END)),
        }
        assert!(taken <= u64::from(burst));
    }
}
