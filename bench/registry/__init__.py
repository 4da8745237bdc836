"""Pages over a million made-up report cards."""
