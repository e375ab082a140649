"""The operation `sessions` of the room `refresh`: what becomes of sessions, one step after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from counterseal.errors import CountersealError, RefreshError
from counterseal.jwt import Standing
from counterseal.refresh import EndedSessions, Refreshed, Refresher, Session, SessionFeed, inspect
from counterseal.stores import Memory, Waiting

Case = dict[str, Any]

TENANT = "login"
FIELDS = [
    *("id", "tenant", "subject", "user_ver", "client", "device", "access", "bound_by", "generation"),
    *("began", "used", "idle_end", "absolute_end", "ended_by", "ended"),
]
CHANGES = ("bump", "disable")


def sessions(case: Case, _: object) -> Case:
    """The steps, over one store."""
    members, store = dict(case["input"]), Memory(now=case["now"])
    refresher = Refresher(**case["policy"], **secrets(members.pop("secrets")))
    told: list[Case] = []
    for step in members.pop("steps"):
        match step["do"]:
            case "roll":
                refresher = Refresher(**case["policy"], **secrets(step["secrets"]))
                told.append({"code": None})
            case "inspect":
                told.append({"text": inspect(step["token"])})
            case change if change in CHANGES:
                getattr(Standing(TENANT), change)(step["subject"], now=step["at"]).run(store)
                told.append({"code": None})
            case _:
                told.append(turned(refresher, store, step))
    if members:
        raise ValueError("the input has other members")
    return {"steps": told}


def secrets(members: Case) -> Case:
    """The secrets by their states, as pairs of number and bytes."""
    return {
        state: numbered(told) if state == "signing" else [numbered(pair) for pair in told]
        for state, told in members.items()
    }


def numbered(pair: list[Any]) -> tuple[int, bytes]:
    """A secret and its number."""
    number, secret = pair
    return number, bytes.fromhex(secret)


def turned(refresher: Refresher, store: Memory, step: Case) -> Case:
    """What one step comes to."""
    try:
        if step["do"] == "feed":
            return fed(store, step)
        waiting = BEGIN[step["do"]](refresher, step)
        if step.get("fails"):
            waiting.statement("sqlite")
            waiting.answer(None)
            found = waiting.verdict()
        else:
            found = waiting.run(store)
    except CountersealError as refused:
        told: Case = {"code": refused.code}
        if step["do"] in ("mint", "refresh"):
            assert isinstance(refused, RefreshError)
            told["clears_cookies"] = refused.clears_cookies
        return told
    return shown(step["do"], found)


def fed(store: Memory, step: Case) -> Case:
    """Which sessions have ended, and what becomes of access tokens."""
    waiting = SessionFeed(trusted_for_seconds=step["trusted_for_seconds"]).read(now=step["at"])
    if step.get("fails"):
        waiting.statement("sqlite")
        waiting.answer(None)
    ended = waiting.verdict() if step.get("fails") else waiting.run(store)
    later = step["at"] + step["after"]
    return {"ended": len(ended), "checked": [checked(ended, told, later) for told in step["asked"]]}


def checked(ended: EndedSessions, session: str | None, now: int) -> str | None:
    """The code of a refusal."""
    try:
        ended.check(session, now=now)
    except RefreshError as refused:
        return refused.code
    return None


def shown(do: str, found: Any) -> Case:
    """What a step gives."""
    match found:
        case int():
            return {"ended": found}
        case str():
            return {"text": found}
        case list():
            return {"sessions": [fields(session) for session in found]}
        case Session():
            return {"session": fields(found)}
        case Refreshed():
            told = {"how": found.how, "token": found.token, "session": fields(found.session)}
            return told if do == "begin" else {**told, "is_followed": found.is_followed}
        case _:
            raise TypeError("a step gives one of these")


def fields(session: Session) -> Case:
    """A session, field by field."""
    return {name: getattr(session, name) for name in FIELDS}


def holder(step: Case) -> Case:
    """Who presents a token."""
    return {name: value if name == "client" else bytes.fromhex(value) for name, value in step["holder"].items()}


def begin(refresher: Refresher, step: Case) -> Waiting[Any]:
    """A session that begins."""
    new = dict(step["new"])
    tenant, subject = new.pop("tenant"), new.pop("subject")
    return refresher.begin_session(tenant, subject, **new, **holder(step), now=step["at"], seed=seed(step))


def seed(step: Case) -> bytes:
    """The random bytes of a step."""
    return bytes.fromhex(step["seed"])


BEGIN: dict[str, Callable[[Refresher, Case], Waiting[Any]]] = {
    "begin": begin,
    "refresh": lambda by, step: by.refresh(step["token"], **holder(step), now=step["at"], seed=seed(step)),
    "mint": lambda by, step: by.mint(step["token"], **holder(step), now=step["at"]),
    "explain": lambda by, step: by.explain(step["token"], **holder(step), now=step["at"]),
    "confirm": lambda by, step: by.confirm(step["session"], step["generation"], now=step["at"]),
    "log_out": lambda by, step: by.log_out(step["session"], now=step["at"]),
    "revoke": lambda by, step: by.revoke(step["session"], now=step["at"]),
    "revoke_all": lambda by, step: by.revoke_all(TENANT, step["subject"], **step["which"], now=step["at"]),
    "sessions": lambda by, step: by.sessions(TENANT, step["subject"], now=step["at"]),
}
