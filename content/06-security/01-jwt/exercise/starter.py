import time

import jwt


class InvalidToken(Exception):
    """Не наш, испорчен или не для этой двери."""


class TokenExpired(InvalidToken):
    """Срок вышел."""


class TokenRevoked(InvalidToken):
    """Семейство закрыто."""


class TokenReused(TokenRevoked):
    """Пришёл второй раз."""


class MemoryStore:
    """Помнит семейства. Как — решать вам."""


class TokenManager:
    def __init__(
        self, keys, active, store=None, *,
        access_ttl=900, refresh_ttl=604800, clock=time.time, role_of=None,
    ):  # fmt: skip
        self.keys = keys
        self.active = active
        self.store = store or MemoryStore()
        self.access_ttl = access_ttl
        self.refresh_ttl = refresh_ttl
        self.clock = clock
        self.role_of = role_of

    async def login(self, user, role):
        # Пока оба токена одинаковы и вечны. Срок, тип, jti и семейство — за вами.
        token = jwt.encode({"sub": user, "role": role}, self.keys[self.active], "HS256")
        return token, token

    def verify(self, token):
        claims = jwt.decode(token, self.keys[self.active], algorithms=["HS256"])
        return claims["sub"], claims["role"]

    async def refresh(self, token):
        user, role = self.verify(token)
        return await self.login(user, role)

    async def logout_everywhere(self, user):
        pass
