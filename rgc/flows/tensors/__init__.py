"""Tensors of the square lattice and transfer matrices."""
