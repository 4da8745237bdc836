"""Addresses of the shell itself."""

from __future__ import annotations

from django.urls import path

from tonghu.platform.web import component_views, views

app_name = "web"
urlpatterns = [
    path("language", views.language, name="language"),
    path("search", views.search, name="search"),
    path("help/<str:topic>", views.help_page, name="help"),
    path("codes/<str:list_id>", component_views.code_choices, name="codes"),
    path("columns/<str:name>", component_views.columns, name="columns"),
    path("style", views.style, name="style"),
    path("style/paper.<str:kind>", views.style_paper, name="style_paper"),
]
