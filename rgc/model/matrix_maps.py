"""Flow maps that are matrices, typed or made from data, every option evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rgc.model import shown

OF_A_MATRIX = ("eigenvalue", "spectral_radius", "multiplicity", "idempotence", "residual")
"""What every typed or factorised matrix answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearMap:
    """x' = C x with the rows of the square matrix C. `scale` is the ratio b of lattice constants,
    None where there is none.
    """

    name: ClassVar[str] = "linear"
    answers: ClassVar[tuple[str, ...]] = (*OF_A_MATRIX, "couplings")

    matrix: tuple[tuple[float, ...], ...]
    scale: float | None = None

    @property
    def quantities(self) -> tuple[str, ...]:
        """The names of the components of x."""
        return tuple(f"x{k}" for k in range(1, 1 + len(self.matrix)))

    def __str__(self) -> str:
        return shown.call(self.name, self.matrix, options={"scale": self.scale})


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvexNmf:
    """Convex non-negative factorisation X ~ C X of the data with C >= 0 of rank `rank`.

    - `variant` is `dlj`, `iterations` multiplicative updates from random factors, or `lp`, a linear
      program that keeps rows of the data and makes the others of them.
    - `tolerance` is the largest entry of C X - X that the linear program allows.
    """

    name: ClassVar[str] = "convex_nmf"
    quantities: ClassVar[tuple[str, ...]] = ()

    rank: int
    variant: str = "dlj"
    iterations: int = 200
    tolerance: float = 0.0

    @property
    def answers(self) -> tuple[str, ...]:
        own = ("falls",) if self.variant == "dlj" else ("archetypes", "recovered", "spread")
        return (*OF_A_MATRIX, "objective", *own)

    def __str__(self) -> str:
        options = (
            {"iterations": self.iterations}
            if self.variant == "dlj"
            else {"tolerance": self.tolerance or None}
        )
        return shown.call(self.name, self.rank, options={"variant": self.variant, **options})


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffusionMap:
    """A random walk on the data with steps of the length `scale`.

    `clusters` is the number of clusters into which its slow eigenvectors divide the rows, None
    where the spectrum says it.
    """

    name: ClassVar[str] = "diffusion"
    quantities: ClassVar[tuple[str, ...]] = ()
    answers: ClassVar[tuple[str, ...]] = (
        "eigenvalue",
        "multiplicity",
        "idempotence",
        "clusters",
        "eigengap",
        "agreement",
    )

    scale: float
    clusters: int | None = None

    def __str__(self) -> str:
        return shown.call(self.name, options={"scale": self.scale, "clusters": self.clusters})


MatrixMap = LinearMap | ConvexNmf | DiffusionMap
"""Maps that are matrices."""
