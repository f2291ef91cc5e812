"""Access and refresh tokens on PyJWT: short-lived passes, and a refresh chain that can be cut.

Rotation with reuse detection: RFC 9700, 4.14.2; what to check in a token: RFC 8725. All times are seconds.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, Protocol

import jwt

ALGORITHM = "HS256"  # ours to choose, never the token's
Swapped = Literal["ok", "reused", "revoked"]
Pair = tuple[str, str]  # access token, refresh token
Identity = tuple[str, str]  # user, role


# [errors]
class InvalidToken(Exception):
    """Not ours, spoilt, or not for this door. The caller learns no more than that."""


class TokenExpired(InvalidToken):
    """It was good once: try the refresh token."""


class TokenRevoked(InvalidToken):
    """Its family is closed: ask for the password."""


class TokenReused(TokenRevoked):
    """It was exchanged before: two parties hold it. Its family is closed now; worth an alert."""

    # [/errors]


# [store]
class RefreshTokenStore(Protocol):
    """Which refresh token is the last of each family. Every method is one atomic step for all processes."""

    async def open(self, user: str, family: str, jti: str, until: float) -> None:
        """A family begins; `until` is when its token expires."""

    async def swap(self, user: str, family: str, jti: str, fresh: str, until: float) -> Swapped:
        """Put `fresh` in the place of `jti`. Another one there: "reused", and the family is gone."""

    async def close_all(self, user: str) -> None:
        """Log out everywhere."""


class MemoryStore:
    """For one process. No `await` inside a method: in asyncio that is what makes it atomic."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock, self._limit = clock, 1024
        self._last: dict[tuple[str, str], tuple[str, float]] = {}  # (user, family) → (jti, until)

    async def open(self, user: str, family: str, jti: str, until: float) -> None:
        """Sweeps out the expired whenever the number of families has doubled."""
        if len(self._last) >= self._limit:
            self._last = {key: last for key, last in self._last.items() if last[1] > self._clock()}
            self._limit = max(1024, 2 * len(self._last))
        self._last[user, family] = jti, until

    async def swap(self, user: str, family: str, jti: str, fresh: str, until: float) -> Swapped:
        """Compare and replace."""
        last = self._last.pop((user, family), None)
        if last is None:
            return "revoked"
        if last[0] != jti:
            return "reused"
        self._last[user, family] = fresh, until
        return "ok"

    async def close_all(self, user: str) -> None:
        """Forget every family of the user. Looks through all of them: it is seldom asked for."""
        self._last = {key: last for key, last in self._last.items() if key[0] != user}
        # [/store]


# [manager]
class TokenManager:
    """Issues, checks and renews tokens.

    `keys` maps key ids to secrets of at least 32 bytes (RFC 7518, 3.2): `active` signs, any of them verifies.
    `role_of`, if given, tells the role anew at each refresh. Raises ValueError for what makes no sense.
    """

    def __init__(
        self, keys: Mapping[str, str], active: str, store: RefreshTokenStore | None = None, *,
        access_ttl: float = 15 * 60, refresh_ttl: float = 7 * 86400, clock: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: secrets.token_urlsafe(16),
        role_of: Callable[[str], Awaitable[str]] | None = None,
    ) -> None:  # fmt: skip
        weak = [kid for kid, key in keys.items() if len(key.encode()) < 32]
        if weak or active not in keys or not 0 < access_ttl <= refresh_ttl:
            raise ValueError(f"{weak=}, {active=}, {access_ttl=}, {refresh_ttl=}")
        self._keys, self._active = dict(keys), active
        self._store = store or MemoryStore(clock)
        self._ttl = {"access": access_ttl, "refresh": refresh_ttl}
        self._clock, self._new_id, self._role_of = clock, new_id, role_of
        # [/manager]

    # [public]
    async def login(self, user: str, role: str) -> Pair:
        """A new family for a user whose password has just been checked."""
        family, jti = self._new_id(), self._new_id()
        await self._store.open(user, family, jti, self._clock() + self._ttl["refresh"])
        return self._pair(user, role, family, jti)

    def verify(self, token: str) -> Identity:
        """Who comes with this access token. No trip to any store. Raises InvalidToken, TokenExpired."""
        claims = self._read(token, "access")
        return claims["sub"], claims["role"]

    async def logout_everywhere(self, user: str) -> None:
        """No refresh token of the user works from now on; access tokens live out their minutes."""
        await self._store.close_all(user)
        # [/public]

    # [refresh]
    async def refresh(self, token: str) -> Pair:
        """Exchange a refresh token for a new pair, once. Raises InvalidToken and its three heirs."""
        claims = self._read(token, "refresh")
        user, family, jti, role = (claims[name] for name in ("sub", "fam", "jti", "role"))
        if self._role_of is not None:
            role = await self._role_of(user)  # may fail or take long: nothing is spent yet
        fresh = self._new_id()
        swapped = await self._store.swap(user, family, jti, fresh, self._clock() + self._ttl["refresh"])
        if swapped != "ok":
            raise TokenReused(user) if swapped == "reused" else TokenRevoked(user)
        return self._pair(user, role, family, fresh)
        # [/refresh]

    # [sign]
    def _pair(self, user: str, role: str, family: str, jti: str) -> Pair:
        now, claims = self._clock(), {"sub": user, "role": role, "fam": family}

        def sign(typ: str, jti: str) -> str:
            body = claims | {"typ": typ, "jti": jti, "iat": now, "exp": now + self._ttl[typ]}
            return jwt.encode(body, self._keys[self._active], ALGORITHM, headers={"kid": self._active})

        return sign("access", self._new_id()), sign("refresh", jti)
        # [/sign]

    # [read]
    def _read(self, token: str, typ: str) -> dict[str, Any]:
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]  # unverified: it only picks one of ours
            # PyJWT compares exp with datetime.now(); ours is `clock`, so that an injected one is obeyed.
            claims: dict[str, Any] = jwt.decode(
                token, key, [ALGORITHM], {"verify_exp": False, "verify_iat": False, "require": ["typ", "exp"]}
            )
        except (jwt.PyJWTError, KeyError):
            raise InvalidToken("not a token of ours") from None
        if claims["typ"] != typ:
            raise InvalidToken(f"not a token for {typ}")
        if self._clock() >= claims["exp"]:
            raise TokenExpired(typ)
        return claims
        # [/read]
