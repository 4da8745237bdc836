"""Help texts: short Markdown pages that stand beside the code they explain.

``<room>/help/<view name>.<zh|en>.md``, the view's name with a dot for the colon (``accounts.people.zh.md``). A page
without one shows the room's own (``accounts.zh.md``), else the start page.
"""

from __future__ import annotations

import re
from pathlib import Path

from django.apps import apps
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

_TOPIC = re.compile(r"[a-z0-9_.-]{1,80}", re.ASCII)
START = "start"


def text(topic: str, language: str) -> SafeString | None:
    """The help on a topic as HTML, in the reader's language; None when the topic is no name of a page."""
    if not _TOPIC.fullmatch(topic) or ".." in topic:
        return None
    suffix = "en" if language == "en" else "zh"
    for name in (topic, topic.partition(".")[0], START):
        for folder in folders():
            page = folder / f"{name}.{suffix}.md"
            if page.is_file():
                # Written by us; HTML in the Markdown is shown as text.
                html = MarkdownIt("commonmark", {"html": False}).enable("table").render(page.read_text("utf-8"))
                return SafeString(html)
    return None


def folders() -> list[Path]:
    """The help folders of our apps."""
    ours = (Path(app.path) / "help" for app in apps.get_app_configs() if app.name.startswith("tonghu."))
    return [folder for folder in ours if folder.is_dir()]
