"""Pages that are the same for everybody: the contents, the lessons, their recordings."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe

from lessons import catalog
from lessons.catalog import ChapterEntry, LessonEntry
from lessons.models.content import Lesson, Recording, Status
from lessons.views import blocks
from lessons.views.shared import look, shared

A_YEAR = 365 * 24 * 3600


@require_safe
def contents(request: HttpRequest) -> HttpResponseBase:
    """Seven chapters with their lessons; those not written yet are marked so."""
    look()
    chapters = catalog.chapters()
    ready = [entry for chapter in chapters for entry in chapter.lessons if entry.ready]
    context = {"chapters": chapters, "ready": len(ready), "first": ready[0] if ready else None}
    return shared(request, "lessons/contents.html", context)


@require_safe
def chapter(request: HttpRequest, slug: str) -> HttpResponseBase:
    """One chapter: what it is for, its lessons, its terms, the chapters around it."""
    look()
    chapters = catalog.chapters()
    at = next((n for n, entry in enumerate(chapters) if entry.slug == slug), None)
    if at is None:
        raise Http404(f"Главы «{slug}» в курсе нет.")
    entry = chapters[at]
    own = {lesson.slug for lesson in entry.lessons}
    context = {
        "chapter": entry,
        "minutes": sum(lesson.minutes for lesson in entry.lessons),
        "terms": [_shown(term) for term in catalog.glossary() if term["lesson"] in own],
        "before": chapters[at - 1] if at else None,
        "after": chapters[at + 1] if at + 1 < len(chapters) else None,
    }
    return shared(request, "lessons/chapter.html", context)


@require_safe
def glossary(request: HttpRequest) -> HttpResponseBase:
    """All terms of the course, by letter."""
    look()
    letters: dict[str, list[dict[str, Any]]] = {}
    for term in catalog.glossary():
        letters.setdefault(term["name"][:1].upper(), []).append(_shown(term))
    return shared(request, "lessons/glossary.html", {"letters": letters})


def _shown(term: dict[str, str]) -> dict[str, Any]:
    return {**term, "text": blocks.safe(term["text"], "text")}


def _neighbours(
    chapters: tuple[ChapterEntry, ...], slug: str
) -> tuple[ChapterEntry | None, LessonEntry | None, LessonEntry | None]:
    """The lesson's chapter, and the lessons before and after it in the course."""
    line = [(chapter, entry) for chapter in chapters for entry in chapter.lessons]
    for at, (chapter, entry) in enumerate(line):
        if entry.slug == slug:
            before = line[at - 1][1] if at else None
            after = line[at + 1][1] if at + 1 < len(line) else None
            return chapter, before, after
    return None, None, None


@require_safe
def lesson(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A lesson, or, for one not written yet, an honest note about it."""
    look()
    row = Lesson.objects.select_related("chapter").defer("files", "private").filter(slug=slug).first()
    if row is None:
        raise Http404(f"Урока «{slug}» в курсе нет.")
    chapters = catalog.chapters()
    chapter, before, after = _neighbours(chapters, slug)
    context: dict[str, Any] = {
        "lesson": row,
        "number": f"{row.chapter.number}.{row.number}",
        "chapter": chapter,
        "before": before,
        "after": after,
    }
    if row.status == Status.PLANNED:
        return shared(request, "lessons/planned.html", context)
    entries = {entry.slug: entry for chap in chapters for entry in chap.lessons}
    page = row.page
    context |= {
        "body": blocks.fill(row),
        "headings": page["headings"],
        "aims": [blocks.safe(aim, "text") for aim in page["aims"]],
        "prerequisites": [entries[name] for name in page["after"] if name in entries],
        "sources": [{**item, "note": blocks.safe(item.get("note", ""), "note")} for item in page["sources"]],
    }
    return shared(request, "lessons/lesson.html", context)


@require_safe
def recording(request: HttpRequest, slug: str, digest: str) -> HttpResponse:
    """A recording's event lines, as they are stored: gzip. The address changes with the bytes."""
    found = Recording.objects.filter(digest__startswith=digest, pk__in=_recordings_of(slug)).first()
    if found is None or len(digest) < 16:
        raise Http404("Такой записи нет.")
    response = HttpResponse(bytes(found.body), content_type="application/x-ndjson; charset=utf-8")
    response["Content-Encoding"] = "gzip"
    response["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    response["ETag"] = f'"{found.digest[:24]}"'
    response["X-Shared-Page"] = "1"
    return response


def _recordings_of(slug: str) -> Any:
    return Lesson.objects.filter(slug=slug).values("recording_id")
