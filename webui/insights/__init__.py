"""How people decide, in numbers: counted out of the log, a few events at a time."""
