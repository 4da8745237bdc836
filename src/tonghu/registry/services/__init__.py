"""Every write of report cards: entering, saving, moving, explaining, mending.

All of it acts under the open scope of `by`; row-level security and the triggers of ``states.sql`` are the wall behind.
"""

from tonghu.registry.services.entering import OnRecord, enter_card
from tonghu.registry.services.moving import Moved, move
from tonghu.registry.services.saving import Conflict, save_card

__all__ = ["Conflict", "Moved", "OnRecord", "enter_card", "move", "save_card"]
