"""The page of an answer: what stands where, that nothing gets out of its place, and its layout."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

import rgc
from rgc.portrait.latex import latex
from rgc.portrait.lattice_drawing import lattice_drawing
from rgc.portrait.markup import highlighted
from rgc.portrait.mathml import formulas
from rgc.results.pages.images import figure
from rgc.results.pages.report import report
from rgc.results.pages.style import POLICY
from rgc.results.pages.tables import table
from rgc.syntax.read import read_text

ROOT = Path(__file__).parents[3]
SPEC = """title "Hostile <b>title</b> & more"
about \"\"\"First <i>words</i>.

Then others.\"\"\"
parameters { K = 0.4, beta_1 = 1e-3, h = [0, 0.1] }
lattice chain(4)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j] - (K/2)^2 * sum(<<i,j>>) s[i]*s[j] - h[1] * sum(i) s[i]
block decimate(2)
flow enumerate
scan { K = [0.4, 0.5] }
measure { energy } # <script>
"""

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


class Page(HTMLParser):
    """The tags of a page, and its texts by the tag that holds them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report") / "out"
    rgc.compile(SPEC, backend="reference").run(out=out, warn=lambda message: None, plots=())
    return out


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    return (folder / "report.html").read_text("utf-8")


def test_parts_are_in_order_and_linked(text: str) -> None:
    page = Page(text)
    anchors = [each["id"] for each in page.all("section")]
    links = [str(each["href"]) for each in page.all("a")]
    assert len(set(anchors)) == len(anchors)
    assert [link for link in links if link.startswith("#")] == [f"#{name}" for name in anchors]
    places = [text.index(part) for part in ("<h1>", "<p>First", "<nav", "<main", "<math", "<pre")]
    assert places == sorted(places)
    assert {"points", "the-model", "the-spec-as-run", "provenance", "files"} <= set(anchors)


def test_warnings_stand_above_all_else(folder: Path) -> None:
    summary = json.loads((folder / "summary.json").read_text())
    page = report({**summary, "warnings": ["look <here>"]}, SPEC, {})
    assert page.index("look &lt;here&gt;") < page.index("<p>First") < page.index("<nav")


def test_nothing_of_a_spec_is_markup(text: str) -> None:
    assert "<b>" not in text
    assert "<i>" not in text
    assert "<script" not in text
    assert escape("Hostile <b>title</b> & more") in text
    assert "default-src 'none'" in text


def test_page_is_for_every_screen_and_reader(text: str) -> None:
    page = Page(text)
    metas = {each.get("name"): each.get("content") for each in page.all("meta")}
    assert "width=device-width" in str(metas["viewport"])
    assert metas["color-scheme"] == "light dark"
    assert "prefers-color-scheme:dark" in text
    assert all(each.get("alt") for each in page.all("img"))
    assert len(page.all("table")) == len(page.all("caption"))
    assert len(page.all("figure")) == len(page.all("figcaption")) == len(page.all("img"))
    assert page.all("html") == [{"lang": "en"}]


@pytest.mark.parametrize(
    ("width", "least"),
    [("374.4pt", None), ("360pt", None), ("600pt", 560), ("300", None), ("800px", 560)],
)
def test_a_wide_drawing_is_moved_sideways_on_a_telephone_and_not_shrunk(
    width: str, least: int | None
) -> None:
    drawing = f'<?xml version="1.0"?><svg height="9pt" width="{width}" viewBox="0 0 9 9"></svg>'
    page = Page(figure(drawing, "alt", "a caption"))
    style = page.all("img")[0].get("style")
    assert style == (None if least is None else f"min-width:{least}px")
    assert bool(page.all("div")) == (least is not None)


def test_a_drawing_without_a_width_is_as_wide_as_the_page() -> None:
    page = Page(figure("<svg></svg>", 'an "alt"', "<caption>", plot=False))
    assert page.all("img")[0].keys() == {"alt", "src"}
    assert not page.all("caption")


def test_files_that_can_be_loaded_are_there(folder: Path, text: str) -> None:
    links = {str(each["href"]) for each in Page(text).all("a")}
    names = {link for link in links if not link.startswith("#")}
    assert names == {path.name for path in folder.iterdir()} - {"report.html", "files.json"}
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", text)
    assert "rgc run spec.rgc --seed 0 --backend reference" in text


