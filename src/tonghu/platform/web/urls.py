"""Addresses of the shell itself."""

from __future__ import annotations

from django.urls import path

from tonghu.platform.web import views

app_name = "web"
urlpatterns = [
    path("language", views.language, name="language"),
    path("search", views.search, name="search"),
    path("help/<str:topic>", views.help_page, name="help"),
    path("style", views.style, name="style"),
]
