"""`loadcourse`: what it saves, when it does nothing, what it keeps to itself."""

from __future__ import annotations

import tomllib
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from lessons import catalog
from lessons.loader import CourseInvalid, load_course
from lessons.loader.stamp import path as stamp_path
from lessons.models import Lesson, Recording
from tests.lessons.content.course import EVENTS, Course

pytestmark = pytest.mark.django_db


def test_a_course_is_chapters_with_ready_and_planned_lessons(course: Course) -> None:
    load_course()
    counting, empty = catalog.chapters()
    assert [(entry.slug, entry.ready) for entry in counting.lessons] == [("counter", True), ("later", False)]
    assert (counting.title, empty.title, empty.lessons) == ("Счёт", "Пустая", ())


def test_loading_the_same_files_again_changes_nothing(course: Course) -> None:
    load_course()
    before = Lesson.objects.get(slug="counter").loaded
    out = StringIO()
    call_command("loadcourse", stdout=out)
    assert "без изменений" in out.getvalue()
    assert Lesson.objects.get(slug="counter").loaded == before


def test_only_the_edited_lesson_is_rendered_again(course: Course) -> None:
    load_course()
    course.write("01-counting/03-other/lesson.md", '+++\ntitle = "Ещё"\naim = "Второй"\n+++\nТекст.\n')
    assert set(load_course().rendered) == {"counter", "other"}  # links may now name the new slug
    course.swap("01-counting/03-other/lesson.md", "Текст", "Другой текст")
    assert load_course().rendered == ("other",)


def test_what_only_developers_run_is_no_part_of_the_course(course: Course) -> None:
    load_course()
    course.write("01-counting/01-counter/tests/test_counter.py", "def test_it(): ...\n")
    course.write("01-counting/01-counter/tests/counter.test.mjs", "// of the scene\n")
    course.write("01-counting/01-counter/bench.py", "def main(options): ...\n")
    assert load_course().rendered == ()


def test_a_planned_lesson_becomes_a_written_one_at_the_same_address_with_no_other_edit(
    course: Course,
) -> None:
    load_course()
    planned = Lesson.objects.get(slug="later").pk
    course.write("01-counting/02-later/lesson.md", '+++\ntitle = "Позже"\naim = "Вот"\n+++\nТекст.\n')
    load_course()
    row = Lesson.objects.get(slug="later")
    assert (row.pk, row.status) == (planned, "ready")


def test_a_lesson_without_a_folder_leaves_the_course(course: Course) -> None:
    course.write("01-counting/03-other/lesson.md", '+++\ntitle = "Ещё"\naim = "Второй"\n+++\nТекст.\n')
    load_course()
    course.path("01-counting/03-other/lesson.md").unlink()
    course.path("01-counting/03-other").rmdir()
    load_course()
    assert not Lesson.objects.filter(slug="other").exists()


def test_a_bad_file_leaves_the_old_course_live(course: Course) -> None:
    load_course()
    course.swap("lesson.md", "Считает до трёх", "Считает до четырёх")
    course.swap("quiz.toml", 'kind = "one"', 'kind = "оди"')
    with pytest.raises(CommandError, match="остался прежний"):
        call_command("loadcourse", stderr=StringIO())
    assert Lesson.objects.get(slug="counter").aim == "Считает до\u00a0трёх"


