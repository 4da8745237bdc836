"""The shell that every page stands in: layout, menu, components, styles, languages."""
