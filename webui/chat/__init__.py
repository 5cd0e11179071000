"""Chat: approvals announced in Slack and Discord, and decided by the clicks of linked people."""
