"""A private Redis server: on a Unix socket in a directory of its own, gone with the tests."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path


class RedisServer:
    """A server that keeps nothing when it ends, and can be started again in its place."""

    def __init__(self) -> None:
        self.place = Path(tempfile.mkdtemp(prefix="cs-rd-", dir="/tmp"))
        self.socket = self.place / "socket"
        self._running: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        options = ["--port", "0", "--unixsocket", str(self.socket), "--save", "", "--dir", str(self.place)]
        self._running = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while subprocess.run(["redis-cli", "-s", self.socket, "ping"], capture_output=True, check=False).returncode:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def kill(self) -> None:
        """Ends it as a lack of memory would."""
        if self._running is not None:
            self._running.kill()
            self._running.wait()

    def follow(self, port: int) -> None:
        """Becomes a replica of the server at this port, as soon as it has what is there."""
        self.command("REPLICAOF", "127.0.0.1", str(port))
        deadline = time.monotonic() + 30
        while b"master_link_status:up" not in self.command("INFO", "replication"):
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def command(self, *words: str) -> bytes:
        """What it answers to a command."""
        return subprocess.run(["redis-cli", "-s", self.socket, *words], capture_output=True, check=True).stdout

    def remove(self) -> None:
        """Ends it for good."""
        self.kill()
        shutil.rmtree(self.place)
