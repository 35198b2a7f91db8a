"""rgc: a compiler for the renormalisation group."""

__version__ = "0.1.0"
