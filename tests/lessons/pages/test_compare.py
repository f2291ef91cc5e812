"""The page that compares two runs: who may be compared with whom."""

from __future__ import annotations

from django.test import Client

from tests.lessons.content.course import Course


def test_the_recording_can_be_looked_at_beside_itself(course: Course, client: Client) -> None:
    page = client.get("/compare/?lesson=counter&a=recording&b=recording")
    assert page.status_code == 200
    assert "Запись эталона (А)" in page.content.decode()


def test_without_scripts_both_sides_tell_their_key_moments(course: Course, client: Client) -> None:
    page = client.get("/compare/?lesson=counter&a=recording&b=recording").content.decode()
    assert page.count("Насчитали 1: мало") == 2


def test_two_sides_are_asked_for(course: Course, client: Client) -> None:
    page = client.get("/compare/?lesson=counter&a=recording")
    assert page.status_code == 400
    assert "нужны два прогона" in page.content.decode()


def test_an_unknown_run_is_not_found(course: Course, client: Client) -> None:
    assert client.get("/compare/?lesson=counter&a=recording&b=nothing").status_code == 404


def test_a_recording_needs_its_lesson_named(course: Course, client: Client) -> None:
    page = client.get("/compare/?a=recording&b=recording")
    assert page.status_code == 400
    assert "одного урока" in page.content.decode()


def test_a_lesson_without_a_demo_has_nothing_to_compare(course: Course, client: Client) -> None:
    assert client.get("/compare/?lesson=later&a=recording&b=recording").status_code == 404
