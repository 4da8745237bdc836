"""Charts on paper: the page's own specification, drawn with the document's font."""

from __future__ import annotations

from typing import Any

from tonghu.platform.components.charts import Chart, print_config, vega
from tonghu.platform.documents import fonts


def svg(chart: Chart) -> str:
    """The chart as SVG text.

    Raises:
        FontsMissing: see :mod:`tonghu.platform.documents.fonts`.
    """
    import vl_convert

    fonts.for_charts()
    drawn: str = vl_convert.vega_to_svg(_for_print(chart))
    return drawn


def png(chart: Chart, scale: float = 3.0) -> bytes:
    """The chart as a picture of `scale` pixels a point (3: 216 a inch).

    Raises:
        FontsMissing: see :mod:`tonghu.platform.documents.fonts`.
    """
    import vl_convert

    fonts.for_charts()
    drawn: bytes = vl_convert.vega_to_png(_for_print(chart), scale=scale)
    return drawn


def _for_print(chart: Chart) -> dict[str, Any]:
    said = vega(chart)
    for_paper = print_config(fonts.SANS)
    config = {**said.get("config", {})}
    for part, values in for_paper.items():
        config[part] = {**values, **config.get(part, {})} if isinstance(values, dict) else values
    return {**said, "config": config}
