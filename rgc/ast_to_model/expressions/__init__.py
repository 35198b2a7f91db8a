"""Expressions: names in scope, numbers, sums over sites, products of spins."""
