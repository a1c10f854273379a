"""The one table of columns: every column of every file of a run, with unit, words, and what an empty cell means.

The lines stand in `columns.tsv`: table, column, kind (of `KINDS`), Chinese, English, what an empty
cell means (a code of the lines `empty`; never empty without), the unit where the suffix of the name doesn't tell it,
and where else it is shown. A line that names a column alone takes the one among `common`. Schemas, csv and parquet
files, the dictionary and the aliases in a GeoPackage come from here. A new column is two places: where it is worked
out, and its line. Contract columns come first, in this order; more may follow.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

import pyarrow as pa
from msgspec import Struct

from hmgeo import records
from hmgeo.results.text import METRES_PER_KM
from hmgeo.vocabulary import EVIDENCE_RADII_M, LAND_CODES, POLLUTED_CLASSES
from hmgeo.words import ENGLISH, table_rows

REASONS = pa.list_(pa.struct([("code", pa.string()), ("values", pa.string())]))


class Said(NamedTuple):
    """Words in both languages."""

    zh: str
    en: str


def lines_of(table: str) -> list[list[str]]:
    """Return the lines of columns.tsv that begin with `table`, without it; blank cells at their ends left out."""
    return _LINES[table]


_LINES: dict[str, list[list[str]]] = {}
for _name, *_cells in table_rows("hmgeo.results", "columns.tsv"):
    _LINES.setdefault(_name, []).append(_cells)
EMPTY: Mapping[str, Said] = MappingProxyType({code: Said(zh, en) for code, zh, en in lines_of("empty")})
"""What an empty cell means, by the code that lines have for it."""
KINDS: Mapping[str, pa.DataType] = MappingProxyType({**records.KINDS, "reasons": REASONS})
"""Type of a column by its kind: those of records, and reasons as codes with values in JSON."""

UNITS: Mapping[str, str] = MappingProxyType(
    {"_m": "m", "_ha": "ha", "_deg": "°", "_percent": "%", "_kg": "kg", "_m3": "m³"}
)
"""Unit of a number by the suffix of its column."""
_IN_ALIAS = frozenset({"m", "ha", "m³"})


class OnSheet(NamedTuple):
    """Where a workbook shows a column as it is: before the notes that end the sheet.

    Parameters
    ----------
    sheet
        各源结果 or 依据.
    width
        In characters.
    kind
        As `hmgeo.outputs.book.Column` names them.
    """

    sheet: str
    width: float
    kind: str = "wrap"


class DataColumn(Struct, frozen=True):
    """One column.

    Parameters
    ----------
    zh, en
        What it holds, as a header.
    null
        What an empty cell means.
    unit
        Told by the suffix of the name where nothing is said.
    popup
        Whether the map shows it of a source, under its header.
    sheet
        Where a workbook shows it; None where it doesn't, or where the sheet makes a cell of its own from it.
    """

    name: str
    type: pa.DataType
    zh: str
    en: str
    null: Said = EMPTY["never"]
    unit: str = ""
    popup: bool = False
    sheet: OnSheet | None = None

    @property
    def measured_in(self) -> str:
        """The unit; empty for words, counts and flags."""
        suffix = next((unit for end, unit in UNITS.items() if self.name.endswith(end)), "")
        return self.unit or (suffix if pa.types.is_floating(self.type) else "")

    @property
    def metadata(self) -> dict[str, str]:
        """What a parquet file says of it."""
        entries = {
            "zh": self.zh,
            "en": self.en,
            "unit": self.measured_in,
            "null_zh": self.null.zh,
            "null_en": self.null.en,
        }
        return {key: words for key, words in entries.items() if words}

    def alias_in(self, language: str) -> str:
        """Return the header with its unit in `language`, for GIS programs."""
        header = self.en if language == ENGLISH else self.zh
        return f"{header}({self.measured_in})" if self.measured_in in _IN_ALIAS else header


class DataTable(Struct, frozen=True):
    """One table of a run.

    `name`: of the file, or of the table in the GeoPackage. `zh`, `en`: what a row is.
    """

    name: str
    zh: str
    en: str
    columns: tuple[DataColumn, ...]

    @property
    def schema(self) -> pa.Schema:
        """Names and types."""
        return pa.schema([(column.name, column.type) for column in self.columns])

    def on_sheet(self, sheet: str) -> tuple[tuple[DataColumn, OnSheet], ...]:
        """Return the columns that `sheet`, by its title, shows as they are, each with how."""
        return tuple(
            (column, column.sheet)
            for column in self.columns
            if column.sheet is not None and column.sheet.sheet == sheet
        )


def column_of_line(line: Sequence[str]) -> DataColumn:
    """Return the column that a `line` of columns.tsv declares, its table left out: name, kind, Chinese, English, …

    The rest may be missing: the code of what an empty cell means, the unit, and where else it is shown, parted by
    blanks: `popup`, a sheet with width and kind as `各源结果:9:distance_m`.

    >>> column_of_line(("distance_m", "number", "距离", "distance", "unlocated")).null.zh
    '没有可用位置，未测算'
    """
    name, kind, zh, en, empty, unit, shown = (*line, *[""] * _CELLS)[:_CELLS]
    sheets = [word.split(":") for word in shown.split() if ":" in word]
    sheet = next((OnSheet(title, float(width), form) for title, width, form in sheets), None)
    return DataColumn(name, KINDS[kind], zh, en, EMPTY[empty or "never"], unit, "popup" in shown.split(), sheet)


_CELLS = 7


_COMMON = {line[0]: column_of_line(line) for line in lines_of("common")}
_MADE: Mapping[str, tuple[DataColumn, ...]] = {
    "*polluted_by_radius": tuple(
        column_of_line(
            (f"{code}_{km}_ha", "number", f"{km} 内{word}面积", f"{code.replace('_', ' ')} within {km}", "unlocated")
        )
        for word, code in POLLUTED_CLASSES.items()
        for km in (f"{radius_m / METRES_PER_KM:g}km" for radius_m in EVIDENCE_RADII_M)
    ),
    "*reached_by_land_use": tuple(
        column_of_line(
            (f"reached_{code}_ha", "number", f"其中{word}", f"of it {code.replace('_', ' ')}", "unstated"),
        )
        for word, code in LAND_CODES.items()
    ),
}
"""Columns of which there is one for each class or radius, by what stands for them among the lines."""


def _columns(table: str) -> Iterator[DataColumn]:
    for line in lines_of(table):
        name, is_named_alone = line[0], len(line) == 1
        yield from _MADE.get(name) or [_COMMON[name] if is_named_alone else column_of_line(line)]


def _table(name: str, zh: str, en: str, *before: DataColumn) -> DataTable:
    return DataTable(name, zh, en, (*before, *_columns(name)))


SOURCES = _table("sources.csv", "每一行输入一行", "every input row once")
"""sources.csv (which leaves geometry out): every input row once, in input order.

