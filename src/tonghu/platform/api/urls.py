"""Addresses of the pages on docking clients."""

from __future__ import annotations

from django.urls import path

from tonghu.platform.api import views

app_name = "docking"
urlpatterns = [
    path("docking", views.clients, name="clients"),
    path("docking/new", views.issue, name="issue"),
    path("docking/<int:pk>", views.client, name="client"),
    path("docking/<int:pk>/renew", views.renew, name="renew"),
    path("docking/<int:pk>/end", views.end, name="end"),
]
