"""The harness of `benches/src/harness.rs`: each item runs once per round, and one line of JSON says what it took."""

import json
import time
from collections.abc import Callable
from typing import Any

Op = Callable[[], object]
Run = Callable[[int], int]

ROUNDS = 31
ROUND_NS = 4_000_000
PREPARED = 512


class Bench:
    def __init__(self, name: str) -> None:
        self.name = name
        self.items: list[Item] = []

    def item(self, name: str, size: int, op: Op) -> "Bench":
        """An item whose work is one call of `op`."""

        def run(times: int) -> int:
            rounds = range(times)
            begun = time.perf_counter_ns()
            for _ in rounds:
                op()
            return time.perf_counter_ns() - begun

        self.items.append(Item(name, size, run, None))
        return self

    def prepared(self, name: str, size: int, make: Callable[[], Any], op: Callable[[Any], object]) -> "Bench":
        """An item whose inputs are used once: they are made before the clock starts."""

        def run(times: int) -> int:
            inputs = [make() for _ in range(times)]
            begun = time.perf_counter_ns()
            for given in inputs:
                op(given)
            return time.perf_counter_ns() - begun

        self.items.append(Item(name, size, run, PREPARED))
        return self

    def run(self) -> None:
        for item in self.items:
            item.calibrate()
        for _ in range(ROUNDS):
            for item in self.items:
                item.samples.append(item.run(item.times) / item.times)
        for item in self.items:
            ns = [round(sample, 1) for sample in item.samples]
            print(json.dumps({"bench": self.name, "item": item.name, "bytes": item.size, "ns": ns}))


class Item:
    def __init__(self, name: str, size: int, run: Run, times: int | None) -> None:
        self.name, self.size, self.run = name, size, run
        self.times = times or 1
        self.is_calibrated = times is not None
        self.samples: list[float] = []

    def calibrate(self) -> None:
        """Warms up, and finds out how often to run in a round."""
        self.run(200)
        while not self.is_calibrated:
            spent = self.run(self.times)
            self.is_calibrated = spent > ROUND_NS / 2
            self.times = max(1, int(self.times * ROUND_NS / spent)) if self.is_calibrated else self.times * 2
