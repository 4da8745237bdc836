"""A day in a form: every form that front pages have is read as the readers of files read it; others are answered."""

from __future__ import annotations

from datetime import date

import pytest
from django import forms
from django.core.exceptions import ValidationError

from tonghu.codes.dates import ACCEPTED_FORMS, REFUSED_FORMS
from tonghu.codes.reading import EXCEL_SERIAL
from tonghu.platform.components.ages import age
from tonghu.platform.components.days import DayField


@pytest.mark.parametrize("form", [form for form in ACCEPTED_FORMS if form[2] != EXCEL_SERIAL])
def test_a_day_is_read_as_files_are(form: tuple[str, str, str | None]) -> None:
    text, said, _note = form
    assert DayField().clean(text) == date.fromisoformat(said[:10])


@pytest.mark.parametrize("text", [*REFUSED_FORMS, "46024", "20180230", "张三"])
def test_what_is_no_day_is_answered_with_an_example(text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        DayField(required=False).clean(text)
    assert "20180315" in refused.value.messages[0]


@pytest.mark.parametrize("text", ["", None, "\u200b"])
def test_nothing_is_no_day(text: str | None) -> None:
    assert DayField(required=False).clean(text) is None
    with pytest.raises(ValidationError):
        DayField().clean(text)


def test_a_day_is_shown_as_it_is_written_here() -> None:
    class Form(forms.Form):
        day = DayField()

    drawn = str(Form(initial={"day": date(2018, 3, 15)})["day"])
    assert 'value="2018-03-15"' in drawn
    assert 'type="text"' in drawn
    assert "data-opens-day" in drawn
    typed = Form({"day": "2018-03-35"})
    assert not typed.is_valid()
    assert 'value="2018-03-35"' in str(typed["day"])


@pytest.mark.parametrize(
    ("born", "on", "said"),
    [
        (date(2024, 2, 29), date(2025, 2, 28), "11月"), (date(2024, 2, 29), date(2025, 3, 1), "1岁"),
        (date(2024, 1, 31), date(2024, 2, 29), "29天"), (date(2024, 1, 31), date(2024, 3, 1), "1月"),
        (date(2020, 11, 23), date(2026, 11, 22), "5岁11月"), (date(2020, 11, 22), date(2026, 11, 22), "6岁"),
    ],
)  # fmt: skip
def test_an_age_is_what_has_been_completed(born: date, on: date, said: str) -> None:
    assert age(born, on) == said
