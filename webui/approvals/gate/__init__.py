"""The write gate: agents with a person's identity ask that person before they write."""
