"""Calls of all that is public, by the hundred thousand, in a process that may die."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from servers import HERE

CALLS = int(os.environ.get("COUNTERSEAL_CALLS", "100000"))


def test_no_call_ends_the_process_and_nothing_foreign_comes_out() -> None:
    command = [sys.executable, str(HERE / "caller.py"), str(CALLS), os.environ.get("COUNTERSEAL_SEED", "calls")]
    done = subprocess.run(command, capture_output=True, check=False, cwd=HERE, text=True)
    assert done.returncode == 0, f"{done.returncode}: {done.stdout}{done.stderr}"
    counted = re.match(r"(\d+) calls, (\d+) answered, (\d+) refused", done.stdout)
    assert counted is not None
    calls, answered, refused = map(int, counted.groups())
    assert (calls, answered + refused) == (CALLS, CALLS)
    # Neither of them alone would say anything.
    assert answered > CALLS // 50
    assert refused > CALLS // 4
