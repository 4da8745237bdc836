"""The address of the first screen."""

from __future__ import annotations

from django.urls import path

from tonghu.platform.home import views

app_name = "home"
urlpatterns = [path("", views.home, name="home")]
