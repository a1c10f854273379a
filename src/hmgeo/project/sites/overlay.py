"""`hmgeo overlay` and `hmgeo key-areas`: zones of clauses laid over an area, and its key areas, as files."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import shapely

from hmgeo.intake.areas import context_layers, resolve_area
from hmgeo.intake.columns import ReadOptions
from hmgeo.outputs import qml
from hmgeo.outputs.gis import GisTable, with_geometry, write_tables
from hmgeo.outputs.map.page import write_map
from hmgeo.outputs.plain_tables import PlainTable, write_plain
from hmgeo.outputs.style import CONTEXT, context_style
from hmgeo.outputs.tables import guarded, write_parquet
from hmgeo.outputs.wording import DISCLAIMER, badge
from hmgeo.project.folder import SCHEMA, entries, whole_file, whole_folder, write_record
from hmgeo.project.inputs import administrative_areas, context_layers_of, layers_used
from hmgeo.project.sites.desk import open_desk
from hmgeo.project.sites.given import sites_of_file, typed_site
from hmgeo.records import Ledger, table_of
from hmgeo.reference.tables import key_areas
from hmgeo.results.columns import SHAPES_SCHEMA, nothing_found
from hmgeo.results.results import ContextLayer, Presentation, Results
from hmgeo.rules.book import load_book
from hmgeo.siting.key_areas import COLUMNS, Lists, fill_key_areas
from hmgeo.siting.overlay import hatching, overlay_clauses
from hmgeo.siting.site import PlaceFinder
from hmgeo.vocabulary import INVENTED, Basis, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from hmgeo.project.sites.desk import SiteDesk
    from hmgeo.project.sites.given import Typed
    from hmgeo.siting.overlay import Overlay, Zone
    from hmgeo.siting.site import Site


OVERLAY_COLUMNS = (
    "次序", "规则", "结论", "位阶", "文件", "条款", "单独触及(ha)", "单独触及(%)", "依次新增(ha)",
    "依次后未触及(ha)", "说明",
)  # fmt: skip
UNTOUCHED = "已载图层覆盖范围内未触及（不等于可以建设）"
DATA_END = "至少一个所用图层的数据范围以外（此处未触及不说明问题）"
NOT_ALLOWED = "未触及不等于可以建设：未评估的条款没有画在里面，斜线处数据不足。"
_ZONE_SCHEMA = pa.schema(
    [
        ("rule_id", pa.string()),
        ("verdict", pa.string()),
        ("verdict_text", pa.string()),
        ("title", pa.string()),
        ("legal_rank", pa.string()),
        ("document", pa.string()),
        ("clause", pa.string()),
        ("quote", pa.string()),
        ("decider", pa.string()),
        ("basis", pa.string()),
        ("alone_ha", pa.float64()),
        ("alone_percent", pa.float64()),
        ("added_ha", pa.float64()),
        ("left_ha", pa.float64()),
        ("geometry", pa.binary()),
    ]
)
_TOUCHING = (Verdict.PROHIBITED, Verdict.CONDITIONAL, Verdict.LISTED)


def write_overlay(desk: SiteDesk, overlay: Overlay, out: str | Path, inputs: Sequence[Path] = ()) -> Path:
    """Write overlay.gpkg, overlay.csv, overlay.xlsx, zones.parquet (lon/lat, EPSG:4490) and map.html.

    Raises
    ------
    OutputError
        Where the folder holds something else or can't be written, or a layer's 密级 forbids the page.
    """
    rows = overlay_rows(desk, overlay)
    zones = table_of([_zone_row(zone, desk) for zone in overlay.zones], _ZONE_SCHEMA)
    with whole_folder(Path(out), inputs) as folder:
        write_parquet(zones, folder / "zones.parquet")
        with (folder / "overlay.csv").open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([guarded(cell) for cell in row] for row in (OVERLAY_COLUMNS, *rows))
        notes = (NOT_ALLOWED, DISCLAIMER)
        write_plain([PlainTable("已评估条款叠加", OVERLAY_COLUMNS, tuple(rows))], folder / "overlay.xlsx", notes=notes)
        day = desk.bench.question.day
        write_tables([_zones(zones), *_figures(overlay)], folder / "overlay.gpkg", day)
        write_map(overlay_results(desk, overlay), Presentation(), folder / "map.html")
        write_record(folder, {"schema": SCHEMA, "kind": "overlay", "as_of": day, "outputs": entries(folder)})
    return Path(out)


def overlay_rows(desk: SiteDesk, overlay: Overlay) -> list[tuple[str, ...]]:
    """Return the rows of overlay.csv: zones in reading order, what remains, and the clauses that have no zone."""
    rows = []
    for number, zone in enumerate(overlay.zones, start=1):
        cited = zone.citation
        numbers = (zone.alone_ha, zone.alone_percent, max(zone.added_ha, 0.0), zone.left_ha)
        start = (str(number), cited.rule_id, _badge(zone, desk), cited.legal_rank.zh, cited.document, cited.clause)
        rows.append((*start, *(f"{one:.2f}" for one in numbers), cited.title))
    blank = ("", "", "", "")
    rows.append(("", "", UNTOUCHED, "", "", "", *blank[:3], f"{overlay.untouched_ha:.2f}", NOT_ALLOWED))
    for cited, why in overlay.undrawn:
        rows.append(("", cited.rule_id, "未评估", cited.legal_rank.zh, cited.document, cited.clause, *blank, why))
    return rows


def overlay_results(desk: SiteDesk, overlay: Overlay) -> Results:
    """Return an overview map: the zones above the project's lines, hatched where data end; nothing is judged."""
    inputs, question = desk.inputs, desk.bench.question
    lines = context_layers_of(inputs.areas, inputs.context, [])
    drawn = [_zone_layer(zone, desk) for zone in overlay.zones]
    if not overlay.uncovered.is_empty:
        figure = [{"id": "", "name": "", "geometry": shapely.to_wkb(hatching(overlay.uncovered))}]
        table = table_of(figure, SHAPES_SCHEMA)
        drawn.append(ContextLayer("data_end", DATA_END, Basis.REAL, "", table))
    layers = [*(() if inputs.farmland is None else (inputs.farmland,)), *inputs.others]
    undrawn = f"另有 {len(overlay.undrawn)} 条触及与否没有画出，原因见 overlay.xlsx。" if overlay.undrawn else ""
    return Results(
        title=f"已评估条款叠加：{desk.spec.title}",
        as_of=question.as_of,
        area_name="、".join(area.name for area in inputs.areas),
        radius_m=0.0,
        radii_m=(),
        **nothing_found(),
        ledger=Ledger(()),
        layers=layers_used(layers),
        context=(*drawn, *lines),
        warnings=tuple(filter(None, (NOT_ALLOWED, undrawn))),
    )


