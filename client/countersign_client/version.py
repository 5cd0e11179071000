"""The version of this package, said to the desk in User-Agent."""

__version__ = "0.1.0"
