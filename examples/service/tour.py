"""A worker that signs, and an attacker who replays, changes, floods and kills: each verdict is checked.

    python tour.py --service URL --site URL --directory DIR --service-pid PID

Ends with 1 when a verdict is not the one that belongs there. The site shows the steps as they come.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.client
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
from counterseal.httpx import SignatureAuth
from counterseal.request import Key, Signer
from service.keys import Keys
from service.place import Place
from service.store import Store, store

JOBS = "/v1/queues/slow/jobs?priority=1"
JOB = {"task": "press the seal"}
FLOOD = 10_000
FLOODERS = 4
ME = "/v1/me"
OK, SEE_OTHER, REDIRECTED, LIMITED = 200, 303, 307, 429
RSS_TOLERANCE = 2 << 20
PATIENCE = 30.0

Answer = TypeVar("Answer")


@dataclass
class Step:
    """One verdict: what was sent, what came back, and whether that is right."""

    title: str
    status: int
    told: str
    code: str
    worker: int
    right: bool
    note: str = ""
    event: dict[str, Any] = field(default_factory=dict)


class Tour:
    """Takes the steps, in order."""

    def __init__(self, service: str, site: str, place: Place, service_pid: int) -> None:
        # A connection for each request, so that either worker may get it.
        limits = httpx.Limits(max_keepalive_connections=0)
        self.service = httpx.Client(base_url=service, limits=limits, timeout=PATIENCE)
        self.site = httpx.Client(base_url=site, timeout=PATIENCE)
        self.place = place
        self.service_pid = service_pid
        self.worker = self.signer("worker-1")
        self.operator = SignatureAuth(self.signer("web-1"))
        self.reporter = SignatureAuth(self.signer("reporter-1"))
        self.wrong = 0
        self.titles: list[str] = []

    def signer(self, key_id: str, secret: bytes | None = None, life_seconds: int | None = None) -> Signer:
        """A signer with the key of this id, or with another secret under its name."""
        return Signer(Key(key_id, secret or self.place.secret(f"{key_id}.secret")), life_seconds=life_seconds)

    def sign(self, signer: Signer, age: int = 0) -> httpx.Request:
        """A request signed `age` milliseconds ago."""
        request = self.service.build_request("POST", JOBS, json=JOB)
        auth = SignatureAuth(signer, clock=lambda: time.time_ns() // 1_000_000 - age)
        return next(auth.auth_flow(request))

    def changed(self, target: str = JOBS, job: dict[str, str] = JOB) -> httpx.Request:
        """A request that was changed after it was signed."""
        signed = self.sign(self.worker)
        request = self.service.build_request("POST", target, json=job)
        request.headers.update({name: signed.headers[name] for name in SIGNATURE_FIELDS})
        return request

    def take(self, title: str, request: httpx.Request, status: int, code: str, note: str = "") -> Step:
        """Sends the request and checks the verdict."""
        return self.judge(title, self.service.send(request), status, code, note)

    def judge(self, title: str, answer: httpx.Response, status: int, code: str, note: str = "") -> Step:
        """Checks an answer of the service against the status and the audited code that belong there."""
        request, worker = answer.headers["x-request-id"], int(answer.headers["x-worker"])
        event = self.audited(request)
        told = answer.json().get("code", "")
        right = (answer.status_code, event["event"]) == (status, code)
        return self.show(Step(title, answer.status_code, told, event["event"], worker, right, note, event))

    def audited(self, request: str) -> dict[str, Any]:
        """What the audit table has last for this request: who is verified may be over a limit yet."""
        rows = self.service.get("/v1/audit", auth=self.operator).raise_for_status().json()
        found = [row for row in rows if row["request"] == request]
        return found[-1] if found else {"event": "not in the audit table"}

    def show(self, step: Step) -> Step:
        """Prints the step and tells the site about it."""
        self.print(step)
        self.site.send(self.report(step)).raise_for_status()
        return step

    def print(self, step: Step) -> None:
        """Prints the step and counts it if it is wrong."""
        self.wrong += not step.right
        self.titles.append(step.title)
        told = f"(told {step.told})" if step.told not in ("", step.code) else ""
        line = LINE.format(step.title, step.status, f"{step.code} {told}", step.worker or "", step.note)
        print("ok   " if step.right else "WRONG", line.rstrip(), flush=True)

    def report(self, step: Step) -> httpx.Request:
        """The signed request that tells the site about the step."""
        return next(self.reporter.auth_flow(self.site.build_request("POST", "/api/steps", json=asdict(step))))

    # The steps.

    def accepted_and_replayed(self) -> None:
        captured = self.sign(self.worker)
        first = self.take("signed", captured, 201, "request_accepted")
        self.replayed("replayed to the other worker", captured, {first.worker})

    def replayed(self, title: str, captured: httpx.Request, seen_by: set[int]) -> Step:
        """Sends the captured request until a process answers that is not among `seen_by`."""
        answers = self.until_other(lambda: captured, seen_by)
        step = self.judge(title, answers[-1], 401, "request_replayed", f"sent {len(answers)} times")
        return self.check_each(step, answers, "a replay was accepted")

    def check_each(self, step: Step, answers: list[httpx.Response], otherwise: str) -> Step:
        """The step, or a wrong one where an answer before the last had another status."""
        if all(answer.status_code == step.status for answer in answers):
            return step
        return self.show(Step(step.title, 0, "", otherwise, 0, right=False))

    def until_other(self, request: Callable[[], httpx.Request], seen_by: set[int]) -> list[httpx.Response]:
        """The answers up to the first one of a process that is not among `seen_by`."""
        answers = []
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            answers.append(self.service.send(request()))
            if int(answers[-1].headers["x-worker"]) not in seen_by:
                return answers
            time.sleep(0.01)
        raise TimeoutError("no other worker answered")

    def stale(self) -> None:
        old = self.sign(self.signer("worker-1", life_seconds=120), age=61_000)
        self.take("signed 61 s ago", old, 401, "request_outside_window")

    def tampered(self) -> None:
        self.take("body changed", self.changed(job={"task": "break it"}), 401, "request_body_mismatch")
        self.take("path changed", self.changed("/v1/queues/fast/jobs?priority=1"), 401, "request_mac_mismatch")
        self.take("query changed", self.changed("/v1/queues/slow/jobs?priority=9"), 401, "request_mac_mismatch")

    def unknown_key(self) -> None:
        stranger = self.signer("stranger", secrets.token_bytes(32))
        self.take("signed with an unknown key", self.sign(stranger), 401, "request_key_unknown")

    def rotated(self) -> None:
        until = time.time_ns() // 1_000_000 + 3_000
        self.stored(lambda kept: Keys(self.place, kept).rotate("worker-1", "worker-2", until))
        old, self.worker = self.worker, self.signer("worker-2")
        self.take("signed with the new key", self.sign(self.worker), 201, "request_accepted")
        self.take("signed with the old key before its end", self.sign(old), 201, "request_accepted")
        # Each worker reads the key's new end within a second.
        time.sleep(max(0.0, until / 1000 - time.time()) + 1.5)
        self.take("signed with the old key after its end", self.sign(old), 401, "request_key_expired")

    def flooded(self) -> None:
        forger = self.signer("worker-2", secrets.token_bytes(32))
        self.flood(forger, FLOOD // 10)
        before = self.footprint()
        refused = self.flood(forger, FLOOD)
        after = self.footprint()
        # Nonces of the steps before may be over meanwhile.
        grown = after["nonces"] > before["nonces"] or after["ring"] != before["ring"]
        memory = after["memory"] - before["memory"]
        right = refused == FLOOD and not grown and memory < RSS_TOLERANCE
        note = f"store {'grew' if grown else 'unchanged'}, workers' memory {memory / (1 << 20):+.1f} MiB"
        self.show(
            Step(f"{FLOOD} forged requests", 401, "request_unauthenticated", "request_mac_mismatch", 0, right, note)
        )
        self.take("signed, after the flood", self.sign(self.worker), 201, "request_accepted")

    def flood(self, forger: Signer, count: int) -> int:
        """Sends forged requests and counts those that were refused."""
        with ThreadPoolExecutor(FLOODERS) as pool:
            return sum(pool.map(self.forge, [forger] * FLOODERS, [count // FLOODERS] * FLOODERS))

    def forge(self, forger: Signer, count: int) -> int:
        refused = 0
        url = self.service.base_url
        with contextlib.closing(http.client.HTTPConnection(url.host, url.port, timeout=PATIENCE)) as connection:
            connection.connect()
            for _ in range(count):
                request = self.sign(forger)
                connection.request("POST", JOBS, request.content, dict(request.headers))
                # uvicorn writes the content of an answer once its head is acknowledged, so acknowledge at once.
                connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
                answer = connection.getresponse()
                refused += answer.status == 401
                answer.read()
        return refused

    def footprint(self) -> dict[str, int]:
        """Nonces that are kept, and bytes: the size of the ring's file if there is one, and the workers' memory."""
        memory = sum(resident(pid) for pid in self.workers())
        ring = self.place.root / "ring"
        size = ring.stat().st_size if ring.exists() else 0
        return {"nonces": self.stored(lambda kept: kept.nonces()), "ring": size, "memory": memory}

    def stored(self, ask: Callable[[Store], Awaitable[Answer]]) -> Answer:
        """What the service's store answers."""

        async def session() -> Answer:
            kept = store(self.place)
            async with kept.opened():
                return await ask(kept)

        return asyncio.run(session())

    def workers(self) -> set[int]:
        """The service's child processes."""
        children = Path(f"/proc/{self.service_pid}/task/{self.service_pid}/children")
        return {int(pid) for pid in children.read_text().split()}

    def killed(self) -> None:
        captured = self.sign(self.worker)
        victim = self.take("signed, just before its worker is killed", captured, 201, "request_accepted").worker
        known = self.workers()
        if victim not in known:
            raise LookupError("whoever answered is no worker of the service")
        os.kill(victim, signal.SIGKILL)
        self.replayed("replayed to the restarted worker", captured, known)
        honest = self.until_other(lambda: self.sign(self.worker), known)
        step = self.judge("signed, to the restarted worker", honest[-1], 201, "request_accepted")
        self.check_each(step, honest, "an honest request was refused")

    def too_fast(self) -> None:
        refused: list[httpx.Response] = []
        with ThreadPoolExecutor(FLOODERS) as pool:
            while not refused:
                answers = pool.map(lambda _: self.service.send(self.sign(self.worker)), range(FLOODERS * 8))
                refused = [answer for answer in answers if answer.status_code == LIMITED]
        wait = int(refused[0].headers["retry-after"])
        note = f"told to wait for {wait} s, {refused[0].headers['ratelimit']}"
        self.judge("signed, too many at once", refused[0], LIMITED, "limit_exceeded", note)
        time.sleep(wait)
        self.take("signed, after the wait", self.sign(self.worker), 201, "request_accepted")

    def session(self) -> None:
        """Somebody logs in, and a key is rotated and all sessions are ended while the dashboard is asked."""
        self.take("the dashboard without a token", self.service.build_request("GET", ME), 401, "jwt_missing")
        token = self.logged_in("ada logs in", "ada")
        self.told("the dashboard with her token", self.dashboard(token), 200, "the token's claims")
        head, payload, _ = token.split(".")
        forged = ".".join((head, payload, secrets.token_urlsafe(64)))
        self.take("the dashboard with a forged token", self.asked(forged), 401, "jwt_signature")
        self.keys_rotated(token)
        self.service.post("/v1/me/end", headers=bearer(token)).raise_for_status()
        self.take("her token after all sessions ended", self.asked(token), 401, "jwt_user_ver")
        again = self.logged_in("ada logs in again", "ada")
        self.told("the dashboard with her new token", self.dashboard(again), 200, "the token's claims")

    def keys_rotated(self, token: str) -> None:
        """Announces a key, and asks for the dashboard with old and new tokens until one is signed by the new key."""
        announced = self.service.post("/v1/keys", auth=self.operator).raise_for_status().json()
        new, asked, failed = announced[-1]["id"], 0, 0
        until, signed_by = time.monotonic() + PATIENCE, ""
        while signed_by != new and time.monotonic() < until:
            fresh = self.service.post("/v1/login", json=self.login("ada")).raise_for_status().json()["token"]
            for tried in (token, fresh):
                answer = self.dashboard(tried)
                asked, failed = asked + 1, failed + (answer.status_code != OK)
                signed_by = answer.json().get("key", signed_by)
            time.sleep(0.1)
        right = failed == 0 and signed_by == new
        note = f"{asked} requests with old and new tokens, {failed} failed"
        self.show(Step("the token key rotated meanwhile", OK, "", "the new key signs", 0, right, note))

    def logged_in(self, title: str, name: str) -> str:
        answer = self.service.post("/v1/login", json=self.login(name))
        self.told(title, answer, OK, "a token of her version")
        return str(answer.json()["token"])

    def login(self, name: str) -> dict[str, str]:
        return {"name": name, "password": self.place.secret(f"{name}.secret").hex()}

    def asked(self, token: str) -> httpx.Request:
        return self.service.build_request("GET", ME, headers=bearer(token))

    def dashboard(self, token: str) -> httpx.Response:
        return self.service.send(self.asked(token))

    def told(self, title: str, answer: httpx.Response, status: int, what: str) -> None:
        """Checks an answer that no audit event is written about, since nothing was refused."""
        right = answer.status_code == status
        self.show(Step(title, answer.status_code, "", what, int(answer.headers["x-worker"]), right))

    def site_verifies_too(self) -> None:
        step = Step("signed, to the site", 204, "", "request_accepted", 0, right=True)
        captured = self.report(step)
        step.right = self.site.send(captured).status_code == step.status
        self.print(step)
        answer = self.site.send(captured)
        told = answer.json()["code"] if answer.content else ""
        self.show(Step("replayed to the site", answer.status_code, told, told, 0, told == "request_replayed"))

    def site_protects_too(self) -> None:
        """The site's dashboard, without and with a session that the site keeps in a cookie."""
        stranger = self.site.get("/dashboard")
        right = (stranger.status_code, stranger.headers.get("location")) == (REDIRECTED, "/login")
        self.show(Step("the site's dashboard, to a stranger", stranger.status_code, "", "sent to log in", 0, right))
        with httpx.Client(base_url=self.site.base_url, timeout=PATIENCE, headers=OWN_SITE) as browser:
            entered = browser.post("/login/enter", data=self.login("ada"))
            # Browsers keep `Secure` cookies of loopback, and send them; httpx does the first.
            cookies = dict(entered.cookies)
            browser.headers["cookie"] = "; ".join("=".join(pair) for pair in cookies.items())
            page = browser.get("/dashboard")
            right = (entered.status_code, page.status_code) == (SEE_OTHER, OK) and "ada" in page.text
            self.show(Step("the site's dashboard, to ada", page.status_code, "", "her page", 0, right))
            token = cookies["__Host-cs_at"]
            answer = self.site.get("/api/me", headers=bearer(token))
            right = (answer.status_code, answer.json().get("name")) == (OK, "ada")
            self.show(Step("a route of the site, with her token", answer.status_code, "", "her name", 0, right))
            answer = self.site.get("/api/me", headers=bearer(token[:-4]))
            told = answer.json().get("code", "")
            right = (answer.status_code, told) == (401, "invalid_token") and "www-authenticate" in answer.headers
            self.show(Step("a route of the site, with half of it", answer.status_code, told, told, 0, right))
            browser.post("/dashboard/end")
            ended = browser.get("/dashboard")
            right = ended.status_code == REDIRECTED
            self.show(Step("the site's dashboard, after the end", ended.status_code, "", "sent to log in", 0, right))
            refreshed = browser.post("/session/refresh")
            told = refreshed.json().get("code", "") if refreshed.content else ""
            right = (refreshed.status_code, told) == (401, "invalid_grant")
            self.show(Step("her refresh token, after the end", refreshed.status_code, told, told, 0, right))

    def site_shows_all(self) -> None:
        page = self.site.get("/").raise_for_status()
        missing = [title for title in self.titles if title not in page.text]
        note = f"not there: {', '.join(missing)}" if missing else f"{len(self.titles)} steps"
        self.print(Step("the page of the site", page.status_code, "", "", 0, not missing, note))

    def run(self) -> int:
        """Takes all steps and counts the wrong verdicts."""
        print(LINE.format("      what was sent", "", "code", "worker", ""))
        self.accepted_and_replayed()
        self.stale()
        self.tampered()
        self.unknown_key()
        self.rotated()
        self.flooded()
        self.killed()
        self.too_fast()
        self.session()
        self.site_protects_too()
        self.site_verifies_too()
        self.site_shows_all()
        return self.wrong


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--service", required=True, help="URL of the service")
    parser.add_argument("--site", required=True, help="URL of the site")
    parser.add_argument("--directory", required=True, type=Path, help="what service.provision made")
    parser.add_argument("--service-pid", required=True, type=int, help="the process whose children are the workers")
    arguments = parser.parse_args()
    tour = Tour(arguments.service, arguments.site, Place(arguments.directory), arguments.service_pid)
    wrong = tour.run()
    print(f"{wrong} wrong verdicts" if wrong else "every verdict is right", flush=True)
    return 1 if wrong else 0


def bearer(token: str) -> dict[str, str]:
    """The field that carries a token."""
    return {"authorization": f"Bearer {token}"}


def resident(pid: int) -> int:
    """The resident memory of a process, in bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


# What browsers say of a form of the page itself.
OWN_SITE = {"sec-fetch-site": "same-origin"}
# Title, status, code, worker, note.
LINE = "{:<42} {:<4} {:<54} {:<7} {}"
SIGNATURE_FIELDS = ("content-digest", "signature-input", "signature")

if __name__ == "__main__":
    sys.exit(main())
