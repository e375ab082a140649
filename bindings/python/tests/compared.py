"""The table of tokens in `docs/compare.md`: its rows as tokens, and its columns as what was found."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from typing import Any

from histories import ROOT

MADE: dict[str, Any] = json.loads((ROOT / "proofs/beside/tokens.json").read_text())
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

Look = Callable[[str, bytes], Any]


def column(library: str) -> dict[str, str]:
    """What the page says of a library, by row."""
    table = (ROOT / "docs/compare.md").read_text().split("<!-- tokens -->")[1].split("<!-- / -->")[0]
    lines = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in table.splitlines() if "|" in line]
    at = lines[0].index(library)
    return {line[0]: line[at] for line in lines[2:]}


def measured(look: Look, refusals: tuple[type[Exception], ...], now: int) -> dict[str, str]:
    """What a library makes of each row: `look` returns for what it accepts, and raises its own errors for the rest."""
    return {row["row"]: outcome(look, refusals, row, now) for row in MADE["rows"]}


def outcome(look: Look, refusals: tuple[type[Exception], ...], row: dict[str, Any], now: int) -> str:
    """`accepted`, `refused`, or the name of an error that is not the library's own."""
    try:
        look(token(row, now), secret(row))
    except refusals as error:
        code = getattr(error, "code", None)
        return "refused" if code is None else f"`{code}`"
    except Exception as error:
        return f"`{type(error).__name__}`"
    return "accepted"


def secret(row: dict[str, Any]) -> bytes:
    """The secret that the token is signed with."""
    return bytes.fromhex(row.get("secret", MADE["secret"]))


def token(row: dict[str, Any], now: int) -> str:
    """The token of a row, for a clock of so many seconds."""
    header = written({**MADE["header"], **row.get("header", {})}, "", now)
    claims = written({**MADE["claims"], **row.get("claims", {})}, row.get("more", ""), now)
    signed = f"{encoded(header)}.{encoded(claims)}"
    signature = encoded(hmac.new(secret(row), signed.encode(), hashlib.sha256).digest())
    spoiled = row.get("signature", "")
    if spoiled == "~":
        return f"{signed}.{signature[:-1]}{LETTERS[LETTERS.index(signature[-1]) + 1]}"
    return f"{signed}.{signature}{spoiled}"


def written(members: dict[str, str | None], more: str, now: int) -> bytes:
    """An object of members that are JSON already."""
    listed = [f'"{name}":{value}' for name, value in members.items() if value is not None]
    text = "{" + ",".join(listed) + more + "}"
    text = re.sub(r"\$([+-]\d+)", lambda found: str(now + int(found[1])), text)
    return re.sub(r"@(\d+)", lambda found: "a" * int(found[1]), text).encode()


def encoded(part: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(part).decode().rstrip("=")
