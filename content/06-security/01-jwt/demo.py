"""The world around the tokens: Anya, who works, a thief, who copies her tokens now and then, and the server.

A second of the demo is a minute of their lives. The tokens are real ones, made and checked by PyJWT.
"""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Any

import jwt
from reference import InvalidToken, TokenExpired, TokenManager, TokenReused, TokenRevoked

if TYPE_CHECKING:
    from sandbox.guest.lab import Lab

KEY = "one key of the server, thirty-two bytes or more"
EPOCH, MINUTE = 1_800_000_000, 60  # when the demo's clock begins, Unix seconds; a demo second in them
WEEK = 7 * 24 * 60  # minutes a refresh token lives
HOP = 0.3  # demo seconds a message travels one way
PERIOD = {"anya": 1.7, "thief": 1.3}  # demo seconds between two requests
# What happens by itself: (second, button).
STORY = (
    (4.0, "steal"),
    (6.0, "tamper"),
    (8.0, "unsigned"),
    (22.0, "steal"),
    (24.0, "logout"),
    (33.0, "steal"),
    (35.0, "race"),
)


class Hands:
    """What one of the two holds: tokens with the numbers the log knows them by."""

    def __init__(self, who: str) -> None:
        self.who = who
        self.access: tuple[str, int] | None = None
        self.refresh: tuple[str, int] | None = None
        self.until = 0.0  # demo second when the access token expires


