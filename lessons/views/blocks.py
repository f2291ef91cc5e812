"""Puts the live blocks in their places in a lesson's text. Contexts are described in docs/content.md."""

from __future__ import annotations

import json
import re
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from lessons.catalog import Spec
from lessons.models.content import Lesson

_MARKER = re.compile(r"<!--block (\w+)(?: ([^>]*?))?-->")
_HTML_FIELDS = frozenset({"text", "explain", "why", "task", "html", "title", "note", "items", "code"})
_KEPT_BODIES = 64  # the whole course; about 100 KB each
_bodies: dict[str, tuple[str, SafeString]] = {}  # slug → digest of the lesson, its filled text


def safe(value: Any, field: str = "") -> Any:
    """Mark the fields that hold HTML made by the loader, so that templates need no `|safe`."""
    if isinstance(value, dict):
        return {key: safe(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [safe(item, field) for item in value]
    if isinstance(value, str) and (field in _HTML_FIELDS or field == "options"):
        return mark_safe(value)  # noqa: S308 — the course's own text, rendered at load
    return value


def script_json(value: object) -> SafeString:
    """JSON that cannot end the `<script>` it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    text = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return mark_safe(text)  # noqa: S308 — escaped above


def full_spec(lesson: Lesson) -> Spec:
    """The demo's spec with the address of its recording."""
    address = None
    if lesson.recording_id:
        address = reverse("recording", args=[lesson.slug, lesson.recording_id[:16]])
    spec: Spec = {**lesson.spec, "recording": address}  # type: ignore[typeddict-item]
    return spec


def demo_context(lesson: Lesson, run: dict[str, Any] | None = None) -> dict[str, Any]:
    """The context of blocks/demo.html."""
    spec = full_spec(lesson)
    return {
        "lesson": lesson,
        "spec": spec,
        "spec_json": script_json(spec),
        "moments": lesson.page.get("moments", []),
        "run": run,
        "code_url": reverse("code", args=[lesson.slug]) + "?slot=demo",
    }


def _offered(question: dict[str, Any]) -> dict[str, Any]:
    """A question of the quiz; the rows of an `order` also as they are offered, for a page without scripts."""
    if question["kind"] == "order":
        question["offered"] = [question["items"][n] for n in question["shown"]]
    return question


def _block(lesson: Lesson, name: str, argument: str) -> str:
    template = f"lessons/blocks/{name}.html"
    if name == "demo":
        return render_to_string(template, demo_context(lesson))
    context: dict[str, Any] = {"lesson": lesson}
    if name == "predict":
        context["question"] = safe(lesson.page["predict"][argument])
    elif name == "quiz":
        context["questions"] = [_offered(question) for question in safe(lesson.page["quiz"])]
    elif name == "exercise":
        shown = dict(lesson.page["exercise"])
        code_url = reverse("code", args=[lesson.slug]) + "?slot=exercise"
        context["exercise"] = {
            "task": mark_safe(shown["task"]),  # noqa: S308 — the course's own text
            "starter": shown["starter"],
            "hints": safe(shown["hints"]),
            "cases": shown["cases"],
            "code_url": code_url,
        }
    return render_to_string(template, context)


def fill(lesson: Lesson) -> SafeString:
    """The lesson's whole text with its blocks. Kept per process until the lesson is loaded anew."""
    kept = _bodies.get(lesson.slug)
    if kept is not None and kept[0] == lesson.digest:
        return kept[1]
    html = _MARKER.sub(lambda match: _block(lesson, match[1], match[2] or ""), lesson.html)
    body = mark_safe(html)  # noqa: S308 — the course's own text, rendered at load
    if len(_bodies) >= _KEPT_BODIES:
        _bodies.clear()
    _bodies[lesson.slug] = (lesson.digest, body)
    return body
