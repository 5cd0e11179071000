"""Rows and transactions: what the desk keeps, and the one way to change it."""
