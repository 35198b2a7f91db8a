"""Maps that are matrices: typed, factorised from data, or a random walk on data."""
