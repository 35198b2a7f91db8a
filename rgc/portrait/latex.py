"""The formulas of a spec as LaTeX, as `rgc show --as latex` prints them."""

from __future__ import annotations

import re

from rgc.portrait.formulas import Formula, formulas_of
from rgc.syntax import ast

GREEK = frozenset(
    {
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "zeta",
        "eta",
        "theta",
        "kappa",
        "lambda",
        "mu",
        "nu",
        "xi",
        "pi",
    }
    | {"rho", "sigma", "tau", "phi", "chi", "psi", "omega"}
)
FUNCTIONS = frozenset(("exp", "log", "sin", "cos", "sinh", "cosh", "tanh", "min", "max"))
SUM, PRODUCT, SIGN, POWER, ATOM = range(5)  # how tightly an expression binds
KINDS = {"sum": r"\sum", "prod": r"\prod"}
RELATIONS = {"~": r"\sim", "=": "="}


def latex(document: ast.Document) -> str:
    """The parameters, the Hamiltonian, the map and the measures as an `align*` environment."""
    rows = [
        f"{_left(row)} &{RELATIONS[row.relation]} {expression(row.right)}"
        for row in formulas_of(document)
    ]
    if not rows:
        return "% no formulas\n"
    return "\\begin{align*}\n" + " \\\\\n".join(f"  {row}" for row in rows) + "\n\\end{align*}\n"


def _left(row: Formula) -> str:
    name = expression(row.left)
    if row.of == "rate":
        return rf"\frac{{d{name}}}{{dl}}"
    return f"{name}'" if row.of == "next" else name


def expression(node: ast.Expr, outer: int = SUM) -> str:
    """An expression, in parentheses where it binds less tightly than its surroundings."""
    text, binds = _expression(node)
    return text if binds >= outer else rf"\left({text}\right)"


def _expression(node: ast.Expr) -> tuple[str, int]:
    match node:
        case ast.Number():
            return _number(node.digits)
        case ast.Text():
            return rf"\text{{{_plain(node.value)}}}", ATOM
        case ast.Name():
            return symbol(node.name), ATOM
        case ast.Negate():
            return f"-{expression(node.operand, PRODUCT)}", SIGN if _is_atom(node.operand) else SUM
        case ast.Binary():
            return _binary(node)
        case ast.Call():
            return _call(node)
        case ast.Index():
            chosen = [f"{symbol(each.name)}={expression(each.value)}" for each in node.options]
            inside = ",".join((*map(expression, node.arguments), *chosen))
            return f"{expression(node.base, ATOM)}_{{{inside}}}", ATOM
        case ast.Member():
            return f"{expression(node.base, ATOM)}.{symbol(node.name)}", ATOM
        case ast.List() | ast.Tuple():
            inside = ", ".join(map(expression, node.items))
            return rf"\left[{inside}\right]" if isinstance(
                node, ast.List
            ) else rf"\left({inside}\right)", ATOM
        case ast.Range():
            return rf"{expression(node.start)} \ldots {expression(node.stop)}", SUM
        case ast.Taken(target=target):
            return expression(target), ATOM
        case ast.Changed(path=text) | ast.Sourced(text=text):
            return expression(ast.Text(text)), ATOM
        case ast.Reduction():
            return _reduction(node)


def _is_atom(node: ast.Expr) -> bool:
    return _expression(node)[1] == ATOM


def _number(digits: str) -> tuple[str, int]:
    mantissa, _, exponent = digits.replace("_", "").lower().partition("e")
    return (rf"{mantissa} \times 10^{{{int(exponent)}}}", PRODUCT) if exponent else (mantissa, ATOM)


def _binary(node: ast.Binary) -> tuple[str, int]:
    left, right = node.left, node.right
    if node.op == "/":
        return rf"\frac{{{expression(left)}}}{{{expression(right)}}}", POWER
    if node.op == "^":
        return f"{expression(left, ATOM)}^{{{expression(right)}}}", POWER
    if node.op == "*":
        dot = r" \cdot " if isinstance(right, ast.Number) else r" \, "
        return f"{expression(left, PRODUCT)}{dot}{expression(right, PRODUCT)}", PRODUCT
    return f"{expression(left)} {node.op} {expression(right, PRODUCT)}", SUM


def _call(node: ast.Call) -> tuple[str, int]:
    inside = [expression(argument) for argument in node.arguments]
    inside += [f"{symbol(option.name)}={expression(option.value)}" for option in node.options]
    arguments = ", ".join(inside)
    special = {
        "sqrt": rf"\sqrt{{{arguments}}}",
        "abs": rf"\left|{arguments}\right|",
        "avg": rf"\left\langle {arguments}\right\rangle",
    }
    if node.name in special:
        return special[node.name], ATOM
    if node.name == "delta":
        return rf"\delta_{{{arguments}}}", ATOM
    name = f"\\{node.name}" if node.name in FUNCTIONS else symbol(node.name)
    return rf"{name}\left({arguments}\right)", ATOM


def _reduction(node: ast.Reduction) -> tuple[str, int]:
    below = _domain(node.domain)
    head = KINDS.get(node.kind, r"\frac{1}{N}\sum")
    return rf"{head}_{{{below}}} {expression(node.body, PRODUCT)}", PRODUCT


def _domain(domain: ast.Domain) -> str:
    match domain:
        case ast.Sites():
            return symbol(domain.index)
        case ast.Pairs():
            pair = rf"{symbol(domain.first)} {symbol(domain.second)}"
            brackets = r"\langle" * domain.order + f" {pair} " + r"\rangle" * domain.order
            return brackets + (rf" \parallel {expression(domain.along)}" if domain.along else "")
        case ast.Shell():
            pair = rf"{symbol(domain.first)} {symbol(domain.second)}"
            return rf"{pair} \in \text{{shell }} {expression(domain.order)}"
        case ast.Faces():
            normal = rf" \perp {expression(domain.along)}" if domain.along else ""
            return rf"\text{{{domain.kind}s }} {' '.join(map(symbol, domain.corners))}{normal}"
        case ast.Members():
            collection = domain.collection
            inner = (
                symbol(collection) if len(collection) == 1 else rf"\text{{{_plain(collection)}}}"
            )
            return rf"{symbol(domain.index)} \in {inner}"
        case ast.Ascending():
            return " < ".join(map(symbol, domain.indices))


def symbol(name: str) -> str:
    """A name as LaTeX: Greek letters by name, digits and what follows `_` as a subscript, several
    letters upright.
    """
    head, below = parts_of(name)
    if not head:
        return rf"\text{{{_plain(name)}}}"
    shown = (
        f"\\{head}" if head in GREEK else head if len(head) == 1 else rf"\mathrm{{{_plain(head)}}}"
    )
    return shown + (f"_{{{_plain(below)}}}" if below else "")


def parts_of(name: str) -> tuple[str, str]:
    """The letter or word of a name, and its index: digits, or what follows `_` behind a letter."""
    head, _, below = name.partition("_")
    if below and len(head) > 1 and head not in GREEK:
        return name, ""
    if not below and (match := re.fullmatch(r"([A-Za-z]+?)(\d+)", head)):
        return match[1], match[2]
    return head, below


def _plain(text: str) -> str:
    """Text with the special characters of LaTeX escaped."""
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return re.sub(r"[#$%&_{}\\~^]", lambda match: special.get(match[0], "\\" + match[0]), text)
