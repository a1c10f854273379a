"""Which column is which: the names that offices use, and the ids of rows.

Names are compared without case, spaces and the star of a required field; full-width signs equal half-width ones, and
a unit in brackets after the name is allowed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hmgeo.datum import Datum, parse_datum
from hmgeo.errors import InputError, Place, Problem
from hmgeo.layers.column_names import (
    ALIASES,
    CLASS_ALIASES,
    COORDINATES,
    IDS_FIRST,
    IDS_LAST,
    IDS_NUMBERS,
    IDS_OF_KIND,
    LON_LAT_PAIR,
    OTHER_CLASS_ALIASES,
    ROLE_WORDS,
    UNITS,
)
from hmgeo.layers.journal import name_rows
from hmgeo.vocabulary import LayerKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmgeo.layers.journal import Journal
    from hmgeo.layers.rawtable import RawTable


_MOST_NAMED = 40


def plain_name(text: str) -> str:
    """Return a column name as it is compared.

    Examples
    --------
    >>> plain_name(" 乡镇（街道）* "), plain_name("Enterprise ID"), plain_name("Source_ID")
    ('乡镇(街道)', 'enterpriseid', 'source_id')
    """
    return re.sub(r"[\s*\ufeff]+", "", unicodedata.normalize("NFKC", text).casefold())


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of one file that mean something here: role to the name in the file.

    Parameters
    ----------
    by_role
        Roles are the keys of the alias table, and `class`, `lon`, `lat`.
    pair
        Which pair of coordinate names was met.
    header_datum
        Datum that the coordinate columns' own names state, as in 经度(GCJ-02).
    is_split
        Degrees, minutes and seconds stand in columns of their own; lon and lat name those of the degrees.
    """

    by_role: dict[str, str] = field(default_factory=dict)
    pair: int = 0
    header_datum: Datum | None = None
    is_split: bool = False

    def __contains__(self, role: str) -> bool:
        """Tell whether the file has a column for the role."""
        return role in self.by_role

    def __getitem__(self, role: str) -> str:
        """Return the file's own name of the column."""
        return self.by_role[role]


def recognise(headers: Sequence[str], kind: LayerKind) -> Columns:
    """Match a file's column names with the roles.

    Examples
    --------
    >>> recognise(["企业名称*", "经度（WGS84）", "纬度（WGS84）"], LayerKind.ENTERPRISES).by_role
    {'name': '企业名称*', 'lon': '经度（WGS84）', 'lat': '纬度（WGS84）'}
    """
    known: dict[str, str] = {}
    for header in headers:
        known.setdefault(plain_name(header), header)
    for header in headers:  # a name without its unit never outranks the bare name
        known.setdefault(without_unit(plain_name(header)), header)
    aliases = {**ALIASES, "class": CLASS_ALIASES.get(kind, OTHER_CLASS_ALIASES)}
    by_role: dict[str, str] = {}
    for role, words in aliases.items():
        found = next((known[word] for word in words.split() if word in known), None)
        if found is not None:
            by_role[role] = found
    both = by_role.pop("lonlat", "")
    split = _split_degrees(headers)
    if split is not None:
        return Columns({**by_role, "lon": split[0], "lat": split[1]}, LON_LAT_PAIR, is_split=True)
    for pair, (lon_words, lat_words) in enumerate(COORDINATES):
        lon = next((known[word] for word in lon_words.split() if word in known), None)
        lat = next((known[word] for word in lat_words.split() if word in known), None)
        if lon is not None and lat is not None:
            return Columns({**by_role, "lon": lon, "lat": lat}, pair, _datum_in_name(lon) or _datum_in_name(lat))
    if both:
        return Columns({**by_role, "lon": both, "lat": both}, LON_LAT_PAIR, _datum_in_name(both))
    return Columns(by_role)


def map_columns(columns: Columns, wanted: Sequence[tuple[str, str]], headers: Sequence[str], place: Place) -> Columns:
    """Put the user's own mapping over what was recognised.

    Parameters
    ----------
    wanted
        Pairs of role and column name.

    Raises
    ------
    InputError
        Unknown roles and missing columns, all at once.
    """
    known = {plain_name(header): header for header in reversed(headers)}
    problems = []
    mapped: dict[str, str] = {}
    for role, name in wanted:
        if role not in ROLE_WORDS:
            remedy = "改为其中之一"
            problems.append(Problem("字段映射的用途无法识别", place, role, "、".join(ROLE_WORDS), remedy))
        elif plain_name(name) not in known:
            remedy = "改为文件中的列名"
            problems.append(Problem("字段映射的列不存在", place, name, "、".join(headers), remedy))
        else:
            mapped[role] = known[plain_name(name)]
    if problems:
        raise InputError(problems)
    is_same = not {"lon", "lat"} & mapped.keys()
    return replace(columns, by_role={**columns.by_role, **mapped}, is_split=columns.is_split and is_same)


def names_places_only(columns: Columns, headers: Sequence[str]) -> bool:
    """Tell whether a list holds places by name and nothing that could be a coordinate.

    Examples
    --------
    >>> headers = ["企业名称", "所在县(区、市)"]
    >>> names_places_only(recognise(headers, LayerKind.ENTERPRISES), headers)
    True
    >>> headers = ["企业名称", "县", "经度"]
    >>> names_places_only(recognise(headers, LayerKind.ENTERPRISES), headers)
    False
    """
    if "lon" in columns or not ("county" in columns or "township" in columns):
        return False
    known = {word for pair in COORDINATES for words in pair for word in words.split()}
    plain = {plain_name(header) for header in headers}
    return not any(
        name in known or without_unit(name) in known or re.search("经度|纬度|坐标|经纬", name) for name in plain
    )


