"""The audit log: chain, checkpoints, export, verification. No Flask in here."""
