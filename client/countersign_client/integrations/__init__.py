"""One module per agent framework. Importing this package imports none of them."""
