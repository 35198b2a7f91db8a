"""What schemes ask of a spec, one question a file.

Each file holds functions from `rgc.schemes.scheme.Asked` to problems, for `Scheme.limits`.
"""
