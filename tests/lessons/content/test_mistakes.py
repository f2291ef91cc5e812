"""A mistake in the content names the file, the line and the remedy, and all mistakes are listed at once."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from lessons.loader import CourseInvalid, Problem, load_course
from tests.lessons.content.course import EVENTS, Course

pytestmark = pytest.mark.django_db


def found(course: Course) -> list[Problem]:
    with pytest.raises(CourseInvalid) as invalid:
        load_course()
    return list(invalid.value.problems)


def only(course: Course) -> Problem:
    (problem,) = found(course)
    return problem


@pytest.mark.parametrize(
    ("name", "old", "new", "line", "text"),
    [
        ("lesson.md", 'aim = "Считает до трёх"\n', "", 2, "нет поля «aim»"),
        ("lesson.md", 'title = "Счётчик', 'titel = 1\ntitle = "Счётчик', 2, "поля «titel» нет"),
        ("lesson.md", 'aim = "', 'aim = "" # "', 3, "пустая строка"),
        ("lesson.md", '["later"]', '["latter"]', 5, "урока «latter» нет"),
        ("lesson.md", "lesson:later", "lesson:latter", 17, "ссылка на урок «latter»"),
        ("lesson.md", "moment:1.5", "moment:скоро", 17, "не похоже на секунду"),
        ("lesson.md", "how-many", "how-much", 19, "не из чего делать"),
        ("lesson.md", "/// demo\n///", "/// demo\n", 22, "не закрыт"),
        ("lesson.md", "/// demo\n///\n", "/// dmo\n///\n", 22, "блока «dmo» нет"),
        ("lesson.md", "#count", "#cuont", 25, "нет участка [cuont]"),
        ("lesson.md", "## Ошибка", "# Ошибка", 29, "первого уровня"),
        ("lesson.md", "## Ошибка", "## Ошибка {#demo}", 29, "уже занят"),
        ("demo.toml", "duration = 3.0", "duration = 3.0.1", 3, "не TOML"),
        ("demo.toml", "duration = 3.0", "duration = 0", 3, "«duration» = 0"),
        ("demo.toml", 'kind = "slider"', 'kind = "ползунок"', 9, "«kind» = «ползунок»"),
        ("demo.toml", "default = 1", "default = 7", 14, "«default» не подходит"),
        ("demo.toml", "default = false", 'default = "нет"', 20, "«default» не подходит"),
        ("demo.toml", '"stop", true', '"stop", 3', 26, "не подходит"),
        ("demo.toml", "[1.5,", "[4.5,", 26, "не подходит"),
        ("demo.toml", "{level}", "{levle}", 34, "в say есть {levle}"),
        ("demo.toml", "seed = 1\n", 'seed = 1\npackages = ["numpy"]\n', 5, "пакета «numpy» в песочнице нет"),
        ("demo.toml", "seed = 1\n", 'seed = 1\npackages = ["anyio"]\n', 5, "пакета «anyio» в песочнице нет"),
        ("demo.py", "def scenario(lab):", "def scenario(lab)", 6, "Python не понимает файл"),
        ("demo.py", "async def scenario", "async def scene", 0, "нет функции scenario"),
        ("demo.py", '"count.up"', '"count.down"', 9, "событие «count.down» не объявлено"),
        ("demo.py", ', level="low"', "", 9, "не те поля у «count.up»"),
        ("demo.py", '"step"', '"stride"', 8, "ручки «stride» нет"),
        ("demo.py", 'lab.control("step")', 'lab.set("stride", 1)', 8, "ручки «stride» нет"),
        ("reference.py", "# [/count]", "# [/cuont]", 7, "закрывает участок, который не открыт"),
        ("predict.toml", "answer = 2", "answer = 12", 8, "«answer» = 12"),
        ("quiz.toml", "right = true", "right = false", 3, "верных ответов: 0"),
        ("quiz.toml", 'items = ["раз", "два", "`три`"]', 'items = ["раз", "два"]', 16, "строк: 2"),
        ("quiz.toml", '"раз", "два"', '"раз", "раз"', 16, "есть одинаковые строки"),
        ("quiz.toml", 'explain = "По порядку."', "", 12, "нет поля «explain»"),
        ("quiz.toml", "lines = [2]", "lines = [3]", 27, "непонятные номера строк"),
        ("quiz.toml", "range(most)", "range(most", 23, "это не Python"),
        ("lesson.md", "term:count", "term:cuont", 17, "термина «cuont» нет"),
        ("lesson.md", 'name = "счёт"', "", 9, "нет поля «name»"),
        ("exercise/cases.py", "stops_early", "stops_late", 4, "нет неверного решения «stops_late»"),
        ("exercise/cases.py", '"Считает до трёх"', "TITLE", 4, "должны быть строками"),
        ("exercise/hints.md", "## Первая", "Первая", 1, "текст до первого заголовка"),
        ("01-counting/chapter.toml", "number = 2", "number = 1", 0, "номер 1"),
    ],
)
def test_a_mistake_is_shown_where_it_is(
    course: Course, name: str, old: str, new: str, line: int, text: str
) -> None:
    course.swap(name, old, new)
    problems = [problem for problem in found(course) if text in problem.text]
    assert [(problem.file, problem.line) for problem in problems] == [
        (f"content/{course.path(name).relative_to(course.root)}", line)
    ]
    assert problems[0].remedy


def test_a_lesson_in_another_encoding_is_named(course: Course) -> None:
    path = course.path("lesson.md")
    path.write_bytes(path.read_text().encode("cp1251", "replace"))
    assert any("не в UTF-8" in problem.text for problem in found(course))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("lesson.md", "текста урока нет"),
        ("demo.py", "файла нет"),
        ("reference.py", "файла нет"),
        ("scene.js", "файла со сценой нет"),
        ("exercise/starter.py", "файла нет"),
        ("exercise/cases.py", "файла нет"),
        ("exercise/task.md", "файла нет"),
        ("01-counting/chapter.toml", "нет описания главы"),
    ],
)
def test_a_missing_file_is_named(course: Course, name: str, text: str) -> None:
    course.path(name).unlink()
    path = f"content/{course.path(name).relative_to(course.root)}"
    assert any(text in problem.text and problem.file == path for problem in found(course))


def test_real_parts_that_do_not_compile_are_shown(course: Course) -> None:
    course.write("exercise/props.py", "\nasync def node(:\n")
    problem = only(course)
    assert (problem.file, problem.line) == ("content/01-counting/01-counter/exercise/props.py", 2)


def test_a_call_of_a_part_that_is_not_there_is_shown(course: Course) -> None:
    course.add("exercise/cases.py", '\n\nasync def use(props):\n    await props.call("form")\n')
    assert "напишите exercise/props.py" in only(course).remedy
    course.write("exercise/props.py", "async def forms(): ...\n")
    problem = only(course)
    assert (problem.text, problem.line) == ("в props.py нет функции «form»", 10)
    course.write("exercise/props.py", "async def form(): ...\n")
    load_course()


def test_all_mistakes_are_listed_at_once(course: Course) -> None:
    course.swap("lesson.md", "lesson:later", "lesson:latter")
    course.swap("quiz.toml", "right = true", "right = false")
    course.swap("demo.py", '"step"', '"stride"')
    out = StringIO()
    with pytest.raises(CommandError, match="Ошибок: 3"):
        call_command("loadcourse", stderr=out)
    assert len(out.getvalue().strip().splitlines()) == 3


def test_a_part_without_its_place_in_the_text_is_a_mistake(course: Course) -> None:
    course.swap("lesson.md", "/// quiz\n///\n", "")
    assert "места в тексте нет" in only(course).text


def test_a_wrong_solution_no_case_catches_is_a_mistake(course: Course) -> None:
    course.write("exercise/wrong/lies.py", "count = None\n")
    assert only(course).file.endswith("wrong/lies.py")


def test_a_folder_with_an_unclear_name_is_a_mistake(course: Course) -> None:
    course.write("01-counting/новый урок/lesson.md", "")
    assert "непонятное имя" in only(course).text


@pytest.mark.parametrize(
    ("events", "text"),
    [
        ([EVENTS[0], {**EVENTS[1], "seq": 3}, EVENTS[3]], "seq = 3"),
        ([EVENTS[0], {**EVENTS[1], "kind": "count.down"}, {**EVENTS[3], "seq": 3}], "не объявлено"),
        ([EVENTS[0], {**EVENTS[1], "extra": 1}, {**EVENTS[3], "seq": 3}], "не те поля"),
        ([EVENTS[0], {**EVENTS[3], "seq": 2, "state": "failed"}], "не дошёл до конца"),
        ([EVENTS[0], {**EVENTS[1], "t": 2}, {**EVENTS[2], "t": 1}, EVENTS[3]], "время идёт назад"),
        ([{**EVENTS[1], "seq": 1}, {**EVENTS[3], "seq": 2}], "не начинается с run.started"),
    ],
)
def test_a_recording_must_agree_with_the_declared_events(
    course: Course, events: list[dict[str, object]], text: str
) -> None:
    course.record(events)
    problem = only(course)
    assert text in problem.text
    assert "recordlesson counter" in problem.remedy


def test_a_recording_that_is_not_gzip_is_a_mistake(course: Course) -> None:
    course.path("recording.jsonl.gz").write_bytes(b"not gzip")
    assert "не читается" in only(course).text


def test_a_formula_katex_refuses_is_shown_where_it_is(course: Course) -> None:
    course.swap("lesson.md", "считает.", "считает $\\frac{1$.")
    problem = only(course)
    assert (problem.line, "KaTeX не понимает" in problem.text) == (17, True)
