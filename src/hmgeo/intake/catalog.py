"""What is known beforehand: the shipped layers, counties and townships among them, and the offices' exports.

County lines are real but generalised by some hundred metres; township cells are approximations and no boundaries.
Points and outlines are held against them. Also what a file's bytes add up to.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import numpy as np
import shapely
from msgspec import Struct
from numpy.typing import NDArray
from shapely.geometry import shape

from hmgeo.errors import InputError, Problem
from hmgeo.geo.datum import Datum, to_cgcs2000
from hmgeo.intake.formats.archive import RemoteFile
from hmgeo.intake.places.headers import plain_name
from hmgeo.intake.rows import Journal
from hmgeo.reference.machine import kept
from hmgeo.reference.tables import county_of_cell, read_rows
from hmgeo.vocabulary import COUNTY_DIGITS, TOWNSHIP_DIGITS, Basis, LayerKind, expression
from hmgeo.words import one_by_one, say

Floats = NDArray[np.float64]

_SHAPEFILE_MEMBERS = frozenset({".shp", ".shx", ".dbf", ".prj", ".cpg"})
_CHUNK_BYTES = 1 << 20


class ShippedLayer(Struct, frozen=True):
    """A layer of `catalog.yml`; `path` is relative to the shipped folder."""

    path: str
    kind: str
    title: str
    basis: Basis
    credit: str
    source: str
    licence: str
    vintage: str


def shipped_folder() -> Path:
    """Return the folder of the shipped layers: inside the installed package, else the checkout's `layers/`.

    `InputError`: neither is there.
    """
    package = Path(__file__).resolve().parents[1]
    candidates = (package / "_shipped", package.parents[1] / "layers")
    for folder in candidates:
        if (folder / "catalog.yml").is_file():
            return folder
    raise InputError(
        Problem("找不到随软件提供的图层", remedy="重新安装 hmgeo，或在含有 layers 文件夹的源码目录中以可编辑方式安装")
    )


@lru_cache(maxsize=1)
def shipped_layers() -> dict[str, ShippedLayer]:
    """Return what `catalog.yml` lists, by path."""
    import yaml  # noqa: PLC0415 -- most files are read without what ships

    from hmgeo.rules.nodes import LOADER  # noqa: PLC0415 -- as above

    listed = yaml.load((shipped_folder() / "catalog.yml").read_text(encoding="utf-8"), LOADER)["layers"]  # noqa: S506 -- a safe one
    return {
        entry["path"]: ShippedLayer(
            path=entry["path"],
            kind=str(entry.get("kind", "")),
            title=str(entry.get("title", "")),
            basis=Basis.of(entry.get("basis", Basis.UNDECLARED)),
            credit=str(entry.get("credit", "")),
            source=str(entry.get("source", "")),
            licence=str(entry.get("licence", "")),
            vintage=str(entry.get("vintage", "")),
        )
        for entry in listed
    }


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of the bytes of `path`; of a shapefile, a .gdb folder, a grid over all its `file_members`."""
    digest = hashlib.sha256()
    for member in file_members(path):
        with member.open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                digest.update(chunk)
    return digest.hexdigest()


def file_members(path: Path) -> list[Path]:
    """Return the files that `path` is made of: itself; members of a shapefile by suffix, of a .gdb folder by name."""
    if path.is_dir():
        return sorted(near for near in path.iterdir() if near.is_file() and near.suffix.lower() != ".lock")
    if path.suffix.lower() == ".shp":
        near = (member for member in path.parent.iterdir() if member.stem == path.stem)
        near = (member for member in near if member.suffix.lower() in _SHAPEFILE_MEMBERS)
        return sorted(near, key=lambda member: member.suffix.lower())
    return grid_members(path)


def grid_members(path: Path) -> list[Path]:
    """Return the files that make up the raster `path`: itself; of an ASCII grid its .prj too, which says where."""
    if path.suffix.lower() != ".asc":
        return [path]
    return [path, *sorted(near for near in path.parent.glob("*.[pP][rR][jJ]") if near.stem == path.stem)]


