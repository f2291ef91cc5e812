"""Addresses of the sandbox's sockets."""

from django.urls import path

from sandbox.consumer import run_socket

websocket_urlpatterns = [path("ws/runs/<str:run>/", run_socket)]  # type: ignore[arg-type]
