"""Fits of curves with unknown numbers to columns of data."""
