"""A desk that is alive, to look at: an org with a past, and an agent that keeps asking."""
