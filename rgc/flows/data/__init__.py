"""Training data: files, samples of the Hamiltonian, patterns and their controls, as rows of numbers
or of states.
"""
