"""Finite clusters of spins with all their states: block kernels, contractions, couplings of every
order.
"""
