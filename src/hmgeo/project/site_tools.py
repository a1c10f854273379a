"""Around the siting check: zones of clauses over an area, candidate points, and 是否在重点区域 for any table."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import shapely

from hmgeo.analysis.key_area_fill import COLUMNS, fill_key_areas
from hmgeo.analysis.key_areas import KEY_AREA_KIND
from hmgeo.analysis.overlay import overlay_clauses
from hmgeo.analysis.site_facts import PlaceFinder
from hmgeo.layers.areas import context_layers, resolve_area
from hmgeo.layers.options import ReadOptions
from hmgeo.outputs.tables import guarded
from hmgeo.project.admin_areas import administrative_areas
from hmgeo.project.folder import whole_file
from hmgeo.project.overlay_files import OVERLAY_COLUMNS, overlay_rows, write_overlay
from hmgeo.project.site import open_desk
from hmgeo.project.site_input import typed_site
from hmgeo.project.site_list import sites_of_file
from hmgeo.reference.tables import key_areas
from hmgeo.rules.book import load_book
from hmgeo.vocabulary import Basis, Effect

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from pathlib import Path

    from hmgeo.analysis.overlay import Overlay
    from hmgeo.analysis.site_facts import Site
    from hmgeo.project.site import SiteDesk
    from hmgeo.project.site_input import Typed


def overlay_project(desk: SiteDesk, site: Site, area: str = "") -> Overlay:
    """Draw where each clause touches a project anywhere in an area.

    Parameters
    ----------
    area
        Area code, key-area id or polygon file; the project's own area where empty.
    """
    shapes = (
        [resolve_area(area, base=desk.spec.folder).geometry] if area else [one.geometry for one in desk.inputs.areas]
    )
    return overlay_clauses(desk.bench, site, shapely.union_all(shapes))


def draw_overlay(
    project: Path, typed: Typed, out: Path, *, as_of: date | None = None, area: str = ""
) -> list[tuple[str, ...]]:
    """Draw and write the overlay of a project file; return the rows of overlay.csv, header first.

    Raises
    ------
    ProjectError, InputError, UsageError, OutputError
        With every problem found.
    """
    desk = open_desk(project, as_of=as_of)
    site, _ = typed_site(typed)
    overlay = overlay_project(desk, site, area)
    files = [desk.spec.file, *(desk.spec.folder / layer.path for layer in desk.spec.layers.values())]
    write_overlay(desk, overlay, out, files)
    return [OVERLAY_COLUMNS, *overlay_rows(desk, overlay)]


def fill_table(path: Path, out: Path, *, counties: Sequence[str], options: ReadOptions | None = None) -> int:
    """Write a table again with the columns of 是否在重点区域 after its own; return the number of rows.

    Parameters
    ----------
    path
        A table or layer with coordinates, shapes or place names.
    counties
        Area codes or key-area ids whose administrative lines are looked up.

    Raises
    ------
    InputError, OutputError
        The file can't be read or written.
    """
    areas = administrative_areas(context_layers(list(counties)))
    sites, positions, _ = sites_of_file(path, areas, basis=Basis.UNDECLARED, options=options or ReadOptions())
    filled = fill_key_areas(sites, PlaceFinder(areas), _outlines(), _sources())
    headers = positions.attributes.column_names
    rows = [
        (*(cells[name] for name in headers), *one.cells)
        for cells, one in zip(positions.attributes.to_pylist(), filled, strict=True)
    ]
    with whole_file(out, [path]) as temporary:
        _write_rows(temporary, (*headers, *COLUMNS), rows)
    return len(rows)


def _outlines() -> dict[str, shapely.Geometry]:
    """Return the polygon of every administrative code that a key area names and that ships with the program."""
    found = {}
    for area in key_areas():
        for context in context_layers([area.admin_code]) if area.admin_code.isdigit() else ():
            for row in context.table.to_pylist() if context.role in {"county", "township"} else ():
                found[row["id"]] = shapely.from_wkb(row["geometry"])
    return found


def _sources() -> dict[str, str]:
    """Return for each key area the clauses that name it."""
    found: dict[str, list[str]] = {}
    for rule in load_book().by_effect(Effect.CLASSIFY):
        if rule.test is not None and rule.test.kind == KEY_AREA_KIND:
            for area_id in rule.test.texts("area_ids"):
                found.setdefault(area_id, []).append(f"《{rule.latest.document}》{rule.latest.clause}")
    return {area_id: "；".join(dict.fromkeys(texts)) for area_id, texts in found.items()}


def _write_rows(path: Path, header: Iterable[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([guarded(cell) for cell in header])
        writer.writerows([guarded(cell) for cell in row] for row in rows)
