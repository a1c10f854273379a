"""Small projects of which one value at a time is replaced by garbage, and what may follow from that.

The lists of garbage are this module's own: values outside the grammar of their field, told by the field's header, none
of them taken from the program. `python tests/garbage.py 10000` writes docs/garbage.md.
"""

from __future__ import annotations

import csv
import json
import random
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pandas as pd
import pyogrio
import pytest
import rasterio
import shapely
from affine import Affine
from msgspec.structs import replace
from rasterio.warp import transform
from rasterio.windows import Window

from hmgeo.errors import HmgeoError
from hmgeo.intake.catalog import shipped_folder
from hmgeo.intake.columns import ReadOptions
from hmgeo.judging.crosscheck import cross_check
from hmgeo.project import inputs, run
from hmgeo.project.sites.desk import open_desk, read_sites
from hmgeo.project.spec import read_spec
from hmgeo.reference.tables import implied_facts
from hmgeo.rules.book import load_book
from hmgeo.rules.words import ATTRIBUTES, CLASS_WORDS
from hmgeo.vocabulary import Basis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hmgeo.project.sites.desk import SiteDesk

GRAVER = ("not_applicable", "clear", "not_assessed", "listed", "conditional", "prohibited")
"""Verdicts, the mildest first."""
SOURCES, SITES = 12, "project_sites"

GARBAGE: dict[str, tuple[str, ...]] = {
    "trade_code": ("待定", "33六零", "C33x0", "3360?", "#N/A", "原3360", "锟斤拷"),
    "edition": ("二零壹柒版", "新版", "20177", "2071", "??"),
    "yes_no": ("待查", "不详", "?", "是/否", "锟斤拷", "Y/N"),
    "number": ("若干", "12a", "1.2.3", "#DIV/0!", "??", "约三五十"),
    "date": ("某年某月", "2019-13-45", "近期", "??", "201906xx"),
    "county": ("某某县", "×××区", "???", "锟斤拷", "123"),
    "township": ("某某镇", "×××", "???", "锟斤拷"),
    "datum": ("坐标系不明", "CGS20000", "WGS48", "??", "某地方系"),
    "coordinate": ("东经", "113度多", "1l3.0S", "999.5", "#REF!", "锟斤拷"),
    "link": ("QC-???", "无此编号", "#REF!", "锟斤拷"),
    "class": ("核芯区", "xx级", "锟斤拷", "??", "某类"),
    "land_code": ("XX01", "9999", "旱?", "锟斤拷"),
    "slope_grade": ("VI?", "9", "陡", "x"),
    "state": ("运行中?", "不明", "??", "锟斤拷"),
    "action": ("翻修?", "其他", "??", "锟斤拷"),
    "metals": ("??", "锟斤拷", "xx"),
    "document": ("??", "锟斤拷", "见附件", "待批"),
}
"""What stands in for a value, by the kind of its field."""

FIELDS: tuple[tuple[str, str], ...] = (
    (r"行业代码", "trade_code"),
    (r"行业分类版本", "edition"),
    (r"是否.*", "yes_no"),
    (r"县\(市、区\)", "county"),
    (r"行政区划代码", "county"),
    (r"乡镇\(街道\)", "township"),
    (r"坐标系", "datum"),
    (r".*(经度|纬度)", "coordinate"),
    (
        r"定位误差.*|年排放量.*|排气筒高度.*|坝高.*|库容.*|TBMJ|KCMJ|TBDLMJ|新增.*|替代.*|.*人口|日供水量.*|频率.*",
        "number",
    ),
    (r".*日期|.*时间|划分年度|年份|.*年度", "date"),
    (r"土壤环境质量类别|类别|保护区级别|级别|类型|矿种", "class"),
    (r"DLBM", "land_code"),
    (r"GDPDJB", "slope_grade"),
    (r"生产状态|运行状态|使用状态|现状或规划", "state"),
    (r"建设性质", "action"),
    (r"污染物|涉及重金属|涉及行业|主导产业", "metals"),
    (r".*文号", "document"),
    (r".*编号|受纳水体|水源|灌溉水源|灌区名称|所在水体|BSM", "link"),
)
"""Headers (whole) and the kind of field they are; what stands on no line is free text."""


