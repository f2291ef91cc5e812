"""The tokens of lesson 6.1: rules by properties, beside Simple JWT and Valkey, and the demo's promises."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable
from typing import Any, TypeVar

import jwt
import pytest
import redis.asyncio
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError

from sandbox.guest import rehearsal
from tests.content.lessons import Event, lesson

LESSON = lesson("jwt")
reference, naive = LESSON.module("reference.py"), LESSON.module("naive.py")
KEY, OTHER = "k" * 32, "o" * 32
SCRIPT = re.search(r"```python\n(SWAP = .*?)```", LESSON.text("lesson.md"), re.DOTALL)
T = TypeVar("T")


class Clock:
    """Seconds, moved by hand."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def play(main: Awaitable[T]) -> T:
    async def whole() -> T:
        return await main

    return asyncio.run(whole())


def manager(clock: Any = None, store: Any = None, keys: Any = None, active: str = "a", **more: Any) -> Any:
    return reference.TokenManager(keys or {"a": KEY}, active, store, clock=clock or Clock(), **more)


def refusal(tokens: Any, token: str) -> str:
    """The name of what `refresh` raises, "" when it succeeds."""
    try:
        play(tokens.refresh(token))
    except reference.InvalidToken as error:
        return type(error).__name__
    return ""


# -- one token -------------------------------------------------------------------------------------


@given(user=st.text(min_size=1), role=st.text())
def test_what_was_put_in_comes_out(user: str, role: str) -> None:
    access, refresh = play(manager().login(user, role))
    assert manager().verify(access) == (user, role)
    for token, typ, ttl in ((access, "access", 900), (refresh, "refresh", 604800)):
        claims = jwt.decode(token, KEY, ["HS256"], {"verify_exp": False})
        assert (claims["typ"], claims["exp"] - claims["iat"]) == (typ, ttl)


@given(ttl=st.floats(1, 1e6), before=st.floats(0, 1, exclude_max=True))
def test_a_token_lives_exactly_its_time(ttl: float, before: float) -> None:
    clock = Clock(1024.0)
    tokens = manager(clock, access_ttl=ttl, refresh_ttl=2 * ttl)
    access, _ = play(tokens.login("anya", "editor"))
    clock.now = 1024.0 + ttl * before * 0.999
    assert tokens.verify(access)
    clock.now = 1024.0 + ttl
    with pytest.raises(reference.TokenExpired):
        tokens.verify(access)


def test_a_token_is_good_at_its_own_door_only() -> None:
    tokens = manager()
    access, refresh = play(tokens.login("anya", "editor"))
    with pytest.raises(reference.InvalidToken, match="access"):
        tokens.verify(refresh)
    assert refusal(tokens, access) == "InvalidToken"
    assert refusal(tokens, refresh) == ""


@settings(max_examples=300)
@given(data=st.data())
def test_a_spoilt_token_is_refused_whenever_simple_jwt_refuses_it(data: st.DataObject) -> None:
    """Some letters carry bits that base64 drops, so not every change is a change: ask the peer."""
    now = float(int(time.time()))
    tokens = manager(Clock(now), new_id=lambda: "0123456789abcdef")
    access, _ = play(tokens.login("anya", "editor"))
    at = data.draw(st.integers(0, len(access) - 1))
    letter = data.draw(st.sampled_from("ABCDwxyz0189-_. é"))
    spoilt = data.draw(
        st.sampled_from([access[:at], access[:at] + letter + access[at + 1 :], access + letter])
    )
    peer = TokenBackend("HS256", signing_key=KEY)
    try:
        peer.decode(spoilt)
        accepted = True
    except (TokenBackendError, UnicodeEncodeError):
        accepted = False
    try:
        got = tokens.verify(spoilt)
    except reference.InvalidToken:
        assert not accepted
    else:
        assert accepted
        assert got == ("anya", "editor")


