"""The course and the reader."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.middleware.csrf import get_token
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from lessons import catalog
from lessons.api import serializers as shapes
from lessons.api.base import View, checked, faults
from lessons.work import mine, progress, quota
from lessons.work.errors import NotFound


def _line(entry: catalog.LessonEntry) -> dict[str, Any]:
    return {**asdict(entry), "url": reverse("lesson", args=[entry.slug])}


class Course(View):
    @extend_schema(summary="Оглавление", tags=["Курс"], responses={200: shapes.CourseBody})
    def get(self, request: Request) -> Response:
        chapters = [
            {
                "slug": chapter.slug,
                "number": chapter.number,
                "title": chapter.title,
                "aim": chapter.aim,
                "lessons": [_line(entry) for entry in chapter.lessons],
            }
            for chapter in catalog.chapters()
        ]
        return Response({"chapters": chapters})


class Lesson(View):
    @extend_schema(
        summary="Урок: демонстрация и\u00a0задание",
        tags=["Курс"],
        responses={200: shapes.LessonBody, **faults(404)},
    )
    def get(self, request: Request, slug: str) -> Response:
        try:
            entry = catalog.lesson(slug)
        except catalog.Unknown as error:
            raise NotFound(str(error)) from error
        exercise = catalog.exercise(slug) if entry.has_exercise else None
        return Response(
            {
                **_line(entry),
                "demo": catalog.demo_spec(slug) if entry.has_demo else None,
                "exercise": exercise
                and {"task": exercise.task, "starter": exercise.starter, "cases": list(exercise.cases)},
            }
        )


class Mine(View):
    @extend_schema(
        summary="Всё о\u00a0читателе на\u00a0странице урока; ставит CSRF-куку",
        tags=["Читатель"],
        responses={200: shapes.MineBody, **faults(404)},
    )
    def get(self, request: Request, slug: str) -> Response:
        return Response(mine.describe(self.owner(request), slug, get_token(request._request)))


class Me(View):
    @extend_schema(summary="Кто я", tags=["Читатель"], responses={200: shapes.MeBody})
    def get(self, request: Request) -> Response:
        owner = self.owner(request)
        lessons = progress.everywhere(owner)
        return Response({"user": mine.person(owner), "quota": quota.describe(owner), "lessons": lessons})


class Progress(View):
    @extend_schema(
        summary="Отметить прочитанное и\u00a0ответы",
        tags=["Читатель"],
        request=shapes.ProgressRequest,
        responses={200: shapes.ProgressBody, **faults(400, 403, 404, 429)},
    )
    def post(self, request: Request, slug: str) -> Response:
        wanted = checked(shapes.ProgressRequest, request.data)
        saved = progress.save(self.owner(request, create=True), slug, **wanted)
        return Response(progress.describe(saved))