Distances and counts are null where they were not measured; verdict is the screening rule's alone and empty where a
project sets none. counts_are_lower_bounds is true where the search leaves the declared coverage.
"""

FARMLAND_CLIPPED = "farmland_area_clipped_ha"
"""In the table of sources: `AREA_CLIPPED` of `all` at the search radius."""

SOURCES_MORE = tuple(_columns("sources.csv+bureau"))
"""Columns that follow where a bureau screens.

key_area_district and key_area_towns answer whether the whole district or the two towns hold the source (是, 否,
无法判断); both are empty where no such rule is in effect. farmland_area_max_ha and range_error_m are set for sources
known by place.
"""

VISITS = tuple(_columns("sources.csv+visits"))
"""Columns that follow: the suggested order of visits on site (现场核查先后), no score and no ranking."""

TERRAIN, BARRIER = "terrain", "barrier"
"""Class of the source's place, and what stands between it and its nearest parcel, in words; empty where unknown."""

GROUND = tuple(_columns("ground"))
"""Columns that follow in sources.csv and evidence.csv."""

PAIRS = _table("pairs.parquet", "半径内的每一对污染源和受体", "every pair within the radius")
"""Every pair within the radius, by receptor and then by source, both in input order."""

COUNTS = _table("counts.parquet", "污染源、半径、类别各一行", "a source, radius and class a row")
"""Parcels within each radius by class, whole parcels counted; class `all` is the sum of either kind of classes. Zero
rows are written; those of land use where the layer says it.

After these, is_lower_bound says whether the search of that radius leaves what the layer declares to cover; and, where
they were asked for, `AREA_UNION` and `AREA_CLIPPED`.
"""

