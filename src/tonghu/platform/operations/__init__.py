"""What an operator sees of a running site: logs without identities, health, figures, and words for faults.

``middleware.py`` measures every request, ``logs.py`` writes JSON lines, ``endpoints.py`` answers ``/healthz``,
``/readyz`` and ``/metrics``, ``faults.py`` says in words what is wrong while a part is away. See docs/operations.md.
"""
