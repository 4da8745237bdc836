"""Addresses of history and log."""

from __future__ import annotations

from django.urls import path

from tonghu.platform.trail import log_views, views

app_name = "trail"
urlpatterns = [
    path("history", views.changes, name="changes"),
    path("history/export", views.export, name="export"),
    path("history/<str:table>/<int:pk>", views.record, name="record"),
    path("log", log_views.events, name="events"),
    path("log/check", log_views.check, name="check"),
]