class World:
    """Everything but the token manager."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.numbers: dict[str, int] = {}  # token → its number in the log
        self.family = 0  # of those opened
        self.families: dict[int, int] = {}  # number of a refresh token → its family
        self.anya, self.thief = Hands("anya"), Hands("thief")
        self.inside: float | None = None  # when the thief stole what still works
        self.last = 0.0  # when he was last let in
        self.flaws: set[str] = set()
        self.begin()
        for name in ("steal", "replay", "confuse", "tamper", "unsigned", "race", "logout"):
            lab.on_control(name, lambda _, name=name: getattr(self, name)())
        lab.on_control("access_ttl", lambda _: self.begin())

    # [server]
    def begin(self) -> None:
        """The server starts anew with the settings of the panel; it knows no family that was before."""
        minutes = self.lab.control("access_ttl")
        self.manager = TokenManager(
            {"2026-11": KEY},
            "2026-11",
            access_ttl=minutes * MINUTE,
            refresh_ttl=WEEK * MINUTE,
            clock=lambda: EPOCH + self.lab.now * MINUTE,
        )
        self.lab.emit("world.ready", access_ttl=minutes, bound=2 * minutes)
        # [/server]

    # [ask]
    async def ask(self, hands: Hands, way: str, token: str = "") -> str:
        """One request and its answer; gives the name of the refusal, or "". `way` is for the log.

        Login and refresh put the new tokens into the hands.
        """
        self.lab.emit("request.sent", who=hands.who, way=way)
        await asyncio.sleep(HOP)
        error = role = ""
        try:
            if way in ("login", "refresh"):
                call = self.manager.refresh(token) if token else self.manager.login("anya", "editor")
                self.hand(hands, *(await call), old=token)
                role = role_of(hands.access)
            elif way == "logout":
                await self.manager.logout_everywhere("anya")
                self.close(self.family, "logout")
            else:
                role = str(self.manager.verify(token)[1])[:20]
        except Exception as caught:
            error = self.refusal(caught)
        if error == "TokenReused":
            self.close(self.families.get(self.numbers.get(token, 0), 0), "reuse")
        self.lab.emit("request.done", who=hands.who, way=way, ok=not error, error=error, role=role)
        if hands is self.thief and not error and way != "refresh":
            self.let_in()
        await asyncio.sleep(HOP)
        return error
        # [/ask]

    def refusal(self, error: Exception) -> str:
        """The refusal in the words of the log. Whatever else the reader's code raises is told once a kind."""
        for kind in (TokenReused, TokenRevoked, TokenExpired, InvalidToken):
            if isinstance(error, kind):
                return str(kind.__name__)
        name = type(error).__name__[:40]
        if name not in self.flaws and len(self.flaws) < 5:
            self.flaws.add(name)
            self.lab.emit("manager.broke", error=name, text=str(error)[:120])
        return "broken"

    def hand(self, hands: Hands, access: str, refresh: str, *, old: str) -> None:
        """New tokens for somebody."""
        for token in (access, refresh):
            jwt.get_unverified_header(token)  # what is no token is told as the manager's own failure
        before = self.families.get(self.numbers.get(old, 0))
        if before is None:
            self.family += 1
        family = before or self.family
        for typ, token in (("access", access), ("refresh", refresh)):
            number = self.numbers[token] = len(self.numbers) + 1
            until = expiry(token)
            self.lab.emit("token.issued", token=number, typ=typ, who=hands.who, family=family, until=until)
            if typ == "access":
                hands.access, hands.until = (token, number), until
            else:
                hands.refresh, self.families[number] = (token, number), family

    def close(self, family: int, why: str) -> None:
        if family:
            self.lab.emit("family.closed", family=family, why=why)

    # [anya]
    async def work(self) -> None:
        """Anya's program: a request now and then, a refresh a minute before it is needed."""
        hands = self.anya
        await asyncio.sleep(0.7)
        while True:
            life = self.lab.control("access_ttl")
            if hands.refresh is None:
                await self.ask(hands, "login")
            elif self.lab.now >= hands.until - min(1, life / 2):
                await self.renew()
            elif hands.access:
                await self.ask(hands, "access", hands.access[0])
            pause = PERIOD["anya"] - 2 * HOP
            left = hands.until - min(1, life / 2) - self.lab.now
            await asyncio.sleep(max(0.1, min(pause, left)) if hands.refresh else 0.2)

    async def renew(self) -> None:
        """Exchange the refresh token; when it is refused, there is only the password left."""
        token = self.anya.refresh
        if token and await self.ask(self.anya, "refresh", token[0]) and self.anya.refresh == token:
            self.anya.refresh = None
            # [/anya]

    # [thief]
    async def prowl(self) -> None:
        """The thief uses what he has; once it is refused, he tries all else he can think of."""
        while True:
            await asyncio.sleep(PERIOD["thief"] - 2 * HOP)
            hands = self.thief
            if not hands.access:
                continue
            if not await self.ask(hands, "access", hands.access[0]):
                continue
            if hands.refresh and await self.replay() and await self.confuse():
                self.leave()

    async def replay(self) -> str:
        """He exchanges the refresh token. Gives the refusal, or ""."""
        token = self.thief.refresh
        return await self.ask(self.thief, "refresh", token[0]) if token else "nothing"

    async def confuse(self) -> str:
        """He shows the refresh token where an access token is expected, and keeps to it if it works."""
        token = self.thief.refresh
        error = await self.ask(self.thief, "confused", token[0]) if token else "nothing"
        if token and not error:
            self.thief.access = token
        return error
        # [/thief]

    async def steal(self) -> None:
        """He copies what Anya holds now."""
        anya, thief = self.anya, self.thief
        if anya.access and anya.refresh:
            thief.access, thief.refresh, thief.until = anya.access, anya.refresh, anya.until
            if self.inside is None:
                self.inside = self.last = self.lab.now
            self.lab.emit("token.stolen", access=anya.access[1], refresh=anya.refresh[1])

    # [forge]
    async def tamper(self) -> None:
        """He makes himself an administrator in the payload and keeps the signature."""
        if self.thief.access:
            head, _, signature = self.thief.access[0].split(".")
            await self.ask(self.thief, "tampered", ".".join((head, self.promoted(), signature)))

    async def unsigned(self) -> None:
        """He does the same and says in the header that the token needs no signature."""
        if self.thief.access:
            head = {**jwt.get_unverified_header(self.thief.access[0]), "alg": "none"}
            await self.ask(self.thief, "unsigned", ".".join((encoded(head), self.promoted(), "")))

    def promoted(self) -> str:
        token = self.thief.access[0] if self.thief.access else ""
        return encoded({**claims_of(token), "role": "admin"})
        # [/forge]

    async def race(self) -> None:
        """Both exchange their refresh tokens in one moment; the thief is a hair's breadth ahead."""
        if self.thief.refresh and self.anya.refresh:
            await asyncio.gather(self.replay(), self.renew())

    async def logout(self) -> None:
        """Anya presses «log out everywhere»; what she does next is log in again."""
        if self.anya.access:
            await self.ask(self.anya, "logout")

    def let_in(self) -> None:
        """The thief has been let in once more: how long has it been?"""
        if self.inside is not None:
            self.last = self.lab.now
            self.lab.emit("thief.inside", minutes=round(self.last - self.inside, 2))

    def leave(self) -> None:
        """He has tried everything."""
        self.thief.access = self.thief.refresh = None
        if self.inside is not None:
            minutes = round(self.last - self.inside, 2)
            self.lab.emit("thief.out", minutes=minutes, bound=2 * self.lab.control("access_ttl"))
        self.inside = None

    async def story(self) -> None:
        for at, name in STORY:
            await asyncio.sleep(at - self.lab.now)
            self.lab.set(name, True)


def encoded(part: dict[str, Any]) -> str:
    """A part of a token as it travels."""
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def claims_of(token: str) -> dict[str, Any]:
    """What anybody can read in a token; {} in what is none."""
    try:
        return jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return {}


def role_of(token: tuple[str, int] | None) -> str:
    return str(claims_of(token[0]).get("role", ""))[:20] if token else ""


def expiry(token: str) -> float:
    """Demo second when a token expires; 0 when it does not say."""
    told = claims_of(token).get("exp")
    return round((told - EPOCH) / MINUTE, 2) if isinstance(told, int | float) else 0.0


async def scenario(lab: Lab) -> None:
    """Runs until the lab stops it. Virtual seconds, each of them a minute."""
    world = World(lab)
    lab.spawn(world.story())
    lab.spawn(world.prowl())
    await world.work()
