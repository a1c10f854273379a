"""Areas by code, key-area id or polygon file, and what lies around them for orientation."""

import difflib
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from msgspec import Struct
from shapely.geometry.base import BaseGeometry

from hmgeo.errors import Place, Problem, ProjectError
from hmgeo.intake.catalog import COUNTIES, RIVERS, TOWNSHIPS, AdminUnit, shipped_layers, shipped_units
from hmgeo.intake.columns import ReadOptions
from hmgeo.intake.formats.read import SUFFIXES
from hmgeo.intake.load import open_file, place_rows
from hmgeo.intake.rows import as_wkb
from hmgeo.reference.tables import key_areas
from hmgeo.vocabulary import COUNTY_DIGITS, TOWNSHIP_DIGITS, Basis, LayerKind

_EXACT_LEVELS = frozenset({"county", "township"})
_AROUND_DEG = 0.15


class Area(Struct, frozen=True):
    """A piece of ground with a name.

    Parameters
    ----------
    id
        Code, key-area id, or the file as the user wrote it.
    geometry
        Shapely polygon in lon/lat on CGCS2000 (EPSG:4490).
    basis
        `approximate` for township cells, and for places and basins drawn as the county they lie in.
    credit
        The line that must be shown with it.
    file
        Where the polygon comes from, relative to the shipped layers or as the user wrote it.
    counties
        Six-digit codes of the counties that it is or lies in; of a polygon file those shipped ones that it meets.
    """

    id: str
    name: str
    geometry: Any
    basis: Basis
    credit: str
    file: str
    counties: frozenset[str] = frozenset()


class Context(Struct, frozen=True):
    """Something drawn for orientation; `table` has id, name and geometry (lon/lat WKB), never judged against."""

    role: str
    title: str
    basis: Basis
    credit: str
    table: pa.Table


def resolve_area(text: str, *, base: Path) -> Area:
    """Return the area that a code, a key-area id or a polygon file means.

    `text`: six-digit county code, nine-digit township code, key-area id such as `GX-ND`, or a file relative to
    `base`.
    `ProjectError`: nothing of that name; the near ones are listed.
    `InputError`: the polygon file can't be used.

    >>> from pathlib import Path
    >>> area = resolve_area("441802", base=Path())
    >>> area.id, area.name, area.basis.value
    ('441802', '清城区', 'real')
    """
    wanted = text.strip()
    if wanted.lower().endswith(SUFFIXES):
        return _area_of_file(wanted, base)
    key_area = next((area for area in key_areas() if area.id.casefold() == wanted.casefold()), None)
    if key_area is not None:
        unit = _area_of_code(key_area.admin_code)
        if unit is None:
            what = f"重点区域「{key_area.name}」的界线未随软件提供"
            found = f"{key_area.id}（行政区划代码 {key_area.admin_code}）"
            remedy = "向当地主管部门取得范围，写成面状文件的相对路径（如 area.geojson）"
            raise ProjectError(Problem(what, Place(key="area"), found=found, remedy=remedy))
        basis = unit.basis if key_area.level in _EXACT_LEVELS else Basis.worst(unit.basis, Basis.APPROXIMATE)
        return Area(key_area.id, key_area.name, unit.geometry, basis, unit.credit, unit.file, unit.counties)
    area = _area_of_code(wanted)
    if area is None:
        raise ProjectError(_unknown(wanted))
    return area


def area_named(text: str) -> str:
    """Return the code of the county, else key area or township, that bears a name; the text itself where none does.

    `ProjectError`: several bear it; they are listed.

    >>> area_named("英德市"), area_named("441881"), area_named("英德")
    ('441881', '441881', '英德')
    """
    wanted = text.strip()
    levels = (
        {unit.code: unit.name for unit in shipped_units(COUNTIES)},
        {area.id: area.name for area in key_areas()},
        {unit.code: unit.name for unit in shipped_units(TOWNSHIPS)},
    )
    for names in levels:
        codes = [code for code, name in names.items() if name == wanted]
        if len(codes) > 1:
            listed = "、".join(f"{code}（{names[code]}）" for code in codes)
            raise ProjectError(Problem("不止一个区域叫这个名称", Place(key="area"), wanted, listed, "改写代码"))
        if codes:
            return codes[0]
    return wanted


@lru_cache(maxsize=1)
def shipped_counties() -> pa.Table:
    """Return the outlines of all counties that ship: id (code), name, geometry (lon/lat WKB)."""
    return _context_table(shipped_units(COUNTIES))


