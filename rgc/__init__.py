"""rgc: a compiler for the renormalisation group.

>>> import rgc
>>> answer = rgc.compile("specs/ising2d_mcrg.rgc").run(seed=7)  # doctest: +SKIP
>>> answer.exponents["y_t"]  # doctest: +SKIP
"""

from rgc.compiler import compile, load
from rgc.errors import SpecError
from rgc.verification import verify
from rgc.version import __version__

__all__ = ["SpecError", "__version__", "compile", "load", "verify"]
