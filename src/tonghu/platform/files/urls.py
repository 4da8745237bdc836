"""Addresses of files."""

from __future__ import annotations

from django.urls import path

from tonghu.platform.files import views

app_name = "files"
urlpatterns = [
    path("files", views.mine, name="mine"),
    path("files/all", views.in_scope, name="all"),
    path("files/<int:pk>", views.file_page, name="file"),
    path("files/<int:pk>/download", views.take, name="download"),
    path("files/<int:pk>/withdraw", views.withdraw, name="withdraw"),
]
