"""Restricted Boltzmann machines: their free energies, effective Hamiltonians and training."""