@pytest.mark.parametrize("algorithm", ["none", "HS384", "HS512"])
def test_the_algorithm_is_not_the_tokens_to_choose(algorithm: str) -> None:
    tokens, long = manager(keys={"a": KEY * 2}), KEY * 2
    claims = jwt.decode(play(tokens.login("anya", "editor"))[0], long, ["HS256"], {"verify_exp": False})
    forged = jwt.encode(claims, None if algorithm == "none" else long, algorithm, headers={"kid": "a"})
    with pytest.raises(reference.InvalidToken):
        tokens.verify(forged)


def test_pyjwt_itself_takes_no_unsigned_token() -> None:
    """As the text says: whoever accepts `none` has switched the check off."""
    unsigned = jwt.encode({"sub": "anya"}, None, "none")
    for key in (KEY, None):
        with pytest.raises(jwt.PyJWTError):
            jwt.decode(unsigned, key, ["none"])


@pytest.mark.parametrize("junk", ["", ".", "..", "a.b.c", "{}", "é.é.é"])
def test_junk_is_refused_in_our_own_words(junk: str) -> None:
    with pytest.raises(reference.InvalidToken):
        manager().verify(junk)
    assert refusal(manager(), junk) == "InvalidToken"


@pytest.mark.parametrize("headers", [{}, {"kid": "z"}], ids=str)
def test_a_key_we_do_not_have_opens_nothing(headers: dict[str, str]) -> None:
    claims = {"sub": "anya", "role": "x", "typ": "access", "jti": "1", "exp": 2_000_000}
    with pytest.raises(reference.InvalidToken):
        manager().verify(jwt.encode(claims, KEY, "HS256", headers=headers))


@pytest.mark.parametrize(
    ("keys", "active", "more"),
    [
        ({"a": KEY}, "b", {}),
        ({"a": KEY[1:]}, "a", {}),
        ({"a": KEY, "b": "short"}, "a", {}),
        ({"a": KEY}, "a", {"access_ttl": 0}),
        ({"a": KEY}, "a", {"access_ttl": 10, "refresh_ttl": 9}),
    ],
)
def test_settings_that_make_no_sense_are_refused(keys: Any, active: str, more: Any) -> None:
    with pytest.raises(ValueError, match="active"):
        reference.TokenManager(keys, active, **more)


def test_keys_change_and_nobody_is_thrown_out() -> None:
    clock = Clock()
    store = reference.MemoryStore(clock)
    access, refresh = play(manager(clock, store).login("anya", "editor"))
    later = manager(clock, store, {"a": KEY, "b": OTHER}, "b")
    assert later.verify(access) == ("anya", "editor")
    fresh, _ = play(later.refresh(refresh))
    assert jwt.get_unverified_header(fresh)["kid"] == "b"
    assert manager(clock, store, {"b": OTHER}, "b").verify(fresh)
    with pytest.raises(reference.InvalidToken):
        manager(clock, store, {"b": OTHER}, "b").verify(access)


# -- families --------------------------------------------------------------------------------------

ACTS = st.lists(
    st.tuples(st.sampled_from(["login", "swap", "replay", "logout"]), st.integers(0, 99)), max_size=25
)


@settings(max_examples=200)
@given(ACTS)
def test_families_live_as_the_model_says(acts: list[tuple[str, int]]) -> None:
    """The model: chains of tokens; the last of an open chain is good, an older one closes it."""
    tokens = manager()
    chains: list[list[str]] = []
    closed: set[int] = set()
    for act, pick in acts:
        if act == "login" or not chains:
            chains.append([play(tokens.login("anya", "editor"))[1]])
        elif act == "logout":
            play(tokens.logout_everywhere("anya"))
            closed |= set(range(len(chains)))
        else:
            family = pick % len(chains)
            chain = chains[family]
            old = act == "replay" and len(chain) > 1
            token = chain[pick % (len(chain) - 1)] if old else chain[-1]
            if family in closed:
                assert refusal(tokens, token) == "TokenRevoked"
            elif old:
                assert refusal(tokens, token) == "TokenReused"
                closed.add(family)
            else:
                access, fresh = play(tokens.refresh(token))
                assert tokens.verify(access) == ("anya", "editor")
                chain.append(fresh)


