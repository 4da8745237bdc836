"""The API under ``/api/v1``: who may call it, how often, and in which words it answers.

A room brings its operations in its own ``api.py`` and ``schemas.py``; ``tonghu.config.api`` puts them together. Every
operation says who may call it (``gate.py``) and runs under the caller's scope: that of the post somebody acts from in
their browser, or that of a docking client (``callers.py``). See docs/api.md.
"""
