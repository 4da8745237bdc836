"""Addresses of notices."""

from __future__ import annotations

from django.urls import path

from tonghu.platform.notices import views

app_name = "notices"
urlpatterns = [
    path("notices", views.mine, name="mine"),
    path("notices/read", views.read_all, name="read_all"),
    path("notices/preferences", views.preferences, name="preferences"),
    path("notices/outgoing", views.going_out, name="outgoing"),
    path("notices/outgoing/again", views.again, name="again"),
    path("notices/<int:pk>", views.open_notice, name="open"),
]
