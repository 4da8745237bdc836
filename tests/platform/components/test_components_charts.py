"""Charts: one specification for page and paper; what a page sends holds no text that would be evaluated as code."""

from __future__ import annotations

from typing import Any

import altair as alt
import pytest
from django.template import Context, Template

from tonghu.platform.components import charts
from tonghu.platform.components.charts import Chart, print_config, vega


@pytest.fixture(scope="module")
def chart() -> Chart:
    rows = [{"place": "成都", "n": 3}, {"place": "绵阳", "n": 5}]
    bars = alt.Chart(alt.InlineData(rows)).mark_bar().encode(x="n:Q", y="place:N", color="place:N")
    return Chart(
        question="Where?", answer="<Most> in Mianyang.", picture=bars + bars.mark_text().encode(text="n:Q"),
        head=("place", "n"), figures=[("成都", 3), ("绵阳", 5)], source="made up",
    )  # fmt: skip


def test_the_specification_is_vega_with_its_data_and_our_colours(chart: Chart) -> None:
    said = vega(chart)
    assert said["$schema"].endswith("vega/v6.json")
    assert {row["place"] for row in said["data"][0]["values"]} == {"成都", "绵阳"}
    assert "#1d5fa8" in said["config"]["range"]["category"]


def test_neither_white_ground_nor_black_words_are_written_into_it(chart: Chart) -> None:
    """The theme gives both, or the paper; written in, the dark page would be unreadable."""
    assert "background" not in vega(chart)
    assert '"black"' not in str(vega(chart)).replace("'", '"')


def test_the_page_gets_question_answer_figures_and_an_escaped_specification(chart: Chart) -> None:
    page = Template("{% load components %}{% chart chart %}").render(Context({"chart": chart}))
    assert "<h3>Where?</h3>" in page
    assert "&lt;Most&gt; in Mianyang." in page
    assert '<script id="chart-' in page
    assert 'type="application/json"' in page
    assert "<td>绵阳</td>" in page


def test_paper_is_black_on_white_in_the_given_font() -> None:
    config: dict[str, Any] = print_config("Noto Sans SC")
    assert config["background"] == "white"
    assert config["axis"]["labelFont"] == config["text"]["font"] == "Noto Sans SC"


def test_a_shape_is_compiled_once_whatever_its_figures() -> None:
    charts._compiled.cache_clear()
    charts._vega.cache_clear()

    def of(*counts: int) -> Chart:
        bars = alt.Chart(alt.InlineData([{"n": n} for n in counts])).mark_bar().encode(x="n:Q")
        rule = alt.Chart(alt.InlineData([{"n": max(counts)}])).mark_rule().encode(x="n:Q")
        return Chart(question="?", answer="!", picture=bars + rule, head=(), figures=())

    one, other = of(1, 2), of(3, 4, 5)
    drawn = [[row["n"] for source in vega(each)["data"] for row in source.get("values", ())] for each in (one, other)]
    assert drawn == [[1, 2, 2], [3, 4, 5, 5]]
    assert charts._compiled.cache_info().misses == 1
    assert vega(one) is vega(one), "the same picture is worked out once"
