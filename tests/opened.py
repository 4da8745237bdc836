"""A form as a browser sends it: everything that stands in it when it is opened, with what somebody then types.

Example::

    said = opened(browser, address)
    browser.post(address, {**said, "phone": "13800001234"})
"""

from __future__ import annotations

import re
from html import unescape

from django import forms
from django.test import Client


def opened(client: Client, address: str, **typed: object) -> dict[str, object]:
    """The fields of the form on a page, hidden ones too, as they stand there; with some typed anew."""
    answer = client.get(address)
    assert answer.status_code == 200, (answer.status_code, address)
    return as_it_stands(answer.context["form"]) | typed


def of_button(client: Client, page: str, action: str) -> dict[str, str]:
    """What a button on a page carries: the hidden fields of the form that posts to `action`."""
    said = client.get(page).content.decode()
    found = re.search(rf'<form[^>]*action="{re.escape(action)}"[^>]*>(.*?)</form>', said, re.DOTALL)
    assert found, (page, action)
    hidden = re.findall(r'<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?', found[1])
    return {name: unescape(value) for name, value in hidden if name != "csrfmiddlewaretoken"}


def as_it_stands(form: forms.BaseForm) -> dict[str, object]:
    """What a browser would send of a form that nobody typed into."""
    held: dict[str, object] = {}
    for bound in form:
        value = bound.value()
        if isinstance(bound.field.widget, forms.CheckboxInput):
            if value:
                held[bound.html_name] = "on"
            continue
        said = bound.field.widget.format_value(bound.field.prepare_value(value))
        held[bound.html_name] = (said[0] if said else "") if isinstance(said, list) else (said or "")
    return held
