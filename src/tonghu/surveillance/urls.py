"""Addresses of the pages on points, their months, and how reporting stands."""

from __future__ import annotations

from django.urls import path

from tonghu.surveillance import figure_views, month_views, papers, point_views, views

app_name = "surveillance"
urlpatterns = [
    path("reporting", views.board, name="board"),
    path("reporting/paper", papers.board, name="paper"),
    path("reporting/months/<str:month>", month_views.month, name="month"),
    path("reporting/months/<str:month>/zero", month_views.sign, name="sign"),
    path("reporting/zero/<int:pk>/withdraw", month_views.withdraw, name="withdraw"),
    path("reporting/months/<str:month>/after", month_views.after, name="after_lock"),
    path("reporting/months/<str:month>/lock", month_views.lock, name="lock"),
    path("reporting/locks/<int:pk>/lift", month_views.lift, name="lift"),
    path("reporting/quality", figure_views.quality, name="quality"),
    path("reporting/cases", figure_views.cases, name="cases"),
    path("reporting/cards", figure_views.cards, name="cards"),
    path("reporting/points", point_views.points, name="points"),
    path("reporting/points/new", point_views.admit, name="admit"),
    path("reporting/points/<int:pk>", point_views.point, name="point"),
    path("reporting/points/<int:pk>/end", point_views.end, name="end"),
]
