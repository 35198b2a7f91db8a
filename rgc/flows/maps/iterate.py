"""`iterate`: the flow of a map that the spec writes or makes of data, by the kind of the map."""

from __future__ import annotations

from collections.abc import Mapping
from pkgutil import resolve_name

from rgc.flows.flow import Flow
from rgc.flows.maps.log_periodic import asks_for_oscillations, with_oscillations
from rgc.flows.request import Maker, Request

MAKERS: Mapping[str, str] = {
    "recursion": "rgc.flows.maps.typed:make_typed",
    "ode": "rgc.flows.maps.typed:make_typed",
    "linear": "rgc.flows.matrices.make:make_matrix_flow",
    "convex_nmf": "rgc.flows.matrices.make:make_matrix_flow",
    "diffusion": "rgc.flows.matrices.make:make_matrix_flow",
}
"""Where the flow of each kind of map is made, by its name in the language: `module:function`, a
function from a `Request` to a `Flow`.
"""


def make_iterate(request: Request) -> Flow:
    """The flow `iterate` of a checked spec at one point."""
    make: Maker = resolve_name(MAKERS[request.spec.map[0].name])
    made = make(request)
    return with_oscillations(request, made) if asks_for_oscillations(request) else made
