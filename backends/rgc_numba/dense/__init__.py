"""Dense programs on the CPU: a library of small kernels, driven node by node; nothing is
generated."""
