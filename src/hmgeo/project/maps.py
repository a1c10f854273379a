"""Map definitions: which project or area, under which title, on which paper, over which online tiles."""

import os
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

import shapely
import xyzservices.providers
import yaml
from msgspec import Struct
from msgspec.structs import replace
from xyzservices import TileProvider

from hmgeo.errors import HmgeoError, Place, Problem, ProjectError, raise_problems
from hmgeo.intake.areas import context_layers, resolve_area
from hmgeo.intake.catalog import shipped_layers
from hmgeo.intake.load import Inspection
from hmgeo.outputs.figure.figure import write_figures
from hmgeo.outputs.map import assets
from hmgeo.outputs.map.page import write_map
from hmgeo.project.folder import PLAIN, Wish, files_among_others
from hmgeo.project.inputs import context_layers_of
from hmgeo.project.run import results_and_elevation, shown_as
from hmgeo.records import Gates, Ledger, Provenance
from hmgeo.results.columns import nothing_found
from hmgeo.results.results import ContextLayer, Presentation, Results, Tiles
from hmgeo.results.used import LayerUsed
from hmgeo.rules.nodes import Reader, compose
from hmgeo.vocabulary import Basis, Classification, LayerKind, Status
from hmgeo.words import say

KEY_VARIABLE = "HMGEO_TIANDITU_KEY"
TIANDITU = "tianditu"
TIANDITU_LAYERS: Mapping[str, str] = MappingProxyType(
    {
        "vec": "天地图矢量",
        "cva": "天地图矢量注记",
        "img": "天地图影像",
        "cia": "天地图影像注记",
        "ter": "天地图地形",
        "cta": "天地图地形注记",
    }
)
_TIANDITU_URL = (
    "https://t0.tianditu.gov.cn/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={layer}&STYLE=default"
    "&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk={key}"
)
_DATUMS: Mapping[str, str] = MappingProxyType({"cgcs2000": "CGCS2000", "wgs84": "WGS84（与 CGCS2000 相差不到 1 m）"})
_SHIFTED_DATUMS = ("gcj02", "bd09")
_SHIFTED = re.compile(r"gaode|autonavi|amap|baidu|bdimg|qq\.com|gtimg|google\.cn|geoq", re.IGNORECASE)
_KEY = re.compile(r"[0-9A-Za-z]{8,64}")
_SHIFT_WORDS = "为互联网加密坐标，与 CGCS2000 数据相差约 500 m，不得垫在其下"
_MAX_ZOOM = 18


def _tiles(reader: Reader, node: yaml.Node) -> Tiles | None:
    entries = reader.mapping(node, ("provider", "layer", "datum"), ("provider",), "tiles")
    name = reader.text(entries, "provider")
    if name.casefold() == TIANDITU:
        return _tianditu(reader, node, entries)
    datum = reader.word(entries, "datum", (*_DATUMS, *_SHIFTED_DATUMS)) if "datum" in entries else ""
    if datum in _SHIFTED_DATUMS or _SHIFTED.search(name):
        reader.fault(node, f"在线底图 {name} {_SHIFT_WORDS}", found=datum or "gcj02", allowed="、".join(_DATUMS))
        return None
    provider = _provider(name)
    if provider is None:
        remedy = "写 tianditu，或 xyzservices 收录的名称，如 OpenStreetMap.Mapnik"
        reader.fault(node, "不认识的在线底图", found=name, remedy=remedy)
        return None
    if not datum:
        reader.fault(
            node, f"在线底图 {name} 须写明坐标系 datum", allowed="、".join(_DATUMS), remedy="向提供方核实后写明"
        )
        return None
    return _of_provider(reader, node, provider, datum)


def _of_provider(reader: Reader, node: yaml.Node, provider: TileProvider, datum: str) -> Tiles | None:
    name = str(provider.name)
    if provider.requires_token():
        reader.fault(node, f"在线底图 {name} 需要密钥，只支持天地图的密钥", found=name, remedy="改用 tianditu")
        return None
    url = provider.build_url(scale_factor="")
    if _SHIFTED.search(url):
        reader.fault(node, f"在线底图 {name} {_SHIFT_WORDS}", found=url, allowed="、".join(_DATUMS))
        return None
    if not url.startswith("https://"):
        reader.fault(node, f"在线底图 {name} 的地址不是 https", found=url)
        return None
    attribution, zoom = str(provider.get("attribution", name)), int(provider.get("max_zoom", _MAX_ZOOM))
    return Tiles(name, url, urlsplit(url).netloc, attribution, _DATUMS[datum], min(zoom, _MAX_ZOOM))


