"""Addresses of the API."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerView

from lessons.api import course, drafts, runs, submissions, tokens

app_name = "api"

urlpatterns = [
    path("course/", course.Course.as_view(), name="course"),
    path("lessons/<slug:slug>/", course.Lesson.as_view(), name="lesson"),
    path("lessons/<slug:slug>/mine/", course.Mine.as_view(), name="mine"),
    path("me/", course.Me.as_view(), name="me"),
    path("progress/<slug:slug>/", course.Progress.as_view(), name="progress"),
    path("runs/", runs.Runs.as_view(), name="runs"),
    path("runs/<str:run>/", runs.Run.as_view(), name="run"),
    path("runs/<str:run>/events/", runs.Events.as_view(), name="events"),
    path("runs/<str:run>/stop/", runs.Stop.as_view(), name="stop"),
    path("drafts/<slug:slug>/<slug:slot>/", drafts.Draft.as_view(), name="draft"),
    path("drafts/<slug:slug>/<slug:slot>/versions/", drafts.Versions.as_view(), name="versions"),
    path("drafts/<slug:slug>/<slug:slot>/versions/<int:n>/", drafts.Version.as_view(), name="version"),
    path(
        "drafts/<slug:slug>/<slug:slot>/versions/<int:n>/restore/", drafts.Restore.as_view(), name="restore"
    ),
    path("submissions/", submissions.Submissions.as_view(), name="submissions"),
    path("submissions/<int:submission>/", submissions.Submission.as_view(), name="submission"),
    path("submissions/<int:submission>/regrade/", submissions.Regrade.as_view(), name="regrade"),
    path("token/", tokens.Obtain.as_view(), name="token"),
    path("token/refresh/", tokens.Refresh.as_view(), name="refresh"),
    path("token/revoke/", tokens.Revoke.as_view(), name="revoke"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="api:schema"), name="docs"),
    path("docs/redoc/", SpectacularRedocView.as_view(url_name="api:schema"), name="redoc"),
]
