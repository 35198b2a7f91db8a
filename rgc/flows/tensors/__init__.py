"""Tensor renormalisation on the square lattice, and transfer matrices."""
