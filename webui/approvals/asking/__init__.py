"""How a call comes to the desk: asked once, ruled on, filed once, held back when too many."""
