"""People: accounts, memberships, groups, delegates, sessions, and what their org decided."""
