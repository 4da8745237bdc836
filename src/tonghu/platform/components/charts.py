"""Charts: a question as title, the answer in a sentence, one idea; one specification for page and print.

Altair describes, vl-convert compiles to Vega once; the page draws that with Vega and its interpreter (the content
security policy allows no evaluated text), a document gets the same as a picture. The figures stand below as a table,
for those who do not see the picture.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from tonghu.platform.shell import Words

if TYPE_CHECKING:
    import altair

#: Quiet series colours, told apart also in grey print and by colour-blind readers: by lightness first.
SERIES: Final = ("#1d5fa8", "#d99000", "#6aa5a9", "#8c4a2f", "#9aa5b1", "#4b3f72")
#: Version of Vega-Lite that Altair writes.
VEGA_LITE: Final = "6.4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart with its words.

    Attributes:
        question: the title.
        answer: what the picture shows, in one sentence.
        picture: an Altair chart without a title of its own; its width may be ``container``.
        head, figures: the same as a table: headings and rows.
        source: where the figures are from, and as of when.
    """

    question: Words
    answer: Words
    picture: altair.Chart | altair.LayerChart | altair.FacetChart | altair.HConcatChart
    head: Sequence[Words]
    figures: Sequence[Sequence[object]]
    source: Words = ""


def vega(chart: Chart) -> dict[str, Any]:
    """The compiled specification: the one for the page and, with :func:`print_config`, for print.

    The same picture is worked out once, so that a room that keeps its pictures for the same figures pays for them once.
    """
    return _vega(_Same(chart.picture))


class _Same:
    """A picture by identity: Altair's own charts cannot be keys."""

    __slots__ = ("picture",)

    def __init__(self, picture: Any) -> None:
        self.picture = picture

    def __hash__(self) -> int:
        return id(self.picture)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.picture is self.picture


@lru_cache(maxsize=128)
def _vega(same: _Same) -> dict[str, Any]:
    # Of Altair's own writing: its checks against the schema cost more than the compiler, and the compiler checks too.
    said = same.picture.configure_view(stroke=None).configure_range(category=list(SERIES)).to_dict(validate=False)
    # Altair names each set of figures by its contents: by their places instead, the shape stays the same.
    places = {name: f"figures{number}" for number, name in enumerate(said.get("datasets", {}))}
    figures = {places[name]: values for name, values in said.pop("datasets", {}).items()}
    compiled: dict[str, Any] = json.loads(_compiled(json.dumps(_without_figures(said, places), default=str)))
    for source in compiled.get("data", ()):
        if source["name"] in figures:
            source["values"] = json.loads(json.dumps(figures[source["name"]], default=str))
    return compiled


def _without_figures(part: Any, places: dict[str, str]) -> Any:
    """The specification without its figures; what draws them names their place."""
    if isinstance(part, list):
        return [_without_figures(each, places) for each in part]
    if not isinstance(part, dict):
        return part
    if part.get("name") in places:
        return {**part, "name": places[part["name"]], "values": []}
    return {name: _without_figures(value, places) for name, value in part.items()}


@lru_cache(maxsize=128)
def _compiled(said: str) -> str:
    """A chart of one shape is compiled once, whatever its figures: it takes a tenth of a second."""
    import vl_convert  # heavy: only where a chart is drawn

    return json.dumps(_without_colours(vl_convert.vegalite_to_vega(said, vl_version=VEGA_LITE)))


def _without_colours(part: Any) -> Any:
    """Without the white ground and black words that the compiler writes: both come from the theme, or from paper."""
    if isinstance(part, list):
        return [_without_colours(each) for each in part]
    if not isinstance(part, dict):
        return part
    kept = {name: value for name, value in part.items() if name != "background" and value != {"value": "black"}}
    return {name: _without_colours(value) for name, value in kept.items()}


def print_config(font: str) -> dict[str, Any]:
    """Vega's configuration for paper: black ink, the font of the document. Sizes in points."""
    ink, grey = "#1b2430", "#c3cad3"
    words = {"labelFont": font, "titleFont": font, "labelColor": ink, "titleColor": ink, "labelFontSize": 11,
             "titleFontSize": 11, "titleFontWeight": "normal"}  # fmt: skip
    axis = {**words, "domainColor": grey, "gridColor": "#e6e9ed", "tickColor": grey}
    return {"axis": axis, "legend": words, "header": words, "text": {"font": font, "fill": ink}, "background": "white"}