def kind_of(header: str) -> str:
    """Return the kind of field that a header names; empty for free text."""
    return next((kind for words, kind in FIELDS if re.fullmatch(words, header)), "")


Table = list[dict[str, str]]
"""Rows of a table as text, in order."""


@dataclass(frozen=True)
class Cell:
    """One value of one table."""

    table: str
    row: int
    header: str

    @property
    def kind(self) -> str:
        return kind_of(self.header)


@dataclass(frozen=True)
class Told:
    """What a rule says of a row."""

    verdict: str = "not_applicable"
    certainty: str = ""
    receptor: str = ""
    low: float | None = None
    high: float | None = None


@dataclass
class World:
    """A project folder whose tables can be written anew with one value changed.

    Parameters
    ----------
    tables
        By the name of the layer: rows as text.
    shapes
        By the name of the layer: the geometry of each row, where the file holds shapes.
    judged
        The table whose rows are judged: enterprises, as `hmgeo run` does, or sites.
    kinds
        What each site is.
    disputed
        Rows that contradict themselves unspoilt: with one side gone nothing may be said of them.
    astray
        Sites whose point lies outside the county that they name: with either gone, so is the doubt where they lie.
    """

    name: str
    folder: Path
    tables: dict[str, Table]
    shapes: dict[str, list[dict[str, Any]]]
    judged: str
    kinds: tuple[str, ...] = ()
    baseline: dict[tuple[int, str], Told] = field(default_factory=dict)
    disputed: frozenset[int] = frozenset()
    astray: frozenset[int] = frozenset()

    def cells(self) -> Iterator[Cell]:
        """Yield every value that has a grammar."""
        for name, rows in self.tables.items():
            for row, cells in enumerate(rows):
                yield from (Cell(name, row, head) for head, value in cells.items() if value and kind_of(head))

    def write(self, name: str) -> None:
        write_table(self.folder, name, self.tables[name], self.shapes.get(name))

    def spoilt(self, cell: Cell, garbage: str) -> dict[tuple[int, str], Told]:
        """Return what is found with one value replaced."""
        rows = self.tables[cell.table]
        before = rows[cell.row][cell.header]
        rows[cell.row][cell.header] = garbage
        try:
            self.write(cell.table)
            return self.find()
        finally:
            rows[cell.row][cell.header] = before
            self.write(cell.table)

    def find(self) -> dict[tuple[int, str], Told]:
        """Return what every rule says of every row."""
        return find_run(self.folder) if self.judged == "enterprises" else find_sites(self.folder, self.kinds)

    def may_change(self, cell: Cell, row: int, rule_id: str) -> bool:
        """Whether a finding rests on a value: of its own row, of a layer that its rule asks, or through a link."""
        if cell.table == self.judged:
            return cell.row == row
        if cell.table in JOINED:
            return True
        return cell.table in layers_asked(rule_id)


JOINED = frozenset({"outlets", "outfalls", "counties", "townships"})
"""Tables that speak of sources, not of what rules ask."""


@cache
def layers_asked(rule_id: str) -> frozenset[str]:
    """Return the layers that the test of a rule names, with what water needs."""
    rule = load_book().get(rule_id)
    leaves = list(rule.test.leaves()) if rule.test is not None else []
    named = {leaf.text("layer") for leaf in leaves}
    if any("stream" in leaf.kind or "path" in leaf.kind or leaf.text("mode") for leaf in leaves):
        named |= {"rivers", "elevation"}
    return frozenset(named)