def test_a_failure_while_saving_saves_nothing(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    load_course()
    course.swap("lesson.md", "Считает до трёх", "Другое")
    course.swap("02-empty/chapter.toml", "Потом", "Скоро")
    monkeypatch.setattr(Recording.objects, "exclude", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        load_course()
    assert catalog.chapters()[1].aim == "Потом"
    assert catalog.lesson("counter").aim == "Считает до\u00a0трёх"


def test_hidden_cases_stay_out_of_everything_a_page_shows(course: Course) -> None:
    load_course()
    row = Lesson.objects.get(slug="counter")
    public = f"{row.html} {row.page} {row.spec} {row.files}"
    assert "СЕКРЕТНАЯ" not in public
    assert "stops_early" not in public
    assert "СЕКРЕТНАЯ" in catalog.exercise("counter").case_source


def test_real_parts_of_the_cases_are_for_the_judge_alone(course: Course) -> None:
    course.write("exercise/props.py", "SECRET = 'ТАЙНА'\n")
    course.swap("demo.toml", "seed = 1\n", 'seed = 1\npackages = ["jwt"]\n')
    load_course()
    row = Lesson.objects.get(slug="counter")
    assert "ТАЙНА" in catalog.exercise("counter").props_source
    assert "ТАЙНА" not in repr((row.html, row.page, row.spec, row.files))
    assert catalog.exercise("counter").packages == catalog.demo("counter", "reference").packages == ["jwt"]


def test_titles_of_cases_are_shown(course: Course) -> None:
    load_course()
    assert catalog.exercise("counter").cases == ("Считает до трёх",)


def test_markers_of_listings_reach_neither_the_editor_nor_the_jail(course: Course) -> None:
    load_course()
    assert "[count]" not in catalog.demo_files("counter", "reference")["reference.py"]
    assert "[count]" not in catalog.demo_spec("counter")["variants"][0]["code"]


def test_the_learners_code_takes_the_place_of_the_reference(course: Course) -> None:
    load_course()
    files = catalog.demo("counter", "mine", "x = 1\n").files
    assert files == {"demo.py": course.path("demo.py").read_text(), "reference.py": "x = 1\n"}


def test_the_recording_is_kept_as_it_is_in_the_file(course: Course) -> None:
    load_course()
    kept = Recording.objects.get()
    assert bytes(kept.body) == course.path("recording.jsonl.gz").read_bytes()
    assert kept.events == len(EVENTS)


def test_a_new_recording_replaces_the_old_one(course: Course) -> None:
    load_course()
    course.record([{**EVENTS[0]}, {**EVENTS[3], "seq": 2}])
    load_course()
    assert Recording.objects.get().events == 2


def test_key_moments_are_told_in_words(course: Course) -> None:
    load_course()
    told = [moment["text"] for moment in Lesson.objects.get(slug="counter").page["moments"]]
    assert told == ["Начало", "Насчитали 1: мало", "Стоп: да", "Готово."]


def test_web_processes_are_told_only_when_something_changed(course: Course) -> None:
    load_course()
    stamp_path().unlink()
    load_course()
    assert not stamp_path().exists()


def test_an_unknown_lesson_is_refused_in_russian(course: Course) -> None:
    load_course()
    with pytest.raises(catalog.Unknown, match="Урока «nope» в курсе нет"):
        catalog.lesson("nope")


@pytest.mark.parametrize(
    "values", [{"step": 9}, {"step": "2"}, {"step": float("nan")}, {"stop": 1}, {"no": 1}]
)
def test_control_values_that_do_not_fit_are_refused_by_name(course: Course, values: dict[str, Any]) -> None:
    load_course()
    with pytest.raises(catalog.BadControls) as refused:
        catalog.clean_controls(catalog.demo_spec("counter")["controls"], values)
    assert set(refused.value.fields) == set(values)


def test_two_chapters_may_not_claim_one_slug(course: Course) -> None:
    course.write("02-empty/01-later/lesson.md", '+++\ntitle = "Т"\naim = "А"\n+++\nТекст.\n')
    with pytest.raises(CourseInvalid, match="урок «later» уже есть"):
        load_course()


def test_a_term_is_explained_where_it_is_linked_and_kept_for_the_glossary(course: Course) -> None:
    load_course()
    row = Lesson.objects.get(slug="counter")
    assert '<a class="term" data-term="Перечисление по\u00a0одному." href="/glossary/#count">' in row.html
    assert [(term["id"], term["name"], term["english"]) for term in row.page["terms"]] == [
        ("count", "счёт", "count")
    ]


def test_rows_to_be_ordered_are_offered_in_another_order(course: Course) -> None:
    load_course()
    question = next(q for q in Lesson.objects.get(slug="counter").page["quiz"] if q["kind"] == "order")
    assert sorted(question["shown"]) == [0, 1, 2]
    assert question["shown"] != [0, 1, 2]


def test_code_of_a_question_is_coloured_line_by_line(course: Course) -> None:
    load_course()
    question = next(q for q in Lesson.objects.get(slug="counter").page["quiz"] if q["kind"] == "line")
    assert len(question["code"]) == 2
    assert question["code"][1].startswith("    <span")


def test_the_head_of_a_lesson_is_parsed_once_a_load(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    heads: list[str] = []
    loads = tomllib.loads

    def counted(text: str) -> Any:
        if "[[terms]]" in text:
            heads.append(text)
        return loads(text)

    monkeypatch.setattr(tomllib, "loads", counted)
    load_course()
    assert len(heads) == 1


def test_a_space_after_the_fence_hides_nothing(course: Course, settings: Any) -> None:
    settings.LOCAL = False
    course.swap("lesson.md", "+++\n", "+++ \ndraft = true\n")
    load_course()
    assert "counter" not in catalog.titles()
