"""The job of this room: people are told of regions that have ended."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tonghu.network import telling
from tonghu.network.following import left_behind
from tonghu.network.region_range import NATION, covered
from tonghu.platform.jobs.run import Run
from tonghu.platform.jobs.tasks import job
from tonghu.platform.scope.scope import open_scope


@job(
    "network.tell", zh="通知区划停用", en="Tell of regions that have ended", cron="20 0 * * *", system="regions",
    due=lambda: left_behind().exists(),
)  # fmt: skip
def tell(run: Run) -> dict[str, Any]:
    """Tell officers of institutions and posts that an ended region left behind; at 08:20 in China, each once."""
    low, high = covered(NATION)
    with open_scope(replace(run.scope, region_from=low, region_to=high)):
        return {"notices": telling.tell()}
