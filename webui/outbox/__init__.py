"""The way out: events of the log become deliveries, and deliveries arrive or are given up.

The event row is the outbox: it is written with the change, and `AuditHead.fanned_out` says
how far deliveries were made out of it. So a delivery is neither lost nor invented.
"""
