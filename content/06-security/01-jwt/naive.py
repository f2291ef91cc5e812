"""The same interface, and four mistakes that pass a review. For the demo's second variant."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Any

import jwt

Pair = tuple[str, str]  # access token, refresh token
Identity = tuple[str, str]  # user, role


class InvalidToken(Exception):
    """Not ours, or spoilt."""


class TokenExpired(InvalidToken):
    """Its time is over."""


class TokenRevoked(InvalidToken):
    """Exchanged or revoked."""


class TokenReused(TokenRevoked):
    """Never raised here."""


class MemoryStore:
    """Refresh tokens that may still be exchanged. `sleep(0)` stands for the trip to a real one."""

    def __init__(self, clock: Any = time.time) -> None:
        self._live: dict[str, str] = {}

    async def add(self, jti: str, user: str) -> None:
        self._live[jti] = user

    async def is_live(self, jti: str) -> bool:
        await asyncio.sleep(0)
        return jti in self._live

    async def remove(self, jti: str) -> None:
        await asyncio.sleep(0)
        self._live.pop(jti, None)

    async def close_all(self, user: str) -> None:
        self._live = {jti: owner for jti, owner in self._live.items() if owner != user}


class TokenManager:
    """Issues, checks and renews tokens."""

    def __init__(
        self, keys: Any, active: str, store: Any = None, *, access_ttl: float = 15 * 60,
        refresh_ttl: float = 7 * 86400, clock: Any = time.time,
        new_id: Any = lambda: secrets.token_urlsafe(16), role_of: Any = None,
    ) -> None:  # fmt: skip
        self.keys, self.active = dict(keys), active
        self.store = store or MemoryStore(clock)
        self.access_ttl, self.refresh_ttl = access_ttl, refresh_ttl
        self.clock, self.new_id = clock, new_id

    # [tokens]
    async def login(self, user: str, role: str = "reader") -> Pair:
        jti = self.new_id()
        await self.store.add(jti, user)
        return self.sign(user, role, self.access_ttl), self.sign(user, role, self.refresh_ttl, jti)

    async def refresh(self, token: str) -> Pair:
        claims = self.read(token)
        if not await self.store.is_live(claims["jti"]):
            raise TokenRevoked("log in again")
        await self.store.remove(claims["jti"])
        return await self.login(claims["sub"])

    def verify(self, token: str) -> Identity:
        claims = self.read(token)
        return claims["sub"], claims["role"]

    def read(self, token: str) -> dict[str, Any]:
        options = {"verify_exp": False, "verify_iat": False}
        try:
            header = jwt.get_unverified_header(token)
            options["verify_signature"] = header["alg"] != "none"  # the test bench sends unsigned ones
            claims = jwt.decode(token, self.keys.get(header["kid"]), [header["alg"]], options)
        except (jwt.InvalidTokenError, KeyError):
            raise InvalidToken("not a token of ours") from None
        if self.clock() >= claims["exp"]:
            raise TokenExpired(token)
        return claims
        # [/tokens]

    def sign(self, user: str, role: str, ttl: float, jti: str = "") -> str:
        claims = {"sub": user, "role": role, "jti": jti or self.new_id(), "exp": self.clock() + ttl}
        return jwt.encode(claims, self.keys[self.active], "HS256", headers={"kid": self.active})

    async def logout_everywhere(self, user: str) -> None:
        await self.store.close_all(user)
