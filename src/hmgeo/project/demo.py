"""The projects that ship with hmgeo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hmgeo.layers.catalog import shipped_folder
from hmgeo.project.progress import silent
from hmgeo.project.run import Run, run_project
from hmgeo.project.shown import Wish

if TYPE_CHECKING:
    from hmgeo.project.progress import Progress

DEMO_PROJECTS = ("qingcheng", "nandan")


def demo_projects() -> tuple[Path, ...]:
    """Return the shipped project files; their enterprises and parcels are invented."""
    return tuple(shipped_folder() / "projects" / name / "project.yml" for name in DEMO_PROJECTS)


def run_demo(out: str | Path = "hmgeo-demo", *, language: str = "zh", progress: Progress = silent) -> tuple[Run, ...]:
    """Run the shipped projects, each into its own folder below `out`.

    Raises
    ------
    OutputError
        Where a folder can't be written.
    """
    wish = Wish(language=language)
    return tuple(
        run_project(path, Path(out) / path.parent.name, wish=wish, progress=progress) for path in demo_projects()
    )
