"""Discharge files: read any layout, format and encoding; check, screen, and mark up the user's own file."""
