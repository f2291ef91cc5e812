"""Bodies and headers that no page would send are answered as any mistake is, never with a fault of ours."""

from __future__ import annotations

import pytest
from django.test import Client

from lessons.models import Lesson
from tests.lessons.api.calls import post

SLUG = "circuit-breaker"
RUNS = "/api/v1/runs/"
JSON = "application/json"


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"[" * 100_000, 400, "не\u00a0JSON"),
        (b"[" * 5000 + b"]" * 5000, 400, "не\u00a0JSON"),
        (b'{"seed": ' + b"9" * 100_000 + b"}", 400, "не\u00a0JSON"),
        (b'{"seed": NaN}', 400, "не\u00a0JSON"),
        (b'{"lesson": "\xff"}', 400, "не\u00a0JSON"),
        (b'{"controls": {"\\ud800": 1}}', 400, "половина символа, U+D800"),
        (b'{"code": "\\udfff"}', 400, "половина символа, U+DFFF"),
    ],
    ids=["open", "deep", "long number", "NaN", "bytes", "half a name", "half a text"],
)
@pytest.mark.django_db
def test_a_body_that_is_no_plain_json_is_told_so(
    client: Client, body: bytes, status: int, words: str
) -> None:
    answer = client.post(RUNS, body, content_type=JSON)
    assert answer.status_code == status
    assert words in answer.json()["message"]


@pytest.mark.django_db
def test_a_body_too_big_to_be_read_says_how_big_it_may_be(client: Client) -> None:
    answer = client.post(RUNS, b'{"code": "' + b"x" * 600_000 + b'"}', content_type=JSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert "512\u00a0КиБ" in answer.json()["message"]


def test_a_list_for_a_text_is_refused_in_russian(client: Client, lesson: Lesson) -> None:
    answer = post(client, "runs/", {"lesson": SLUG, "variant": "mine", "code": [1]})
    assert (answer.status_code, answer.json()["fields"]) == (400, {"code": "Нужна строка."})


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["Bearer", "Bearer a b c"])
def test_a_header_that_holds_no_token_is_explained(client: Client, header: str) -> None:
    answer = client.get("/api/v1/me/", headers={"Authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_authorization_header")
    assert "Bearer <токен>" in answer.json()["message"]
