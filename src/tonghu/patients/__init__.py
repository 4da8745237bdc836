"""The child: one record however many hospitals, each with its own view; guardians, consent, merge and undo.

REG-17 (one child, one record, without double counting) and REG-18 (consent). docs/patients.md says how it works.
"""
