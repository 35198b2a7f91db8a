"""Tests of dense programs in depth."""
