"""The ears: one module for each kind of source that files approvals by webhook.

A kind is a module with the members of `kind.Kind` and a line in `registry.KINDS`. It
verifies who sent a delivery and says what it asks for; it stores and answers nothing.
The caller keeps the order: `verify`, then the replay check on `Verified.message_ids`,
then `reading.read_body`, then `to_submissions`.
"""
