"""Whose eyes a request or job reads with, and the walls in the database that hold it to that.

``scope.py`` opens a scope inside a transaction; ``policies.py`` writes the row-level security that calls it. See
docs/scope.md for how to add a table safely.
"""
