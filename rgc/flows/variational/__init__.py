"""The variational Monte Carlo RG: block spins are sampled under a bias that undoes their own
Hamiltonian.
"""
