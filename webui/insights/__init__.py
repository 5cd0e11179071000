"""How people decide, in numbers: counted out of the log, a few hundred events at a time."""
