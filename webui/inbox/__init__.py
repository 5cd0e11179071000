"""The way in for webhooks: a source's delivery is verified, filed once, answered and kept."""
