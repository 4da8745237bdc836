"""What every template may use: icons, and blocks as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.template.context import Context
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from tonghu.platform.web.icons import ICONS

if TYPE_CHECKING:
    from django.template.loader_tags import BlockContext

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon of :data:`tonghu.platform.web.icons.ICONS`; decoration, hidden from screen readers; nothing for ''.

    Raises:
        KeyError: no icon of that name.
    """
    if not name:
        return SafeString("")
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-linecap="round"'
        ' stroke-linejoin="round" aria-hidden="true"><use href="{}#{}"></use></svg>',
        static("vendor/icons.svg"),
        ICONS[name],
    )


@register.simple_tag(takes_context=True)
def block_text(context: Context, name: str) -> SafeString:
    """What the page put into a block, to show it a second time or ask whether there is anything; '' when nothing."""
    blocks: BlockContext | None = context.render_context.get(BLOCK_CONTEXT_KEY)
    block = blocks.get_block(name) if blocks else None
    # Rendered by Django itself, escaped where it was written.
    return mark_safe(block.nodelist.render(context).strip()) if block else SafeString("")  # noqa: S308
