"""Commands to wherever the database is held: verbs, and the socket that carries them."""
