"""Hidden cases for the tokens. Virtual seconds; names, keys and roles are random; PyJWT is a second opinion.

Traces are in the events of the lesson's demo: the owner is «anya», whoever replays is «thief».
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

import jwt

from sandbox.judge import Case, Outcome, case

ACCESS, REFRESH = 900, 604800  # seconds, the defaults
NO_CHECKS = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}


def b64(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


@dataclass
class Bench:
    """A manager of the learner's over a store of the learner's, and the trace of what is asked of it."""

    c: Case
    store: Any = None
    manager: Any = None
    keys: dict[str, str] = field(default_factory=dict)
    user: str = ""
    role: str = ""

    @classmethod
    async def make(cls, c: Case, **more: Any) -> Bench:
        bench = cls(c)
        bench.user = c.random.choice(["anya", "boris", "vera"]) + str(c.random.randrange(100))
        bench.role = c.random.choice(["editor", "auditor", "owner"])
        bench.store = await c.new("MemoryStore")
        bench.keys = {bench.kid(): bench.key()}
        bench.manager = await bench.another(bench.keys, next(iter(bench.keys)), **more)
        return bench

    def kid(self) -> str:
        return f"k{self.c.random.randrange(10**6)}"

    def key(self) -> str:
        return f"{self.c.random.getrandbits(256):064x}"

    async def another(self, keys: dict[str, str], active: str, **more: Any) -> Any:
        """One more manager over the same store."""
        return await self.c.new("TokenManager", keys, active, self.store, **more)

    # -- asking, with a trace ------------------------------------------------------------------------

    def told(self, who: str, way: str, got: Outcome, role: str = "") -> None:
        error = "" if got.ok else (got.error or "")[:40]
        known = ("InvalidToken", "TokenExpired", "TokenRevoked", "TokenReused", "")
        shown = error if error in known else "broken"
        self.c.at(got.at).emit("request.done", who=who, way=way, ok=got.ok, error=shown, role=role)

    def pair(self, got: Outcome, what: str) -> tuple[str, str]:
        """The two tokens of an answer."""
        value = got.value if got.ok else None
        fine = isinstance(value, tuple | list) and len(value) == 2 and all(type(x) is str for x in value)
        self.c.check(fine, what, expected="(access, refresh)", got=got.value if got.ok else got.error)
        return value[0], value[1]

    async def login(self, user: str = "", manager: Any = None) -> tuple[str, str]:
        got = await self.c.call(manager or self.manager, "login", user or self.user, self.role)
        self.told("anya", "login", got)
        return self.pair(got, "login должен вернуть пару токенов")

    async def swap(self, token: str, who: str = "anya", manager: Any = None) -> Outcome:
        got = await self.c.call(manager or self.manager, "refresh", token)
        self.told(who, "refresh", got)
        return got

    async def renewed(self, token: str, what: str, manager: Any = None) -> tuple[str, str]:
        return self.pair(await self.swap(token, manager=manager), what)

    async def verify(self, token: str, way: str = "access", manager: Any = None) -> Outcome:
        got = await self.c.call(manager or self.manager, "verify", token)
        self.told("anya" if way == "access" else "thief", way, got)
        return got

    async def lets_in(self, token: str, what: str, *, role: str = "", manager: Any = None) -> None:
        got = await self.verify(token, manager=manager)
        self.c.returned(got, (self.user, role or self.role), what)

    def read(self, token: str, keys: dict[str, str] | None = None) -> dict[str, Any]:
        """The claims, by PyJWT with the judge's own key. Ends the case when the token is none of ours."""
        claims: dict[str, Any] = {}
        try:
            kid = jwt.get_unverified_header(token)["kid"]
            claims = jwt.decode(token, (keys or self.keys)[kid], ["HS256"], NO_CHECKS)
        except (jwt.PyJWTError, KeyError) as error:
            fault = type(error).__name__
            self.c.check(False, "Токен должен читаться по HS256 ключом из заголовка kid", got=fault)
        return claims


@case("Access-токен говорит, кто пришёл", fails="asks_the_wall")
async def says_who(c: Case) -> None:
    b = await Bench.make(c)
    access, _ = await b.login()
    await b.lets_in(access, "verify должен вернуть пользователя и роль")
    await c.advance(ACCESS / 2)
    await b.lets_in(access, "На половине срока токен ещё действует")


