"""Regions and institutions, and how they stand together: NET-01 to NET-11."""
