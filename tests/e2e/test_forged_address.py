"""Ева wants a fresh count for each try, from this very machine, which uvicorn by itself would trust."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
import redis

from launch.processes import Stack

TRIES = 21  # one more than an address may guess in a minute


@pytest.fixture
def counted(stack: Stack) -> Iterator[Stack]:
    """A site that has counted nobody yet, and forgets what this test did."""
    with redis.Redis.from_url(f"unix://{stack.var}/valkey.sock") as client:
        _forget(client)
        yield stack
        _forget(client)


def _forget(client: redis.Redis) -> None:
    for key in client.scan_iter("*throttle_token*"):
        client.delete(key)


def guess(stack: Stack, forged: str) -> int:
    body = json.dumps({"email": "alisa@poligon.example", "password": "no"}).encode()
    headers = {"Content-Type": "application/json", "X-Forwarded-For": forged, "X-Real-IP": forged}
    try:
        request = urllib.request.Request(f"{stack.url}/api/v1/token/", body, headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_a_forged_address_gives_no_more_guesses_at_a_password(counted: Stack) -> None:
    assert [guess(counted, f"198.51.100.{n}") for n in range(TRIES)] == [401] * (TRIES - 1) + [429]
