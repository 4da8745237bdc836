"""Every address of the site; each room brings its own list."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []

handler500 = "tonghu.platform.operations.faults.server_error"
