"""The pages on report cards: the clerk's queue and form, the auditor's desk, the centre's, the list."""
