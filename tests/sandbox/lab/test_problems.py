"""A learner's error is told to the learner: which line, what it means, nothing of ours."""

from __future__ import annotations

import pytest

from tests.sandbox.lab.conftest import Rehearse

DEMO = """
    import reference
    async def scenario(lab):
        await reference.go()
"""


def test_the_innermost_line_of_the_learners_own_is_named(rehearse: Rehearse) -> None:
    events = rehearse(DEMO, {"reference.py": "import json\n\nasync def go():\n    json.loads('{')\n"})
    problem = events[1]
    assert (problem["kind"], problem["error"]) == ("problem", "JSONDecodeError")
    assert (problem["file"], problem["line"]) == ("reference.py", 4)
    assert problem["trace"] == [
        "demo.py, строка 4, в scenario: await reference.go()",
        "reference.py, строка 4, в go: json.loads('{')",
    ]
    assert (events[-1]["state"], events[-1]["reason"]) == ("failed", "learner")


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        ("undefined_name", "NameError", "имя не определено"),
        ("import numpy", "ModuleNotFoundError", "такого модуля в песочнице нет"),
        ("open('/etc/shadow0')", "FileNotFoundError", "такого файла в песочнице нет"),
        ("raise SystemExit(3)", "SystemExit", "exit()"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt", "прервал себя сам"),
        ("(f := lambda: f())()", "RecursionError", "без конца"),
        ("raise RuntimeError('своё')", "RuntimeError", "своё"),
        ("raise ValueError", "ValueError", "ValueError"),
        ("assert 1 == 2", "AssertionError", "AssertionError"),
    ],
)
def test_an_error_is_explained(rehearse: Rehearse, body: str, error: str, words: str) -> None:
    events = rehearse(DEMO, {"reference.py": f"async def go():\n    {body}\n"})
    assert events[1]["error"] == error
    assert words in events[1]["message"]
    assert events[1]["line"] == 2
    assert events[-1]["state"] == "failed"


def test_a_name_the_scenario_needs_and_the_code_lacks_is_named_without_a_path(rehearse: Rehearse) -> None:
    demo = "from reference import Breaker\nasync def scenario(lab):\n    pass\n"
    problem = rehearse(demo, {"reference.py": "x = 1\n"})[1]
    assert problem["message"] == "в reference.py нет имени «Breaker», а сценарий его импортирует"
    assert problem["file"] == "demo.py"


def test_a_syntax_error_names_its_line(rehearse: Rehearse) -> None:
    problem = rehearse(DEMO, {"reference.py": "x = 1\ndef f(:\n    pass\n"})[1]
    assert (problem["error"], problem["file"], problem["line"]) == ("SyntaxError", "reference.py", 2)
    assert problem["message"].startswith("синтаксическая ошибка")
    assert problem["trace"] == ["reference.py, строка 2: def f(:"]


def test_bad_indentation_is_told_as_such(rehearse: Rehearse) -> None:
    problem = rehearse(DEMO, {"reference.py": "def f():\npass\n"})[1]
    assert problem["message"].startswith("ошибка в отступах")


def test_an_endless_recursion_has_a_short_trace(rehearse: Rehearse) -> None:
    problem = rehearse(DEMO, {"reference.py": "def f():\n    f()\nasync def go():\n    f()\n"})[1]
    assert len(problem["trace"]) <= 8


def test_an_error_in_a_spawned_task_ends_the_run(rehearse: Rehearse) -> None:
    events = rehearse("""
        import asyncio
        async def broken():
            await asyncio.sleep(1)
            raise ValueError("в задаче")
        async def scenario(lab):
            lab.spawn(broken())
            await asyncio.sleep(50)
    """)
    assert (events[1]["kind"], events[1]["t"]) == ("problem", 1.0)
    assert events[-1]["t"] == 1.0


def test_an_error_in_a_control_listener_ends_the_run(rehearse: Rehearse) -> None:
    events = rehearse(
        """
        import asyncio
        async def scenario(lab):
            lab.on_control("rate", lambda value: 1 / 0)
            await asyncio.sleep(50)
        """,
        controls={"rate": 1},
        script=[(2.0, "rate", 3)],
    )
    assert [event["kind"] for event in events] == ["run.started", "control.set", "problem", "run.ended"]
    assert events[2]["error"] == "ZeroDivisionError"


