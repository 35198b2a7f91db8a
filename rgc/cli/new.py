"""`rgc new NAME`: a first spec to start from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rgc.cli import DONE
from rgc.cli.arguments import Parser
from rgc.compiler import parse
from rgc.errors import Problem, SpecError
from rgc.results import files
from rgc.syntax.read import SPELLINGS

SAMPLE = """\
title "Ising model on the square lattice"

parameters {
  K = 0.44  # J/kT: couplings are in units of kT
  h = 0
  L = 32
}

lattice square(L)  # periodic unless told otherwise
spins s: ising

hamiltonian  # the weight of a configuration is exp(-H)
  - K * sum(<i,j>) s[i]*s[j]
  - h * sum(i) s[i]

flow sample(sweeps=20000)
measure { energy, abs_m, susceptibility, specific_heat, binder }
"""

MCRG = """\
title "Ising model on the square lattice: critical exponents"

parameters {
  K = log(1 + sqrt(2))/2  # Onsager's critical coupling
}

lattice square(32)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
block majority(2)
flow mcrg(steps=3, sweeps=10000, basis=operators(range=2, bodies=4))

expect {
  y_t = 1 within 0.05 from "Onsager 1944"
  y_h = 15/8 within 0.05 from "Yang 1952"
}
"""

TEMPLATES = {"sample": SAMPLE, "mcrg": MCRG}


def main(words: Sequence[str]) -> int:
    parser = Parser("new", "Write a first spec, NAME.rgc or, if NAME ends in .yaml, in the YAML spelling.")
    parser.add_argument("name", metavar="NAME", help="e.g. model, model.rgc or model.yaml")
    parser.add_argument(
        "--flow",
        choices=sorted(TEMPLATES),
        default="sample",
        help="the scheme to start from (default sample)",
    )
    options = parser.read(words)
    path = Path(options.name)
    if path.suffix not in SPELLINGS:
        path = path.with_name(path.name + ".rgc")
    if path.exists():
        raise SpecError([Problem("file-exists", f"'{path}' exists already", hint="choose another name")])
    text = TEMPLATES[options.flow]
    if path.suffix != ".rgc":
        from rgc.syntax.print import convert

        text = convert(parse(text), "yaml")
    files.write_text(path, text)
    print(f"wrote {path}; next: rgc run {path}")
    return DONE
