"""The menu by duty: what each app's ``menu.py`` lists, as far as the reader's post may open it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from django.apps import apps
from django.urls import reverse

from tonghu.platform.scope.scope import Scope
from tonghu.platform.shell import MenuGroup, MenuItem, Words


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as the page shows it; ``here``: the reader stands on it or below it."""

    label: Words
    url: str
    icon: str
    count: int | None
    here: bool
    note: Words = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A heading and what stands under it."""

    label: Words
    items: tuple[Entry, ...]


@cache
def modules(name: str) -> tuple[ModuleType, ...]:
    """Every installed app of ours that has a module `name`, in the order of ``INSTALLED_APPS``."""
    ours = [app.name for app in apps.get_app_configs() if app.name.startswith("tonghu.")]
    return tuple(import_module(f"{app}.{name}") for app in ours if find_spec(f"{app}.{name}"))


@cache
def items() -> tuple[MenuItem, ...]:
    """Every entry of every app."""
    return tuple(item for module in modules("menu") for item in module.MENU)


def allowed(scope: Scope) -> tuple[MenuItem, ...]:
    """The entries that this reader may open."""
    return tuple(
        item
        for item in items()
        if (item.permission is None or scope.may(item.permission)) and (item.when is None or item.when(scope))
    )


def may_wait(scope: Scope) -> bool:
    """Whether anything can ever wait for this reader's post; what waits for everybody, as notices do, is no duty."""
    return any(item.count is not None and item.permission is not None for item in allowed(scope))


def menu(scope: Scope, path: str) -> tuple[Group, ...]:
    """The reader's menu, empty groups left out; counts are asked under the scope that is open."""
    mine = [(item, reverse(item.url)) for item in allowed(scope)]
    # The longest address that leads to the page is where the reader stands. The first screen leads to itself alone:
    # every address begins with its own.
    here = max((url for _, url in mine if path == url or (url != "/" and path.startswith(url))), key=len, default="")
    return tuple(
        Group(
            group.value,
            tuple(
                Entry(item.label, url, item.icon, item.count(scope) if item.count else None, url == here, item.note)
                for item, url in mine
                if item.group is group
            ),
        )
        for group in MenuGroup
        if any(item.group is group for item, _ in mine)
    )
