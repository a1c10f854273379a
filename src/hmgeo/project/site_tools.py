"""Around the siting check: zones of clauses over an area, candidate points, and 是否在重点区域 for any table."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import shapely

from hmgeo.analysis.key_area_fill import COLUMNS, fill_key_areas
from hmgeo.analysis.key_areas import KEY_AREA_KIND
from hmgeo.analysis.overlay import overlay_clauses
from hmgeo.analysis.site_facts import PlaceFinder
from hmgeo.layers.areas import context_layers, resolve_area
from hmgeo.layers.options import ReadOptions
from hmgeo.outputs.tables import guarded, write_parquet
from hmgeo.outputs.wording import DISCLAIMER
from hmgeo.project.admin_areas import administrative_areas
from hmgeo.project.folder import whole_file, whole_folder
from hmgeo.project.site import open_desk
from hmgeo.project.site_input import sites_of_file, typed_site
from hmgeo.reference.tables import key_areas
from hmgeo.rules.book import load_book
from hmgeo.vocabulary import Basis, Effect

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from hmgeo.analysis.overlay import Overlay, Zone
    from hmgeo.analysis.site_facts import Site
    from hmgeo.project.site import SiteDesk
    from hmgeo.project.site_input import Typed

OVERLAY_COLUMNS = (
    "次序", "规则", "结论", "位阶", "文件", "条款", "单独触及(ha)", "单独触及(%)", "依次新增(ha)",
    "依次后未触及(ha)", "说明",
)  # fmt: skip
_ZONE_SCHEMA = pa.schema(
    [
        ("rule_id", pa.string()),
        ("verdict", pa.string()),
        ("title", pa.string()),
        ("document", pa.string()),
        ("clause", pa.string()),
        ("alone_ha", pa.float64()),
        ("geometry", pa.binary()),
    ]
)
UNTOUCHED = "已载图层覆盖范围内未触及（不等于可以建设）"


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
    write_overlay(overlay, out, files)
    return [OVERLAY_COLUMNS, *overlay_rows(overlay)]


def write_overlay(overlay: Overlay, out: str | Path, inputs: Sequence[Path] = ()) -> Path:
    """Write overlay.csv (alone and in sequence) and zones.parquet (lon/lat, EPSG:4490).

    Raises
    ------
    OutputError
        Where the folder holds something else or can't be written.
    """
    with whole_folder(Path(out), inputs) as folder:
        rows = [_zone_row(zone) for zone in overlay.zones]
        write_parquet(pa.Table.from_pylist(rows, _ZONE_SCHEMA), folder / "zones.parquet")
        _write_rows(folder / "overlay.csv", OVERLAY_COLUMNS, overlay_rows(overlay))
        (folder / "manifest.json").write_text('{"schema": 1, "kind": "overlay"}\n', encoding="utf-8")
    return Path(out)


def _zone_row(zone: Zone) -> dict[str, object]:
    cited = zone.citation
    return {
        "rule_id": cited.rule_id,
        "verdict": zone.verdict.value,
        "title": cited.title,
        "document": cited.document,
        "clause": cited.clause,
        "alone_ha": zone.alone_ha,
        "geometry": shapely.to_wkb(zone.geometry, output_dimension=2, byte_order=1),
    }


def overlay_rows(overlay: Overlay) -> list[tuple[str, ...]]:
    """Return the rows of overlay.csv: zones in reading order, what remains, and the clauses that have no zone."""
    rows = []
    for number, zone in enumerate(overlay.zones, start=1):
        cited = zone.citation
        numbers = (zone.alone_ha, zone.alone_percent, max(zone.added_ha, 0.0), zone.left_ha)
        start = (str(number), cited.rule_id, zone.verdict.zh, cited.legal_rank.zh, cited.document, cited.clause)
        rows.append((*start, *(f"{one:.2f}" for one in numbers), cited.title))
    blank = ("", "", "", "")
    rows.append(("", "", UNTOUCHED, "", "", "", *blank[:3], f"{overlay.untouched_ha:.2f}", DISCLAIMER))
    for cited, why in overlay.undrawn:
        rows.append(("", cited.rule_id, "未评估", cited.legal_rank.zh, cited.document, cited.clause, *blank, why))
    return rows


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
