"""Who files by webhook and who is told by webhook."""
