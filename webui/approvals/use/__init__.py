"""The one use of a yes: taken, under a lease, reported, given back, and its receipt."""
