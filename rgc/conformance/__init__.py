"""The conformance suite: what every backend must do, ours and a stranger's, told as tests that run anywhere rgc is installed.

    python -m pytest --pyargs rgc.conformance                        every installed backend
    python -m pytest --pyargs rgc.conformance --rgc-backends mine    one, or several with commas between them

`$RGC_BACKENDS` does what the option does.

A backend is found by its entry point in the group `rgc.backends`. It gives the reference backend's bits on programs made by hand
(`test_programs.py`), on programs lowered from random Hamiltonians (`test_lowered.py`) and in whole runs (`test_flows.py`), and keeps
the protocol (`test_protocol.py`). What needs a capability that stands in the backend's `lacks` is skipped with its reason. Only the tests
need pytest; nothing of rgc imports this package.
"""
