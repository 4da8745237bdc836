"""The API: the operations of every room, under ``/api/v1``."""

from __future__ import annotations

from typing import Final

from tonghu.network.api import router as network
from tonghu.patients.api import router as patients
from tonghu.platform.api.application import Api
from tonghu.platform.api.operations import code_lists, jobs, me, oauth, rules

VERSION: Final = "1.0.0"


def make(namespace: str = "api") -> Api:
    """Return the API with every operation."""
    made = Api(VERSION, namespace)
    for router in (oauth.router, me.router, code_lists.router, rules.router, network, patients, jobs.router):
        made.add_router("", router)
    return made


api: Final = make()
