"""What a model of ALPS gives sites and bonds, as expressions of a spec."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element

from rgc.interchange.foreign import refused

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z_0-9]*['#]*")
FUNCTIONS = {"sqrt", "sin", "cos", "exp", "log", "pi"}
SPIN = {"1/2": ("ising", "(s[{}]/2)"), "0.5": ("ising", "(s[{}]/2)"), "1": ("spin(1)", "s[{}]")}
"""The spins of a local_S, and what Sz is."""

OFF_DIAGONAL = {"Splus", "Sminus", "Sx", "Sy", "exchange", "exchange_xy"}
"""Operators of spins that change a state."""


class Names:
    """Parameters of elements, with what they are if the user says nothing. Those that are used
    become parameters of the spec, in the order in which they can be read."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values, self.defaults = dict(values), dict[str, str]()
        self.used: dict[str, str] = {}

    def declare(self, element: Element, kind: str = "") -> None:
        for each in element.findall("PARAMETER"):
            name, default = each.get("name", ""), each.get("default")
            if default is not None:
                self.defaults[name.replace("#", kind)] = default.replace("#", kind)

    def text(self, written: str, kind: str = "") -> str:
        """An expression with the names of a spec, whose parameters are used from now on. `#` stands
        for the type of a site or bond. Raises `SpecError`."""

        def name(match: re.Match[str]) -> str:
            word = match[0]
            if word.lower() in FUNCTIONS:
                return word.lower()
            return self.use(word.replace("#", kind), word.replace("#", ""))

        return IDENTIFIER.sub(name, written.strip())

    def use(self, name: str, plain: str | None = None) -> str:
        known = next((n for n in (name, plain) if n in self.values or n in self.defaults), None)
        if known is None:
            raise refused(f"the parameter {name} has no value", f"give it one: --set {name}=1")
        spelled = known.replace("'", "_prime")
        if spelled not in self.used:
            value = self.values.get(known, self.defaults.get(known, ""))
            self.used[spelled] = ""  # a parameter that needs itself ends here
            self.used[spelled] = self.text(value)
            self.used[spelled] = self.used.pop(spelled)  # behind those that it needs
        return spelled


class Energy:
    """What a model gives a site and a bond. Without a model a bond of type t has -K s s, or -K_t
    where there are several types."""

    def __init__(self, names: Names, hamiltonian: Element | None) -> None:
        self.names, self.hamiltonian = names, hamiltonian
        self.spin, self.operator = "ising", "s[{}]"
        if hamiltonian is None:
            return
        names.declare(hamiltonian)
        size = names.values.get("local_S", names.defaults.get("local_S", "1/2"))
        if size not in SPIN:
            raise refused(f"spins of local_S = {size}", "1/2 and 1 are known")
        self.spin, self.operator = SPIN[size]

    def of_bond(self, kind: str, several: bool, first: str, second: str) -> str:
        """The energy of a bond of a type, as an expression."""
        if self.hamiltonian is None:
            name = f"K{kind}" if several else "K"
            self.names.defaults.setdefault(name, "1")
            return f"(-{self.names.use(name)}*s[{first}]*s[{second}])"
        term = self._term("BONDTERM", kind)
        if term is None:
            return ""
        sites = {term.get("source", "i"): first, term.get("target", "j"): second}
        return self._written(term, kind, sites)

    def of_site(self, kind: str, place: str) -> str:
        term = None if self.hamiltonian is None else self._term("SITETERM", kind)
        return "" if term is None else self._written(term, kind, {term.get("site", "i"): place})

    def _term(self, tag: str, kind: str) -> Element | None:
        assert self.hamiltonian is not None  # noqa: S101
        found = self.hamiltonian.findall(tag)
        return next(
            (each for wanted in (kind, None) for each in found if each.get("type") == wanted), None
        )

    def _written(self, term: Element, kind: str, sites: Mapping[str, str]) -> str:
        """A term with the spins of a spec. `sites` are the places of those that it names."""
        self.names.declare(term, kind)
        text = " ".join("".join(term.itertext()).split())
        if wrong := [name for name in IDENTIFIER.findall(text) if name in OFF_DIAGONAL]:
            hint = "spins of a spec are classical: what is diagonal, Sz, can be said"
            raise refused(f"the term {text} holds {wrong[0]}", hint)
        if len(sites) == 1:
            (site,) = sites
            text = re.sub(r"\bSz\b(?! *\()", f"Sz({site})", text)
        calls = set(re.findall(r"([A-Za-z_]\w*) *\(", text)) - FUNCTIONS - {"Sz"}
        if calls:
            raise refused(f"the term {text} holds {min(calls)}", "of operators Sz is known")
        pieces = re.split(r"\bSz *\( *(\w+) *\)", text)
        for k, piece in enumerate(pieces):
            if not k % 2:
                pieces[k] = self.names.text(piece, kind) if piece.strip() else piece
            elif piece in sites:
                pieces[k] = self.operator.format(sites[piece])
            else:
                raise refused(f"the term {text} names the site {piece}, which is none of its own")
        found = "".join(pieces)
        return f"({found})" if found.strip() not in ("", "0") else ""
