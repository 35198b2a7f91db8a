"""Finite clusters of spins, all their states at once: block kernels, contractions, couplings of every order."""
