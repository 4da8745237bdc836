"""Tonghu 童护: the software on which a country cares for children with leukaemia, blood diseases and cancer."""

__version__ = "0.1.0"
