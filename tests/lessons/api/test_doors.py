"""Who the API lets in: sessions with CSRF, Bearer tokens, and nobody else's pages."""

from __future__ import annotations

import pytest
from django.test import Client

from classroom import demo
from classroom.models import User
from lessons.models import CodeVersion, Lesson
from tests.lessons.api.calls import get, post, put

SLUG = "circuit-breaker"
RUN = {"lesson": SLUG, "variant": "reference"}
ALISA = demo.CAST[0]


@pytest.fixture
def careful(db: None) -> Client:
    """A browser whose CSRF token is checked."""
    return Client(enforce_csrf_checks=True)


def tokens(client: Client) -> dict[str, str]:
    answer = post(client, "token/", {"email": ALISA.email, "password": ALISA.password})
    told: dict[str, str] = answer.json()
    return told


def test_a_guest_without_the_csrf_token_is_refused(careful: Client, lesson: Lesson) -> None:
    answer = post(careful, "runs/", RUN)
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf")


def test_the_readers_part_of_a_page_gives_the_csrf_token(careful: Client, lesson: Lesson) -> None:
    token = get(careful, f"lessons/{SLUG}/mine/").json()["csrf"]
    assert post(careful, "runs/", RUN, headers={"X-CSRFToken": token}).status_code == 201


def test_a_signed_in_user_without_the_csrf_token_is_refused(
    careful: Client, lesson: Lesson, alisa: User
) -> None:
    careful.force_login(alisa)
    assert put(careful, f"drafts/{SLUG}/demo/", {"text": "x", "base": 0}).status_code == 403
    assert not CodeVersion.objects.exists()


def test_a_token_lets_a_program_work_without_a_session(careful: Client, lesson: Lesson, alisa: User) -> None:
    bearer = {"Authorization": f"Bearer {tokens(careful)['access']}"}
    assert put(careful, f"drafts/{SLUG}/demo/", {"text": "x", "base": 0}, headers=bearer).status_code == 200
    assert get(careful, "me/", headers=bearer).json()["user"]["email"] == ALISA.email


def test_a_wrong_password_is_refused_in_russian(careful: Client, alisa: User) -> None:
    answer = post(careful, "token/", {"email": ALISA.email, "password": "wrong"})
    assert answer.status_code == 401
    assert "пароль" in answer.json()["message"]


def test_the_address_is_the_same_in_any_case_of_letters(careful: Client, alisa: User) -> None:
    answer = post(careful, "token/", {"email": ALISA.email.upper(), "password": ALISA.password})
    assert answer.status_code == 200


def test_a_made_up_token_is_refused(careful: Client, lesson: Lesson) -> None:
    answer = get(careful, "me/", headers={"Authorization": "Bearer made.up.token"})
    assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_refreshing_gives_a_new_pair_and_kills_the_old_refresh(careful: Client, alisa: User) -> None:
    old = tokens(careful)["refresh"]
    new = post(careful, "token/refresh/", {"refresh": old}).json()
    assert new["refresh"] != old
    assert post(careful, "token/refresh/", {"refresh": old}).status_code == 401
    assert post(careful, "token/refresh/", {"refresh": new["refresh"]}).status_code == 200


def test_a_revoked_refresh_is_dead(careful: Client, alisa: User) -> None:
    refresh = tokens(careful)["refresh"]
    assert post(careful, "token/revoke/", {"refresh": refresh}).status_code == 200
    assert post(careful, "token/refresh/", {"refresh": refresh}).status_code == 401


def test_a_form_with_a_stale_csrf_token_gets_a_page_that_says_what_to_do(careful: Client) -> None:
    answer = careful.post("/accounts/login/", {"login": "x"})
    assert answer.status_code == 403
    assert "Страница устарела" in answer.content.decode()