@case("В токене всё, что обещано", fails="same_jti")
async def holds_the_claims(c: Case) -> None:
    b = await Bench.make(c)
    seen: list[Any] = []
    start = None
    for _ in range(3):
        for token, typ, ttl in zip(await b.login(), ("access", "refresh"), (ACCESS, REFRESH), strict=True):
            claims = b.read(token)
            c.equal(claims.get("typ"), typ, "поле typ")
            c.equal(claims.get("sub"), b.user, "поле sub")
            c.equal(claims.get("role"), b.role, "поле role")
            exp = claims.get("exp")
            c.check(isinstance(exp, int | float), "В токене должно быть поле exp числом", got=exp)
            start = exp - ttl if start is None else start
            c.close(exp - ttl, start, "exp минус срок — это миг выдачи, один для обоих токенов", within=1.0)
            seen.append(claims.get("jti"))
    c.check(None not in seen, "В каждом токене должен быть jti", got=seen)
    c.equal(len(set(map(str, seen))), 6, "разных jti у шести токенов")


@case("В миг exp токен уже не действует", fails="lives_too_long")
async def expires(c: Case) -> None:
    ttl = c.random.randrange(60, 600)
    b = await Bench.make(c, access_ttl=ttl, refresh_ttl=10 * ttl)
    access, refresh = await b.login()
    await c.advance(ttl - 1)
    await b.lets_in(access, "За секунду до срока access действует")
    await c.advance(1)
    c.raised(await b.verify(access), "TokenExpired", f"Access на {ttl} с должен истечь ровно через {ttl} с")
    _, newer = await b.renewed(refresh, "Refresh ещё действует и должен обменяться")
    await c.advance(10 * ttl - 1)
    await b.renewed(newer, "У нового refresh срок полный: за секунду до его конца обмен должен пройти")
    _, last = await b.login()
    await c.advance(10 * ttl)
    c.raised(await b.swap(last), "TokenExpired", "Истёкший refresh не обменивают")


@case("Refresh — не access, access — не refresh", fails="ignores_type")
async def knows_types(c: Case) -> None:
    b = await Bench.make(c)
    access, refresh = await b.login()
    got = await b.verify(refresh, "confused")
    c.raised(got, "InvalidToken", "verify не должен принимать refresh-токен")
    c.raised(await b.swap(access, "thief"), "InvalidToken", "refresh не должен принимать access-токен")
    await b.renewed(refresh, "От чужого типа семейство не страдает: настоящий refresh должен обменяться")


@case("Подделка и мусор не проходят", fails="trusts_the_header leaks_errors")
async def refuses_forgeries(c: Case) -> None:
    b = await Bench.make(c)
    access, _ = await b.login()
    claims, head = b.read(access), jwt.get_unverified_header(access)
    key, kid = b.keys[head["kid"]], head["kid"]
    first, _, signature = access.split(".")
    admin = {**claims, "role": "admin"}
    forged = {
        "тело подправлено, подпись старая": ".".join((first, b64(admin), signature)),
        "alg: none и пустая подпись": ".".join((b64({**head, "alg": "none"}), b64(admin), "")),
        "подписан другим ключом": jwt.encode(admin, b.key(), "HS256", headers={"kid": kid}),
        "подписан по HS512": jwt.encode(admin, key + key, "HS512", headers={"kid": kid}),
        "подписан нашим ключом, но по HS384": jwt.encode(claims, key, "HS384", headers={"kid": kid}),
        "незнакомый kid": jwt.encode(claims, key, "HS256", headers={"kid": kid + "x"}),
        "без kid": jwt.encode(claims, key, "HS256"),
        "мусор": "не.токен.вовсе",
        "пустая строка": "",
    }
    for what, token in forged.items():
        got = await b.verify(token, "unsigned" if "none" in what else "tampered")
        c.raised(got, "InvalidToken", f"Токен не наш ({what}), и verify должен отказать")
        got = await b.swap(token, "thief")
        c.raised(got, "InvalidToken", f"Токен не наш ({what}), и refresh должен отказать")
    await b.lets_in(access, "Настоящий токен после всех подделок действует")


@case("Роль и пользователь переживают обмен", fails="loses_the_role")
async def keeps_the_role(c: Case) -> None:
    b = await Bench.make(c)
    _, refresh = await b.login()
    for n in range(1, 4):
        await c.advance(ACCESS)
        access, refresh = await b.renewed(refresh, "Последний refresh должен обменяться")
        await b.lets_in(access, f"после обмена номер {n} — те же пользователь и роль")


