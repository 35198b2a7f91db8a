"""The family of lattice programs: a rule for one site and a schedule of sites."""
