"""Addresses of imports."""

from __future__ import annotations

from django.urls import path

from tonghu.intake import card_views, reveal_views, row_views, views

app_name = "intake"
urlpatterns = [
    path("imports", views.imports, name="imports"),
    path("imports/upload", views.upload, name="upload"),
    path("imports/<int:pk>", views.batch_page, name="batch"),
    path("imports/<int:pk>/rows", row_views.rows, name="rows"),
    path("imports/<int:pk>/rows/<int:row>", row_views.row_page, name="row"),
    path("imports/<int:pk>/rows/<int:row>/whole/<str:code>", reveal_views.whole, name="whole"),
    path("imports/<int:pk>/cards/<str:name>", card_views.cards, name="cards"),
    path("imports/<int:pk>/choose", row_views.choose, name="choose"),
    path("imports/<int:pk>/confirm", views.confirm, name="confirm"),
    path("imports/<int:pk>/discard", views.discard, name="discard"),
    path("imports/<int:pk>/go-on", views.go_on, name="go_on"),
    path("imports/<int:pk>/undo", views.undo, name="undo"),
    path("imports/<int:pk>/mark", views.mark, name="mark"),
]
