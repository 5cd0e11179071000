"""Bridges: sources that send nothing by themselves, so the desk listens to their servers."""
