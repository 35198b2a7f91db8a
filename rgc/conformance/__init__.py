"""The conformance suite: what every backend must do, ours and a stranger's, told as tests that run
anywhere rgc is installed.

    python -m pytest --pyargs rgc.conformance                        every installed backend
    python -m pytest --pyargs rgc.conformance --rgc-backends mine    one, or several with commas
    between them

`$RGC_BACKENDS` does what the option does. A backend is found by its entry point in the group
`rgc.backends`.

- `test_protocol.py` holds a backend to the protocol, and `test_examples.py` to the bits of the
  reference on the examples of every family of programs that it compiles. Both know programs only by
  what their families declare.
- `test_families.py` holds the families themselves, ours and those of the group `rgc.families`, to
  what they declare.
- `lattice/` tests lattice programs in depth: programs made by hand, at random and lowered from
  random Hamiltonians, and whole runs; `dense/` tests dense programs at random, at the ends of their
  ranges and cut anywhere. A family that needs more than its examples has such a folder.
- `test_routines.py`, `test_array_flows.py` and `test_tensor_flows.py` compute with arrays and run
  no program.

What a backend does not compile, or needs a capability that it says it lacks, is skipped with the
reason. Only the tests need pytest; nothing of rgc imports this package.
"""
