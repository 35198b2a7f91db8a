"""The figures of an answer, one kind a file."""
