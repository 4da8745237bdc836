"""How people call the pieces of the system that act in a scope of their own."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

#: By the names of :data:`tonghu.platform.scope.scope.SYSTEM`.
PIECES: Final[dict[str, Promise]] = {
    "migration": pgettext_lazy("piece of the system", "upgrade"),
    "login": pgettext_lazy("piece of the system", "log-in"),
    "provisioning": pgettext_lazy("piece of the system", "first set-up"),
    "rotation": pgettext_lazy("piece of the system", "change of keys"),
    "chain": pgettext_lazy("piece of the system", "chain of the log"),
    "worker": pgettext_lazy("piece of the system", "background jobs"),
    "upkeep": pgettext_lazy("piece of the system", "upkeep"),
    "notices": pgettext_lazy("piece of the system", "notices"),
    "docking": pgettext_lazy("piece of the system", "docking"),
    "summary": pgettext_lazy("piece of the system", "summing up"),
    "calendar": pgettext_lazy("piece of the system", "reporting calendar"),
    "telling": pgettext_lazy("piece of the system", "telling the centre"),
    "recheck": pgettext_lazy("piece of the system", "checking by changed rules"),
    "names": pgettext_lazy("piece of the system", "names of codes"),
    "checking": pgettext_lazy("piece of the system", "check of the cards"),
}


def system_in_words(name: str) -> str:
    """Return a piece of the system as the reader knows it; one that this version does not know by its name."""
    return _("the system (%(name)s)") % {"name": PIECES.get(name, name)}
