"""What the API's views share."""

from __future__ import annotations

from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiResponse
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.views import APIView
from rest_framework_simplejwt.authentication import JWTAuthentication

from lessons.api.auth import SiteSession
from lessons.api.serializers import ErrorBody
from lessons.api.throttles import CallerThrottle
from lessons.work import owners
from lessons.work.owners import Owner

S = TypeVar("S", bound=Serializer[Any])


class View(APIView):
    """Session with CSRF or Bearer; throttled; nothing here is for shared caches."""

    authentication_classes = (JWTAuthentication, SiteSession)
    throttle_classes = (CallerThrottle,)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        if not answer.has_header("Cache-Control"):
            answer["Cache-Control"] = "private, no-store"
        return answer

    @staticmethod
    def owner(request: Request, *, create: bool = False) -> Owner:
        """Whose work the request is about. A Bearer token's user counts as the session's would."""
        return owners.of_request(request, create=create)  # a Request proxies its HttpRequest


def checked(shape: type[S], data: Any) -> dict[str, Any]:
    """The validated values. Raises DRF's ValidationError."""
    serializer = shape(data=data)
    serializer.is_valid(raise_exception=True)
    values: dict[str, Any] = serializer.validated_data
    return values


def faults(*statuses: int) -> dict[int, OpenApiResponse]:
    """The error answers of an operation, for the schema."""
    meanings = {
        400: "Поле заполнено не\u00a0так",
        401: "Токен не\u00a0годится",
        403: "Нельзя: нужен вход, право или CSRF-токен",
        404: "Такого нет",
        409: "Конфликт версий",
        413: "Код больше 64\u00a0КиБ",
        429: "Слишком часто или сверх квоты; см. Retry-After",
        503: "Исполнитель недоступен",
    }
    return {status: OpenApiResponse(ErrorBody, description=meanings[status]) for status in statuses}
