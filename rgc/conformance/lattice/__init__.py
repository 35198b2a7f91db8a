"""Lattice programs on every backend that compiles them."""
