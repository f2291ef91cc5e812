"""A whole small course in files: one lesson with every part, one planned lesson, one empty chapter."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

LESSON_MD = """\
+++
title = "Счётчик - просто"
aim = "Считает до трёх"
aims = ["считать до `3`"]
after = ["later"]
[[sources]]
title = "О счёте"
url = "https://example.org/"
[[terms]]
id = "count"
name = "счёт"
english = "count"
text = "Перечисление *по одному*."
+++
## Начало

Вот "счётчик", и он считает. Дальше будет [урок](lesson:later), а вот [миг](moment:1.5) и [слово](term:count).

/// predict | how-many
///

/// demo
///

/// listing | reference.py#count
Сам счёт.
///

## Ошибка

/// pitfall | Считать с нуля
Так **нельзя**.
///

/// exercise
///

/// quiz
///
"""
CHAPTER = """\
title = "Счёт"
aim = "Учимся считать"

[[planned]]
number = 2
slug = "later"
title = "Позже"
aim = "Когда-нибудь"
"""
DEMO = """\
title = "Счётчик"
clock = "virtual"
duration = 3.0
seed = 1
prompt = "Досчитайте до трёх"

[[controls]]
name = "step"
kind = "slider"
label = "Шаг"
min = 1
max = 5
step = 1
default = 1

[[controls]]
name = "stop"
kind = "switch"
label = "Стоп"
default = false

[variants.reference]
label = "Эталон"

[recording]
script = [[1.5, "stop", true]]

[names]
low = "мало"

[kinds."count.up"]
label = "Счёт"
fields = ["n", "level"]
say = "Насчитали {n}: {level}"
key = true
"""
DEMO_PY = """\
import asyncio

from reference import count


async def scenario(lab):
    for n in count(2):
        lab.control("step")
        lab.emit("count.up", n=n, level="low")
        await asyncio.sleep(1)
"""
REFERENCE = """\
\"\"\"Считает.\"\"\"


# [count]
def count(most):
    return range(1, most + 1)
# [/count]
"""
PREDICT = """\
[[question]]
id = "how-many"
kind = "number"
text = "Сколько?"
min = 0
max = 10
step = 1
answer = 2
explain = "Потому что *два*."
"""
QUIZ = '''\
[[question]]
id = "why"
kind = "one"
text = "Зачем считать?"
[[question.options]]
text = "Чтобы знать"
right = true
why = "Да"
[[question.options]]
text = "Просто так"

[[question]]
id = "steps"
kind = "order"
text = "Как считают?"
items = ["раз", "два", "`три`"]
explain = "По порядку."

[[question]]
id = "bug"
kind = "line"
text = "Где ошибка?"
code = """
def count(most):
    return range(most)
"""
lines = [2]
explain = "Считают с единицы."
'''
CASES = """\
from sandbox.judge import Case, case


@case("Считает до трёх", fails="stops_early")
async def three(c: Case) -> None:
    c.equal(1, 1, "СЕКРЕТНАЯ ПРОВЕРКА")
"""
FILES = {
    "01-counting/chapter.toml": CHAPTER,
    "01-counting/01-counter/lesson.md": LESSON_MD,
    "01-counting/01-counter/demo.toml": DEMO,
    "01-counting/01-counter/demo.py": DEMO_PY,
    "01-counting/01-counter/reference.py": REFERENCE,
    "01-counting/01-counter/scene.js": "export default {}\n",
    "01-counting/01-counter/predict.toml": PREDICT,
    "01-counting/01-counter/quiz.toml": QUIZ,
    "01-counting/01-counter/exercise/task.md": "Напишите `count`.\n",
    "01-counting/01-counter/exercise/starter.py": "def count(most): ...\n",
    "01-counting/01-counter/exercise/cases.py": CASES,
    "01-counting/01-counter/exercise/hints.md": "## Первая\n\nПодумайте.\n",
    "01-counting/01-counter/exercise/wrong/stops_early.py": "def count(most): return []\n",
    "02-empty/chapter.toml": 'title = "Пустая"\naim = "Потом"\n',
}
EVENTS = [
    {
        "seq": 1,
        "t": 0.0,
        "kind": "run.started",
        "seed": 1,
        "duration": 3.0,
        "clock": "virtual",
        "controls": {},
    },
    {"seq": 2, "t": 0.0, "kind": "count.up", "n": 1, "level": "low"},
    {"seq": 3, "t": 1.5, "kind": "control.set", "name": "stop", "value": True},
    {"seq": 4, "t": 3.0, "kind": "run.ended", "state": "finished", "reason": "done", "text": "Готово."},
]


class Course:
    """The files, and ways to spoil them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name, text in FILES.items():
            self.write(name, text)
        self.record(EVENTS)

    def path(self, name: str) -> Path:
        """`lesson.md` means that of the one lesson; a path with a chapter means itself."""
        return self.root / (name if name[:2].isdigit() else f"01-counting/01-counter/{name}")

    def write(self, name: str, text: str) -> None:
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def swap(self, name: str, old: str, new: str) -> None:
        text = self.path(name).read_text(encoding="utf-8")
        assert old in text
        self.write(name, text.replace(old, new, 1))

    def add(self, name: str, text: str) -> None:
        self.write(name, self.path(name).read_text(encoding="utf-8") + text)

    def record(self, events: list[dict[str, object]]) -> None:
        body = "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events)
        self.path("recording.jsonl.gz").write_bytes(gzip.compress(body.encode(), mtime=0))
