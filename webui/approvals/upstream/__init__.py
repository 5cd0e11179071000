"""Approvals that an upstream settles itself: the way back, and whose word counts."""
