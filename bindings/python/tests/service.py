"""A FastAPI service for several workers. `STORE` and `FILE` say where nonces are kept."""

import os
from typing import Annotated

from fastapi import FastAPI, Security

from counterseal.fastapi import SignedRequest, install
from counterseal.replay import SharedRing
from counterseal.request import Policy, Verified, Verifier
from counterseal.stores import Sqlite
from support import AUTHORITY, NOW, key

make = {"shared": SharedRing, "sqlite": Sqlite}[os.environ["STORE"]]
verifier = Verifier(Policy([AUTHORITY]), [key()], make(os.environ["FILE"], now=NOW))
signed = SignedRequest(verifier, clock=lambda: NOW)
app = FastAPI()
install(app)


@app.get("/process")
async def process() -> int:
    """Which worker answers."""
    return os.getpid()


@app.post("/v1/jobs")
async def create(by: Annotated[Verified, Security(signed)]) -> str:
    """Who called."""
    return by.key_id
