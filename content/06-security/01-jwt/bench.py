"""Issuing and checking tokens beside Simple JWT, and beside plain PyJWT, which knows no rules at all.

Microseconds an operation; medians over interleaved rounds, and the ratios. What we pay over both when
checking is a second reading of the header, to choose the key. Simple JWT exchanges through a database.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from types import ModuleType

import django
import jwt
from django.conf import settings

from bench.table import show

CALLS, ROUNDS = 300, 15
KEY = "k" * 32


def _reference() -> ModuleType:
    path = Path(__file__).parent / "reference.py"
    module = ModuleType("jwt_reference")
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), module.__dict__)
    return module


def _simple_jwt() -> ModuleType:
    if not settings.configured:
        apps = ["django.contrib.auth", "django.contrib.contenttypes"]
        settings.configure(SECRET_KEY=KEY, INSTALLED_APPS=apps)
        django.setup()
    from rest_framework_simplejwt import tokens

    return tokens


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

    simple = _simple_jwt()
    theirs = str(simple.AccessToken())

    def simple_pair() -> object:
        refresh = simple.RefreshToken()
        refresh["role"] = "editor"
        return str(refresh), str(refresh.access_token)

    work: dict[str, dict[str, Callable[[], object]]] = {
        "проверить access": {
            "ours": lambda: tokens.verify(access),
            "plain": plain_check,
            "simple": lambda: simple.AccessToken(theirs),
        },
        "войти: выпустить пару": {
            "ours": lambda: tokens.login("anya", "editor"),
            "plain": plain_pair,
            "simple": simple_pair,
        },
        "обменять: проверить и выпустить": {"ours": renew, "plain": plain_renew},
    }
    rows: list[list[object]] = []
    for title, rivals in work.items():
        took = await _rounds(rivals)
        ratios = [f"{took['ours'] / took[name]:.2f}" if name in took else "—" for name in ("simple", "plain")]
        rows.append([title, took["ours"], *ratios])
    return rows


def main(options: list[str]) -> None:
    """Print microseconds an operation, and the ratios to Simple JWT and to plain PyJWT."""
    show("6.1 JWT: цена правил", ["", "эталон, мкс", "к Simple JWT", "к PyJWT"], asyncio.run(_measure()))
