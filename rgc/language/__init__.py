"""Tables of what may be written in a spec: calls, their options and limits. Nothing here knows
physics.
"""
