"""Programs: what the front end hands to a backend.

`family.py` says what all programs have in common and what a family of programs declares; each
family is a package beside it (`lattice/`, `dense/`). Random draws, the unit of energies and the
record of arguments are common to all families. `arithmetic.py` is straight-line code of floats,
which the routine `iterate_map` runs: no family, since it keeps no state and draws nothing.
"""
