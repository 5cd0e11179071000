"""The policy lab's long work: what a draft says of recorded calls, of new ones, and what to allow."""