AREA_UNION = "area_union_ha"
"""Ground under the parcels that were counted, each whole, as drawn, common ground once; `all` is no sum of classes."""

AREA_CLIPPED = "area_clipped_ha"
"""Ground under parcels within the radius, clipped by the circle, common ground once; null but for points."""

FINDINGS = _table("findings.parquet", "一个污染源对一条规则一行", "one source judged against one rule")
"""findings.parquet: one source judged against one rule. margin = measured - limit; bearing from true north;
note is what reasons come to; reason_codes are their codes, joined by `;` (`hmgeo.words.groups_of` groups them).
"""

LEDGER = _table("ledger.csv", "处理台账，一件事一行", "everything dropped, repaired, assumed or suspected")
"""ledger.csv: row 0 speaks of the file as a whole."""

RECEPTORS = _table("receptors", "耕地及其他受体", "farmland and other receptors")
"""Receptors with the sources that reach them within the radius; nearest_source is empty where none does."""

SLOPE_COLUMNS = tuple(_COMMON[name] for name in ("slope_grade", "slope_from", "slope_deg"))
"""Farmland slope grade (2, 6, 15, 25 degrees make 1 to 5); slope_from: `layer` (GDPDJB) before `elevation`.

slope_deg is the mean over the grid of heights, whatever the grade comes from; null off the grid.
"""

WORKS = "works_2km"
REACHED = _table("receptors.parquet", "每个受体一行", "every receptor once", *RECEPTORS.columns)
"""receptors.parquet: every receptor once, with the sources that reach it within the radius, nearest first."""

FLIPS = _table(
    "terrain_flips.parquet", "地形取法和半径的试算", "who is listed for each reading of terrain and each radius"
)
"""Who is listed for each terrain choice (`not_considered` included) and each radius outside plains.

is_listed is null where heights are missing; a source flips where is_listed and is_listed_if_plain differ.
"""

FLOW_PATHS = _table("flow_paths.csv", "每个污染源的径流路径", "the way water takes downhill from each source")
"""The way water takes downhill from each source: flow length, how the path ends, area that drains to its start.

length_m is null where a source has no position on the grid; geometry is the path in lon/lat. flat_cells counts the
cells of the longest level stretch; is_ambiguous says that it might as well leave such ground elsewhere for good.
"""

FLOW_MET = _table("flow_met.parquet", "径流先后遇到的对象", "what a path meets, nearest first")
"""What a source's path meets downstream, nearest first: parcels, zones, intakes, township and county borders.

is_ambiguous: by only one of two ways out of level ground that are nearly as short."""

CATCHMENTS = _table(
    "catchments.csv", "取水口、保护区集水范围内的污染源", "sources in the catchment of an intake or zone"
)
"""Sources in the catchment of an intake or zone, nearest along the water first; one row with empty source_id for a
target that has none or can't be told. flat_cells and is_ambiguous as above: such a
source may drain to the target or not."""

LAND_TOTALS = _table(
    "land_totals.csv", "各县各半径内的耕地，一块只计一次", "farmland within each radius, each parcel once, by county"
)
"""Distinct land: a parcel that several sources reach counts once. Sums of all counties first, then county by county."""

TOWNSHIPS = _table("townships.csv", "每个乡镇一行", "a township a row")
"""Sources in each township, its parcels, those that sources reach (each once) and by whom; villages and sites alike."""

OUTLETS = _table("outlets.csv", "每个排放口一行", "every outlet once")
"""outlets.csv: every outlet once, in input order, with the source it belongs to; source_id is empty for the rest."""

LEADS = _table("leads.csv", "跨界移送线索", "leads across the county line")
"""Leads across the county line. direction: 本地源影响界外 or 界外源影响本地; farmland_count is null where data end."""

