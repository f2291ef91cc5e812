"""Solutions and their verdicts."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from lessons.api import serializers as shapes
from lessons.api.base import View, checked, faults
from lessons.work import submissions


class Submissions(View):
    @extend_schema(
        summary="Отправить решение",
        tags=["Решения"],
        request=shapes.SubmissionRequest,
        responses={201: shapes.SubmissionStarted, **faults(400, 401, 403, 404, 413, 429, 503)},
    )
    def post(self, request: Request) -> Response:
        wanted = checked(shapes.SubmissionRequest, request.data)
        sent = submissions.describe(submissions.submit(self.owner(request), **wanted))
        return Response({name: sent[name] for name in ("id", "run", "url", "socket")}, status=201)


class Submission(View):
    @extend_schema(
        summary="Решение и\u00a0вердикт, проверка за\u00a0проверкой",
        tags=["Решения"],
        responses={200: shapes.SubmissionBody, **faults(401, 403, 404)},
    )
    def get(self, request: Request, submission: int) -> Response:
        return Response(submissions.describe(submissions.get(self.owner(request), submission)))


class Regrade(View):
    @extend_schema(
        summary="Проверить заново (преподаватель)",
        tags=["Решения"],
        request=None,
        responses={200: shapes.SubmissionBody, **faults(400, 401, 403, 404, 503)},
    )
    def post(self, request: Request, submission: int) -> Response:
        owner = self.owner(request)
        judging = submissions.regrade_as(owner, submission)
        return Response(submissions.describe(submissions.get(owner, judging.submission_id)))