@given(crowd=st.integers(2, 8))
def test_of_a_crowd_with_one_token_one_wins_and_its_chain_is_closed(crowd: int) -> None:
    async def slow(user: str) -> str:
        await asyncio.sleep(0)
        return "editor"

    tokens = manager(role_of=slow)

    async def rush() -> list[Any]:
        _, refresh = await tokens.login("anya", "editor")
        return await asyncio.gather(*(tokens.refresh(refresh) for _ in range(crowd)), return_exceptions=True)

    got = play(rush())
    won = [one for one in got if isinstance(one, tuple)]
    assert len(won) == 1
    assert sum(isinstance(one, reference.TokenReused) for one in got) == 1
    assert refusal(tokens, won[0][1]) == "TokenRevoked"


def test_a_role_that_could_not_be_told_costs_no_token() -> None:
    answers: list[Any] = [ConnectionError(), "reader"]

    async def role_of(user: str) -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    tokens = manager(role_of=role_of)
    _, refresh = play(tokens.login("anya", "editor"))
    with pytest.raises(ConnectionError):
        play(tokens.refresh(refresh))
    access, _ = play(tokens.refresh(refresh))
    assert tokens.verify(access) == ("anya", "reader")


def test_the_memory_store_forgets_what_has_expired() -> None:
    clock = Clock()
    store = reference.MemoryStore(clock)
    tokens = manager(clock, store, refresh_ttl=1000)
    for number in range(5000):
        clock.now += 1
        play(tokens.login(f"user-{number}", "reader"))
    assert len(store._last) <= 3000  # a thousand live at any moment, and it grows to twice as many at most


def test_the_naive_version_lets_a_refresh_token_in_everywhere() -> None:
    tokens = naive.TokenManager({"a": KEY}, "a", clock=Clock())
    _, refresh = play(tokens.login("anya", "editor"))
    assert tokens.verify(refresh) == ("anya", "editor")
    access, _ = play(tokens.refresh(refresh))
    assert tokens.verify(access) == ("anya", "reader")


# -- Valkey ----------------------------------------------------------------------------------------


async def test_the_script_of_the_text_does_what_the_memory_store_does(clean_valkey: str) -> None:
    names: dict[str, Any] = {}
    assert SCRIPT
    exec(SCRIPT[1], names)
    async with redis.asyncio.Redis.from_url(clean_valkey, decode_responses=True) as client:
        store = type("Store", (), {"script": client.register_script(names["SWAP"]), "swap": names["swap"]})()
        memory, until = reference.MemoryStore(), time.time() + 1000
        await client.hset("refresh:anya", mapping={"phone": "1", "laptop": "1"})
        for family in ("phone", "laptop"):
            await memory.open("anya", family, "1", until)
        for family, jti, fresh in (
            ("phone", "1", "2"),
            ("phone", "2", "3"),
            ("phone", "1", "x"),
            ("phone", "3", "x"),
            ("laptop", "1", "2"),
            ("tablet", "1", "2"),
        ):
            expected = await memory.swap("anya", family, jti, fresh, until)
            assert await store.swap("anya", family, jti, fresh, until) == expected
        assert await client.hgetall("refresh:anya") == {"laptop": "2"}
        assert 900 < await client.ttl("refresh:anya") <= 1001
        both = await asyncio.gather(*(store.swap("anya", "laptop", "2", n, until) for n in ("3", "4")))
        assert sorted(both) == ["ok", "reused"]


# -- the demo --------------------------------------------------------------------------------------


def at(events: list[Event], t: float, kind: str = "request.done", **fields: Any) -> Event:
    (event,) = [
        e for e in events if e["kind"] == kind and e["t"] == t and all(e[k] == v for k, v in fields.items())
    ]
    return event


