"""What people say to a call: who may, what they saw, their verdict, and how verdicts settle it."""
