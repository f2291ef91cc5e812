"""Runs of demos: start, look, read events, stop."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from lessons.api import serializers as shapes
from lessons.api.base import View, checked, faults
from lessons.work import logs, runs


class Runs(View):
    @extend_schema(
        summary="Запустить демонстрацию",
        tags=["Прогоны"],
        request=shapes.RunRequest,
        responses={201: shapes.RunStarted, **faults(400, 403, 404, 413, 429, 503)},
    )
    def post(self, request: Request) -> Response:
        wanted = checked(shapes.RunRequest, request.data)
        owner = self.owner(request, create=True)
        return Response(runs.receipt(runs.start_run(owner, **wanted)), status=201)


class Run(View):
    @extend_schema(
        summary="Прогон: состояние, код, ручки",
        description="Смотреть может каждый, у\u00a0кого есть ссылка; код прогона виден вместе с\u00a0ним.",
        tags=["Прогоны"],
        responses={200: shapes.RunBody, **faults(404)},
    )
    def get(self, request: Request, run: str) -> Response:
        return Response(runs.describe(runs.get(run), self.owner(request)))


class Events(View):
    @extend_schema(
        summary="События прогона после данного",
        tags=["Прогоны"],
        parameters=[shapes.EventsQuery],
        responses={200: shapes.EventsBody, **faults(400, 404)},
    )
    def get(self, request: Request, run: str) -> Response:
        after = checked(shapes.EventsQuery, request.query_params)["after"]
        return Response(logs.read(self.owner(request), run, after))


class Stop(View):
    @extend_schema(
        summary="Остановить прогон",
        tags=["Прогоны"],
        request=None,
        responses={200: shapes.RunBody, **faults(403, 404)},
    )
    def post(self, request: Request, run: str) -> Response:
        owner = self.owner(request)
        return Response(runs.describe(runs.stop(run, owner), owner))