EVIDENCE = _table("evidence.csv", "每个污染源的证据", "cells by pathway and receptor")
"""One row per source, in input order; distances in metres, areas in hectares of whole parcels, emissions in kg/a.

air_stack_height_m is the lowest stack, air_stack_height_max_m the highest; air_downwind_percent speaks of the nearest
parcel and air_downwind_note says what it rests on or why it is empty.
"""

SHAPES_SCHEMA = records.schema_of("text id name", "shape geometry")
"""Shapes of a layer that is drawn and not judged, lon/lat WKB."""

SEARCH_AREAS_SCHEMA = records.schema_of("text source_id", "shape geometry")
"""The circle (or buffer) that was searched around each source."""

STEEP = _table("steep_farmland.csv", "坡耕地清单", "steep farmland that the national text speaks of")
"""Steep farmland that the national text speaks of. list: `from_25` or `water_15_25`; status: `listed` or
`not_assessed`; parcels that are neither stand in no list."""

BARRIERS = _table("barriers.csv", "污染源与最近地块之间", "what lies between each source and its nearest parcel")
"""What lies between each source and its nearest parcel; information beside the verdict.

has_ridge and is_same_small_catchment are null where their parameter is unset; common_catchment_ha where the waters
don't join on the grid.
"""

OVERHEAD = _table("overhead.csv", "头顶库复核线索", "ponds above people, as leads for checking")
"""头顶库 as leads for checking: the department's designation first, then both readings of 1 km side by side.

designated is the layer's own word. Counts are null where a reading was not assessed, with the reason in note. path is
the way down from the dam's toe within the limit, a line in lon/lat.
"""

MINES = _table("mines.csv", "矿区周边和下游的受污染耕地", "mines with the polluted farmland around and downstream")
"""Mines with the polluted farmland around and downstream of them, each measure in a column of its own, no score.

Order: more 严格管控 downstream first, then near, then 安全利用 alike, then nearer; rank is the place in that order.
nearest_m and downstream_m are to the nearest parcel of either class; areas are of whole parcels within the limits,
which the project chose. path_ends says how the way down ended.
"""

IRRIGATION = _table("irrigation.csv", "灌溉途径，一链一行", "chains from outlet to parcels")
"""One row for each chain of a source; status: `established`, `broken` or `not_assessed`. chain is the whole chain as a
sentence, each link with what it rests on; broken_at names the missing link. Areas in hectares of whole parcels."""

CATCHMENT_AREAS = _table("catchments", "集水范围", "the ground that drains to a target within the limit")
"""The ground that drains to a target within the limit, as polygons along cell edges in lon/lat."""

BASINS = _table("closed_basins.csv", "封闭洼地", "closed basins, deepest first")
"""Closed basins, deepest first: the ground below the rim (area_ha, geometry), what drains to it, and who lies in it."""

SAMPLING = _table("sampling_points.csv", "建议布点", "places proposed for sampling")
"""Where to sample or monitor: each place with why, and the clause where a text asks for it. Proposals, no sites."""

AGREEMENT = _table("flow_agreement.csv", "高程与河网对照", "heights and drawn rivers side by side")
"""A source and a target a row; status: `agree`, `only_heights`, `only_network`, `cannot_tell`."""

AREAS = _table("areas", "区域和参考图层", "areas and other context")

