"""Tumour codes: from ICD-O-3 (or a front page) to ICCC-3, and the edits that registries run on single records.

Tables are data (``data/``), edits are rules of the rulebook (``rulebook/rules/tumours``); both are dated and name
their source. Importing this package reads nothing from disk.
"""
