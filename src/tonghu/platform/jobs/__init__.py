"""Work that a page does not wait for: queued with what caused it, seen while it runs, never lost and never doubled."""
