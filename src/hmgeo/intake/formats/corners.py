"""Areas that are given by their corners: tables of boundary points J1, J2, J3 …, and the text files of land surveys.

The text files (勘测定界成果) hold attributes under [属性描述] and parcels under [地块坐标]: a line that ends in @ opens
a parcel, each line after it is a corner: number, ring, X north, Y east.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import pyarrow as pa
import shapely
from msgspec.structs import replace
from pyproj import CRS

from hmgeo.errors import InputError, Place, Problem, raise_problems
from hmgeo.geo.datum import SIX_DEGREE_ZONES, Datum, gauss_kruger_crs, parse_datum, zone_central_meridian
from hmgeo.intake.columns import Columns, Declared
from hmgeo.intake.places.headers import plain_name
from hmgeo.intake.places.locate import corner_coordinates
from hmgeo.intake.rows import Journal, Outcome, RawTable, name_rows
from hmgeo.words import say

POINT_NUMBERS = frozenset(
    {"点号", "界址点号", "界址点", "拐点号", "拐点", "拐点编号", "界址点编号", "边界点号", "顶点号"}
)
_RING_NUMBERS = frozenset({"圈号", "地块圈号", "环号", "界址圈号", "圈"})
_ANY_POINT = "点号"
_FEWEST_POINTS = 3
_MILLION = 1_000_000.0
_SAME_AREA = 0.01
_HECTARE_M2 = 10_000.0
_RING_REMEDY = "每圈的各点写全点号、按走向先后排列；几个地块各写名称或编号，同一地块的几圈写圈号"
_OPENS = "[地块坐标]"
_FIELDS = ("点数", "面积", "地块编号", "地块名称", "图形属性", "图幅号", "用途", "地类编码")
_DEGREES = frozenset({"度", "十进制度", "经纬度"})

Corner = tuple[str, float, float]
"""Ring, east, north."""


def is_survey_text(text: str) -> bool:
    """Tell whether a text is that of a land survey."""
    return any(line.strip() == _OPENS for line in text.split("\n"))


def read_survey_text(text: str, journal: Journal) -> RawTable:
    """Read the parcels of `text`, a land survey's file; `journal` is told of points and areas that aren't as stated.

    `InputError`: lines that are no corner, or no zone by which the metres could be placed.
    """
    attributes: dict[str, str] = {}
    parcels: list[tuple[int, list[str], list[Corner]]] = []
    problems: list[Problem] = []
    is_open = False
    for number, line in enumerate((raw_line.strip() for raw_line in text.split("\n")), start=1):
        cells = [cell.strip() for cell in line.replace("，", ",").split(",")]
        if line.startswith("["):
            is_open = line == _OPENS
        elif not is_open and "=" in line:
            key, _, value = line.partition("=")
            attributes[key.strip()] = value.strip()
        elif is_open and line.endswith("@"):
            parcels.append((number, cells, []))
        elif is_open and line:
            try:
                _, ring, north, east = cells
                parcels[-1][2].append((ring, float(east), float(north)))
            except (ValueError, IndexError):
                remedy = "每行写 点号,圈号,X坐标,Y坐标"
                problems.append(Problem("不是界址点", Place(file=journal.file, line=number), line, remedy=remedy))
    problems = problems or list(_short_rings(parcels, journal.file))
    raise_problems(InputError, problems)
    crs = _survey_crs([corner for *_, corners in parcels for corner in corners], attributes, journal)
    shapes = [_area_of(corners) for *_, corners in parcels]
    journal.lines = tuple(number for number, *_ in parcels)
    for row, ((_, cells, corners), shape) in enumerate(zip(parcels, shapes, strict=True), start=1):
        _hold_against_stated(row, cells, corners, shape, journal)
    columns = {
        name: [cells[at] if at < len(cells) - 1 else "" for _, cells, _ in parcels] for at, name in enumerate(_FIELDS)
    }
    journal.note("勘测定界", say("survey_parcels", count=len(parcels)), "界址点连成面", value=crs.name)
    wkb = pa.array(shapely.to_wkb(shapes).tolist(), pa.large_binary())
    return RawTable("", columns, len(parcels), wkb, crs, lines=journal.lines)


def _short_rings(parcels: Iterable[tuple[int, list[str], list[Corner]]], file: str) -> Iterator[Problem]:
    """Yield the parcels of a survey of which a ring has no area, so that it would vanish."""
    for number, cells, corners in parcels:
        if any(len(set(ring)) < _FEWEST_POINTS for ring in _rings(corners)):
            remedy = "补全这一圈的界址点，或核对圈号"
            what = "有一圈界址点不足三个，围不成面"
            yield Problem(what, Place(file=file, line=number), ",".join(cells), remedy=remedy)


def _survey_crs(corners: Sequence[Corner], attributes: dict[str, str], journal: Journal) -> CRS:
    """Return the grid that a survey's attributes tell; the zone stands in them, before the eastings, or in both."""
    place = Place(file=journal.file)
    word = attributes.get("坐标系", "")
    datum = parse_datum(word) if word else None
    if datum in {None, Datum.UNKNOWN, Datum.GCJ02, Datum.BD09}:
        raise InputError(Problem("勘测定界文件的坐标系无法识别", place, word, remedy="写 坐标系=2000国家大地坐标系"))
    if attributes.get("计量单位", "米") in _DEGREES:
        return CRS.from_epsg(4490)
    prefixes = {int(east // _MILLION) for _, east, _ in corners}
    prefix = prefixes.pop() if len(prefixes) == 1 else 0
    stated = int(attributes["带号"]) if attributes.get("带号", "").isdigit() else 0
    zone = prefix or stated
    meridian = zone_central_meridian(zone)
    if meridian is None or (prefix and stated and prefix != stated):
        shown = f"带号={stated or '未写'}，Y 坐标前为 {prefix or '无'}"
        raise InputError(Problem("勘测定界文件的带号不明", place, shown, remedy="在 [属性描述] 中写明 带号=38 之类"))
    width = attributes.get("几度分带", "")
    if width.isdigit() and (zone in SIX_DEGREE_ZONES) != (width == "6"):
        shown = f"几度分带={width}，带号 {zone}"
        raise InputError(Problem("勘测定界文件的几度分带与带号不符", place, shown, remedy="核对 [属性描述] 中的二者"))
    return gauss_kruger_crs(meridian, zone=prefix, datum=datum or Datum.CGCS2000)


def _hold_against_stated(
    row: int, cells: Sequence[str], corners: Sequence[Corner], shape: shapely.Geometry | None, journal: Journal
) -> None:
    """Write down where a parcel's stated number of points or area isn't what its corners give."""
    points, area = (cells[at] if at < len(cells) else "" for at in (0, 1))
    if points.isdigit() and int(points) != len(corners):
        journal.note_row(
            row,
            "界址点数不符",
            say("survey_points_differ", points=points, count=len(corners)),
            "按实有的点读取，请核对",
        )
    try:
        stated_m2 = float(area) * _HECTARE_M2
    except ValueError:
        return
    if shape is not None and stated_m2 > 0 and abs(shape.area / stated_m2 - 1) > _SAME_AREA:
        reason = say("survey_area_differs", area=area, drawn_ha=shape.area / _HECTARE_M2)
        journal.note_row(row, "面积不符", reason, "按界址点读取，请核对", field="面积", value=area)


def _area_of(corners: Iterable[Corner]) -> shapely.Geometry | None:
    """Return the area that corners go round, ring by ring; a ring inside another is its hole. None without an area."""
    shells: list[shapely.Polygon] = []
    for ring in _rings(corners):
        if len(set(ring)) < _FEWEST_POINTS:
            continue
        made = shapely.Polygon(ring)
        around = next((at for at, shell in enumerate(shells) if shapely.covers(shell, made)), None)
        if around is None:
            shells.append(made)
        else:
            shells[around] = shapely.Polygon(shells[around].exterior, [*shells[around].interiors, made.exterior])
    return shells[0] if len(shells) == 1 else shapely.MultiPolygon(shells) if shells else None


def _rings(corners: Iterable[Corner]) -> Iterator[list[tuple[float, float]]]:
    """Yield rings: by their number, and where none is given each ends where its first point comes again."""
    for number, members in groupby(corners, key=lambda corner: corner[0]):
        ring: list[tuple[float, float]] = []
        for _, east, north in members:
            ring.append((east, north))
            if not number and len(ring) > _FEWEST_POINTS and ring[0] == ring[-1]:
                yield ring
                ring = []
        if ring:
            yield ring


def join_corners(raw: RawTable, columns: Columns, declared: Declared, journal: Journal) -> RawTable:
    """Return `raw`, where its rows are corners J1, J2, J3 …, with one row an area; any other table as it is.

    Three rows or more that follow each other as numbered corners of one thing make such a table. A thing's name or id,
    by `columns`, stands in each of its rows or in the first. `declared` says how coordinates are read; `journal` is
    told.

    `InputError`: a corner that can't be read, corners on different grids, or corners that go round nothing.
    """
    header = next((name for name in raw.headers if plain_name(name) in POINT_NUMBERS), "")
    if not header or columns.place is None:
        return raw
    groups = _groups(raw, columns, header)
    if max(map(len, groups), default=0) < _FEWEST_POINTS:
        return raw
    _refuse_doubt(raw, columns, header, groups, journal)
    outcome = Outcome.of_rows(raw.row_count, journal, are_receptors=False)
    east_north, crs = corner_coordinates(raw, columns, declared, outcome)
    lost = [row for group in groups for row in group if row not in east_north]
    place = Place(file=journal.file, sheet=raw.sheet, field=columns.place.label)
    if lost:
        what = f"界址点坐标缺少或无法读取：{name_rows(row + 1 for row in lost)}"
        raise InputError(Problem(what, place, outcome.note_text(lost[0]), remedy="更正这些行；缺一点就围不成面"))
    ring_header = next((name for name in raw.headers if plain_name(name) in _RING_NUMBERS), "")
    rings = raw.columns[ring_header] if ring_header else [""] * raw.row_count
    corners = [[(rings[row].strip(), *east_north[row]) for row in group] for group in groups]
    problems = [
        Problem(what, Place(file=journal.file, sheet=raw.sheet, field=header), value, remedy=_RING_REMEDY)
        for group, members in zip(groups, corners, strict=True)
        for what, value in _ring_faults(group, members, raw.columns[header])
    ]
    raise_problems(InputError, problems)
    shapes = [_area_of(members) for members in corners]
    used = {header, ring_header, *columns.place.headers}
    kept = {
        name: [next((cells[row] for row in group if cells[row].strip()), "") for group in groups]
        for name, cells in raw.columns.items()
        if name not in used
    }
    reason = say("corners_joined_in_order", count=raw.row_count)
    journal.note("界址点成面", reason, say("corners_made_areas", count=len(groups)), field=header)
    lines = tuple(raw.lines[group[0]] for group in groups) if raw.lines else ()
    journal.lines = lines
    wkb = pa.array(shapely.to_wkb(shapes).tolist(), pa.large_binary())
    return replace(raw, columns=kept, row_count=len(groups), geometry=wkb, crs=crs, lines=lines, damaged={})


def _ring_faults(rows: Sequence[int], corners: Sequence[Corner], numbers: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with each ring of a thing's corners, with its rows, and what was found."""
    start = 0
    for ring in _rings(corners):
        own_rows = rows[start : start + len(ring)]
        start += len(ring)
        at: dict[str, set[tuple[float, float]]] = {}
        for row, corner in zip(own_rows, ring, strict=True):
            at.setdefault(numbers[row].strip().upper(), set()).add(corner)
        twice = [number for number, places in at.items() if number and len(places) > 1]
        named = name_rows(row + 1 for row in own_rows)
        if "" in at:
            blank = name_rows(row + 1 for row in own_rows if not numbers[row].strip())
            yield f"界址点没有点号，不知接在何处：{blank}", named
        elif twice:
            yield f"同一圈内点号重复而坐标不同：{named}", "、".join(twice)
        elif len(set(ring)) < _FEWEST_POINTS:
            yield f"界址点不足三个，围不成面：{named}", f"{len(set(ring))} 个不同的点"
        elif not shapely.Polygon(ring).is_valid:
            yield f"界址点按先后相连，边线相交或重叠：{named}", "、".join(numbers[row].strip() for row in own_rows)


def _refuse_doubt(
    raw: RawTable, columns: Columns, header: str, groups: Sequence[Sequence[int]], journal: Journal
) -> None:
    """Refuse rows that may be corners of one thing or points of their own, such as where soil was sampled."""
    numbers = [number.strip().upper() for number in raw.columns[header]]
    is_said = plain_name(header) != _ANY_POINT or all(re.fullmatch(r"J\d+", number) for number in numbers)
    owners = [raw.columns[columns[role]] for role in ("id", "name") if role in columns and columns[role] != header]
    is_owned = all(any(cells[group[0]].strip() for cells in owners) for group in groups)
    if is_said and is_owned:
        return
    longest = max(map(len, groups))
    place = Place(file=journal.file, sheet=raw.sheet, field=header)
    what = f"连续 {longest} 行像是同一地块的界址点，也可能各是一处" if is_owned else "界址点没有写明属于哪个地块"
    remedy = "连成面：列名写「界址点号」，并有地块名称或编号列；各是一处：列名写「监测点编号」之类"
    raise InputError(Problem(what, place, remedy=remedy))


def _groups(raw: RawTable, columns: Columns, header: str) -> list[list[int]]:
    """Return the rows of each thing whose corners follow each other; a row without a number stands alone."""
    owners = [raw.columns[columns[role]] for role in ("id", "name") if role in columns and columns[role] != header]
    groups: list[list[int]] = []
    before: tuple[str, ...] = ()
    for row, number in enumerate(raw.columns[header]):
        names = tuple(cells[row].strip() for cells in owners)
        owner = tuple(own or earlier for own, earlier in zip(names, before, strict=True)) if before else names
        if groups and number.strip() and owner == before:
            groups[-1].append(row)
        else:
            groups.append([row])
        before = owner
    return groups
