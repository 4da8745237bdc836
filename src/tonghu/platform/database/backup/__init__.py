"""Backups: one encrypted file of one consistent moment, and its proof.

``stream.py`` is the file's form, ``evidence.py`` what proves two databases equal, ``write.py`` makes a backup,
``restore.py`` turns it into a database again, on an empty place only. Nothing is ever written to disk in the clear.
"""
