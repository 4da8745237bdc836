"""Who did what, when and why: the history of rows, the log of acts, and the proof that nobody changed the log.

``history.py`` follows tables by triggers, ``events.py`` records acts of the trade (reads, reveals and exports too),
``chain.py`` links the events and checks the links. See docs/audit.md.
"""
