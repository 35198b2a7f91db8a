"""The packages of this folder, installed as an installer leaves them, and commands that find them
there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def install(folder: Path, *, without: Collection[str] = ()) -> Path:
    """Lay the modules into a folder, with the metadata of `pyproject.toml` but for some groups of
    entry points.
    """
    project = tomllib.loads((HERE / "pyproject.toml").read_text("utf-8"))["project"]
    for package in ("rgc_toy", "rgc_toy_family"):
        shutil.copytree(
            HERE / package, folder / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    info = folder / f"rgc_toy-{project['version']}.dist-info"
    info.mkdir()
    head = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(head, "utf-8")
    points = [
        f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in table.items())
        for group, table in project["entry-points"].items()
        if group not in without
    ]
    (info / "entry_points.txt").write_text("\n".join(points), "utf-8")
    return folder


def outside(site: Path, *words: str, backends: str = "toy") -> subprocess.CompletedProcess[str]:
    """`python ...` from a folder that is not ours, with the site on its path."""
    paths = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"PYTHONPATH": paths, "RGC_BACKENDS": backends}
    command: list[Any] = [sys.executable, *words]
    return subprocess.run(
        command, cwd=site, env=environment, capture_output=True, text=True, timeout=600
    )


def suite(site: Path, name: str, *words: str) -> subprocess.CompletedProcess[str]:
    """The conformance suite on one backend."""
    plain = ("-q", "-rs", "-p", "no:cacheprovider", "-p", "no:xdist")
    command = ("-m", "pytest", "--pyargs", "rgc.conformance", *plain, *words)
    return outside(site, *command, backends=name)
