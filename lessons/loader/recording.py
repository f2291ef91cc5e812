"""recording.jsonl.gz: checked event by event, and told in words for readers without JavaScript."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lessons.loader.demo import RUNTIME_KINDS
from lessons.loader.problems import Problems

_PLACE = re.compile(r"\{([a-z_]+)\}")
_MOST_BYTES = 20 * 1024 * 1024
_ALWAYS = {"seq", "t", "kind"}


@dataclass(frozen=True, slots=True)
class BuiltRecording:
    """The file's bytes as they are served, their digest, and the key moments in words."""

    body: bytes
    digest: str
    events: int
    moments: list[dict[str, Any]]


def _shown(value: object, names: Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return "да" if value else "нет"
    if isinstance(value, float):
        return f"{value:g}".replace(".", ",")
    return names.get(str(value), str(value))


def said(event: Mapping[str, Any], spec: Mapping[str, Any]) -> str:
    """One event in Russian words, by its kind's `say`, or its label with its fields."""
    names = spec.get("names", {})
    kind = event["kind"]
    if kind == "control.set":
        control = next((c for c in spec.get("controls", ()) if c["name"] == event.get("name")), None)
        label = control["label"] if control else str(event.get("name"))
        value = _shown(event.get("value"), names)
        if control and control["kind"] == "button":
            return f"Нажата кнопка «{label}»"
        unit = f"\u00a0{control['unit']}" if control and control.get("unit") else ""
        moved = " (по\u00a0сценарию)" if event.get("by") == "story" else ""
        return f"{label}: {value}{unit}{moved}"
    if kind in {"run.ended", "out", "limit"}:
        return str(event.get("text", ""))
    if kind == "problem":
        return f"{event.get('error')}: {event.get('message')}"
    if kind == "case.failed":
        return failure(event)
    declared = spec.get("kinds", {}).get(kind) or RUNTIME_KINDS.get(kind) or {"label": kind, "fields": []}
    say = declared.get("say")
    if say:
        return _PLACE.sub(lambda match: _shown(event.get(match[1], "—"), names), say)
    fields = ", ".join(
        f"{name} = {_shown(event[name], names)}" for name in declared["fields"] if name in event
    )
    return f"{declared['label']}: {fields}" if fields and kind != "run.started" else str(declared["label"])


def failure(event: Mapping[str, Any]) -> str:
    """A `case.failed` in words: what was checked, what was expected, what came."""
    told = [event.get("message") or event.get("title")]
    parts = [("Ожидалось", event.get("expected")), ("Получилось", event.get("got"))]
    told += [f"{word}: {value}" for word, value in parts if value is not None]
    sentences = [text if text.endswith((".", "!", "?")) else f"{text}." for text in told if text]
    return " ".join(["Проверка не\u00a0пройдена.", *sentences])


def moments(events: Iterable[Mapping[str, Any]], spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Key moments: [{t, kind, text}]. `t` in scenario seconds."""
    always = {"run.started", "control.set", "problem", "limit", "case.failed", "run.ended"}
    keys = always | {kind for kind, entry in spec.get("kinds", {}).items() if entry.get("key")}
    return [{"t": e["t"], "kind": e["kind"], "text": said(e, spec)} for e in events if e["kind"] in keys]


def build(path: Path, spec: Mapping[str, Any], problems: Problems) -> BuiltRecording | None:
    """Check the recording against the declared kinds. None when it is missing or bad."""
    remedy = f"запишите заново: manage.py recordlesson {path.parent.name[3:]}"
    if not path.exists():
        return None
    body = path.read_bytes()
    try:
        unpacker = zlib.decompressobj(wbits=31)
        text = unpacker.decompress(body, _MOST_BYTES)
        if unpacker.unconsumed_tail or not unpacker.eof:
            raise ValueError("больше 20 МиБ или обрывается")
        events = [json.loads(line) for line in text.decode().splitlines()]
    except (zlib.error, ValueError, EOFError, gzip.BadGzipFile) as error:
        problems.add(path, 0, f"запись не читается: {error}", remedy)
        return None
    before = len(problems.found)
    known = spec["kinds"] | RUNTIME_KINDS
    last = 0.0
    for n, event in enumerate(events, 1):
        if not isinstance(event, dict) or not event.keys() >= _ALWAYS:
            problems.add(path, n, "это не событие", remedy)
            break
        kind = event["kind"]
        fields = set(event) - _ALWAYS
        if event["seq"] != n:
            problems.add(path, n, f"seq = {event['seq']}, а должно быть {n}", remedy)
            break
        if event["t"] < last:
            problems.add(path, n, f"время идёт назад: {event['t']} после {last}", remedy)
        last = event["t"]
        if kind not in known:
            problems.add(path, n, f"событие «{kind}» не объявлено в demo.toml", remedy)
        elif kind not in RUNTIME_KINDS and fields != set(known[kind]["fields"]):
            problems.add(path, n, f"не те поля у «{kind}»: {', '.join(sorted(fields))}", remedy)
        if len(problems.found) - before >= 5:
            break
    else:
        if not events or events[0]["kind"] != "run.started":
            problems.add(path, 1, "запись не начинается с run.started", remedy)
        elif events[-1]["kind"] != "run.ended" or events[-1].get("state") != "finished":
            problems.add(path, len(events), "прогон не дошёл до конца", remedy)
    if len(problems.found) > before:
        return None
    return BuiltRecording(body, hashlib.sha256(body).hexdigest(), len(events), moments(events, spec))
