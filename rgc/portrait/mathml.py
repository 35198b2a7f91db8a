"""The formulas of a spec as MathML, which browsers set without a script.

It is made of the same tree as LaTeX, with the same names of symbols and the same precedences.
"""

from __future__ import annotations

from collections.abc import Iterable
from unicodedata import lookup

from rgc.portrait.formulas import Formula, formulas_of
from rgc.portrait.latex import ATOM, FUNCTIONS, GREEK, POWER, PRODUCT, SIGN, SUM, parts_of
from rgc.portrait.markup import escape
from rgc.syntax import ast

KINDS = {"sum": "&#x2211;", "prod": "&#x220F;", "mean": "&#x2211;"}
SPACE = '<mspace width="0.17em"/>'
RELATIONS = {"~": "&#x223C;", "=": "="}


def formulas(document: ast.Document) -> str:
    """The parameters, the Hamiltonian, the map and the measures as rows of one `<math>`; else
    empty.
    """
    lines = "".join(
        f"<mtr><mtd>{_left(row)}</mtd><mtd>{_operator(RELATIONS[row.relation])}</mtd>"
        f"<mtd>{expression(row.right)}</mtd></mtr>"
        for row in formulas_of(document)
    )
    if not lines:
        return ""
    return f'<math display="block"><mtable displaystyle="true">{lines}</mtable></math>'


def _left(row: Formula) -> str:
    name = expression(row.left)
    if row.of == "rate":
        return f"<mfrac>{_row(f'<mi>d</mi>{name}')}{_row('<mi>d</mi><mi>l</mi>')}</mfrac>"
    return f"<msup>{_row(name)}<mo>&#x2032;</mo></msup>" if row.of == "next" else name


def expression(node: ast.Expr, outer: int = SUM) -> str:
    """An expression, in parentheses where it binds less tightly than its surroundings."""
    text, binds = _expression(node)
    return text if binds >= outer else _fenced("(", text, ")")


def _expression(node: ast.Expr) -> tuple[str, int]:
    match node:
        case ast.Number():
            return _number(node.digits)
        case ast.Text():
            return _text(node.value), ATOM
        case ast.Name():
            return symbol(node.name), ATOM
        case ast.Negate():
            atom = _expression(node.operand)[1] == ATOM
            return _operator("&#x2212;") + expression(node.operand, PRODUCT), SIGN if atom else SUM
        case ast.Binary():
            return _binary(node)
        case ast.Call():
            return _call(node)
        case ast.Index():
            chosen = [
                _row(symbol(each.name) + _operator("=") + expression(each.value))
                for each in node.options
            ]
            inside = _list((*map(expression, node.arguments), *chosen))
            return f"<msub>{_row(expression(node.base, ATOM))}{_row(inside)}</msub>", ATOM
        case ast.Member():
            return expression(node.base, ATOM) + _operator(".") + symbol(node.name), ATOM
        case ast.List():
            return _fenced("[", _list(map(expression, node.items)), "]"), ATOM
        case ast.Tuple():
            return _fenced("(", _list(map(expression, node.items)), ")"), ATOM
        case ast.Range():
            ends = (expression(node.start), expression(node.stop))
            return _operator("&#x2026;").join(ends), SUM
        case ast.Reduction():
            return _reduction(node), PRODUCT
        case ast.Taken():
            return expression(node.target) + _text(f" of {node.path}"), ATOM
        case ast.Changed(path=text) | ast.Sourced(text=text):
            return _text(text), ATOM


def _number(digits: str) -> tuple[str, int]:
    mantissa, _, exponent = digits.replace("_", "").lower().partition("e")
    if not exponent:
        return f"<mn>{escape(mantissa)}</mn>", ATOM
    power = f"<msup><mn>10</mn><mn>{int(exponent)}</mn></msup>"
    return f"<mn>{escape(mantissa)}</mn>{_operator('&#xD7;')}{power}", PRODUCT


