"""The agents' and reviewers' JSON APIs."""
