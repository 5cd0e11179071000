"""What lets a call pass without another question, or somebody do what their role does not."""