@case("Роль при обмене берут у role_of, если она дана", fails="forgets_role_of")
async def asks_for_the_role(c: Case) -> None:
    role_of = c.stub("role_of").returns("reader")
    b = await Bench.make(c, role_of=role_of)
    access, refresh = await b.login()
    await b.lets_in(access, "При входе роль та, что передана в login")
    access, _ = await b.renewed(refresh, "Последний refresh должен обменяться")
    c.equal([call.args for call in role_of.calls], [[b.user]], "о ком спросили role_of")
    await b.lets_in(access, "после обмена роль от role_of", role="reader")


@case("Повторный обмен закрывает семейство", fails="forgives_reuse")
async def closes_on_reuse(c: Case) -> None:
    b = await Bench.make(c)
    _, stolen = await b.login()
    await c.advance(ACCESS)
    access, mine = await b.renewed(stolen, "Первый обмен должен пройти")
    await c.advance(1)
    got = await b.swap(stolen, "thief")
    c.raised(got, "TokenReused", "Тот же refresh пришёл второй раз")
    got = await b.swap(mine)
    c.raised(got, "TokenRevoked", "Семейство закрыто: последний refresh-токен тоже не меняют",
             hint="Кто из двоих вор, не узнать. Закрывают обоих.")  # fmt: skip
    await b.lets_in(access, "Выданный access доживает свой срок")
    await b.login()


@case("Вор успел раньше хозяйки: закрывают и его", fails="forgives_reuse")
async def thief_was_first(c: Case) -> None:
    b = await Bench.make(c)
    _, stolen = await b.login()
    _, his = b.pair(await b.swap(stolen, "thief"), "Первый обмен должен пройти, чей бы он ни был")
    _, his = b.pair(await b.swap(his, "thief"), "И второй: сервер ещё ничего не знает")
    c.raised(await b.swap(stolen), "TokenReused", "Хозяйка пришла с уже обменянным токеном")
    c.raised(await b.swap(his, "thief"), "TokenRevoked", "После повтора и свежий токен вора не меняют")


@case("Повтор узнают через много обменов", fails="remembers_one", seeds=8)
async def remembers_all(c: Case) -> None:
    b = await Bench.make(c)
    _, refresh = await b.login()
    chain = [refresh]
    for _ in range(c.random.randint(2, 6)):
        await c.advance(c.random.randrange(1, 3600))
        chain.append((await b.renewed(chain[-1], "Последний refresh должен обменяться"))[1])
    old = c.random.randrange(len(chain) - 1)
    got = await b.swap(chain[old], "thief")
    c.raised(got, "TokenReused", f"Токен номер {old + 1} из {len(chain)} уже обменян: это повтор")
    c.raised(await b.swap(chain[-1]), "TokenRevoked", "Семейство закрыто, и последний токен не меняют")


@case("Два обмена разом: удаётся только один", fails="checks_then_acts")
async def races(c: Case) -> None:
    role_of = c.stub("role_of").returns("editor").takes(0.5)
    b = await Bench.make(c, role_of=role_of)
    _, refresh = await b.login()
    count = c.random.randint(2, 4)
    tasks = [c.begin(b.manager, "refresh", refresh) for _ in range(count)]
    got = [await task for task in tasks]
    for n, one in enumerate(got):
        b.told("thief" if n else "anya", "refresh", one)
    won = [one for one in got if one.ok]
    c.equal(len(won), 1, f"удачных обменов из {count} одновременных",
            hint="Проверить и заменить надо одним шагом, без await между ними.")  # fmt: skip
    for one in got:
        if not one.ok:
            reused = one.is_a("TokenReused") or (count > 2 and one.is_a("TokenRevoked"))
            c.check(reused, "Опоздавший обмен — это повтор", expected="исключение TokenReused", got=one.error)
    _, his = b.pair(won[0], "Удачный обмен должен дать пару")
    c.raised(await b.swap(his), "TokenRevoked", "Повтор закрыл семейство: победителю тоже больше не меняют")


@case("Упавшая role_of не тратит токен", fails="spends_early")
async def spends_last(c: Case) -> None:
    role_of = c.stub("role_of").raises("ConnectionError", "база недоступна")
    b = await Bench.make(c, role_of=role_of)
    _, refresh = await b.login()
    c.raised(await b.swap(refresh), "ConnectionError", "Ошибка role_of уходит вызывающему")
    role_of.answers(lambda call: "editor")
    got = await b.swap(refresh)
    b.pair(got, "Обмена не было, и тот же токен должен пройти со второго раза")


