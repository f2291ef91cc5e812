"""Code in the editors, with every version of it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from lessons import catalog
from lessons.api import serializers as shapes
from lessons.api.base import View, checked, faults
from lessons.models.work import CodeVersion
from lessons.work import drafts
from lessons.work.errors import NotFound

SLOT = OpenApiParameter("slot", str, OpenApiParameter.PATH, enum=shapes.SLOTS)
CONFLICT: dict[int, Any] = {
    409: OpenApiResponse(shapes.ConflictBody, description="Есть версия новее; сохранены обе")
}
VERSIONS_SHOWN = 500


def _known(slug: str) -> None:
    try:
        catalog.lesson(slug)
    except catalog.Unknown as error:
        raise NotFound(str(error)) from error


def _line(version: CodeVersion) -> dict[str, Any]:
    return {
        "version": version.n,
        "saved_at": version.saved_at.isoformat(),
        "aside": version.aside,
        "size": len(version.text),
    }


class Draft(View):
    @extend_schema(
        summary="Сохранить код",
        tags=["Черновики"],
        parameters=[SLOT],
        request=shapes.DraftRequest,
        responses={200: shapes.DraftSaved, **CONFLICT, **faults(400, 403, 404, 413, 429)},
    )
    def put(self, request: Request, slug: str, slot: str) -> Response:
        wanted = checked(shapes.DraftRequest, request.data)
        _known(slug)
        kept = drafts.save(self.owner(request, create=True), slug, slot, wanted["text"], wanted["base"])
        return Response({"version": kept.n, "saved_at": kept.saved_at.isoformat()})


class Versions(View):
    @extend_schema(
        operation_id="drafts_versions_list",
        summary="Все версии, новые впереди",
        tags=["Черновики"],
        parameters=[SLOT],
        responses={200: shapes.VersionList, **faults(404)},
    )
    def get(self, request: Request, slug: str, slot: str) -> Response:
        found = drafts.versions(self.owner(request), slug, slot)[:VERSIONS_SHOWN]
        return Response({"versions": [_line(version) for version in found]})


class Version(View):
    @extend_schema(
        summary="Одна версия с\u00a0текстом",
        tags=["Черновики"],
        parameters=[SLOT],
        responses={200: shapes.SavedDraft, **faults(404)},
    )
    def get(self, request: Request, slug: str, slot: str, n: int) -> Response:
        return Response(drafts.as_saved(drafts.version(self.owner(request), slug, slot, n)).to_json())


class Restore(View):
    @extend_schema(
        summary="Вернуться к\u00a0старой версии",
        tags=["Черновики"],
        parameters=[SLOT],
        request=None,
        responses={200: shapes.SavedDraft, **faults(403, 404)},
    )
    def post(self, request: Request, slug: str, slot: str, n: int) -> Response:
        return Response(drafts.as_saved(drafts.restore(self.owner(request), slug, slot, n)).to_json())
