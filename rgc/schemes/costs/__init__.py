"""What schemes take before anything is allocated: memory and time from the structure of a spec.

There is a file for each kind of work. A scheme names its function as `cost` in `Ready`, and so does
a method of a free energy in its row.
"""
