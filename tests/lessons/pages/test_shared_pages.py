"""Contents and lessons: the same bytes for everybody, few queries, validators."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

import pytest
from django.test import Client

from lessons.loader import freshness, load_course
from lessons.models import Lesson
from tests.lessons.content.course import EVENTS, Course

pytestmark = pytest.mark.django_db


def text_of(client: Client, path: str) -> str:
    return client.get(path).content.decode().replace("\u00ad", "")


def test_contents_list_every_chapter_and_lesson(course: Course, client: Client) -> None:
    html = text_of(client, "/")
    assert all(word in html for word in ("Счёт", "Пустая", "Счётчик", "Позже"))


def test_a_lesson_not_written_yet_is_marked_and_not_linked(course: Course, client: Client) -> None:
    html = text_of(client, "/")
    assert html.count("готовится") == 1
    assert 'href="/lessons/counter/"' in html
    assert 'href="/lessons/later/"' not in html


def test_the_page_of_a_planned_lesson_says_so(course: Course, client: Client) -> None:
    html = text_of(client, "/lessons/later/")
    assert "готовится" in html
    assert "poligon-demo" not in html


def test_an_unknown_lesson_is_not_found(course: Course, client: Client) -> None:
    assert client.get("/lessons/nope/").status_code == 404


def test_a_lesson_holds_all_its_parts_without_scripts(course: Course, client: Client) -> None:
    html = text_of(client, "/lessons/counter/")
    for part in (
        "<poligon-predict",
        "<poligon-demo",
        "<poligon-exercise",
        "<poligon-quiz",
        'class="pitfall"',
    ):
        assert part in html
    for words in (
        "Счётчик\u00a0— просто",
        "Сколько?",
        "Насчитали 1: мало",
        "Напишите",
        "Зачем считать?",
        "О\u00a0счёте",
    ):
        assert words in html


def test_no_marker_is_left_on_the_page(course: Course, client: Client) -> None:
    assert "<!--block" not in text_of(client, "/lessons/counter/")


def test_the_spec_on_the_page_is_the_contracts(course: Course, client: Client) -> None:
    html = client.get("/lessons/counter/").content.decode()
    found = re.search(r'<script type="application/json" data-spec>(.*?)</script>', html, re.S)
    assert found
    spec = json.loads(found[1])
    assert set(spec) >= {
        "title",
        "clock",
        "duration",
        "seed",
        "controls",
        "variants",
        "recording",
        "kinds",
        "prompt",
    }
    assert [variant["name"] for variant in spec["variants"]] == ["reference"]


def test_code_cannot_end_the_script_it_stands_in(course: Course, client: Client) -> None:
    course.add("reference.py", "# </script><script>alert(1)</script>\n")
    load_course()
    assert "<script>alert(1)" not in client.get("/lessons/counter/").content.decode()


def test_ids_on_the_page_are_unique(course: Course, client: Client) -> None:
    ids = re.findall(r'\sid="([^"]+)"', text_of(client, "/lessons/counter/"))
    assert sorted(ids) == sorted(set(ids))


def test_everybody_gets_the_same_bytes(course: Course, client: Client, alisas: Client) -> None:
    assert client.get("/lessons/counter/").content == alisas.get("/lessons/counter/").content


@pytest.mark.parametrize("path", ["/", "/lessons/counter/", "/lessons/later/"])
def test_a_shared_page_sets_no_cookie_and_does_not_depend_on_one(
    course: Course, client: Client, path: str
) -> None:
    response = client.get(path)
    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")
    assert response["X-Shared-Page"]


@pytest.mark.parametrize("path", ["/", "/lessons/counter/"])
def test_a_shared_page_takes_few_queries(
    course: Course, alisas: Client, path: str, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(5):
        alisas.get(path)


def test_an_unchanged_page_is_not_sent_again(course: Course, client: Client) -> None:
    etag = client.get("/lessons/counter/")["ETag"]
    answer = client.get("/lessons/counter/", headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content) == (304, b"")


def test_a_changed_lesson_has_another_etag(course: Course, client: Client) -> None:
    before = client.get("/lessons/counter/")["ETag"]
    course.swap("lesson.md", "Считает до трёх", "Считает до пяти")
    load_course()
    answer = client.get("/lessons/counter/", headers={"If-None-Match": before})
    assert answer.status_code == 200
    assert "до\u00a0пяти" in answer.content.decode()


def test_the_recording_is_served_gzipped_for_ever(course: Course, client: Client) -> None:
    html = client.get("/lessons/counter/").content.decode()
    address = re.search(r"/recordings/[^\"]+", html)
    assert address
    response = client.get(address[0])
    lines = gzip.decompress(response.content).decode().splitlines()
    assert [json.loads(line) for line in lines] == EVENTS
    assert response["Content-Encoding"] == "gzip"
    assert "immutable" in response["Cache-Control"]


def test_the_address_of_another_lessons_recording_is_not_found(course: Course, client: Client) -> None:
    digest = Lesson.objects.get(slug="counter").recording_id
    assert client.get(f"/recordings/later.{digest[:16]}.jsonl").status_code == 404


@pytest.fixture
def _development(settings: Any, course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.LOCAL = True
    monkeypatch.setattr(freshness, "_seen", None)
    monkeypatch.setattr(freshness, "_problems", ())


@pytest.mark.usefixtures("_development")
def test_in_development_a_saved_file_shows_on_reload(course: Course, client: Client) -> None:
    text_of(client, "/lessons/counter/")
    course.swap("lesson.md", "Считает до трёх", "Считает до пяти")
    assert "до\u00a0пяти" in text_of(client, "/lessons/counter/")


@pytest.mark.usefixtures("_development")
def test_in_development_a_mistake_shows_above_the_old_page(course: Course, client: Client) -> None:
    course.swap("quiz.toml", "right = true", "right = false")
    html = text_of(client, "/lessons/counter/")
    assert "верных ответов: 0" in html
    assert "quiz.toml:3" in html
    assert "Зачем считать?" in html


@pytest.mark.usefixtures("_development")
def test_a_page_with_mistakes_is_kept_by_nobody(course: Course, client: Client) -> None:
    course.swap("quiz.toml", "right = true", "right = false")
    response = client.get("/lessons/counter/")
    assert response["Cache-Control"] == "no-store"
    assert "X-Shared-Page" not in response


@pytest.mark.usefixtures("_development")
def test_a_corrected_mistake_goes_away(course: Course, client: Client) -> None:
    course.swap("quiz.toml", "right = true", "right = false")
    text_of(client, "/")
    course.swap("quiz.toml", "right = false", "right = true")
    assert "верных ответов" not in text_of(client, "/")
