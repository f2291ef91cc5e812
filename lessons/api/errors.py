"""Every error of the API in one shape: `{"code", "message", "fields"?}`, the message in Russian."""

from __future__ import annotations

import math
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from lessons.work.errors import OverQuota, QueueFull, TooLarge, WorkError
from lessons.work.words import span

MESSAGES: dict[str, str] = {
    "not_authenticated": "Войдите, чтобы продолжить.",
    "authentication_failed": "Не\u00a0подходит адрес или пароль.",
    "no_active_account": "Не\u00a0подходит адрес или пароль.",
    "token_not_valid": "Токен недействителен или просрочен: получите новый.",
    "permission_denied": "Это действие вам недоступно.",
    "csrf": "Страница устарела: обновите её и\u00a0повторите. Набранный код сохранится.",
    "not_found": "Такого адреса нет.",
    "method_not_allowed": "Этот адрес так не\u00a0вызывают.",
    "parse_error": "Тело запроса\u00a0— не\u00a0JSON.",
    "unsupported_media_type": "Тело запроса должно быть в\u00a0формате application/json.",
    "not_acceptable": "Такой формат ответа мы не\u00a0отдаём: есть только JSON.",
    "bad_authorization_header": "Заголовок Authorization не\u00a0разобрать: нужно «Bearer <токен>».",
    "error": "Что-то сломалось на\u00a0нашей стороне. Мы уже знаем.",
}


# What DRF says in English whatever the language.
WORDS: dict[str, str] = {
    "Not a valid string.": "Нужна строка.",
    "Not a valid boolean.": "Нужно true или false.",
    "No data provided": "Тело запроса пусто.",
}


def handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. Unknown exceptions go on to Django, which logs them and answers 500."""
    if isinstance(exc, RequestDataTooBig):
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024
        exc = TooLarge(f"Запрос слишком велик: можно не\u00a0больше {most}\u00a0КиБ.")
    if isinstance(exc, WorkError):
        set_rollback()
        headers = {"Retry-After": str(exc.retry_after)} if isinstance(exc, OverQuota | QueueFull) else {}
        return Response(exc.to_json(), status=exc.status, headers=headers)
    if isinstance(exc, Http404):
        exc = exceptions.NotFound()
    if not isinstance(exc, exceptions.APIException):
        return None
    set_rollback()
    headers = {}
    wait = getattr(exc, "wait", None)  # seconds, of Throttled
    if wait is not None:
        headers["Retry-After"] = str(max(1, math.ceil(wait)))
    challenge = getattr(exc, "auth_header", None)
    if challenge:
        headers["WWW-Authenticate"] = challenge
    return Response(body(exc), status=exc.status_code, headers=headers)


def body(exc: exceptions.APIException) -> dict[str, Any]:
    """DRF's exception in our shape."""
    if isinstance(exc, exceptions.ValidationError):
        fields = dict(_flat(exc.detail))
        return {"code": "invalid", "message": "Проверьте отмеченные поля.", "fields": fields}
    if isinstance(exc, exceptions.Throttled):
        wait = getattr(exc, "wait", None)
        when = span(wait) if wait is not None else "минуту"
        return {"code": "throttled", "message": f"Слишком часто. Попробуйте через {when}."}
    code = _code(exc)
    return {"code": code, "message": MESSAGES.get(code) or str(exc.detail)}


def _code(exc: exceptions.APIException) -> str:
    detail: Any = exc.detail
    if isinstance(detail, dict):  # simplejwt: {"detail", "code", "messages"}
        return str(detail.get("code", exc.default_code))
    code = getattr(detail, "code", None)
    if isinstance(exc, exceptions.PermissionDenied) and str(detail).startswith("CSRF"):
        return "csrf"
    return str(code or exc.default_code)


def _flat(detail: Any, name: str = "") -> list[tuple[str, str]]:
    """`{"a": {"b": ["x"]}}` → `[("a.b", "x")]`: one sentence a field."""
    if isinstance(detail, dict):
        return [
            pair
            for key, value in detail.items()
            for pair in _flat(value, f"{name}.{key}" if name else str(key))
        ]
    if isinstance(detail, list):
        if detail and not isinstance(detail[0], dict | list):
            return [(name or "body", " ".join(WORDS.get(str(item), str(item)) for item in detail))]
        return [
            pair for n, value in enumerate(detail) for pair in _flat(value, f"{name}.{n}" if name else str(n))
        ]
    return [(name or "body", WORDS.get(str(detail), str(detail)))]


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF failure view: JSON for programs, a page that says what to do for people."""
    wants_json = request.path.startswith("/api/") or "application/json" in request.headers.get("Accept", "")
    if wants_json:
        return JsonResponse(
            {"code": "csrf", "message": MESSAGES["csrf"]},
            status=403,
            json_dumps_params={"ensure_ascii": False},
        )
    return render(request, "classroom/csrf.html", status=403)
