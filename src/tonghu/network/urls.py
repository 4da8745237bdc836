"""Addresses of regions and institutions."""

from __future__ import annotations

from django.urls import path, re_path

from tonghu.network import following_views, views

app_name = "network"
urlpatterns = [
    path("institutions", views.institutions, name="institutions"),
    path("institutions/new", views.register, name="register"),
    path("institutions/ended-regions", following_views.following, name="following"),
    path("institutions/<int:pk>", views.institution, name="institution"),
    path("institutions/<int:pk>/change", views.change, name="change"),
    path("institutions/<int:pk>/code", views.code, name="code"),
    path("institutions/<int:pk>/close", views.close, name="close"),
    path("regions", views.region, name="regions"),
    re_path(r"^regions/(?P<code>\d{6})$", views.region, name="region"),
]
