"""How a message proves who sent it: one module for each scheme, pure, no clock.

Receivers check with these what comes in, channels sign with them what goes out.
"""