def _zone_layer(zone: Zone, desk: SiteDesk) -> ContextLayer:
    cited = zone.citation
    name = f"《{cited.document}》{cited.clause}：{_badge(zone, desk)}"
    row = {"id": cited.rule_id, "name": name, "geometry": shapely.to_wkb(zone.geometry, output_dimension=2)}
    title = f"{_badge(zone, desk)}：《{cited.document}》{cited.clause}（{cited.rule_id}，{zone.alone_ha:.0f} ha）"
    table = table_of([row], SHAPES_SCHEMA)
    return ContextLayer(f"zone_{zone.verdict.value}", title, _basis(zone, desk), "", table)


def _basis(zone: Zone, desk: SiteDesk) -> Basis:
    return Basis.worst(*(desk.bench.basis_of(code) for code in zone.layers)) if zone.layers else Basis.REAL


def _badge(zone: Zone, desk: SiteDesk) -> str:
    """Return the word of a zone; a hypothetical project held against invented data reads 示例判定."""
    is_example = any(desk.bench.basis_of(code) in INVENTED for code in zone.layers)
    return badge({"verdict": zone.verdict.value}, example=is_example)


def _zone_row(zone: Zone, desk: SiteDesk) -> dict[str, object]:
    cited = zone.citation
    return {
        "rule_id": cited.rule_id,
        "verdict": zone.verdict.value,
        "verdict_text": _badge(zone, desk),
        "title": cited.title,
        "legal_rank": cited.legal_rank.zh,
        "document": cited.document,
        "clause": cited.clause,
        "quote": cited.quote,
        "decider": cited.decider,
        "basis": _basis(zone, desk).value,
        "alone_ha": zone.alone_ha,
        "alone_percent": zone.alone_percent,
        "added_ha": zone.added_ha,
        "left_ha": zone.left_ha,
        "geometry": shapely.to_wkb(zone.geometry, output_dimension=2, byte_order=1),
    }


def _zones(zones: pa.Table) -> GisTable:
    shapes = list(shapely.from_wkb(zones["geometry"].to_pylist()))
    rows, kind = with_geometry(zones.drop_columns("geometry"), shapes)
    categories = [qml.Category(one.value, one.zh, qml.fill(CONTEXT[f"zone_{one.value}"])) for one in _TOUCHING]
    own = {
        "title": "条款名称", "alone_ha": "单独触及(ha)", "alone_percent": "单独触及(%)", "added_ha": "依次新增(ha)",
        "left_ha": "依次后未触及(ha)",
    }  # fmt: skip
    headers = {
        name: alias
        for one in rows.column_names
        for name, alias in ({one: own[one]} if one in own else qml.aliases([one], "findings")).items()
    }
    return GisTable("zones", "各条款触及的范围", rows, kind, qml.categorized("verdict", categories, headers))


def _figures(overlay: Overlay) -> list[GisTable]:
    """Return what is left untouched within coverage, and where data end."""
    made = []
    for name, title, shape in (
        ("untouched", UNTOUCHED, overlay.untouched),
        ("data_end", DATA_END, overlay.uncovered),
    ):
        shapes = [] if shape.is_empty else [shape]
        table = table_of([{"name": title} for _ in shapes], pa.schema([("name", pa.string())]))
        rows, kind = with_geometry(table, shapes)
        look = qml.hatched(context_style(name)) if name == "data_end" else qml.fill(context_style(name))
        made.append(GisTable(name, title, rows, kind, qml.single(look, qml.aliases(rows.column_names, "areas"))))
    return made


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


def fill_table(
    path: Path, out: Path, *, counties: Sequence[str], as_of: date, options: ReadOptions | None = None
) -> int:
    """Write a table again with the columns of 是否在重点区域 after its own; return the number of rows.

    Parameters
    ----------
    path
        A table or layer with coordinates, shapes or place names.
    counties
        Area codes or key-area ids whose administrative lines are looked up.
    as_of
        The day on which the lists of key areas must hold; a last column tells it.

    Raises
    ------
    InputError, OutputError
        The file can't be read or written.
    """
    areas = administrative_areas(context_layers(list(counties)))
    options = replace(options or ReadOptions(), in_china=True)  # lists of key areas hold no place abroad
    sites, positions, _ = sites_of_file(path, areas, basis=Basis.UNDECLARED, options=options)
    filled = fill_key_areas(sites, PlaceFinder(areas), _outlines(), Lists(load_book().rules, as_of))
    headers = positions.attributes.column_names
    rows = [
        (*(cells[name] for name in headers), *one.cells, as_of.isoformat())
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


def _write_rows(path: Path, header: Iterable[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([guarded(cell) for cell in header])
        writer.writerows([guarded(cell) for cell in row] for row in rows)