def test_a_page_made_again_is_the_same(folder: Path, text: str) -> None:
    from rgc.results.pages.report import rebuild

    assert rebuild(folder).read_text("utf-8") == text


def test_a_scan_of_an_option_is_one_column(folder: Path) -> None:
    summary = json.loads((folder / "summary.json").read_text())
    value = {"value": -1.5, "error": None, "kind": "truncated", "per": "site"}
    for point, chi in zip(summary["points"], (4, 8), strict=True):
        both = [f"trg({chi})", "hotrg(2)", "hotrg(3)"]
        point["free_energy"] = [{"method": method, **value} for method in both]
    page = report(summary, SPEC, {})
    names = re.findall(r"<th[^>]*>free_energy\[([^]]*)\]", page)
    assert names == ["trg", "hotrg(2)", "hotrg(3)"]


def test_empty_columns_are_left_out() -> None:
    page = table("caption", ("name", "cells", ""), [("a", "", "1"), ("b", "", "")])
    assert re.findall(r"<th[^>]*>([^<]*)<", page) == ["name", ""]
    assert page.count("<td") == 4


def test_provenance_says_what_differs_by_point(folder: Path) -> None:
    summary = json.loads((folder / "summary.json").read_text())
    summary["provenance"]["acceptance"] = 0.123456789
    summary["points"][1]["provenance"] = {"update": {"why": "it <differs>"}}
    page = report(summary, SPEC, {})
    assert '<td>acceptance</td><td class="digits">0.123457</td>' in page
    assert "<td>K = 0.5</td><td>update, why</td><td>it &lt;differs&gt;</td>" in page


@pytest.mark.parametrize(
    "path", sorted((ROOT / "tests/language").glob("*.rgc")), ids=lambda p: p.stem
)
def test_portraits_of_all_kinds_are_well_formed(path: Path) -> None:
    spec = path.read_text("utf-8")
    math = formulas(read_text(spec))
    if math:
        ElementTree.fromstring(math)  # noqa: S314  (our own text)
    code = ElementTree.fromstring(f"<pre>{highlighted(spec)}</pre>")  # noqa: S314
    assert "".join(code.itertext()) == spec


def test_hamiltonian_is_set_as_mathematics() -> None:
    tree = ElementTree.fromstring(formulas(read_text(SPEC)))  # noqa: S314
    assert len(tree.findall("./mtable/mtr")) == 4
    assert [each.text for each in tree.iter("mi")].count("&#x3B2;") == 0
    assert "\u03b2" in {each.text for each in tree.iter("mi")}
    assert len(list(tree.iter("munder"))) == 3
    assert len(list(tree.iter("mfrac"))) == 1


@pytest.mark.parametrize(
    ("call", "shown", "typeset"),
    [
        ("recursion(p = p^2, scale=2)", ["p' &= p^{2}", r"\mathrm{scale} &= 2"], "&#x2032;"),
        ("ode(r = -r^2)", [r"\frac{dr}{dl} &= -r^{2}"], "<mi>d</mi>"),
    ],
)
def test_maps_are_set_as_mathematics(call: str, shown: list[str], typeset: str) -> None:
    document = read_text(f"map {call}\nflow iterate(steps=1, starts=[0.1])\n")
    assert all(line in latex(document) for line in shown)
    assert typeset in formulas(document)