@case("Чужое семейство повтор не задевает", fails="closes_everything")
async def spares_other_devices(c: Case) -> None:
    b = await Bench.make(c)
    _, phone = await b.login()
    _, laptop = await b.login()
    _, other = await b.login("zoya")
    await b.renewed(phone, "Первый обмен должен пройти")
    c.raised(await b.swap(phone, "thief"), "TokenReused", "Повтор токена телефона")
    await b.renewed(laptop, "На ноутбуке своё семейство: его токен должен обменяться")
    await b.renewed(other, "У другого пользователя — тем более")


@case("Выход на всех устройствах", fails="logs_everybody_out")
async def logs_out(c: Case) -> None:
    b = await Bench.make(c)
    pairs = [await b.login() for _ in range(3)]
    _, other = await b.login("zoya")
    got = await c.call(b.manager, "logout_everywhere", b.user)
    b.told("anya", "logout", got)
    c.check(got.ok, "logout_everywhere не должен падать", got=got.error)
    for access, refresh in pairs:
        c.raised(await b.swap(refresh), "TokenRevoked", "После выхода refresh-токены не меняют")
        await b.lets_in(access, "Access-токены доживают свой срок")
    await b.renewed(other, "Другой пользователь никуда не выходил")
    access, refresh = await b.login()
    await b.renewed(refresh, "Новый вход после выхода — новое семейство")


@case("Смена ключа никого не выгоняет", fails="knows_one_key")
async def rotates_keys(c: Case) -> None:
    b = await Bench.make(c)
    access, refresh = await b.login()
    old, new = next(iter(b.keys)), b.kid()
    both = {**b.keys, new: b.key()}
    later = await b.another(both, new)
    await b.lets_in(access, "Токен со старым kid проверяют старым ключом", manager=later)
    access, refresh = await b.renewed(refresh, "И старый refresh должен обменяться", manager=later)
    for token in (access, refresh):
        b.read(token, both)
        c.equal(jwt.get_unverified_header(token).get("kid"), new, "kid новых токенов — активный ключ")
    last = await b.another({new: both[new]}, new)
    await b.lets_in(access, "Токен с новым ключом действует и без старого", manager=last)
    gone = jwt.encode(b.read(access, both), both[old], "HS256", headers={"kid": old})
    got = await b.verify(gone, "tampered", manager=last)
    c.raised(got, "InvalidToken", "Ключ убран, и подписанное им не принимают")


@case("Нелепые настройки не принимают", fails="accepts_nonsense")
async def checks_settings(c: Case) -> None:
    good = f"{c.random.getrandbits(256):064x}"
    bad: list[tuple[dict[str, str], str, dict[str, float]]] = [
        ({"a": good}, "b", {}),
        ({"a": good[:31]}, "a", {}),
        ({"a": good, "b": "secret"}, "a", {}),
        ({"a": good}, "a", {"access_ttl": 0}),
        ({"a": good}, "a", {"access_ttl": 100, "refresh_ttl": 99}),
    ]
    await c.new("TokenManager", {"a": good}, "a")
    for keys, active, more in bad:
        shown = {name: len(key) for name, key in keys.items()}
        got = await c.call(c.module, "TokenManager", keys, active, **more)
        c.raised(got, "ValueError", f"TokenManager(…): длины секретов {shown}, active={active!r}, {more}")


@case("Любая история: сверка с моделью", fails="forgives_reuse remembers_one", seeds=12, limit=6.0)
async def any_history(c: Case) -> None:
    b = await Bench.make(c)
    families: list[list[str]] = []
    closed: set[int] = set()
    for _ in range(c.random.randint(8, 14)):
        await c.advance(c.random.randrange(1, 600))
        act = c.random.choice(["login", "swap", "swap", "swap", "replay", "replay", "logout"])
        if act == "login" or not families:
            families.append([(await b.login())[1]])
        elif act == "logout" and c.random.random() < 0.5:
            await c.call(b.manager, "logout_everywhere", b.user)
            closed |= set(range(len(families)))
        else:
            n = c.random.randrange(len(families))
            chain = families[n]
            replay = act == "replay" and len(chain) > 1
            token, who = (c.random.choice(chain[:-1]), "thief") if replay else (chain[-1], "anya")
            got = await b.swap(token, who)
            if n in closed:
                c.raised(got, "TokenRevoked", f"Семейство {n + 1} закрыто, обмена быть не должно")
            elif replay:
                c.raised(got, "TokenReused", f"Повтор в семействе {n + 1}")
                closed.add(n)
            else:
                chain.append(b.pair(got, f"Последний токен открытого семейства {n + 1} должен обменяться")[1])
