"""Programs that ask, what an orchestrator says of their work, and its questions about them."""
