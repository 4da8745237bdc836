"""Every address of the site; each room brings its own list."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from tonghu.config.api import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("tonghu.platform.home.urls")),
    path("", include("tonghu.platform.web.urls")),
    path("", include("tonghu.platform.accounts.urls")),
    path("", include("tonghu.network.urls")),
    path("", include("tonghu.platform.trail.urls")),
    path("", include("tonghu.platform.jobs.urls")),
    path("", include("tonghu.platform.files.urls")),
    path("", include("tonghu.platform.notices.urls")),
    path("", include("tonghu.patients.urls")),
    path("", include("tonghu.intake.urls")),
    path("", include("tonghu.registry.urls")),
    path("", include("tonghu.surveillance.urls")),
    path("", include("tonghu.platform.api.urls")),
    path("api/v1/", api.addresses()),
]

handler500 = "tonghu.platform.operations.faults.server_error"
