"""Issuing and checking tokens beside plain PyJWT, which does the same cryptography and no rules of ours.

Microseconds an operation; medians over interleaved rounds, and the ratio to PyJWT.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from types import ModuleType

import jwt

from bench.table import show

CALLS, ROUNDS = 300, 15
KEY = "k" * 32


def _reference() -> ModuleType:
    path = Path(__file__).parent / "reference.py"
    module = ModuleType("jwt_reference")
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), module.__dict__)
    return module


async def _rounds(work: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Microseconds a call; a piece of work may be a coroutine function."""
    taken: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(ROUNDS):
        for name, one in work.items():
            begun = time.perf_counter()
            for _ in range(CALLS):
                made = one()
                if asyncio.iscoroutine(made):
                    await made
            taken[name].append((time.perf_counter() - begun) / CALLS * 1e6)
    return {name: median(values[1:]) for name, values in taken.items()}  # the first round warms up


async def _measure() -> list[list[object]]:
    tokens = _reference().TokenManager({"a": KEY}, "a")
    access, last = await tokens.login("anya", "editor")

    async def renew() -> None:
        nonlocal last
        _, last = await tokens.refresh(last)

    def plain_check() -> object:
        return jwt.decode(access, KEY, algorithms=["HS256"])

    def plain_pair() -> object:
        body = {"sub": "anya", "role": "editor", "jti": "1", "exp": time.time() + 900}
        return [jwt.encode(body | {"typ": typ}, KEY, "HS256", headers={"kid": "a"}) for typ in ("a", "r")]

    def plain_renew() -> object:
        return plain_check(), plain_pair()

    pairs = {
        "проверить access": (lambda: tokens.verify(access), plain_check),
        "войти: выпустить пару": (lambda: tokens.login("anya", "editor"), plain_pair),
        "обменять: проверить и выпустить": (renew, plain_renew),
    }
    rows: list[list[object]] = []
    for title, (ours, plain) in pairs.items():
        took = await _rounds({"ours": ours, "plain": plain})
        rows.append([title, took["ours"], took["plain"], f"{took['ours'] / took['plain']:.2f}"])
    return rows


def main(options: list[str]) -> None:
    """Print microseconds an operation, and the ratio to plain PyJWT."""
    show("6.1 JWT: цена правил", ["", "эталон, мкс", "PyJWT, мкс", "к PyJWT"], asyncio.run(_measure()))
