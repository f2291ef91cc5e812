"""The code page: editing, running and handing in with nothing but HTML forms."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from lessons import catalog, unseen
from lessons.models.work import Slot, Variant
from lessons.views import blocks
from lessons.views.shared import refusal
from lessons.work import drafts, owners, runs, submissions
from lessons.work.errors import Conflict, LoginNeeded, OverQuota, WorkError
from lessons.work.owners import Owner

VERSIONS_SHOWN = 20


@never_cache
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """`?slot=demo|exercise`; `?version=n` opens an old version, `?from=<run>` the code of somebody's run."""
    try:
        entry = catalog.lesson(slug)
    except catalog.Unknown as error:
        raise Http404(str(error)) from error
    posted = request.method == "POST"
    slot = (request.POST if posted else request.GET).get("slot", "")
    slots = [s for s, there in ((Slot.DEMO, entry.has_demo), (Slot.EXERCISE, entry.has_exercise)) if there]
    if not slots:
        raise Http404("В этом уроке нечего запускать.")
    if slot not in slots:
        slot = slots[0]
    context: dict[str, Any] = {"lesson": entry, "slot": slot, "slots": slots}
    status = 400 if posted else 200
    if posted:
        owner = owners.of_request(request, create=True)
        text = request.POST.get("code", "")
        try:
            return _act(request, owner, slug, slot, text)
        except Conflict as conflict:
            # Both texts are kept; this page goes on with what was typed, on top of the newest version.
            context |= {"problem": conflict.message, "theirs": conflict.theirs}
            context["base"] = conflict.theirs["version"]
        except LoginNeeded as error:
            context |= {"problem": error.message, "login": True, "base": _keep(owner, slug, slot, text)}
        except WorkError as error:
            context |= {"problem": error.message, "problem_fields": error.fields}
            if isinstance(error, OverQuota):
                context |= {"live": error.runs, "more": error.login}
                status = error.status
            context["base"] = request.POST.get("base", "0")
        context |= {"text": text, "values": request.POST}
        return _render(request, owner, slug, context, status=status)
    owner = owners.of_request(request)
    try:
        context |= _opened(request, owner, slug, slot)
    except WorkError as error:
        return refusal(request, error)
    return _render(request, owner, slug, context)


def _keep(owner: Owner, slug: str, slot: str, text: str) -> int:
    """Save what a guest tried to hand in, so that it is there after signing in."""
    return drafts.save(owner, slug, slot, text).n


def _opened(request: HttpRequest, owner: Owner, slug: str, slot: str) -> dict[str, Any]:
    """What the editor opens with: an old version, a run's code, the draft, or the course's own text."""
    newest = drafts.newest(owner, slug, slot)
    base = newest.n if newest else 0
    wanted = request.GET.get("version", "")
    if (number := _whole(wanted)) is not None:
        return {
            "text": drafts.version(owner, slug, slot, number).text,
            "base": base,
            "opened": number,
        }
    origin = request.GET.get("from", "")
    if origin and slot == Slot.DEMO:
        run = runs.describe(runs.get(origin), owner)
        text = run["code"] or catalog.starter(slug, slot)
        return {
            "text": text,
            "base": base,
            "forked_from": run,
            "values": run["controls"],
            "seed": run["seed"],
        }
    if newest is not None:
        return {"text": newest.text, "base": base, "saved_at": newest.saved_at}
    return {"text": catalog.starter(slug, slot), "base": 0}


def _act(request: HttpRequest, owner: Owner, slug: str, slot: str, text: str) -> HttpResponseRedirect:
    """Do what the pressed button says. Raises WorkError."""
    base = request.POST.get("base", "")
    instead_of = request.POST.get("instead_of") or None
    action = "run" if instead_of else request.POST.get("action", "save")
    here = f"{reverse('code', args=[slug])}?slot={slot}"
    if action == "reset":
        drafts.save(owner, slug, slot, catalog.starter(slug, slot))
        return redirect(here)
    variant = request.POST.get("variant", Variant.MINE)
    if slot == Slot.EXERCISE or variant == Variant.MINE or action == "save":
        drafts.save(owner, slug, slot, text, _whole(base))
    if action == "run" and slot == Slot.DEMO:
        seed = request.POST.get("seed", "")
        run = runs.start_run(
            owner,
            lesson=slug,
            variant=variant,
            code=text if variant == Variant.MINE else None,
            seed=_whole(seed),
            controls=_controls(request, slug),
            forked_from=request.POST.get("forked_from") or None,
            instead_of=instead_of,
        )
        return redirect("run", run_id=run.pk)
    if action == "submit" and slot == Slot.EXERCISE:
        return redirect("submission", pk=submissions.submit(owner, lesson=slug, code=text).pk)
    return redirect(here + "&saved=1")


def _controls(request: HttpRequest, slug: str) -> dict[str, object]:
    """Control values from the form. What is not a number is passed on as it is, to be refused by name."""
    values: dict[str, object] = {}
    for control in catalog.demo_spec(slug)["controls"]:
        field = f"control.{control['name']}"
        raw = request.POST.get(field)
        if control["kind"] == "switch":
            values[control["name"]] = raw is not None
        elif control["kind"] == "choice" and raw:
            values[control["name"]] = raw
        elif control["kind"] == "slider" and raw:
            values[control["name"]] = _number(raw)
    return values


def _whole(raw: str) -> int | None:
    """A whole number as one is typed: «²» is a digit too, and of a thousand digits none is meant."""
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 19 else None


def _number(raw: str) -> object:
    try:
        number = float(raw.replace(",", "."))
    except ValueError:
        return raw
    return int(number) if number.is_integer() else number


def _fields(slug: str, values: Any) -> list[dict[str, Any]]:
    """The demo's controls with the values to show: posted, of the forked run, or the defaults."""
    fields = []
    for control in catalog.demo_spec(slug)["controls"]:
        if control["kind"] == "button":
            continue
        name = control["name"]
        if values is not None and f"control.{name}" in values:
            value: Any = values[f"control.{name}"]
        elif values is not None and "csrfmiddlewaretoken" in values:
            value = False if control["kind"] == "switch" else control["default"]
        else:
            value = (values or {}).get(name, control["default"])
        fields.append({**control, "value": value})
    return fields


def _render(
    request: HttpRequest, owner: Owner, slug: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    slot = context["slot"]
    if slot == Slot.DEMO:
        spec = catalog.demo_spec(slug)
        context.setdefault("seed", request.POST.get("seed") or spec["seed"])
        context |= {"spec": spec, "controls": _fields(slug, context.get("values")), "file": "reference.py"}
    else:
        exercise = catalog.exercise(slug)
        context["exercise"] = {
            "task": blocks.safe(exercise.task, "task"),
            "hints": blocks.safe(list(exercise.hints)),
            "cases": exercise.cases,
        }
        context |= {"file": "solution.py", "attempts": submissions.attempts(owner, slug)[:VERSIONS_SHOWN]}
    context["versions"] = drafts.versions(owner, slug, slot)[:VERSIONS_SHOWN]
    context["guest"] = owner.user is None
    context["unseen"] = unseen.lines(context["text"])
    context["saved"] = request.GET.get("saved") == "1"
    return render(request, "lessons/code.html", context, status=status)
