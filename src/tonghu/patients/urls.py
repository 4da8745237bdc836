"""Addresses of the pages on children."""

from __future__ import annotations

from django.urls import path

from tonghu.patients import agreement_views, edit_views, merge_views, views

app_name = "patients"
urlpatterns = [
    path("children", views.children, name="children"),
    path("children/new", edit_views.enter, name="enter"),
    path("children/questions", merge_views.questions, name="questions"),
    path("children/<int:pk>", views.child, name="child"),
    path("children/<int:pk>/history", views.history, name="history"),
    path("children/<int:pk>/merge", merge_views.merge, name="merge"),
    path("children/<int:pk>/consent", agreement_views.consent, name="consent"),
    path("children/<int:pk>/let-see", agreement_views.grant, name="grant"),
    path("children/views/<int:pk>", edit_views.change, name="change"),
    path("children/views/<int:pk>/guardian", edit_views.guardian, name="add_guardian"),
    path("children/views/<int:pk>/guardian/<int:guardian>", edit_views.guardian, name="guardian"),
    path("children/views/<int:pk>/guardian/<int:guardian>/remove", edit_views.remove_guardian, name="remove_guardian"),
    path(
        "children/views/<int:pk>/guardian/<int:guardian>/restore", edit_views.restore_guardian, name="restore_guardian"
    ),
    path("children/views/<int:pk>/document", edit_views.document, name="document"),
    path("children/views/<int:pk>/document/<int:document>/remove", edit_views.remove_document, name="remove_document"),
    path(
        "children/views/<int:pk>/document/<int:document>/restore", edit_views.restore_document, name="restore_document"
    ),
    path("children/views/<int:pk>/split", merge_views.split, name="split"),
    path("children/splits/<int:pk>/undo", merge_views.undo_split, name="undo_split"),
    path("children/consents/<int:pk>/withdraw", agreement_views.withdraw, name="withdraw"),
    path("children/grants/<int:pk>/end", agreement_views.end_grant, name="end_grant"),
    path("children/merges/<int:pk>/undo", merge_views.undo_merge, name="undo_merge"),
    path("children/reveal/<slug:what>/<int:pk>", views.reveal, name="reveal"),
]