def _tianditu(reader: Reader, node: yaml.Node, entries: Mapping[str, yaml.Node]) -> Tiles | None:
    layer = reader.word(entries, "layer", tuple(TIANDITU_LAYERS)) if "layer" in entries else "vec"
    if "datum" in entries and reader.word(entries, "datum", ("cgcs2000",)) != "cgcs2000":
        return None
    key = os.environ.get(KEY_VARIABLE, "")
    if not _KEY.fullmatch(key):
        remedy = f"向天地图申请浏览器端密钥，写入环境变量 {KEY_VARIABLE}"
        reader.fault(
            node, "天地图需要使用单位自己的密钥", found="未设置" if not key else "不是密钥的形式", remedy=remedy
        )
        return None
    if layer not in TIANDITU_LAYERS:
        return None
    url = _TIANDITU_URL.format(layer=layer, key=key)
    return Tiles(TIANDITU_LAYERS[layer], url, urlsplit(url).netloc, "天地图", _DATUMS["cgcs2000"], _MAX_ZOOM)


def _provider(name: str) -> TileProvider | None:
    try:
        return xyzservices.providers.query_name(name)
    except ValueError:
        return None


SCHEMA = 1
INDEX_NAME = "index.html"
RECORD_NAME = "hmgeo-maps.json"
"""Lists the pages that we wrote to a folder, which people use for other things too."""
_NOUN = "地图定义"
_REQUIRED = ("schema", "title")
_KEYS = (*_REQUIRED, "project", "area", "note", "language", "paper", "maker", "hillshade", "tiles")
_OVERVIEW_RADIUS_M = 10_000.0
_SHIPPED = {
    "county": ("real/counties.geojson", LayerKind.COUNTIES),
    "township": ("real/townships.geojson", LayerKind.TOWNSHIPS),
    "river": ("real/rivers.geojson", LayerKind.RIVERS),
}


class MapSpec(Struct, frozen=True):
    """One map definition.

    Parameters
    ----------
    file
        The definition; its name without suffix is the map's.
    project
        A project.yml, relative to the definition; empty for an overview map.
    areas
        Area codes or key-area ids of an overview map.
    """

    file: Path
    title: str
    project: str = ""
    areas: tuple[str, ...] = ()
    note: str = ""
    language: str = "zh"
    paper: str = "A4"
    maker: str = ""
    hillshade: bool = True
    tiles: tuple[Tiles, ...] = ()

    @property
    def page_name(self) -> str:
        """Name of the page that is written."""
        return f"{self.file.stem}.html"

    @property
    def print_name(self) -> str:
        """Name of its PDF twin."""
        return f"{self.file.stem}.pdf"


class BuiltMap(Struct, frozen=True):
    """A written page with what it was made of."""

    spec: MapSpec
    path: Path
    results: Results


def map_files(path: Path) -> list[Path]:
    """Return the definition that a path names, or all of a folder, by name.

    `ProjectError` where there is none.
    """
    files = sorted(path.glob("*.yml")) if path.is_dir() else [path] if path.is_file() else []
    if not files:
        remedy = "写成地图定义文件（.yml）或存放它们的文件夹"
        raise ProjectError(Problem("找不到地图定义", Place(file=str(path)), remedy=remedy))
    return files


def read_map(file: Path) -> MapSpec:
    """Read the map definition `file`, a .yml.

    `ProjectError` with every fault: unknown or missing keys, neither or both of project and area, ...
    """
    reader = Reader(file.name)
    entries = reader.mapping(compose(file.read_bytes(), file.name, _NOUN, ProjectError), _KEYS, _REQUIRED, _NOUN)
    schema = reader.integer(entries, "schema")
    if schema not in {None, SCHEMA}:
        reader.fault(entries["schema"], "不认识的 schema 版本", found=str(schema), allowed=str(SCHEMA))
    if ("project" in entries) == ("area" in entries):
        reader.fault(1, "地图定义须写明 project 或 area 之一", allowed="project 或 area")
    spec = MapSpec(
        file,
        reader.text(entries, "title"),
        reader.text(entries, "project"),
        reader.texts(entries, "area"),
        reader.text(entries, "note"),
        reader.word(entries, "language", ("zh", "en")) if "language" in entries else "zh",
        reader.word(entries, "paper", ("A4", "A3")) if "paper" in entries else "A4",
        reader.text(entries, "maker"),
        reader.truth(entries, "hillshade") if "hillshade" in entries else True,
        tuple(
            made for item in reader.items(entries.get("tiles"), "tiles") if (made := _tiles(reader, item)) is not None
        ),
    )
    raise_problems(ProjectError, reader.problems)
    return spec


def build_maps(path: Path, out: Path, *, wish: Wish = PLAIN, language: str = "") -> list[BuiltMap]:
    """Write the map of a definition with its PDF twin, or all maps of a folder and the page that lists them.

    `ProjectError`, `InputError`, `RuleError` with the faults of all definitions before a page is written.
    `OutputError` where a page may not or can't be written, or one of the names is taken by a file that isn't ours; then
    none is.

    Parameters
    ----------
    path
        A definition or a folder of them.
    out
        Folder for the pages; made where it isn't there.
    wish
        Pages for the public, a watermark.
    language
        Instead of the definition's.
    """
    specs = [read_map(file) for file in map_files(path)]
    names = [name for spec in specs for name in (spec.page_name, spec.print_name)]
    names += [INDEX_NAME] if path.is_dir() else []
    with files_among_others(out, names, record=RECORD_NAME) as folder:
        built = [_build(spec, folder, wish, language) for spec in specs]
        if path.is_dir():
            (folder / INDEX_NAME).write_bytes(_index_page(built).encode("utf-8"))
    return [replace(picture, path=out / picture.path.name) for picture in built]


