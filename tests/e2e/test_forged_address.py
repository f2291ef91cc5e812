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


@pytest.fixture
def behind(counted: Stack) -> Iterator[Stack]:
    """The same site when a proxy on this machine speaks for its readers."""
    _again(counted, "127.0.0.1")
    yield counted
    _again(counted, "")


def _again(stack: Stack, trusted: str) -> None:
    stack.stop_one("web")
    stack.env["TRUSTED_PROXIES"] = trusted
    stack.start_web()


def test_readers_behind_a_trusted_proxy_are_counted_apart_and_what_they_forge_is_not(behind: Stack) -> None:
    assert {guess(behind, f"198.51.100.{n}") for n in range(TRIES)} == {401}
    forged = [guess(behind, f"192.0.2.{n}, 203.0.113.66") for n in range(TRIES)]
    assert forged == [401] * (TRIES - 1) + [429]


def test_a_forged_address_gives_no_more_guesses_at_a_password(counted: Stack) -> None:
    assert [guess(counted, f"198.51.100.{n}") for n in range(TRIES)] == [401] * (TRIES - 1) + [429]
