"""Report cards: one for each hospital stay of a child in scope, from entry through the audit to the centre."""
