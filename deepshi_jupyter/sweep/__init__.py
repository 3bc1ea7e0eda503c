"""Many requests at once: one prompt over a table, within quota and budget."""