def stream_sha256(stream: IO[bytes]) -> str:
    """Return the SHA-256 of what a stream still holds."""
    digest = hashlib.sha256()
    while chunk := stream.read(_CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


def shown_path(path: Path | RemoteFile, shown_as: str) -> str:
    """Return `path` as it may be printed: `shown_as`, what the user wrote, else a name; never a machine's own path."""
    if shown_as:
        return shown_as
    if isinstance(path, RemoteFile):
        return repr(path)
    return path.name if path.is_absolute() else path.as_posix()


class _StandardLayer(Struct, frozen=True):
    """A kind of export: what offices call it, the kind of layer it is here, what to know about it.

    Of `fields` all must be there, alternatives parted by a bar; `layers` begin layer names that tell it, too.
    """

    title: str
    kind: LayerKind
    fields: tuple[str, ...]
    layers: tuple[str, ...] = ()
    remark: str = ""


@lru_cache(maxsize=1)
def _standard_layers() -> tuple[_StandardLayer, ...]:
    listed = []
    for row in read_rows("standard_layers.csv"):
        fields, layers = (tuple(row[column].split()) for column in ("fields", "layers"))
        listed.append(_StandardLayer(row["title"], LayerKind.of(row["kind"]), fields, layers, row["remark"]))
    return tuple(listed)


def recognise_standard(headers: Iterable[str], layer: str = "") -> _StandardLayer | None:
    """Return which export a file is, by the name of its `layer` or its `headers`; None where it is none of them.

    >>> recognise_standard(["BSM", "DLBM", "TBMJ", "QSDWDM"]).title
    '国土调查地类图斑（DLTB）'
    >>> recognise_standard(["BSM", "YSDM"], "STBHHX").kind.value
    'ecological_redline'
    """
    known = {plain_name(header) for header in headers}
    known |= {name[len(stem) :] for name in known for stem in _STEMS if name.startswith(stem)}
    for standard in _standard_layers():
        if any(plain_name(layer).startswith(start) for start in standard.layers):
            return standard
        if all(known & set(names.split("|")) for names in standard.fields):
            return standard
    return None


_STEMS = ("地类编码", "图斑面积", "图斑地类面积", "坐落单位代码", "权属单位代码")


def note_standard(headers: Iterable[str], layer: str, kind: LayerKind, journal: Journal) -> None:
    """Tell `journal` which export a `layer` with `headers` is, and that it isn't of the `kind` it is used for."""
    standard = recognise_standard(headers, layer)
    if standard is None:
        return
    action = "按其标准字段读取" if standard.kind is kind else f"照所申明的「{kind.zh}」读取，请确认"
    journal.note("标准图层", one_by_one((say("standard_layer", title=standard.title), standard.remark)), action)


COUNTY_TOLERANCE_M = 800.0
"""How far outside its county a point may lie before that is told: what generalisation moved the lines by."""
TOWNSHIP_TOLERANCE_M = 3000.0
"""How far outside its township's cell a point may lie before that is told: cells are approximate."""

_DEGREE_M = 111_195.0


class AdminUnit(Struct, frozen=True):
    """A county, or the cell that stands for a township; shape in lon/lat."""

    code: str
    name: str
    shape: Any

    @property
    def is_county(self) -> bool:
        """Whether this is a county, not a township."""
        return len(self.code) == COUNTY_DIGITS

    @property
    def tolerance_m(self) -> float:
        """How far outside a point may lie before that is told."""
        return COUNTY_TOLERANCE_M if self.is_county else TOWNSHIP_TOLERANCE_M

    def covers(self, lon: Floats, lat: Floats) -> NDArray[np.bool_]:
        """Return (n,) which of the points `lon`, `lat`, (n,) degrees each, lie inside."""
        return np.asarray(shapely.intersects_xy(self.shape, lon, lat), dtype=bool)

    def outside_m(self, lon: Floats, lat: Floats) -> Floats:
        """Return (n,) how far `lon`, `lat`, (n,) degrees, lie outside, in metres to about one per cent; 0 inside."""
        away_m = np.zeros(len(lon))
        out = np.flatnonzero(~self.covers(lon, lat))
        if out.size:
            middle = (self.shape.bounds[1] + self.shape.bounds[3]) / 2
            scale = np.array([_DEGREE_M * np.cos(np.radians(middle)), _DEGREE_M])
            flat = shapely.transform(self.shape, lambda xy: xy * scale)
            away_m[out] = shapely.distance(flat, shapely.points(lon[out] * scale[0], lat[out] * scale[1]))
        return away_m


class DeclaredPlace(Struct, frozen=True):
    """Where a row says it is; None where the shipped units don't hold the name or code."""

    county: AdminUnit | None = None
    township: AdminUnit | None = None

    @property
    def units(self) -> tuple[AdminUnit, ...]:
        """The units that are known, county first."""
        return tuple(unit for unit in (self.county, self.township) if unit is not None)


COUNTIES, TOWNSHIPS, RIVERS = "real/counties.geojson", "real/townships.geojson", "real/rivers.geojson"
_CODES = {COUNTIES: "adcode", TOWNSHIPS: "code9"}


@lru_cache(maxsize=4)
def shipped_units(path: str) -> tuple[AdminUnit, ...]:
    """Return what lies in the shipped file `path`, as it is: the doubts that a user's file is read with don't arise.

    A river has row-N for its code.
    """
    file = shipped_folder() / path

    def made() -> list[tuple[str, str, bytes]]:
        features = enumerate(json.loads(file.read_text(encoding="utf-8"))["features"], 1)
        told = ((number, feature["properties"], feature["geometry"]) for number, feature in features)
        code = _CODES.get(path)
        return [
            (str(said.get(code, f"row-{number}")), said["name"], shape(outline).wkb) for number, said, outline in told
        ]

    rows = kept(file.stem, Path(__file__).parent, [Path(__file__), file], made)
    outlines = shapely.from_wkb([wkb for *_, wkb in rows])
    shapely.prepare(outlines)
    return tuple(AdminUnit(code, name, outline) for (code, name, _), outline in zip(rows, outlines, strict=True))


def counties() -> tuple[AdminUnit, ...]:
    """Return the shipped counties."""
    return shipped_units(COUNTIES)


def townships() -> tuple[AdminUnit, ...]:
    """Return the shipped township cells."""
    return shipped_units(TOWNSHIPS)


_SECOND_TOWNSHIP = expression(r"(?:镇|乡|街道)(?!市)|[、;；及与不非邻近跨]")


@lru_cache(maxsize=4096)
def declared_place(county: str, township: str, code: str = "") -> DeclaredPlace:
    """Return the units that a row's names and code mean.

    `county`, `township`: as the row has them; a prefecture's name may stand before the county's, spaces don't matter.
    `code`: six to twelve digits; used where the names are not known.

    >>> place = declared_place("清远市清城区", "龙塘镇")
    >>> place.county.code, place.township.code
    ('441802', '441802105')
    """
    found_county = _county(county, re.sub(r"\D", "", code))
    name = re.sub(r"\s+", "", township)
    named = [unit for unit in townships() if name and name.endswith(unit.name)]
    if named and _SECOND_TOWNSHIP.search(name.removesuffix(max((unit.name for unit in named), key=len))):
        named = []  # 石角镇、龙塘镇
    if found_county is not None:
        named = [unit for unit in named if unit.code.startswith(found_county.code)]
    elif county.strip():
        named = []
    by_code = re.sub(r"\D", "", code)[:TOWNSHIP_DIGITS]
    if not name and len(by_code) == TOWNSHIP_DIGITS:
        named = [unit for unit in townships() if unit.code == by_code]
    cell = named[0] if len(named) == 1 else None
    if cell is not None and found_county is None:
        found_county = next((unit for unit in counties() if unit.code == cell.code[:COUNTY_DIGITS]), None)
    return DeclaredPlace(found_county, cell)


def _county(name: str, code: str) -> AdminUnit | None:
    if not name.strip():
        return next((unit for unit in counties() if unit.code == code[:COUNTY_DIGITS]), None)
    said = county_of_cell(name, frozenset(unit.name for unit in counties()))
    return next((unit for unit in counties() if unit.name == said), None)


@lru_cache(maxsize=4096)
def county_in_address(address: str) -> AdminUnit | None:
    """Return the one shipped county that an address names; None where it names none, or several.

    >>> county_in_address("广东省清远市清城区石角镇某路1号").code, county_in_address("清城区与清新区交界")
    ('441802', None)
    """
    plain = re.sub(r"\s+", "", address)
    named = [unit for unit in counties() if re.search(rf"(?:^|[省市州区]){unit.name}(?![路街巷村]|大道)", plain)]
    return named[0] if len(named) == 1 and sum(unit.name in plain for unit in counties()) == 1 else None


MOST_SHAPES = 200
"""More shapes than this are no outlines of counties."""
_LEAST_AREA_DEG2 = 0.003  # some 35 square kilometres
_SAME_OUTLINE = 0.85
_LEAST_GAIN = 0.01


class OutlineFit(Struct, frozen=True):
    """How well shapes cover the counties they outline: overlap over union, mean of all."""

    datum: Datum
    count: int
    as_given: float
    restored: float

    def __str__(self) -> str:
        """Return both shares in words."""
        return f"与所画县界的重合度：按 {self.datum.zh} 读取 {self.restored:.1%}，按所申明的坐标系 {self.as_given:.1%}"


def outline_datum(shapes: NDArray[np.object_]) -> OutlineFit | None:
    """Return the internet datum on which the lon/lat `shapes` outline counties better; None where none do."""
    if len(shapes) > MOST_SHAPES:
        return None
    large = shapes[(shapely.area(shapes) > _LEAST_AREA_DEG2) & shapely.is_valid(shapes)]
    outlines = np.array([unit.shape for unit in counties()], dtype=object)
    fits: list[tuple[float, ...]] = []
    for drawn in large:
        near = outlines[shapely.intersects(outlines, shapely.point_on_surface(drawn))]
        shares = [_overlap(drawn, outline) for outline in near]
        if shares and max(shares) >= _SAME_OUTLINE:
            outline = near[int(np.argmax(shares))]
            restored = [
                shapely.transform(drawn, lambda xy, of=datum: np.column_stack(to_cgcs2000(xy[:, 0], xy[:, 1], of)))
                for datum in (Datum.GCJ02, Datum.BD09)
            ]
            fits.append((max(shares), *(_overlap(other, outline) for other in restored)))
    if not fits:
        return None
    as_given, *others = np.mean(fits, axis=0).tolist()
    best = int(np.argmax(others))
    if others[best] - as_given < _LEAST_GAIN:
        return None
    return OutlineFit((Datum.GCJ02, Datum.BD09)[best], len(fits), as_given, others[best])


def _overlap(drawn: shapely.Geometry, other: shapely.Geometry) -> float:
    return float(shapely.area(shapely.intersection(drawn, other)) / shapely.area(shapely.union(drawn, other)))
