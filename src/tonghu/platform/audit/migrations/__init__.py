"""Migrations, one after the other."""
