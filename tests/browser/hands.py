"""What a journey costs whoever makes it, by the keystroke-level model: keys, clicks, decisions, looks.

The seconds are those of the requirement: 0.28 a key, 1.1 a click, 1.35 a decision, 0.5 a look. A journey does all of it
through here, so that nothing is done without being counted; waiting for the machine is not hands-on and is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from playwright.sync_api import Locator, Page

KEY: Final = 0.28
CLICK: Final = 1.1
DECISION: Final = 1.35
LOOK: Final = 0.5


@dataclass
class Hands:
    """Somebody at a keyboard."""

    page: Page
    keys: int = 0
    clicks: int = 0
    decisions: int = 0
    looks: int = 0

    def look(self) -> None:
        """Read what the page shows at the place where the eye rests."""
        self.looks += 1

    def decide(self) -> None:
        """Make up one's mind."""
        self.decisions += 1

    def press(self, chord: str) -> None:
        """Press a key, or several together: each counts."""
        self.keys += len(chord.split("+"))
        self.page.keyboard.press(chord)

    def type(self, text: str) -> None:
        """Type, key by key."""
        self.keys += len(text)
        self.page.keyboard.type(text)

    def click(self, what: Locator) -> None:
        """Reach for the mouse, point, click."""
        self.clicks += 1
        what.click()

    @property
    def seconds(self) -> float:
        """Hands-on time."""
        return self.keys * KEY + self.clicks * CLICK + self.decisions * DECISION + self.looks * LOOK

    def __str__(self) -> str:
        minutes, seconds = divmod(round(self.seconds), 60)
        return (
            f"{self.keys} keys, {self.clicks} clicks, {self.decisions} decisions, {self.looks} looks: "
            f"{minutes} min {seconds:02d} s hands-on"
        )
