"""A panic in any export arrives as an exception, and the interpreter lives on."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import counterseal
from servers import HERE

PROJECT = HERE.parents[2]
SOURCES = HERE.parent / "src"


@pytest.fixture(scope="module")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package over a native half that panics when it is told to."""
    target = PROJECT / "target" / "probe"
    build = ["cargo", "build", "--quiet", "--locked", "--package", "counterseal-python"]
    build += ["--features", "pyo3/extension-module", "--target-dir", str(target)]
    env = {**os.environ, "RUSTFLAGS": "--cfg counterseal_panic_probe", "PYO3_PYTHON": sys.executable}
    subprocess.run(build, check=True, cwd=PROJECT, env=env)
    place = tmp_path_factory.mktemp("probe")
    package = place / "counterseal"
    installed = Path(counterseal.__file__).parent
    shutil.copytree(installed, package, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    shutil.copy(target / "debug" / "lib_counterseal.so", package / "_counterseal.abi3.so")
    return place


def test_b01_a_forced_panic_in_every_export_is_an_internal_error(probe: Path) -> None:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(probe), str(HERE)]), "FILES": str(probe)}
    done = subprocess.run([sys.executable, HERE / "prober.py"], capture_output=True, check=True, env=env, text=True)
    outcomes = json.loads(done.stdout)
    assert done.stderr.count("forced panic") == len(outcomes)
    for name, came, lives in outcomes:
        assert came == ["InternalError", "binding_panicked", name], name
        assert lives, name
    # The names that Python sees are the names that are guarded: none is missing, none is left over.
    guards = re.compile(r'guard\(\s*"([^"]+)"')
    guarded = [name for source in SOURCES.glob("*.rs") for name in guards.findall(source.read_text())]
    assert sorted(name for name, _, _ in outcomes) == sorted(guarded)
    assert len(outcomes) > 60
