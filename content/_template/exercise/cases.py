"""Hidden cases for the gate. Shapes are fixed, numbers are random; virtual seconds."""

from __future__ import annotations

from sandbox.judge import Case, case


@case("Впускает столько, сколько мест, и отказывает следующему", fails="one_too_many waits_when_full")
async def limit_is_held(c: Case) -> None:
    limit = c.random.randint(2, 6)
    service = c.stub("service").returns(1).takes(2.0)
    gate = await c.new("Gate", limit)
    c.emit("world.ready", limit=limit)
    for number in range(limit):
        c.begin(gate, "call", service)
        c.emit("call.sent", id=number + 1)
    await c.advance(0.5)
    c.equal(await c.get(gate, "inside"), limit, "сколько вызовов внутри")
    got = await c.call(gate, "call", service)
    c.equal(got.error, "Full", "чем кончился лишний вызов")
    c.equal(c.now, 0.5, "когда он кончился")


@case("Место освобождается после ошибки", fails="keeps_failed")
async def failure_leaves(c: Case) -> None:
    error = c.exception("ServiceError")
    service = c.stub("service").raises(error, "нет")
    gate = await c.new("Gate", 1)
    for _ in range(c.random.randint(2, 4)):
        got = await c.call(gate, "call", service)
        c.equal(got.error, "ServiceError", "какую ошибку получил вызывающий")
    c.equal(await c.get(gate, "inside"), 0, "сколько вызовов внутри")


@case("Предел меньше единицы не годится", fails="accepts_nonsense")
async def nonsense_is_refused(c: Case) -> None:
    limit = -c.random.randint(0, 9)
    made = await c.call(c.module, "Gate", limit)
    c.raised(made, "ValueError", f"предел {limit} — ошибка в настройках")