def _build(spec: MapSpec, folder: Path, wish: Wish, language: str) -> BuiltMap:
    project = spec.file.parent / spec.project
    results, elevation = (overview(spec), None) if spec.areas else results_and_elevation(project)
    results = replace(results, title=spec.title)
    presentation = replace(
        shown_as(wish, elevation if spec.hillshade else None),
        language=language or spec.language,
        maker=spec.maker,
        paper=spec.paper,
        tiles=spec.tiles,
    )
    target = folder / spec.page_name
    write_map(results, presentation, target)
    write_figures(results, presentation, [folder / spec.print_name])
    return BuiltMap(spec, target, results)


def overview(spec: MapSpec) -> Results:
    """Return an overview map of the areas of `spec`: lines and rivers of the shipped layers, nothing judged.

    `ProjectError` where an area isn't known or has no outline.
    """
    problems: list[Problem] = []
    areas = []
    for code in spec.areas:
        try:
            areas.append(resolve_area(code, base=spec.file.parent))
        except HmgeoError as error:
            problems += [replace(problem, where=Place(file=spec.file.name, key="area")) for problem in error.problems]
    raise_problems(ProjectError, problems)
    contexts = context_layers((), areas)
    return Results(
        title=spec.title,
        as_of=None,
        area_name="、".join(area.name for area in areas),
        **{**nothing_found(), "radius_m": _OVERVIEW_RADIUS_M},
        ledger=Ledger(()),
        layers=tuple(_shipped_used(context.role, context.table.num_rows) for context in contexts),
        context=context_layers_of(areas, contexts, []),
        warnings=(spec.note,) if spec.note else (),
    )


_MOST_DRAWN = 5_000
"""Of a file's rows; more make a page that nobody can open."""


def draw_file(inspection: Inspection, out: Path) -> None:
    """Write to `out` the page that shows where the rows of `inspection` lie; nothing is judged.

    `OutputError` where the page can't be written.
    """
    drawn = inspection.located.slice(0, _MOST_DRAWN)
    shapes = shapely.from_wkb(drawn["geometry"].to_pylist())
    contexts = context_layers((), places=list(shapely.point_on_surface(shapes))) if drawn.num_rows else ()
    provenance, title = Provenance(inspection.file), f"{inspection.kind.zh}（{inspection.file}）"
    count = len(inspection.ids)
    away = [status for status in (Status.NOT_LOCATED, Status.REJECTED) if status.value in inspection.statuses]
    left = inspection.located.num_rows - drawn.num_rows
    own = ContextLayer("file", title, Basis.UNDECLARED, "", drawn)
    results = Results(
        title=title,
        as_of=None,
        area_name="、".join(name for name, _ in inspection.counties),
        **{**nothing_found(), "radius_m": _OVERVIEW_RADIUS_M},
        ledger=inspection.ledger,
        layers=(
            LayerUsed(
                inspection.kind.value,
                inspection.kind,
                own.basis,
                provenance,
                Gates(),
                inspection.located.num_rows,
                count,
            ),
            *(_shipped_used(context.role, context.table.num_rows) for context in contexts),
        ),
        context=(*context_layers_of((), contexts, []), own),
        warnings=(
            *(
                say("rows_not_on_map", status=status.zh, count=inspection.statuses.count(status.value))
                for status in away
            ),
            *([say("rows_drawn_capped", most=_MOST_DRAWN, left=left)] if left else []),
        ),
    )
    write_map(results, Presentation(), out)


def _index_page(built: Sequence[BuiltMap]) -> str:
    """Return the page that lists maps; its links lead to the files beside it."""
    rows = "".join(
        "<tr>"
        f'<th scope="row"><a href="{escape(picture.spec.page_name)}">{escape(picture.spec.title)}</a></th>'
        f"<td>{escape(picture.results.area_name)}</td>"
        f"<td>{'排查结果' if picture.results.findings.num_rows else '底图，未作任何判断'}</td>"
        f"<td>{escape(picture.results.basis.zh)}</td>"
        f"<td>{picture.results.as_of or '—'}</td>"
        f"<td class=n>{picture.path.stat().st_size / 1e6:.1f} MB</td>"
        f'<td><a href="{escape(picture.spec.print_name)}">PDF</a></td>'
        "</tr>\n"
        for picture in built
    )
    return assets.read_text("index.html").format(rows=rows)


def _shipped_used(role: str, count: int) -> LayerUsed:
    path, kind = _SHIPPED[role]
    entry = shipped_layers()[path]
    gates = Gates(vintage=entry.vintage, classification=Classification.PUBLIC)
    return LayerUsed(
        role, kind, entry.basis, Provenance(path, "", entry.source, entry.licence, entry.credit), gates, count
    )
