"""The voices: everything that leaves this program for somebody else's server."""
