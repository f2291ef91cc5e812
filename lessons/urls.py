"""Addresses of the course's pages. The API and the accounts have their own."""

from django.urls import path

from lessons.views import code, compare, pages, runs, search

urlpatterns = [
    path("", pages.contents, name="contents"),
    path("chapters/<slug:slug>/", pages.chapter, name="chapter"),
    path("glossary/", pages.glossary, name="glossary"),
    path("search/", search.page, name="search"),
    path("lessons/<slug:slug>/", pages.lesson, name="lesson"),
    path("lessons/<slug:slug>/code/", code.page, name="code"),
    path("recordings/<slug:slug>.<str:digest>.jsonl", pages.recording, name="recording"),
    path("compare/", compare.page, name="compare"),
    path("runs/<str:run_id>/", runs.run, name="run"),
    path("submissions/<int:pk>/", runs.submission, name="submission"),
]
