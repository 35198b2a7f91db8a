"""A spec for people: its formulas as LaTeX and MathML, its text in colours, its lattice drawn."""
