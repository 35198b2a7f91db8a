"""Dense programs in JAX: one jitted loop over steps, products of matrices that are exact."""
