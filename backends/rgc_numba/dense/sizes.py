"""Sizes and numbers that the plan of a program shares with the machine code. Imports no numba."""

from __future__ import annotations

LANES = 16
"""Columns of a vector of int32."""

GROUP, BLOCK = 4, 8
"""Rows of a matrix in a group, and groups in a block of tables."""

ENTRIES = 1 << GROUP
"""Entries of the table of a group: the sum of every subset of its rows."""

WHOLE = GROUP * BLOCK
"""Rows of a matrix that one block of tables holds, and columns of a table. Matrices and fields are
padded to whole ones with zeros, so that no kernel has an edge."""

WORD = 64
"""Features of which a word holds the states in one chain: the codes of two blocks."""

TERM = ("slot", "kind", "x", "x_width", "x_ising", "y", "y_width", "y_ising", "chains", "width")
"""Columns of the table of terms, which the changes of a program sum."""

CONSTANT, COUNTS, PAIRS, OUTER = range(4)
"""What a term is made of: nothing, counts as they are, pairs of states, products of counts."""

OPTIONS = {"velocity": 1, "ahead": 2, "decay": 4, "shrink": 8, "mask": 16, "norm": 32}
"""The bits of the options of a change."""

COARSE = 13
"""Bits of a mean without which its sums over chains stay within int32."""

FEW = 1 << (30 - COARSE)
"""Chains whose last bits add up to less than 2^31."""