def test_an_error_that_nobody_awaits_is_told_and_the_run_goes_on(rehearse: Rehearse) -> None:
    events = rehearse("""
        import asyncio
        async def lost():
            raise ValueError("потерялась")
        async def scenario(lab):
            asyncio.create_task(lost())
            await asyncio.sleep(1)
            lab.emit("after")
    """)
    assert [event["kind"] for event in events] == ["run.started", "problem", "after", "run.ended"]
    assert events[-1]["state"] == "finished"


def test_a_demo_without_a_scenario_fails(rehearse: Rehearse) -> None:
    events = rehearse("x = 1")
    assert "scenario" in events[1]["message"]
    assert events[-1]["state"] == "failed"


def test_what_was_printed_before_an_error_comes_before_it(rehearse: Rehearse) -> None:
    events = rehearse("async def scenario(lab):\n    print('перед', end='')\n    1 / 0")
    assert [event["kind"] for event in events] == ["run.started", "out", "problem", "run.ended"]


TASKS = """
import asyncio

async def bad(text):
    raise ValueError(text)

async def go():
    async with asyncio.TaskGroup() as group:
        group.create_task(bad("первая"))
        group.create_task(bad("вторая"))
"""


def test_of_a_group_of_tasks_the_first_error_is_told_and_how_many_more(rehearse: Rehearse) -> None:
    problem = rehearse(DEMO, {"reference.py": TASKS})[1]
    assert (problem["error"], problem["file"], problem["line"]) == ("ValueError", "reference.py", 5)
    assert problem["message"] == "первая (и ещё ошибок вместе с ней: 1)"


@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        ("raise SyntaxError('так', (1, 'два', 3, 4))", "SyntaxError", "синтаксическая ошибка: так"),
        ("raise type('М', (type,), {'__name__': 5})('Е', (Exception,), {})('да')", "Е", "да"),
        (
            "raise type('E', (Exception,), {'__str__': lambda self: 1 / 0})",
            "E",
            "у этого исключения нет текста",
        ),
    ],
)
def test_an_exception_that_lies_of_itself_is_told_all_the_same(
    rehearse: Rehearse, body: str, error: str, message: str
) -> None:
    events = rehearse(DEMO, {"reference.py": f"async def go():\n    {body}\n"})
    assert [event["kind"] for event in events[1:]] == ["problem", "run.ended"]
    assert events[1]["error"] == error
    assert message in events[1]["message"]


@pytest.mark.parametrize("text", ["x = " + "-" * 100_000 + "1", "x = a" + ".b" * 50_000])
def test_a_file_that_the_compiler_cannot_take_is_not_told_as_a_lack_of_memory(
    rehearse: Rehearse, text: str
) -> None:
    events = rehearse(DEMO, {"reference.py": text})
    assert (events[1]["error"], events[1]["file"]) == ("SyntaxError", "reference.py")
    assert "вложен слишком глубоко" in events[1]["message"]
    assert events[-1]["state"] == "failed"


@pytest.mark.parametrize(
    ("demo", "words"),
    [
        ("x = 1", "нет функции scenario(lab)"),
        ("scenario = 5", "не async def scenario(lab)"),
        ("def scenario(lab): return 5", "не async def scenario(lab)"),
        ("async def scenario(lab):\n    yield", "не async def scenario(lab)"),
    ],
)
def test_a_demo_without_a_scenario_says_what_is_missing(rehearse: Rehearse, demo: str, words: str) -> None:
    events = rehearse(demo)
    assert words in events[1]["message"]
    assert events[-1]["state"] == "failed"


def test_a_number_too_large_for_a_browser_is_refused_where_it_is_written(rehearse: Rehearse) -> None:
    events = rehearse("async def scenario(lab):\n    lab.emit('count.up', n=10**400)\n")
    assert "слишком велико для журнала" in events[1]["message"]