def _binary(node: ast.Binary) -> tuple[str, int]:
    left, right = node.left, node.right
    match node.op:
        case "/":
            return f"<mfrac>{_row(expression(left))}{_row(expression(right))}</mfrac>", POWER
        case "^":
            return f"<msup>{_row(expression(left, ATOM))}{_row(expression(right))}</msup>", POWER
        case "*":
            dot = _operator("&#x22C5;") if isinstance(right, ast.Number) else SPACE
            return expression(left, PRODUCT) + dot + expression(right, PRODUCT), PRODUCT
    sign = "&#x2212;" if node.op == "-" else "+"
    return _operator(sign).join((expression(left), expression(right, PRODUCT))), SUM


def _call(node: ast.Call) -> tuple[str, int]:
    inside = [expression(argument) for argument in node.arguments]
    inside += [
        symbol(option.name) + _operator("=") + expression(option.value) for option in node.options
    ]
    arguments = _list(inside)
    match node.name:
        case "sqrt":
            return f"<msqrt>{arguments}</msqrt>", ATOM
        case "abs":
            return _fenced("|", arguments, "|"), ATOM
        case "avg":
            return _fenced("&#x27E8;", arguments, "&#x27E9;"), ATOM
        case "delta":
            return f"<msub>{symbol('delta')}{_row(arguments)}</msub>", ATOM
    return symbol(node.name) + _fenced("(", arguments, ")"), ATOM


def _reduction(node: ast.Reduction) -> str:
    head = f"<munder>{_operator(KINDS[node.kind])}{_row(_domain(node.domain))}</munder>"
    share = "<mfrac><mn>1</mn><mi>N</mi></mfrac>" if node.kind == "mean" else ""
    return share + head + expression(node.body, PRODUCT)


def _domain(domain: ast.Domain) -> str:
    match domain:
        case ast.Sites():
            return symbol(domain.index)
        case ast.Pairs():
            pair = symbol(domain.first) + symbol(domain.second)
            left, right = "&#x27E8;" * domain.order, "&#x27E9;" * domain.order
            along = _operator("&#x2225;") + expression(domain.along) if domain.along else ""
            return _operator(left) + pair + _operator(right) + along
        case ast.Shell():
            pair = symbol(domain.first) + symbol(domain.second)
            return pair + _operator("&#x2208;") + _text("shell ") + expression(domain.order)
        case ast.Faces():
            normal = _operator("&#x22A5;") + expression(domain.along) if domain.along else ""
            return _text(f"{domain.kind}s ") + "".join(map(symbol, domain.corners)) + normal
        case ast.Members():
            name = domain.collection
            return symbol(domain.index) + _operator("&#x2208;") + symbol(name)
        case ast.Ascending():
            return _operator("&lt;").join(map(symbol, domain.indices))


def symbol(name: str) -> str:
    """A name as a letter with an index, as LaTeX has it."""
    head, below = parts_of(name)
    letter = _greek(head) if head in GREEK else escape(head)
    upright = (
        "" if len(head) == 1 or head in GREEK or head in FUNCTIONS else ' mathvariant="normal"'
    )
    text = f"<mi{upright}>{letter}</mi>"
    return f"<msub>{text}<mtext>{escape(below)}</mtext></msub>" if below else text


def _greek(name: str) -> str:
    return lookup(f"GREEK SMALL LETTER {'LAMDA' if name == 'lambda' else name.upper()}")


def _operator(text: str) -> str:
    return f"<mo>{text}</mo>"


def _text(text: str) -> str:
    return f"<mtext>{escape(text)}</mtext>"


def _row(inside: str) -> str:
    return f"<mrow>{inside}</mrow>"


def _fenced(left: str, inside: str, right: str) -> str:
    return _row(_operator(left) + inside + _operator(right))


def _list(parts: Iterable[str]) -> str:
    return _operator(",").join(parts)