def write_table(folder: Path, name: str, rows: Table, shapes: list[dict[str, Any]] | None) -> None:
    if shapes is None:
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return
    features = [
        {"type": "Feature", "properties": {head: value or None for head, value in cells.items()}, "geometry": shape}
        for cells, shape in zip(rows, shapes, strict=True)
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    (folder / f"{name}.geojson").write_text(text, encoding="utf-8")


_ASKED = ("path", "kind", "shown_as", "options", "basis", "gates")


@contextmanager
def quick_loading() -> Iterator[None]:
    """Read a file anew only where its bytes or how it is to be read changed."""
    held: dict[tuple[object, ...], object] = {}

    def remembered(load: Callable[..., object]) -> Callable[..., object]:
        def read(**options: Any) -> object:  # noqa: ANN401 - whatever the loader takes
            key = (load, options["path"].read_bytes(), *(repr(options.get(name)) for name in _ASKED))
            if key not in held:
                held[key] = load(**options)
            return held[key]

        return read

    loaders = ("load_positions", "load_receptors", "load_elevation", "load_side_table")
    with pytest.MonkeyPatch.context() as patch:
        for name in loaders:
            patch.setattr(inputs, name, remembered(getattr(inputs, name)))
        yield


def find_run(folder: Path) -> dict[tuple[int, str], Told]:
    """Judge the enterprises of a project as `hmgeo run` does; results only."""
    spec = read_spec(folder)
    screened = run.judge_inputs(spec, inputs.load_inputs(spec), None, lambda *_: None).screened
    row_of = {one: row for row, one in enumerate(screened.sources["source_id"].to_pylist())}
    wanted = ("source_id", "rule_id", "verdict", "certainty", "receptor_id", "measured_low", "measured_high")
    return {
        (row_of[one["source_id"]], one["rule_id"]): Told(
            one["verdict"], one["certainty"] or "", one["receptor_id"], one["measured_low"], one["measured_high"]
        )
        for one in screened.findings.select(list(wanted)).to_pylist()
    }


def find_sites(folder: Path, kinds: Sequence[str]) -> dict[tuple[int, str], Told]:
    """Judge the planned sites of a project as `hmgeo site --sites` does; results only."""
    parts = tuple(one.read_bytes() for one in sorted(folder.iterdir()) if one.stem != SITES)
    desk = desk_of(folder, parts)
    sites, _ = read_sites(desk, folder / f"{SITES}.csv", basis=Basis.SYNTHETIC, options=ReadOptions())
    return {
        (row, clause.citation.rule_id): Told(
            clause.verdict.value,
            clause.certainty.value if clause.certainty else "",
            clause.measured.receptor_id,
            clause.measured.low,
            clause.measured.high,
        )
        for row, (site, kind) in enumerate(zip(sites, kinds, strict=True))
        for clause in desk.check(replace(site, kind=kind)).clauses
    }


@lru_cache(maxsize=4)
def desk_of(folder: Path, parts: tuple[bytes, ...]) -> SiteDesk:  # noqa: ARG001 - the bytes make it another desk
    return open_desk(folder)


NOTHING = Told()
PLACED_BY = re.compile(r"县\(市、区\)|行政区划代码|坐标系|.*(经度|纬度)|定位误差.*")
"""Headers that say where a row lies: with one of two sides that disagree gone, it lies where the other says."""
SLACK_M = 1e-6


def faults(world: World, cell: Cell, found: Mapping[tuple[int, str], Told]) -> Iterator[tuple[str, int, str]]:
    """Yield what garbage may not do: kind, row and rule."""
    for key in {*world.baseline, *found}:
        old, new = world.baseline.get(key, NOTHING), found.get(key, NOTHING)
        row, rule_id = key
        if old == new or row in world.disputed:
            continue
        if not world.may_change(cell, row, rule_id):
            yield "spread", row, rule_id
        settled = row in world.astray and PLACED_BY.fullmatch(cell.header)
        if GRAVER.index(new.verdict) < GRAVER.index(old.verdict) and new.verdict != "not_assessed" and not settled:
            yield f"{old.verdict}>{new.verdict}", row, rule_id
        if (old.certainty, new.certainty) == ("ambiguous", "certain") and not settled:
            yield "ambiguous>certain", row, rule_id
        if narrows(old, new):
            yield "narrower", row, rule_id


def narrows(old: Told, new: Told) -> bool:
    """Whether the range of one measure, to the same object, leaves out what it held."""
    if None in (old.low, old.high, new.low, new.high) or (old.receptor, old.verdict) != (new.receptor, new.verdict):
        return False
    return new.low > old.low + SLACK_M or new.high < old.high - SLACK_M


def outcome(world: World, found: Mapping[tuple[int, str], Told]) -> str:
    """Return what became of the findings: unchanged, not_assessed or graver."""
    pairs = [(world.baseline.get(key, NOTHING), one) for key, one in found.items()]
    verdicts = {new.verdict for old, new in pairs if new.verdict != old.verdict}
    return "graver" if verdicts - {"not_assessed"} else "not_assessed" if verdicts else "unchanged"


@dataclass(frozen=True)
class Replaced:
    """One replacement and what came of it; `outcome` is refused where the file was, `faults` names each fault."""

    world: str
    cell: Cell
    value: str
    garbage: str
    outcome: str
    faults: tuple[tuple[str, int, str], ...] = ()


def replace_some(worlds: Sequence[World], count: int, seed: int) -> Iterator[Replaced]:
    """Replace so many values one at a time, spread over the fields of all tables, those that are judged first."""
    rng = random.Random(seed)  # noqa: S311 - the same ones each time
    fields: dict[tuple[bool, str, str, str], list[tuple[World, Cell]]] = defaultdict(list)
    for world in worlds:
        for cell in world.cells():
            fields[cell.table != world.judged, world.name, cell.table, cell.header].append((world, cell))
    queues = [[held for key, held in fields.items() if key[0] is is_other] for is_other in (False, True)]
    for queue in queues:
        rng.shuffle(queue)
    for number in range(count):
        queue = queues[number % 2]
        world, cell = rng.choice(queue[number // 2 % len(queue)])
        garbage = rng.choice(GARBAGE[cell.kind])
        value = world.tables[cell.table][cell.row][cell.header]
        try:
            found = world.spoilt(cell, garbage)
        except HmgeoError as error:
            yield Replaced(world.name, cell, value, garbage, "refused", (("refused", cell.row, str(error)[:80]),))
            continue
        told = tuple(faults(world, cell, found))
        yield Replaced(world.name, cell, value, garbage, outcome(world, found), told)


MOST = 14


KINDS = (
    "project_sites", "project_sites", "project_sites", "tailings_ponds", "mines", "waste_heaps", "farmland",
    "planned_land_use", "outfalls", "contaminated_sites", "enterprises", "water_stations",
)  # fmt: skip
TRADES = ("3212", "3360", "2613", "0912", "3849", "1411", "2641", "3982", "3110", "4417")
ACTION_WORDS = ("新建", "扩建", "改建", "技术改造", "搬迁")


def invented_sites(rng: random.Random, beside: World, county: tuple[str, str], town: str) -> Table:
    """Return a site of every kind near what the layers of a world hold, each fact stated one way or the other."""
    shapes = [shape for held in beside.shapes.values() for shape in held]
    implied = {one.fact for one in implied_facts()}  # a no could contradict what kind or trade say
    rows = []
    for number in range(len(KINDS)):
        at = shapely.geometry.shape(rng.choice(shapes)).representative_point()
        rows.append(
            {
                "项目编号": f"XM-{number + 1:03d}",
                "项目名称": f"示例项目{number + 1:02d}",
                "建设性质": rng.choice(ACTION_WORDS),
                "行业代码": rng.choice(TRADES),
                "行业分类版本": "2017",
                "县(市、区)": county[1],
                "乡镇(街道)": town,
                "行政区划代码": county[0],
                "经度": f"{at.x + rng.choice((0.0, 0.003, 0.03)):.6f}",
                "纬度": f"{at.y + rng.choice((0.0, 0.003, 0.03)):.6f}",
                "坐标系": "CGCS2000",
                "定位误差(m)": str(rng.choice((5, 50))),
                "土壤环境质量类别": rng.choice(CLASS_WORDS["farmland"][:3]),
                "新增铅(kg/a)": str(rng.choice((0, 10))),
                "新增镉(kg/a)": str(rng.choice((0, 2))),
                "替代铅(kg/a)": str(rng.choice((8, 15))),
                "替代镉(kg/a)": str(rng.choice((1, 3))),
            }
            | {f"是否{zh}": "是" if code in implied else rng.choice("是否") for code, zh in ATTRIBUTES.items()}
        )
    return rows


def shipped_world(name: str, folder: Path, sites: Table | None = None) -> World:
    """Cut a shipped project to a dozen sources, with what lies near them, without its raster.

    All layers are declared complete, so that there is something to clear.
    """
    root = shipped_folder()
    base = root / "projects" / name
    text = re.sub(r"(?m)^  elevation: .*\n", "", (base / "project.yml").read_text(encoding="utf-8"))
    layers = re.findall(r"(?m)^  (\w+): +\{path: ([^,}]+)(?:, layer: (\w+))?[,}]", text)
    listed = next(base / path for kind, path, _ in layers if kind == "enterprises")
    rows = read_workbook(listed)
    rows = rows[:: max(1, len(rows) // SOURCES)][:SOURCES]
    near = shapely.MultiPoint([(float(one["经度"]), float(one["纬度"])) for one in rows if one["经度"]])
    tables, shapes = {"enterprises": rows}, {}
    ids = {one["企业编号"] for one in rows}
    for kind, path, layer in layers:
        if layer:
            tables[kind], shapes[kind] = read_shapes(base / path, layer, near)
        elif kind != "enterprises":
            held = read_workbook(base / path)
            tables[kind] = [one for one in held if one.get("企业编号", "") in {"", *ids}]
    covers = re.search(r"coverage: \{[^}]+\}", text)[0]
    text = re.sub(r"(?m)^(  (\w+): +\{path: )[^,]+, layer: \w+", r"\1\2.geojson", text)
    text = re.sub(r"(?m)^(  (\w+): +\{path: )[^,}]+\.xlsx", r"\1\2.csv", text)
    text = re.sub(r"(?m)^(  \w+: +\{path: (?!.*coverage)\w+\.geojson)", rf"\1, {covers}, completeness: complete", text)
    judged = "enterprises" if sites is None else "project_sites"
    if sites is not None:
        tables["project_sites"] = sites
    return made(World(f"{name} {judged}", folder, tables, shapes, judged, KINDS), text)


def made(world: World, project: str) -> World:
    """Write a world and find what is so in it."""
    world.folder.mkdir(parents=True, exist_ok=True)
    (world.folder / "project.yml").write_text(project, encoding="utf-8")
    for name in world.tables:
        world.write(name)
    world.baseline = world.find()
    if world.judged == SITES:
        sites, _ = read_sites(
            open_desk(folder := world.folder), folder / f"{SITES}.csv", basis=Basis.SYNTHETIC, options=ReadOptions()
        )
        world.disputed = frozenset(row for row, site in enumerate(sites) if site.doubts)
        world.astray = frozenset(row for row, site in enumerate(sites) if site.place and site.place.also)
    else:
        world.disputed = disputed_sources(world.folder)
    return world


def disputed_sources(folder: Path) -> frozenset[int]:
    spec = read_spec(folder)
    held = inputs.load_inputs(spec)
    question = run._question(spec, held)
    crossed = cross_check(held.positions, held.farmland, held.others, held.sides, question.as_of, question.choices)
    ids = held.positions.table["source_id"].to_pylist()
    return frozenset(row for row, one in enumerate(ids) if one in crossed.disputes)


def read_workbook(path: Path) -> Table:
    rows = openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True)
    headers = [str(one) for one in next(rows)]
    return [
        {head: "" if value is None else str(value) for head, value in zip(headers, row, strict=True)} for row in rows
    ]


def read_shapes(path: Path, layer: str, near: shapely.Geometry) -> tuple[Table, list[dict[str, Any]]]:
    frame = pyogrio.read_dataframe(path, layer=layer)
    gaps = shapely.distance(frame.geometry.to_numpy(), near)
    frame = frame.iloc[sorted(gaps.argsort(kind="stable")[:MOST])]
    cells = frame.drop(columns="geometry").astype(object)
    rows = [
        {head: "" if pd.isna(value) else str(value) for head, value in one.items()} for one in cells.to_dict("records")
    ]
    return rows, [shapely.geometry.mapping(one) for one in shapely.set_precision(frame.geometry.to_numpy(), 1e-7)]


CUTS = (("qingcheng", ("441802", "清城区"), "石角镇"), ("nandan", ("451221", "南丹县"), "大厂镇"))
JOINS = {
    "outlets": ("enterprises", "farmland", "outlets", "outfalls"),
    "parks": ("enterprises", "farmland", "industrial_parks", "sensitive_sites"),
    "intakes": ("enterprises", "farmland", "intakes", "water_source_zones", "rivers", "irrigation_intakes"),
}
"""Small projects with heights, and the layers of each."""
FEW, CELLS = 4, 120


def all_worlds(root: Path) -> list[World]:
    """Write every project: both shipped ones cut, planned sites on them, three small ones with heights, two cases."""
    worlds = []
    for seed, (name, county, town) in enumerate(CUTS, start=1):
        cut = shipped_world(name, root / name)
        rng = random.Random(seed)  # noqa: S311 - the same ones each time
        sites = invented_sites(rng, cut, county, town)
        worlds += [cut, shipped_world(name, root / f"{name}-sites", sites)]
    worlds += [small_world(worlds[0], root / name, kinds) for name, kinds in JOINS.items()]
    return [*worlds, trade_letters(root / "trade-letters"), bare_points(root / "bare-points")]


def small_world(cut: World, folder: Path, kinds: Sequence[str]) -> World:
    """Keep some layers of a cut project, a few sources, and the heights around the first of them."""
    folder.mkdir(parents=True)
    tables = {kind: cut.tables[kind] for kind in kinds}
    tables["enterprises"] = [one for one in tables["enterprises"] if one["经度"]][:FEW]
    text = (cut.folder / "project.yml").read_text(encoding="utf-8")
    text = re.sub(rf"(?m)^  (?!{'|'.join(kinds)})\w+: +\{{path: .*\n", "", text)
    elevation = "  elevation: {path: dem.tif, basis: synthetic, classification: 公开, vintage: 2019}\n"
    text = text.replace("layers:\n", "layers:\n" + elevation)
    at = tables["enterprises"][0]
    with rasterio.open(shipped_folder() / "synthetic" / "qingcheng" / "dem.tif") as whole:
        (east,), (north,) = transform("EPSG:4490", whole.crs, [float(at["经度"])], [float(at["纬度"])])
        grid = whole.transform
        column, row = int((east - grid.c) / grid.a) - CELLS // 2, int((north - grid.f) / grid.e) - CELLS // 2
        window = Window(column, row, CELLS, CELLS)
        corner = Affine(grid.a, 0.0, grid.c + column * grid.a, 0.0, grid.e, grid.f + row * grid.e)
        profile = whole.profile | {"height": CELLS, "width": CELLS, "transform": corner}
        with rasterio.open(folder / "dem.tif", "w", **profile) as part:
            part.write(whole.read(window=window))
    shapes = {kind: cut.shapes[kind] for kind in kinds if kind in cut.shapes}
    return made(World(f"small {folder.name}", folder, tables, shapes, "enterprises"), text)


FARM = [
    {"type": "Polygon", "coordinates": [[[x, y], [x + 0.01, y], [x + 0.01, y + 0.01], [x, y + 0.01], [x, y]]]}
    for x, y in ((113.05, 23.70), (113.10, 23.60))
]
CASE = """schema: 1
title: 示例
as_of: 2024-06-30
area: {key_areas: [GD-QC]}
layers:
  enterprises: {path: enterprises.csv, basis: synthetic, classification: 公开, vintage: 2024}
  farmland: {path: farmland.geojson, basis: synthetic, classification: 公开, vintage: 2024, coverage: {area: "441802"},
    completeness: complete}
screening_rule: SCR-JY-10KM
parameters:
  cadmium_trades: {value: ["3212", "3360"], edition: 2017, by: 示例, on: 2026-11-21, reason: 示例}
  farmland_extent: {value: all, by: 示例, on: 2026-11-21, reason: 示例}
  terrain: {value: not_considered, by: 示例, on: 2026-11-21, reason: 示例}
adopt:
  - {rule: SCR-JY-10KM, by: 示例, on: 2026-11-21, reason: 示例}
"""


def case(folder: Path, rows: Table) -> World:
    parcels = [
        {"地块编号": f"P{one}", "土壤环境质量类别": word} for one, word in ((1, "安全利用类"), (2, "严格管控类"))
    ]
    tables = {"enterprises": rows, "farmland": parcels}
    return made(World(f"case {folder.name}", folder, tables, {"farmland": FARM}, "enterprises"), CASE)


def trade_letters(folder: Path) -> World:
    """Write firms whose trade stands with its letter and its name."""
    trades = ("3360", "C3360", "C3360 金属表面处理及热处理加工", "C3872 照明灯具制造")
    point = {
        "县(市、区)": "清城区",
        "行业分类版本": "2017",
        "经度": "113.0375",
        "纬度": "23.685378",
        "坐标系": "CGCS2000",
    }
    rows = [{"企业编号": f"T{n}", "企业名称": f"厂{n}", "行业代码": cell} | point for n, cell in enumerate(trades)]
    return case(folder, rows)


def bare_points(folder: Path) -> World:
    """Write firms on several datums, with the error that each states, at home and at the edge of 10 km."""
    rows = [
        {
            "企业编号": f"B{n}", "企业名称": f"企业{n}", "县(市、区)": "清城区", "行业代码": "3212",
            "行业分类版本": "2017", "是否涉镉": word, "经度": lon, "纬度": "23.685278", "坐标系": datum,
            "定位误差(m)": error,
        }
        for n, (word, lon, datum, error) in enumerate(
            (
                ("已认定", "113.0375", "CGCS2000", "20"), ("不涉及", "113.0375", "GCJ-02", "20"),
                ("行业推定", "113.1980", "西安80", "200"), ("已认定", "113.0075", "WGS84", "50"),
            )
        )
    ]  # fmt: skip
    return case(folder, rows)


def report(done: Sequence[Replaced], seconds: float) -> str:
    """Return docs/garbage.md."""
    words = ("unchanged", "not_assessed", "graver")
    kinds = Counter((one.cell.kind, one.outcome) for one in done)
    wrong = [one for one in done if one.faults]
    lines = [
        f"| {kind} | {'、'.join(GARBAGE[kind][:3])} | "
        + " | ".join(str(kinds[kind, word]) for word in words)
        + f" | {sum(one.cell.kind == kind for one in wrong)} |"
        for kind in GARBAGE
        if any(kinds[kind, word] for word in (*words, "refused"))
    ]
    worlds = Counter(one.world for one in done)
    total = " | ".join(str(sum(one.outcome == word for one in done)) for word in words)
    return PAGE.format(
        count=len(done),
        fields=len({(one.world, one.cell.table, one.cell.header) for one in done}),
        seconds=seconds / len(done),
        worlds="; ".join(f"{name} ({number})" for name, number in sorted(worlds.items())),
        lines="\n".join(lines),
        total=total,
        wrong=len(wrong),
    )


PAGE = """# Garbage never clears

One value of a table is replaced by something outside the grammar of its field, and everything is judged again. \
Each finding, matched by row and rule, must then be unchanged, `not_assessed` or graver \
(prohibited > conditional > listed > not_assessed > clear > not_applicable; a missing one counts as not_applicable); \
`ambiguous` must not become `certain`, the range of a measure to the same object must not narrow, \
findings that don't rest on the value must stay, and no cell may make a file refused.

`tests/garbage.py` holds the garbage, by kind of field, and the projects: both shipped ones cut to a dozen sources \
with every layer declared complete, a dozen planned sites of every kind on each, three small ones with heights and \
joins, two of firms alone. Rows that contradict themselves before anything is replaced are left out; a planned site \
whose point lies outside the county that it names may become surer, or settled, only where a cell that says where it \
lies is the one replaced. `make test` replaces 100 values, `make test-full` 10,000.

Last run: {count} replacements in {fields} fields, {seconds:.2f} CPU s each: {worlds}.

| kind of field | garbage, for example | unchanged | not_assessed | graver | violations |
|---|---|---|---|---|---|
{lines}
| all | | {total} | {wrong} |

A replacement counts as graver where one finding became graver, as `not_assessed` where findings became so and none \
graver, else as unchanged. Written by `python tests/garbage.py {count}`, or fewer with each of several seeds behind it.
"""


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch, quick_loading():
        made_worlds = all_worlds(Path(scratch))
        begun, done = time.process_time(), list[Replaced]()
        seeds = sys.argv[2:] or ["16"]
        for one in (one for seed in seeds for one in replace_some(made_worlds, int(sys.argv[1]), int(seed))):
            done.append(one)
            for fault in one.faults[:2]:
                sys.stderr.write(f"{one.world} {one.cell} {one.value!r} -> {one.garbage!r}: {fault}\n")
        sys.stdout.write(report(done, time.process_time() - begun))
