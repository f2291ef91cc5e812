"""Which part answers which address: wiring only."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.account.urls")),
    path("api/v1/", include("lessons.api.urls")),
    path("", include("lessons.urls")),
]
