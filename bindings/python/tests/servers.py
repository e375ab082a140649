"""Real servers: uvicorn in a thread for one application, and any command in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

HERE = Path(__file__).resolve().parent


@contextmanager
def serving(app: Any, **options: Any) -> Iterator[int]:
    """The port of a uvicorn that serves `app` in a thread."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", **options))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        _until(lambda: server.started or not thread.is_alive())
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


@dataclass
class Process:
    """A server in a process of its own, and what it has written."""

    popen: subprocess.Popen[bytes]
    port: int
    log: Path

    def is_up(self) -> bool:
        """Whether it takes connections."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def text(self) -> str:
        """What it has written."""
        return self.log.read_text(errors="replace")


@contextmanager
def running(
    tmp_path: Path,
    *command: str,
    env: Mapping[str, str] | None = None,
    until: Callable[[Process], bool] = Process.is_up,
) -> Iterator[Process]:
    """The server that `command` starts, once `until` holds or it has ended. `{port}` stands for a free port."""
    port = free_port()
    log = tmp_path / f"server-{port}.log"
    words = [word.replace("{port}", str(port)) for word in command]
    with log.open("wb") as out:
        popen = subprocess.Popen(
            [sys.executable, *words],
            cwd=HERE,
            env={**clean_environment(), **(env or {})},
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    process = Process(popen, port, log)
    try:
        _until(lambda: until(process) or popen.poll() is not None, process.text)
        yield process
    finally:
        # Its workers are in its session, and may outlive it.
        with suppress(ProcessLookupError):
            os.killpg(popen.pid, signal.SIGKILL)
        popen.wait()


def clean_environment() -> dict[str, str]:
    """This process's environment without what would configure a server."""
    unwanted = ("WEB_CONCURRENCY", "GUNICORN_CMD_ARGS", "UVICORN_", "FORWARDED_ALLOW_IPS")
    return {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def exchange(port: int, message: bytes, timeout: float = 10) -> bytes:
    """What a server answers to these bytes until it closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout) as connection:
        connection.sendall(message)
        answer = b""
        while chunk := connection.recv(65_536):
            answer += chunk
        return answer


def _until(holds: Callable[[], bool], told: Callable[[], str] = str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"the server did not come up: {told()}"
        time.sleep(0.02)
