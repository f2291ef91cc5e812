"""Whose request it is: a proxy we trust may say, a stranger may not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from coursesite.environment import BadSetting, Proxies, load
from coursesite.proxies import Forwarded

EVA, ALISA, PROXY, OUTER = "203.0.113.66", "198.51.100.7", "10.0.0.5", "10.0.0.9"


def proxies(value: str) -> Proxies:
    return load({"LOCAL": "1", "TRUSTED_PROXIES": value}, with_secret=False).trusted_proxies


def seen(
    peer: str | None, hops: str | None, /, *, trusted: str = "10.0.0.0/8", kind: str = "http", **more: str
) -> dict[str, Any]:
    """The scope that the site gets when `peer` connects and says `hops`."""
    found: list[dict[str, Any]] = []

    async def site(scope: dict[str, Any], receive: Any, send: Any) -> None:
        found.append(scope)

    headers = [(b"host", b"site"), *((name.encode(), value.encode()) for name, value in more.items())]
    if hops is not None:
        headers.append((b"x-forwarded-for", hops.encode()))
    scope = {
        "type": kind,
        "scheme": "http" if kind == "http" else "ws",
        "client": (peer, 40000) if peer is not None else None,
        "headers": headers,
    }

    async def call() -> None:
        await Forwarded(site, proxies(trusted))(scope, None, None)

    asyncio.run(call())
    return found[0]


def reader(peer: str | None, hops: str | None, **more: Any) -> str:
    return str(seen(peer, hops, **more)["client"][0])


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("trusted", ["", "none", "10.0.0.0/8"])
def test_eva_who_comes_directly_gains_nothing_by_forging(kind: str, trusted: str) -> None:
    assert reader(EVA, ALISA, kind=kind, trusted=trusted) == EVA


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_trusted_proxy_says_who_the_reader_is(kind: str) -> None:
    assert reader(PROXY, ALISA, kind=kind) == ALISA


def test_what_eva_writes_before_the_proxy_adds_her_address_is_not_believed() -> None:
    assert reader(PROXY, f"{ALISA}, 10.9.9.9, {EVA}") == EVA


def test_the_walk_goes_over_every_trusted_proxy_in_a_row() -> None:
    assert reader(PROXY, f"{ALISA}, {OUTER}") == ALISA


def test_several_headers_are_one_list() -> None:
    scope = seen(PROXY, OUTER, **{"x-forwarded-for": ALISA})
    assert scope["client"][0] == ALISA


@pytest.mark.parametrize("word", ["unknown", "_hidden", "", "<script>", "999.1.1.1"])
def test_a_word_that_is_no_address_ends_the_walk_at_the_last_proxy(word: str) -> None:
    assert reader(PROXY, f"{ALISA}, {word}") == PROXY


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("198.51.100.7:4711", "198.51.100.7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("fe80::7%eth0", "fe80::7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
    ],
)
def test_an_address_is_understood_however_a_proxy_writes_it(told: str, address: str) -> None:
    assert reader(PROXY, told) == address


def test_a_proxy_that_connects_over_ipv6_under_its_ipv4_name_is_trusted() -> None:
    assert reader(f"::ffff:{PROXY}", ALISA) == ALISA


def test_a_unix_socket_is_trusted_when_the_setting_says_so() -> None:
    assert reader(None, ALISA, trusted="unix") == ALISA
    assert seen(None, ALISA)["client"] is None


def test_endless_hops_are_not_followed_for_ever() -> None:
    assert reader(PROXY, ",".join([ALISA] + [OUTER] * 5000)) == OUTER


@pytest.mark.parametrize(("kind", "secure"), [("http", "https"), ("websocket", "wss")])
def test_only_a_trusted_proxy_says_that_the_line_is_secure(kind: str, secure: str) -> None:
    told = {"x-forwarded-proto": "https"}
    assert seen(PROXY, None, kind=kind, **told)["scheme"] == secure
    assert seen(EVA, None, kind=kind, **told)["scheme"] == secure.removesuffix("s")


@pytest.mark.parametrize("peer", [EVA, PROXY])
@pytest.mark.parametrize(
    "name", ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-real-ip", "forwarded"]
)
def test_nothing_behind_sees_a_header_about_addresses(peer: str, name: str) -> None:
    assert [header for header, _ in seen(peer, None, **{name: ALISA})["headers"]] == [b"host"]


def test_a_neighbour_who_forwards_without_being_named_is_told_of_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen(PROXY, ALISA, trusted="")
    assert "TRUSTED_PROXIES" in caplog.text


def test_a_stranger_who_forges_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    seen("8.8.8.8", ALISA, trusted="")
    assert not caplog.text


@pytest.mark.parametrize("value", ["nginx", "10.0.0.1/8", "none, unix", "*"])
def test_a_setting_that_cannot_be_meant_stops_the_start(value: str) -> None:
    with pytest.raises(BadSetting) as bad:
        proxies(value)
    assert bad.value.name == "TRUSTED_PROXIES"
