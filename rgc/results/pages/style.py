"""How the page of an answer looks, and what it may do: nothing is fetched, nothing runs."""

from __future__ import annotations

POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">"
)

HEAD = (
    '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="color-scheme" content="light dark">'
)

STYLE = """
:root{color-scheme:light dark;--page:#fff;--ink:#1b1b1b;--soft:#595959;--line:#c8c8c8;
--panel:#f5f5f2;--good:#00684a;--bad:#a83200;--warn:#fff6df;--link:#0a58a8;--keyword:#7a3e9d;
--number:#0a58a8;--text:#00684a}
@media(prefers-color-scheme:dark){:root{--page:#181818;--ink:#e6e6e6;--soft:#a6a6a6;--line:#4a4a4a;
--panel:#242424;--good:#58c79c;--bad:#ff9566;--warn:#3a3120;--link:#7db8f0;--keyword:#cf9ff0;
--number:#7db8f0;--text:#7fcfae}
img.plot{filter:invert(.905) hue-rotate(180deg)}}
*{box-sizing:border-box}
body{font:16px/1.5 system-ui,sans-serif;background:var(--page);color:var(--ink);max-width:62rem;
margin:1.5rem auto;padding:0 1rem;overflow-wrap:break-word}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .2rem}
h2{font-size:1.15rem;margin:2.2rem 0 .6rem;border-bottom:1px solid var(--line)}
a{color:var(--link)}
nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;list-style:none;padding:0;margin:.8rem 0}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;min-width:min(100%,24rem)}
caption{text-align:left;color:var(--soft);font-size:.9rem;padding-bottom:.3rem}
td,th{padding:.2rem .9rem .2rem 0;text-align:left;vertical-align:top}
.digits{white-space:nowrap}
th{font-weight:600;border-bottom:1px solid var(--line)}
pre{background:var(--panel);padding:.8rem}
.wide,pre{overflow-x:auto;max-width:100%}
.warnings{background:var(--warn);border-left:4px solid var(--bad);padding:.5rem .9rem;margin:1rem 0}
.warnings h2{border:0;margin:0;font-size:1rem}.warnings ul{margin:.3rem 0;padding-left:1.2rem}
figure{margin:1rem 0}figcaption{color:var(--soft);font-size:.9rem;max-width:46rem}
img{max-width:100%;height:auto;display:block}
math{font-size:1.1rem;width:max-content}mtd{padding:.35rem .15rem;text-align:left}
mtd:first-child{text-align:right}
summary{cursor:pointer;padding:.2rem 0}.wide{margin-bottom:.8rem}
.note,.small{color:var(--soft);font-size:.9rem}.passed{color:var(--good)}
.failed{color:var(--bad);font-weight:600}
blockquote{margin:1rem 0;padding:.2rem 1rem;border-left:4px solid var(--line);font-size:1.1rem}
blockquote footer{color:var(--soft);font-size:.9rem}
.chip{display:inline-block;padding:0 .6rem;border-radius:1rem;border:1px solid currentColor;
font-weight:600;white-space:nowrap}
.chip.supported{color:var(--good)}.chip.refuted{color:var(--bad)}.chip.depends{color:var(--keyword)}
.chip.identity{color:var(--link)}.chip.undecided{color:var(--soft)}
.section{font-weight:600}.keyword{color:var(--keyword)}.number{color:var(--number)}
.text{color:var(--text)}.comment{color:var(--soft);font-style:italic}
@media(max-width:40rem){table{font-size:.85rem;min-width:100%}td,th{padding-right:.5rem}
td:first-child{overflow-wrap:anywhere;min-width:8rem}
td:first-child.digits,td:first-child:has(span){min-width:0;overflow-wrap:normal}
td:last-child:not(.digits){min-width:10rem}}
@media print{nav,.downloads{display:none}.wide{overflow:visible}figure img{min-width:0!important}}
"""
