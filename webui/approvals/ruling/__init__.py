"""The policy at the desk: its versions, what it says of a call, and its lab."""