SOURCES_SCHEMA, PAIRS_SCHEMA, COUNTS_SCHEMA = SOURCES.schema, PAIRS.schema, COUNTS.schema
FINDINGS_SCHEMA, LEDGER_SCHEMA, RECEPTORS_SCHEMA = FINDINGS.schema, LEDGER.schema, RECEPTORS.schema
VISITS_SCHEMA = pa.schema([(column.name, column.type) for column in VISITS])
EXTRA_SCHEMA = pa.schema([*((column.name, column.type) for column in SOURCES_MORE), *VISITS_SCHEMA])
TERRAIN_FLIPS_SCHEMA, FLOW_PATHS_SCHEMA, FLOW_MET_SCHEMA = FLIPS.schema, FLOW_PATHS.schema, FLOW_MET.schema
FLOW_CATCHMENT_SCHEMA, REACHED_SCHEMA, TOWNSHIPS_SCHEMA = CATCHMENTS.schema, REACHED.schema, TOWNSHIPS.schema
OUTLETS_SCHEMA, LEADS_SCHEMA, EVIDENCE_SCHEMA = OUTLETS.schema, LEADS.schema, EVIDENCE.schema
SLOPES_SCHEMA = pa.schema([("receptor_id", pa.string()), *((column.name, column.type) for column in SLOPE_COLUMNS)])
STEEP_SCHEMA, BARRIER_SCHEMA, OVERHEAD_SCHEMA = STEEP.schema, BARRIERS.schema, OVERHEAD.schema
MINES_SCHEMA, LAND_TOTALS_SCHEMA = MINES.schema, LAND_TOTALS.schema
IRRIGATION_SCHEMA, CATCHMENT_AREA_SCHEMA, BASIN_SCHEMA = IRRIGATION.schema, CATCHMENT_AREAS.schema, BASINS.schema
SAMPLING_SCHEMA, AGREEMENT_SCHEMA, AREA_SCHEMA = SAMPLING.schema, AGREEMENT.schema, AREAS.schema

_WHOLE = {
    SOURCES.name: (*SOURCES_MORE, *VISITS, *GROUND, *_columns("sources.csv+clipped")),
    COUNTS.name: tuple(_columns("counts.parquet+more")),
    EVIDENCE.name: GROUND,
    REACHED.name: tuple(_columns("receptors.parquet+more")),
}
"""Columns that a run may add, by table."""
TABLES: Mapping[str, DataTable] = MappingProxyType(
    {
        table.name: DataTable(table.name, table.zh, table.en, (*table.columns, *_WHOLE.get(table.name, ())))
        for table in (
            SOURCES, PAIRS, COUNTS, FINDINGS, LEDGER, TOWNSHIPS, EVIDENCE, LEADS, OUTLETS, LAND_TOTALS, REACHED, STEEP,
            BARRIERS, OVERHEAD, MINES, FLIPS, FLOW_PATHS, FLOW_MET, CATCHMENTS, IRRIGATION, BASINS, SAMPLING, AGREEMENT,
            CATCHMENT_AREAS, AREAS,
        )
    }
)  # fmt: skip
"""Every table by its name, with the columns that a run may add."""


IN_GEOPACKAGE = {
    "findings": FINDINGS.name, "sources": SOURCES.name, "source_positions": SOURCES.name,
    "search_areas": SOURCES.name, "receptors": REACHED.name, "context_lines": AREAS.name, "context_points": AREAS.name,
    "flow_paths": FLOW_PATHS.name, "closed_basins": BASINS.name, "sampling_points": SAMPLING.name,
    "overhead_paths": OVERHEAD.name, "areas": AREAS.name, "catchments": CATCHMENT_AREAS.name,
}  # fmt: skip
"""Tables of a run's GeoPackage, and the table whose columns they have."""
_ANYWHERE = tuple(_columns("anywhere"))


def column_of(table: str, name: str) -> DataColumn:
    """Return the column `name` of `table`, a file or a table of the GeoPackage.

    `LookupError` where it has no line here.
    """
    columns = TABLES[IN_GEOPACKAGE.get(table, table)].columns
    column = next((known for known in (*columns, *_ANYWHERE) if known.name == name), None)
    if column is None:
        msg = f"{table} has a column {name} without a line in hmgeo.results.columns"
        raise LookupError(msg)
    return column


def popup_columns() -> tuple[DataColumn, ...]:
    """Return the columns of a source that the map shows under their headers."""
    return tuple(column for column in TABLES[SOURCES.name].columns if column.popup)


@lru_cache(maxsize=1)
def nothing_found() -> Mapping[str, Any]:
    """Return radii and tables of a `Results` that judges nothing, such as an overview map, by its fields' names."""
    schemas = {
        "sources": SOURCES_SCHEMA, "findings": FINDINGS_SCHEMA, "counts": COUNTS_SCHEMA, "receptors": RECEPTORS_SCHEMA,
        "search_areas": SEARCH_AREAS_SCHEMA,
    }  # fmt: skip
    return {"radius_m": 0.0, "radii_m": (), **{name: schema.empty_table() for name, schema in schemas.items()}}
