"""The dashboard: the only part that knows Flask pages."""
