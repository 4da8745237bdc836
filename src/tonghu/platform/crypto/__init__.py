"""Secrets at rest: sealed fields, keyed hashes for finding, masks for showing, and the keys, kept outside the database.

``fields.py`` is what models use, ``keys.py`` where keys come from, ``rotation.py`` how they change, ``masks.py`` what a
screen shows.
See docs/crypto.md for what is lost when a key is lost.
"""
