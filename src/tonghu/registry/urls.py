"""Addresses of the pages on report cards."""

from __future__ import annotations

from django.urls import path

from tonghu.registry.pages import (
    approving,
    audit_views,
    card_views,
    form_views,
    list_views,
    mend_views,
    mends_done,
    month_view,
    new_card,
    one_mend,
    queue_views,
    scope_view,
    void_views,
)  # fmt: skip

app_name = "registry"
urlpatterns = [
    path("cards", list_views.cards, name="cards"),
    path("cards/export", list_views.export, name="export"),
    path("cards/export/<int:pk>", list_views.exported, name="exported"),
    path("cards/scope", scope_view.scope, name="scope"),
    path("cards/codes/<slug:kind>", form_views.codes, name="codes"),
    # --- the clerk
    path("cards/queue", queue_views.queue, name="queue"),
    path("cards/queue/start", queue_views.start, name="start"),
    path("cards/queue/submit", queue_views.submit_ready, name="submit_ready"),
    path("cards/queue/mend/<str:rule>", mend_views.bulk, name="bulk"),
    path("cards/queue/mends", mends_done.mends, name="mends"),
    path("cards/queue/mends/<int:batch>", one_mend.mend, name="mend"),
    path("cards/queue/mending/<int:batch>", mend_views.mending, name="mending"),
    path("cards/queue/undo/<int:batch>", mend_views.undo_bulk, name="undo_bulk"),
    path("cards/new", new_card.new, name="new"),
    path("cards/new/enter", new_card.enter, name="enter"),
    path("cards/new/check", form_views.check, name="new_check"),
    path("cards/new/draft", form_views.draft, name="new_draft"),
    path("cards/new/discard", form_views.throw_away, name="new_discard"),
    path("cards/new/row", form_views.row, name="new_row"),
    path("cards/new/rest", form_views.rest, name="new_rest"),
    # --- one card
    path("cards/<int:pk>", card_views.card, name="card"),
    path("cards/<int:pk>/save", card_views.save, name="save"),
    path("cards/<int:pk>/act", card_views.act, name="act"),
    path("cards/<int:pk>/month", month_view.month, name="month"),
    path("cards/<int:pk>/ask", card_views.ask, name="ask"),
    path("cards/<int:pk>/void-request", void_views.request, name="void_request"),
    path("cards/<int:pk>/reason", card_views.take_back, name="take_back"),
    path("cards/<int:pk>/check", form_views.check, name="check"),
    path("cards/<int:pk>/draft", form_views.draft, name="draft"),
    path("cards/<int:pk>/discard", form_views.throw_away, name="discard"),
    path("cards/<int:pk>/row", form_views.row, name="row"),
    path("cards/<int:pk>/rest", form_views.rest, name="rest"),
    path("cards/<int:pk>/whole", form_views.whole, name="whole"),
    # --- the auditor and the centre
    path("cards/audit", audit_views.audit, name="audit"),
    path("cards/audit/not-decided", audit_views.not_decided, name="not_decided"),
    path("cards/audit/clean", approving.approve_clean, name="approve_clean"),
    path("cards/audit/picked", approving.approve_picked, name="approve_picked"),
    path("cards/audit/picked/ask", approving.ask_picked, name="ask_picked"),
    path("cards/audit/report", audit_views.report, name="report"),
    path("cards/received", audit_views.received, name="received"),
    path("cards/received/accept", audit_views.accept, name="accept"),
]
