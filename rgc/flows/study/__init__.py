"""The questions that flows ask of a map of couplings: trajectory, free energy, fixed points,
spectra, flow diagram.
"""
