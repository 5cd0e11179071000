"""The command line: thin commands over verbs that run wherever the database is held."""
