"""Maps that a spec writes or makes of data, without spins."""
