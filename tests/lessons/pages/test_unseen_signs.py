"""Somebody else's code is read with every sign of it, seen or not («Trojan Source»)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from lessons.admin.base import code
from lessons.models import LessonRun, Submission
from lessons.unseen import BLANK, visible
from tests.lessons.content.course import Course

TROJAN = "if level != 'user\u202e \u2066# только для админа\u2069 \u2066':\n    пуск()\n"
SEEN = "if level != 'user[U+202E] [U+2066]# только для админа[U+2069] [U+2066]':\n    пуск()\n"
PAGE = "/lessons/counter/code/"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (TROJAN, SEEN),
        ("a\u200b = 1", "a[U+200B] = 1"),
        ("\u3164 = 1", "[U+3164] = 1"),
        ("\x1b[2J\x00\x7f\x85", "␛[2J␀[U+007F][U+0085]"),
        ("один\r\nдва\rтри\u2028", "один\nдва␍три[U+2028]"),
        ("\U000e0041", "[U+E0041]"),
        ("\tё «ж» 👩\u200d💻 ❤\ufe0f пере\u00adнос\n", "\tё «ж» 👩\u200d💻 ❤\ufe0f пере\u00adнос\n"),
    ],
)
def test_what_cannot_be_seen_is_named_and_the_rest_left(text: str, seen: str) -> None:
    assert visible(text) == seen


def test_the_browser_names_the_same_blank_letters() -> None:
    script = Path(settings.BASE_DIR, "static/src/kit/visible.js").read_text()
    assert set(re.findall(r"\\u([0-9a-f]{4})", script.split("Zp}")[1].splitlines()[0])) == {
        f"{ord(sign):04x}" for sign in BLANK
    }


@pytest.mark.django_db
def test_the_code_of_somebody_else_s_run_hides_nothing(course: Course, alisas: Client, evas: Client) -> None:
    alisas.post(PAGE, {"slot": "demo", "action": "run", "code": TROJAN, "variant": "mine"})
    page = evas.get(f"/runs/{LessonRun.objects.get().pk}/").content.decode()
    assert "[U+202E] [U+2066]# только для админа" in page
    assert "\u202e" not in page


@pytest.mark.django_db
def test_nor_does_a_submission(course: Course, alisas: Client, boriss: Client) -> None:
    alisas.post(PAGE, {"slot": "exercise", "action": "submit", "code": TROJAN})
    page = boriss.get(f"/submissions/{Submission.objects.get().pk}/").content.decode()
    assert "[U+202E] [U+2066]# только для админа" in page
    assert "\u202e" not in page


def test_nor_does_code_in_the_admin() -> None:
    assert "[U+202E]" in code(TROJAN)
    assert "\u202e" not in code(TROJAN)


@pytest.mark.django_db
def test_a_field_with_somebody_s_code_has_its_unseen_signs_beside_it(
    course: Course, alisas: Client, evas: Client
) -> None:
    alisas.post(PAGE, {"slot": "demo", "action": "run", "code": "x = 1\n" + TROJAN, "variant": "mine"})
    page = evas.get(PAGE, {"slot": "demo", "from": LessonRun.objects.get().pk}).content.decode()
    assert "2: if level != &#x27;user[U+202E] [U+2066]# только для админа" in page
    assert "знаки, которых" not in evas.get(PAGE, {"slot": "demo"}).content.decode()
