"""Selects only: each loads everything its screen or answer shows, and never writes."""