def require_coordinates(columns: Columns, headers: Sequence[str], place: Place) -> None:
    """Raise an `InputError` that lists what was found and what would be understood."""
    if "lon" in columns and "lat" in columns:
        return
    understood = "；".join(f"{'/'.join(lon.split()[:4])} 与 {'/'.join(lat.split()[:4])}" for lon, lat in COORDINATES)
    raise InputError(
        Problem(
            what="没有识别出成对的坐标列",
            where=place,
            found="、".join(header or "（空列名）" for header in headers[:_MOST_NAMED])
            + ("……" if len(headers) > _MOST_NAMED else ""),
            allowed=understood,
            remedy="首行须为列名；请把坐标列改为上述名称之一（如 经度、纬度），或改用带坐标系的矢量文件",
        )
    )


def write_mapping(columns: Columns, journal: Journal) -> None:
    """Put the recognised columns into the ledger, one entry for the file."""
    mapping = "；".join(f"{ROLE_WORDS[role]}={header}" for role, header in columns.by_role.items())
    journal.note("字段对应", "按列名识别", "按此读取", value=mapping or "没有识别出任何列")


def id_column(headers: Sequence[str], kind: LayerKind, wanted: str, place: Place) -> str:
    """Return the column that holds the ids, or an empty string where none does.

    Raises
    ------
    InputError
        The column that the user named is not there.
    """
    known: dict[str, str] = {}
    for header in headers:
        known.setdefault(plain_name(header), header)
    if wanted:
        if plain_name(wanted) in known:
            return known[plain_name(wanted)]
        raise InputError(
            Problem("指定的编号列不存在", place, found=wanted, allowed="、".join(headers), remedy="改为文件中的列名")
        )
    singular = kind.value.removesuffix("s")
    own = [f"{kind.value}_id", f"{singular}_id", f"{singular.rsplit('_', 1)[-1]}_id", "site_id"]
    if kind is LayerKind.COUNTIES:
        own.append("county_id")
    order = [*IDS_FIRST.split(), *IDS_OF_KIND.get(kind, "").split(), *own, *IDS_NUMBERS.split(), *IDS_LAST.split()]
    loose = {name.replace("_", ""): header for name, header in reversed(known.items())}
    for name in order:
        found = known.get(name) or loose.get(name.replace("_", ""))
        if found:
            return found
    return ""


def make_ids(values: Sequence[str] | None, count: int, column: str, journal: Journal) -> list[str]:
    """Give every row one id that no other row has.

    Parameters
    ----------
    values
        The id column as text; None where the file has none.
    count
        Number of data rows.

    Returns
    -------
    list of str
        The value; a repeat gets `#2`, `#3`; a blank becomes `row-N` with N counted from 1.
    """
    if values is None:
        journal.ids = [f"row-{row}" for row in range(1, count + 1)]
        journal.note("无编号列", "没有识别出编号列", "全部以 row-行号 为编号")
        return journal.ids
    given = [value.strip() for value in values]
    reserved = set(given)
    used: set[str] = set()
    times: dict[str, int] = {}
    ids: list[str] = []
    repeats: list[tuple[int, str]] = []
    blanks: list[int] = []
    for row, value in enumerate(given, start=1):
        base = value or f"row-{row}"
        made = base
        if not value:
            blanks.append(row)
        if made in used or (not value and made in reserved):
            number = times.get(base, 1) + 1
            while (made := f"{base}#{number}") in used or made in reserved:
                number += 1
            times[base] = number
            repeats.append((row, base))
        used.add(made)
        ids.append(made)
    journal.ids = ids
    for row, base in repeats:
        journal.note_row(row, "编号重复", "与前面的行编号相同", f"编号改为 {ids[row - 1]}", field=column, value=base)
    for row in blanks:
        journal.note_row(row, "编号空缺", "编号列为空", f"编号取 {ids[row - 1]}", field=column)
    return ids


def unclear_rows(event: str, rows_by_value: dict[str, list[int]], action: str, field: str, journal: Journal) -> None:
    """Write one entry for each distinct value that could not be used."""
    for value, rows in rows_by_value.items():
        journal.note(event, f"共 {name_rows(rows)}", action, field=field, value=value)


def _split_degrees(headers: Sequence[str]) -> tuple[str, str] | None:
    """Return the columns of degrees of longitude and latitude where minutes and seconds have columns of their own."""
    found = {}
    for header in headers:
        match = re.fullmatch(r"(东经|经度|北纬|纬度)\((度|°)\)", plain_name(header))
        if match:
            found[match[1] in {"东经", "经度"}] = header
    has_minutes = any(re.fullmatch(r"(东经|北纬|经度|纬度)\((分|′)\)", plain_name(header)) for header in headers)
    return (found[True], found[False]) if has_minutes and len(found) == 2 else None  # noqa: PLR2004 -- both


def without_unit(plain: str) -> str:
    """Return a compared name without the unit or datum in brackets after it."""
    match = re.fullmatch(r"(.+)\(([^()]*)\)", plain)
    if match and (match[2] in UNITS or parse_datum(match[2]) is not None):
        return match[1]
    return plain


def _datum_in_name(header: str) -> Datum | None:
    match = re.search(r"\(([^()]*)\)", plain_name(header))
    return parse_datum(match[1]) if match else None


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that was read and whose columns were understood."""

    raw: RawTable
    columns: Columns
    ids: list[str]
    journal: Journal

    def texts(self, role: str) -> list[str]:
        """Return a column's texts, stripped; blanks where the file has no such column."""
        if role not in self.columns:
            return [""] * self.raw.row_count
        return [text.strip() for text in self.raw.columns[self.columns[role]]]
