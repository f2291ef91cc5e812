"""Tokens for programs: short access, rotated refresh; a used or revoked one is dead."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework_simplejwt.views import TokenBlacklistView, TokenObtainPairView, TokenRefreshView

from lessons.api.base import faults
from lessons.api.throttles import CallerThrottle


@extend_schema(summary="Получить токены по\u00a0адресу и\u00a0паролю", tags=["Токены"])
class Obtain(TokenObtainPairView):
    throttle_classes = (CallerThrottle,)
    throttle_scope = "token"


@extend_schema(summary="Обменять refresh на\u00a0новую пару", tags=["Токены"])
class Refresh(TokenRefreshView):
    throttle_classes = (CallerThrottle,)
    throttle_scope = "token"


@extend_schema(summary="Отозвать refresh", tags=["Токены"], responses={200: None, **faults(400, 401)})
class Revoke(TokenBlacklistView):
    throttle_classes = (CallerThrottle,)
    throttle_scope = "token"
