# fails: spares_other_devices any_history
# По повтору закрываются все семейства пользователя.
import time
import uuid

import jwt


class InvalidToken(Exception):
    pass


class TokenExpired(InvalidToken):
    pass


class TokenRevoked(InvalidToken):
    pass


class TokenReused(TokenRevoked):
    pass


class MemoryStore:
    def __init__(self):
        self.last = {}  # семейство → (пользователь, последний jti)


class TokenManager:
    def __init__(
        self, keys, active, store=None, *,
        access_ttl=900, refresh_ttl=604800, clock=time.time, role_of=None,
    ):  # fmt: skip
        if active not in keys or any(len(key.encode()) < 32 for key in keys.values()):
            raise ValueError("ключи")
        if not 0 < access_ttl <= refresh_ttl:
            raise ValueError("сроки")
        self.keys = keys
        self.active = active
        self.store = store or MemoryStore()
        self.access_ttl = access_ttl
        self.refresh_ttl = refresh_ttl
        self.clock = clock
        self.role_of = role_of

    async def login(self, user, role):
        family, jti = uuid.uuid4().hex, uuid.uuid4().hex
        self.store.last[family] = (user, jti)
        return self.pair(user, role, family, jti)

    def pair(self, user, role, family, jti):
        access = self.sign(user, role, "access", uuid.uuid4().hex, self.access_ttl)
        return access, self.sign(user, role, "refresh", jti, self.refresh_ttl, fam=family)

    def sign(self, user, role, typ, jti, ttl, **more):
        claims = {"sub": user, "role": role, "typ": typ, "jti": jti, "exp": self.clock() + ttl, **more}
        return jwt.encode(claims, self.keys[self.active], "HS256", headers={"kid": self.active})

    def read(self, token, typ):
        try:
            header = jwt.get_unverified_header(token)
            claims = jwt.decode(token, self.keys[header["kid"]], ["HS256"], {"verify_exp": False})
        except (jwt.InvalidTokenError, KeyError) as error:
            raise InvalidToken(str(error)) from None
        if claims["typ"] != typ:
            raise InvalidToken("не тот тип")
        if self.clock() >= claims["exp"]:
            raise TokenExpired("срок вышел")
        return claims

    def verify(self, token):
        claims = self.read(token, "access")
        return claims["sub"], claims["role"]

    async def refresh(self, token):
        claims = self.read(token, "refresh")
        user, role, family = claims["sub"], claims["role"], claims["fam"]
        if self.role_of:
            role = await self.role_of(user)
        fresh = uuid.uuid4().hex
        if family not in self.store.last:
            raise TokenRevoked("семейство закрыто")
        if self.store.last[family][1] != claims["jti"]:
            await self.logout_everywhere(user)
            raise TokenReused("пришёл второй раз")
        self.store.last[family] = (user, fresh)
        return self.pair(user, role, family, fresh)

    async def logout_everywhere(self, user):
        for family in [name for name, (owner, _) in self.store.last.items() if owner == user]:
            del self.store.last[family]
