"""The page of institutions whose region has ended: where each goes is shown before anything is moved."""

from __future__ import annotations

import re

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from tonghu.errors import InputRefused
from tonghu.network.access import MANAGE
from tonghu.network.following import follow, to_follow
from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.accounts.forms import in_words


@requires(MANAGE)
@require_http_methods(["GET", "POST"])
def following(request: Request) -> HttpResponse:
    """The list; posted, the moves that it showed: of one line, or of all that need no choice."""
    if request.method == "POST":
        found = [re.fullmatch(r"(\d{1,15}):(\d{6})", one, re.ASCII) for one in request.POST.getlist("move")]
        try:
            moved = follow(moves={int(one[1]): one[2] for one in found if one}, by=request.scope)
        except InputRefused as refused:
            messages.error(request, str(in_words(refused)))
        else:
            said = ngettext("%(n)s institution was moved.", "%(n)s institutions were moved.", moved) % {"n": moved}
            messages.success(request, said)
        return redirect("network:following")
    lines = to_follow(request.scope)
    proposed = [one for one in lines if one.proposed]
    return render(request, "network/following.html", {"lines": lines, "proposed": proposed})
