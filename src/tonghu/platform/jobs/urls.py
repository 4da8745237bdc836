"""Addresses of jobs."""

from __future__ import annotations

from django.urls import path

from tonghu.platform.jobs import views

app_name = "jobs"
urlpatterns = [
    path("jobs", views.mine, name="mine"),
    path("jobs/all", views.in_scope, name="all"),
    path("jobs/failed", views.dead, name="dead"),
    path("jobs/<int:pk>", views.job_page, name="job"),
    path("jobs/<int:pk>/progress", views.progress, name="progress"),
    path("jobs/<int:pk>/cancel", views.cancel, name="cancel"),
    path("jobs/<int:pk>/again", views.again, name="again"),
    path("jobs/<int:pk>/drop", views.drop, name="drop"),
]
