"""How people call who acted: the pieces of the system that act in a scope of their own, and posts by their role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from tonghu.platform.scope.scope import Scope

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
    "regions": pgettext_lazy("piece of the system", "regions that ended"),
    "telling": pgettext_lazy("piece of the system", "telling the centre"),
    "recheck": pgettext_lazy("piece of the system", "checking by changed rules"),
    "names": pgettext_lazy("piece of the system", "names of codes"),
    "checking": pgettext_lazy("piece of the system", "check of the cards"),
}


def system_in_words(name: str) -> str:
    """Return a piece of the system as the reader knows it; one that this version does not know by its name."""
    return _("the system (%(name)s)") % {"name": PIECES.get(name, name)}


#: Between the name, the role and the institution of a label (:func:`labelled`).
SEPARATOR: Final = " · "
_roles: dict[str, str] = {}


def labelled(name: str, role: str, institution: str) -> str:
    """Return who acts as the log and histories keep it for good; the role by its Chinese name, made known before."""
    return SEPARATOR.join((name, role, institution))


def call_role(zh: str, *, en: str) -> None:
    """Make known how a role that labels hold by its Chinese name is called in English."""
    _roles[zh] = en


def label_in_words(label: str) -> str:
    """Return a kept label with its role in the reader's language; what is none stays as it is."""
    name, *post = label.rsplit(SEPARATOR, 2)
    if len(post) < 2 or (get_language() or "zh").startswith("zh"):
        return label
    return labelled(name, _roles.get(post[0], post[0]), post[1])


def called(who: str, by: Scope) -> str:
    """How a reader is told of somebody who acted: of their own institution by name and role, of another one by role
    and institution. Pieces of the system are called as they are.
    """
    who = label_in_words(who)
    name, *place = who.rsplit(SEPARATOR, 2)
    if len(place) < 2:
        return who
    same = place[1] == by.label.rsplit(SEPARATOR, 1)[-1]
    return SEPARATOR.join((name, place[0]) if same else place)
