"""The page of an act: its form, what it leads to, and a refusal beside it in the reader's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render

from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import Request
from tonghu.platform.accounts.forms import in_words
from tonghu.platform.components.as_shown import refuse
from tonghu.platform.shell import Words


def form_page(
    request: Request,
    form: Form,
    act: Callable[[dict[str, Any]], object],
    *,
    title: Words,
    submit: Words,
    back: str,
    done: Words,
    crumbs: Sequence[tuple[str, Words]] = (),
    note: Words = "",
    consequences: Sequence[tuple[Words, Words]] = (),
    template: str = "surveillance/act.html",
    more: Mapping[str, object] | None = None,
) -> HttpResponse:
    """Show the form, and do the act when it was sent; a refusal stands above the fields.

    Args:
        back: where "cancel" and the done act lead.
        done: said when it is done.
        crumbs: pages above, as address and name.
        note: one sentence before the form.
        consequences: pairs of number and what happens to them.
        template: a page that shows more, which is given `more`.
    """
    if form.is_valid():
        try:
            act(dict(form.cleaned_data))
        except InputRefused as refused:
            refuse(form, refused, in_words)
        else:
            messages.success(request, str(done))
            return redirect(back)
    said = {
        "form": form, "heading": title, "submit": submit, "cancel": back, "crumbs": crumbs, "note": note,
        "consequences": consequences, **(more or {}),
    }  # fmt: skip
    return render(request, template, said)
