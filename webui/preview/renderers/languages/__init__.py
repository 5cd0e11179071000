"""Languages that renderers read; nothing here knows a page or a call."""