def test_a_field_is_no_line_of_the_key() -> None:
    spec = SPEC.replace(" - (K/2)^2 * sum(<<i,j>>) s[i]*s[j]", "")
    drawing = lattice_drawing(rgc.load(spec).spec)
    tree = ElementTree.fromstring(drawing)  # noqa: S314
    texts = [each.text for each in tree.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["K", "cells of decimate"]


def test_lattice_is_drawn_with_terms_and_cells() -> None:
    drawing = lattice_drawing(rgc.load(SPEC).spec)
    tree = ElementTree.fromstring(drawing)  # noqa: S314
    name = "{http://www.w3.org/2000/svg}"
    assert len(tree.findall(f".//{name}circle")) == 4
    cells = [path for path in tree.iter(f"{name}path") if path.get("class") == "cell"]
    assert len(cells) == 2  # of one site each
    lines = [path for path in tree.iter(f"{name}path") if path.get("stroke")]
    assert len(lines) == 3 + 2  # bonds of four sites in a row, to first and second neighbours
    assert {each.text for each in tree.iter(f"{name}text")} >= {"cells of decimate"}


MEASURE = """<body><script>
for (const page of PAGES) for (const width of [390, 1280]) {
  const frame = document.createElement("iframe")
  frame.style.cssText = `width:${width}px;height:800px;border:0`
  frame.srcdoc = page
  frame.onload = () => {
    const root = frame.contentDocument.documentElement
    const view = frame.contentWindow
    const broken = [...root.querySelectorAll("td:first-child, .passed, .failed")].filter(
      (each) => !each.textContent.includes(" ") && each.getClientRects().length &&
        each.firstChild && lines(each) > 1)
    const clipped = [...root.querySelectorAll("body *")].filter(
      (each) => view.getComputedStyle(each).overflowX == "hidden" &&
        each.scrollWidth > each.clientWidth)
    const said = document.createElement("p")
    said.textContent = `${width}: ${root.scrollWidth} of ${root.clientWidth}, ` +
      `${broken.length} broken, ${clipped.length} clipped`
    document.body.append(said)
  }
  document.body.append(frame)
}
function lines(each) {
  const range = each.ownerDocument.createRange()
  range.selectNodeContents(each)
  return new Set([...range.getClientRects()].map((box) => box.top)).size
}
</script></body>"""
"""Measures pages in windows of two widths: what sticks out, broken words, texts cut off."""

FLOWS = {
    "exact": """title "A flow"
parameters { K = 0.4, h = 0.1 }
lattice chain
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j] - h * sum(i) s[i]
block decimate(2)
flow exact(steps=30, find=fixed_point)
expect { y_h = 3 within 0.1, y_t above 5, fixed_point.K = 1 within 0.1 }""",
    "fit": """title "A fit"
data points(12, [row + 1, 2*(row + 1)^1.5 + 0.1*cos(9*row)])
map curve(x2=a*x1^b, linear=[a], nonlinear=[b])
flow fit(starts=grid(b=1:3:5))
expect { b = 7 within 3 sigma }""",
    "iterate": """title "A map"
map recursion(x = 3.9*x*(1 - x))
flow iterate(steps=20, lyapunov=true, starts=[0.5])""",
    "trg": """title "A tensor"
lattice square
spins s: ising
hamiltonian - 0.44 * sum(<i,j>) s[i]*s[j]
flow trg(4, steps=30)""",
    "free_energy": """title "Free energies"
parameters { K = 0.4 }
lattice square(4)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
scan { K = [0.3, 0.4] }
measure { free_energy(methods=[transfer, mean_field, lower_bound]) }
expect { free_energy[transfer, K=0.4] = 3 within 0.1 }""",
}
"""Small specs whose pages have every kind of table."""


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_pages_fit_their_windows(text: str, tmp_path: Path) -> None:
    pages = [text]
    for name, spec in FLOWS.items():
        (tmp_path / f"{name}.rgc").write_text(spec)
        compiled = rgc.compile(tmp_path / f"{name}.rgc", backend="reference")
        compiled.run(out=tmp_path / name, warn=lambda message: None)
        pages.append((tmp_path / name / "report.html").read_text("utf-8"))
    outer = tmp_path / "outer.html"
    written = json.dumps([page.replace(POLICY, "") for page in pages]).replace("</", "<\\/")
    outer.write_text(MEASURE.replace("PAGES", written))
    made = subprocess.run(
        [
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1400,900",
            "--virtual-time-budget=4000", "--dump-dom", f"file://{outer}",
        ],
        capture_output=True, text=True, timeout=600, check=True,
    )  # fmt: skip
    found = re.findall(r"<p>(\d+): (\d+) of (\d+), (\d+) broken, (\d+) clipped</p>", made.stdout)
    assert [int(width) for width, *_ in found].count(390) == len(pages)
    assert len(found) == 2 * len(pages)
    assert all(int(whole) <= int(window) for _, whole, window, *_ in found), found
    assert all(broken == clipped == "0" for *_, broken, clipped in found), found
