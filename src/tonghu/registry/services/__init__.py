"""Every write of report cards: entering, saving, moving, explaining, mending.

All of it acts under the open scope of `by`; row-level security and the triggers of ``states.sql`` are the wall behind.
"""

from tonghu.registry.services.archiving import correct_month
from tonghu.registry.services.entering import MayBeOnRecord, OnRecord, enter_card
from tonghu.registry.services.explaining import answered, ask_department, override, reopen
from tonghu.registry.services.mending import Mended, bulk_mend, undo_mend
from tonghu.registry.services.moving import Moved, move
from tonghu.registry.services.proposing import Proposal, preview
from tonghu.registry.services.saving import Conflict, NotInHand, save_card
from tonghu.registry.services.voiding import ask_void, decline_void

__all__ = [
    "Conflict",
    "MayBeOnRecord",
    "Mended",
    "Moved",
    "NotInHand",
    "OnRecord",
    "Proposal",
    "answered",
    "ask_department",
    "ask_void",
    "bulk_mend",
    "correct_month",
    "decline_void",
    "enter_card",
    "move",
    "override",
    "preview",
    "reopen",
    "save_card",
    "undo_mend",
]
