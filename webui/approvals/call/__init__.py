"""One tool call as exact bytes: read strictly, in canonical form, hashed, sealed, compared."""
