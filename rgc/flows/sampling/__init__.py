"""What Monte Carlo flows share: from a Hamiltonian to sweeps, from configurations to averages with
errors.
"""
