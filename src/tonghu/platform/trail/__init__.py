"""The pages of history and log: what was changed, by whom and why; who looked at what; whether the log is whole.

Everything shown is read in the reader's scope; the rooms below keep it (``tonghu.platform.audit``).
"""
