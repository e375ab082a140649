"""Genuine tokens with a few things changed, nearly all signed after that, for our verifier and another library."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from random import Random

ISSUER = "https://iss.example"
AUDIENCE = "api"
HEADER = ["alg", "kid", "typ", "typ", "crit", "b64", "jku", "jwk", "x5u", "x5c", "zip", "cty", "a"]
# Seconds from the clock; none is where a leeway of 30 s ends, which libraries count in their own ways.
OFFSETS = [-90_000, -3_600, -600, -60, -35, -25, -1, 0, 1, 20, 25, 35, 60, 600, 1_499, 1_500, 1_501, 3_600, 90_000]
# fmt: off
CLAIMS = ["iss", "sub", "aud", "iat", "iat", "nbf", "exp", "exp", "jti", "role", "sid", "akid", "user_ver", "gen",
          "cnf"]
TIMES = ["{}", "{}", "{}", "{}.0", "{}.5", "{}.999999999", "{}.0000000001", "{}e0", '"{}"', "-{}", "{}000",
         "0{}", "+{}", "{}.", "[{}]"]
TEXTS = ["", "a", "user-7", ISSUER, "https://evil.example", f"{ISSUER}/", AUDIENCE, "API", "\\u0061pi", "a\\u0000",
         "\\ud800", "\\ud83d\\ude00", "\u00e9", "a\\/b", "a\nb", "k1", "ec", "HS256", "ES256", "EdDSA", "HS512", "none",
         "JWT", "application/at+jwt", "a" * 255, "a" * 256, "a" * 2_100, "a" * 7_000]
BOUND = '{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}'
VALUES = ["null", "true", "false", "0", "-0", "0.0", "-1", "7", "1.5", "1e3", "1e400", "9007199254740993",
          "18446744073709551616", "253402300799", "253402300800", "[]", "{}", '["api"]', '["api","other"]',
          '["api","api"]', '["other"]', '["api",7]', '["api",null]', '[["api"]]', '["a\\u0070i"]', f'["{ISSUER}"]',
          f'["{ISSUER}","a"]', '{"a":1}', '{"a":1,"a":2}', BOUND, BOUND, '{"kty":"oct","k":"AAAA"}', "[1,]", "NaN",
          "Infinity", "-Infinity", "01", '"a', "'a'", "[" * 8 + "]" * 8, "[" * 130 + "]" * 130,
          json.dumps({f"m{at}": at for at in range(65)}), "1" * 25]
AROUND = [(" \t\r\n{", "}"), ("{ ", "\n}\n"), ("\ufeff{", "}"), ("{", ",}"), ("{,", "}"), ("{", "}x"), ("{", "}{}"),
          ("{", "}\0"), ("[{", "}]"), ("{/**/", "}"), ("{\f", "}"), ("{\u00a0", "}"), ("", "")]
# fmt: on

Sign = Callable[[str, bytes], bytes]
Members = list[tuple[str, str]]


def token(random: Random, now: int, sign: Sign) -> str:
    """A token for a clock of so many seconds; `sign` signs with the key of an id."""
    alg, kid = random.choice([("HS256", "k1")] * 14 + [("ES256", "ec"), ("EdDSA", "ed")])
    header = [("alg", quoted(alg)), ("kid", quoted(kid)), ("typ", quoted("at+jwt"))]
    claims = [("iss", quoted(ISSUER)), ("sub", quoted("user-7")), ("aud", quoted(AUDIENCE)), ("iat", f"{now - 300}")]
    claims += [("nbf", f"{now - 300}"), ("exp", f"{now + 300}"), ("jti", quoted("id-1")), ("role", quoted("user"))]
    about = random.choice(["header", "claims", "claims", "all"])
    if about != "claims":
        change(random, header, HEADER, now)
    if about != "header":
        change(random, claims, CLAIMS, now)
    odd = about == "all"
    signed = ".".join(encoded(random, written(random, part, odd), odd) for part in (header, claims))
    signature = sign(kid, signed.encode())
    if odd and random.random() < 0.1:
        signature = random.choice([b"", signature[:-1], signature + b"\0", bytes(len(signature)), sign("k1", b"a")])
    whole = f"{signed}.{encoded(random, signature, odd)}"
    around = [whole + ".", whole + ".e30", signed, "Bearer " + whole, whole + "\n", " " + whole, "." + whole]
    return random.choice(around) if odd and random.random() < 0.1 else whole


def quoted(text: str) -> str:
    """A text as JSON, which may have escapes in it."""
    return f'"{text}"'


def escaped(name: str) -> str:
    """The same name as JSON, with its first letter as an escape."""
    return f'"\\u{ord(name[0]):04x}{name[1:]}"'


def change(random: Random, members: Members, names: list[str], now: int) -> None:
    """One to three changes of members of these names, which become JSON."""
    members[:] = [(quoted(name), value) for name, value in members]
    for _ in range(random.choice([1, 1, 1, 1, 2, 3])):
        name, made = random.choice(names), value(random, now)
        at = next((at for at, member in enumerate(members) if member[0] == quoted(name)), len(members))
        how = random.randrange(12)
        if how < 2:
            del members[at : at + 1]
        elif how == 2:
            members.append((random.choice([quoted, escaped])(name), made))
        elif how == 3:
            members.insert(0, (quoted(name), made))
        elif how == 4:
            members[at : at + 1] = [(escaped(name), old) for _, old in members[at : at + 1]]
        elif how == 5:
            members[at : at + 1] = [(quoted(name.upper()), old) for _, old in members[at : at + 1]]
        else:
            members[at : at + 1] = [(quoted(name), made)]


def value(random: Random, now: int) -> str:
    """A value as JSON, or nearly."""
    time = random.choice(TIMES).format(now + random.choice(OFFSETS))
    return random.choice([time, quoted(random.choice(TEXTS)), random.choice(VALUES)])


def written(random: Random, members: Members, odd: bool) -> bytes:
    """The object as text."""
    before, after = random.choice(AROUND) if odd and random.random() < 0.1 else ("{", "}")
    names = [(name if name.startswith('"') else quoted(name), value) for name, value in members]
    return (before + ",".join(f"{name}:{value}" for name, value in names) + after).encode()


def encoded(random: Random, part: bytes, odd: bool) -> str:
    """Base64url in its one form most of the time."""
    text = base64.urlsafe_b64encode(part).decode().rstrip("=")
    if not odd or random.random() > 0.1:
        return text
    middle = len(text) // 2
    other = [text + "=", text + "==", text + "\n", " " + text, "", text[:-1], text + "A", text + "AAAA="]
    other += [text[:middle] + inside + text[middle:] for inside in (".", "\n", "!")]
    last = text[-1:]
    other += [text[:-1] + chr(ord(last) + 1)] if last.isalnum() else []
    return random.choice([*other, text.replace("-", "+").replace("_", "/")])
