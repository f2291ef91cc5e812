"""Warm jails for demos, and the same runs outside a jail."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox import host as hosts
from sandbox.guest import rehearsal
from sandbox.jail import Jail
from sandbox.pool import Pool

Rehearse = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    with Pool(hosts.find(hosts.var()), spare=2) as made:
        yield made


@pytest.fixture
def jail(pool: Pool) -> Iterator[Jail]:
    with pool.take() as taken:
        yield taken


@pytest.fixture
def rehearse() -> Rehearse:
    """Runs a `demo.py` outside a jail: the same guest, cheaper to start."""

    def run(demo: str, files: dict[str, str] | None = None, **other: Any) -> list[dict[str, Any]]:
        plain: dict[str, Any] = {"seed": 7, "duration": 60.0, "controls": {}}
        return rehearsal.run({"demo.py": textwrap.dedent(demo), **(files or {})}, **{**plain, **other})

    return run
