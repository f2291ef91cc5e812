"""Addresses of the course's pages. The API and the accounts have their own."""

from django.urls import path

from lessons.views import code, pages, runs

urlpatterns = [
    path("", pages.contents, name="contents"),
    path("lessons/<slug:slug>/", pages.lesson, name="lesson"),
    path("lessons/<slug:slug>/code/", code.page, name="code"),
    path("recordings/<slug:slug>.<str:digest>.jsonl", pages.recording, name="recording"),
    path("runs/<str:run_id>/", runs.run, name="run"),
    path("submissions/<int:pk>/", runs.submission, name="submission"),
]
