"""Methods of `free_energy(...)`, and the service that runs them one after the other."""