def outs(events: list[Event]) -> list[tuple[float, float]]:
    return [(e["t"], e["minutes"]) for e in events if e["kind"] == "thief.out"]


def test_the_figures_of_the_text_are_those_of_the_run() -> None:
    run = LESSON.run("reference")
    assert at(run, 6.3, way="tampered")["error"] == "InvalidToken"
    assert at(run, 8.3, way="unsigned")["error"] == "InvalidToken"
    assert at(run, 11.6, way="refresh")["error"] == "TokenReused"
    assert at(run, 12.2, way="confused")["error"] == "InvalidToken"
    assert at(run, 24.3, "family.closed")["why"] == "logout"
    assert at(run, 30.4, who="thief")["error"] == "TokenExpired"
    assert [at(run, 35.3, way="refresh", who=who)["ok"] for who in ("thief", "anya")] == [True, False]
    assert outs(run) == [(12.5, 5.7), (31.9, 7.1), (46.8, 11.0)]


def test_the_thief_is_out_within_the_bound_of_the_model() -> None:
    for minutes in (3, 5, 10, 14):
        run = LESSON.run("reference", access_ttl=minutes)
        assert outs(run)
        for _, inside in outs(run):
            assert inside <= 2 * minutes


def test_what_the_text_says_of_other_lifetimes() -> None:
    assert outs(LESSON.run("reference", access_ttl=30))[0][1] == 26.5
    renewed = [e for e in LESSON.run("reference", access_ttl=1) if e.get("way") == "refresh" and e.get("ok")]
    assert len([e for e in renewed if e["who"] == "anya"]) == pytest.approx(50, abs=5)


def test_nobody_throws_the_thief_out_of_the_naive_server() -> None:
    run = LESSON.run("naive")
    assert not outs(run)
    assert max(e["minutes"] for e in run if e["kind"] == "thief.inside") == 45.1
    assert at(run, 8.3, way="unsigned")["role"] == "admin"
    assert at(run, 12.2, way="confused")["ok"]
    assert at(run, 10.3, way="refresh")["role"] == "reader"
    assert all(at(run, 35.3, way="refresh", who=who)["ok"] for who in ("thief", "anya"))


def test_a_solution_of_the_exercise_may_be_played_too() -> None:
    """It need not know what only the reference takes."""
    demo = LESSON.demo
    code = LESSON.text("exercise/wrong/forgets_role_of.py")  # which the demo does not use
    events = rehearsal.run(
        {"demo.py": LESSON.code("demo.py"), "reference.py": code},
        seed=demo["seed"],
        duration=demo["duration"],
        controls={"access_ttl": 10},
        preload=demo["packages"],
    )
    assert outs(events) == outs(LESSON.run("reference"))


@pytest.mark.parametrize(
    "gives", ['return "a", "b"', "return None", 'return "x.y.z", 7', "raise KeyError(user)"], ids=str
)
def test_nonsense_in_the_readers_code_is_told_and_the_world_goes_on(gives: str) -> None:
    demo, whole = LESSON.demo, LESSON.code("reference.py")
    code = whole.replace("        family, jti = self._new_id(), self._new_id()", f"        {gives}", 1)
    assert code != whole
    script = [
        (2.0 + n, name, True) for n, name in enumerate(("steal", "tamper", "unsigned", "race", "logout"))
    ]
    events = rehearsal.run(
        {"demo.py": LESSON.code("demo.py"), "reference.py": code},
        seed=demo["seed"],
        duration=demo["duration"],
        controls={"access_ttl": 10},
        script=script,
        preload=demo["packages"],
    )
    assert events[-1]["state"] == "finished"
    assert [e["kind"] for e in events if e["kind"] == "manager.broke"] == ["manager.broke"]


def test_buttons_without_a_theft_before_them_do_no_harm() -> None:
    script = tuple(
        (2.0, name, True) for name in ("replay", "confuse", "tamper", "unsigned", "race", "logout")
    )
    assert LESSON.run("reference", script)[-1]["state"] == "finished"