def context_layers(
    codes: Sequence[str], areas: Sequence[Area] = (), places: Sequence[BaseGeometry] = ()
) -> tuple[Context, ...]:
    """Return the counties, townships and rivers in and around some areas, for maps.

    Their roles are `county`, `township`, `river`; one that would be empty is left out.

    Parameters
    ----------
    codes
        County or township codes, or key-area ids.
    areas
        More of them, polygon files too.
    places
        Where no area is known: what is drawn; its counties, their townships and rivers are those that it meets.
    """
    by_id = {area.id: area.admin_code for area in key_areas()}
    plain = [by_id.get(code, code) for code in codes]
    known = [area.geometry for code in plain if (area := _area_of_code(code)) is not None]
    known += [*(area.geometry for area in areas), *places]
    if not known:
        return ()
    reach = shapely.box(*shapely.total_bounds(known)).buffer(_AROUND_DEG, join_style="mitre")
    coded = [area for area in areas if not area.id.lower().endswith(SUFFIXES)]  # cells of townships only where asked
    counties = {code[:COUNTY_DIGITS] for code in plain}.union(*(area.counties for area in coded))
    if places:
        met = shapely.union_all(places)
        counties |= {unit.code for unit in shipped_units(COUNTIES) if shapely.intersects(unit.shape, met)}
    contexts = []
    for role, path in (("county", COUNTIES), ("township", TOWNSHIPS), ("river", RIVERS)):
        units = [unit for unit in shipped_units(path) if shapely.intersects(unit.shape, reach)]
        if role == "township":
            units = [unit for unit in units if unit.code[:COUNTY_DIGITS] in counties]
        if units:
            entry = shipped_layers()[path]
            contexts.append(Context(role, entry.title, entry.basis, entry.credit, _context_table(units)))
    return tuple(contexts)


def _area_of_code(code: str) -> Area | None:
    digits = code if re.fullmatch(r"\d{6}|\d{9}(000)?", code) else ""
    path = COUNTIES if len(digits) == COUNTY_DIGITS else TOWNSHIPS
    wanted = digits[:TOWNSHIP_DIGITS]
    unit = next((unit for unit in shipped_units(path) if wanted and unit.code == wanted), None)
    if unit is None:
        return None
    entry = shipped_layers()[path]
    counties = frozenset({unit.code[:COUNTY_DIGITS]})
    return Area(unit.code, unit.name, unit.shape, entry.basis, entry.credit, path, counties)


def _area_of_file(text: str, base: Path) -> Area:
    opened = open_file(base / text, LayerKind.BUILT_UP_AREA, ReadOptions(), text)
    outcome = place_rows(opened, LayerKind.BUILT_UP_AREA, ReadOptions(), are_receptors=True)
    shapes = outcome.shapes[outcome.is_assessed()]
    if len(shapes) == 0:
        remedy = "改用含有面状要素的 geojson、gpkg 或 shp"
        raise ProjectError(Problem("范围文件中没有可用的面", Place(file=text, key="area"), remedy=remedy))
    names = [name for name in opened.texts("name") if name]
    whole = shapely.union_all(shapes)
    met = frozenset(unit.code for unit in shipped_units(COUNTIES) if shapely.intersects(unit.shape, whole))
    return Area(text, names[0] if len(names) == 1 else text, whole, Basis.UNDECLARED, "", text, met)


def _unknown(wanted: str) -> Problem:
    """Return the problem with the nearest ids, names and codes."""
    known = {area.id: area.name for area in key_areas()}
    for path in (COUNTIES, TOWNSHIPS):
        known.update({unit.code: unit.name for unit in shipped_units(path)})
    by_name = [code for code, name in known.items() if wanted and (wanted in name or name in wanted)]
    by_code = difflib.get_close_matches(wanted.upper(), known, n=3, cutoff=0.6)
    near = list(dict.fromkeys([*by_name[:5], *by_code]))
    return Problem(
        what="没有这个区域",
        where=Place(key="area"),
        found=wanted,
        allowed="、".join(f"{code}（{known[code]}）" for code in near)
        or "六位县级代码、九位乡级代码、重点区域编号，或面状文件的相对路径",
        remedy="改为上述之一；不在随软件提供的范围内的，写成面状文件的相对路径（如 area.geojson）",
    )


def _context_table(units: Sequence[AdminUnit]) -> pa.Table:
    shapes = np.array([unit.shape for unit in units], dtype=object)
    columns = {
        "id": pa.array([unit.code for unit in units], pa.string()),
        "name": pa.array([unit.name for unit in units], pa.string()),
        "geometry": pa.array(as_wkb(shapes), pa.binary()),
    }
    return pa.Table.from_pydict(columns)
