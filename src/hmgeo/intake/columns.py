"""Which column is which: the names that offices use, ids of rows, what a user declares of a file.

Names are compared without case, spaces and the star of a required field; full-width signs equal half-width ones, and
a unit in brackets after the name is allowed.

Field codes are those that such exports carry in practice; they were not held against the standards' full text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa
from msgspec import Struct, field
from msgspec.structs import replace
from pyproj import CRS
from pyproj.exceptions import CRSError

from hmgeo.errors import InputError, Place, Problem, UsageError, raise_problems
from hmgeo.geo.datum import Datum, parse_datum, read_crs
from hmgeo.intake.places.headers import (
    GRID_PAIR,
    LON_LAT_PAIR,
    PARTS,
    Coordinates,
    by_values,
    choose,
    find_coordinates,
    name_parts,
    own_first,
    plain_name,
    shown_columns,
    unused_parts,
)
from hmgeo.intake.rows import Coded, Journal, RawTable
from hmgeo.records import UnreadWord, WordMeaning
from hmgeo.reference.cells import read_trade
from hmgeo.reference.tables import bare_header, read_rows, templates
from hmgeo.vocabulary import LayerKind, Unknown
from hmgeo.words import say

_PARTS_OF_NAMES = {
    "{of}": "(?:企业|单位|公司|项目|污染源|所在|所属|所处|地)*",
    "{unit}": "(?:单位)?(?:[a-z]?m|ft|deg|度|[角弧]?[分秒]|[千百十厘分毫微]?米|公里|英[里尺寸]|[里尺丈级]|像[元素])",
    "{who}": "(?:重点|监管|排污|涉重|工业|产废|污染源|企业|单位|公司|工厂)*",
}
"""What stands for what in names of columns as `reference/data/columns.csv` writes them."""


def _listed(wanted: str, column: str = "names") -> dict[str, str]:
    """Return what the rows of one list say, in order."""
    listed = {row["of"]: row[column] for row in read_rows("columns.csv") if row["list"] == wanted}
    for part, pattern in _PARTS_OF_NAMES.items():
        listed = {of: text.replace(part, pattern) for of, text in listed.items()}
    return listed


ROLE_WORDS = _listed("role", "zh")
"""Roles of columns, and what the ledger calls them."""

ROLES = {role: names for role, names in _listed("role").items() if names}
"""Roles of columns and the names that mean them, the most telling first: patterns on a name's letters alone."""

LIST_ROLES = _listed("list_role")
"""Further columns by which lists of enterprises are held against each other, with `permit` and `address`."""

NAMES_OF_KIND, CLASS_ALIASES, IDS_OF_KIND = (_listed(name) for name in ("name", "class", "id"))
"""By kind of layer: what things are called before anything else is a name; what holds their class, "" for any other
kind; their own id in tables whose rows also name other things by id."""

TITLES_OF_FIELDS = _listed("title", "zh")
"""What exports of control units call the columns of the office's list."""

IDS_FIRST = "enterprise_id source_id parcel_id receptor_id"
IDS_NUMBERS = "企业编号 排放口编号 地块编号 水源地编号 库编号 园区编号 项目编号 点位编号 单元编码"
IDS_LAST = "企业id 地块id 编号 编码 bsm 标识码bsm id eid pid"
IDS_ELSE = (
    "(?:企业|单位|污染源|排污单位|地块|图斑|项目|点位|站点|渣堆|矿山|敏感目标)(?:编号|编码|id) (?:xm|dk|qy|wry)bh"
)

UNITS = frozenset(
    ("m", "米", "㎡", "m2", "平方米", "°", "度", "十进制", "十进制度", "小数度", "dd", "deg", "东经", "北纬", "e", "n")
)


_MOST_NAMED = 40
_BEHIND_ERROR = re.compile(r"(?:(?<=误差|偏差|半径|范围)|(?<=不确定[度性]))[a-z千公厘米里]*[\W_].*")
_BEHIND_ACCURACY = re.compile(r"(?:(?<=精度)|(?<=ainty))[^\w#].*[\w′°%].*")
"""What makes either tell of an error: a unit, known or not."""
_ERROR = re.compile("|".join(ROLES["uncertainty"].split()))
_PERMIT = re.compile(r"[0-9A-Z]{18}\d{3}[A-Z]")


class Columns(Struct, frozen=True):
    """The columns of one file that mean something here: role to the name in the file.

    Parameters
    ----------
    by_role
        Roles are the keys of `ROLE_WORDS`; `lon` and `lat` name the first column of each coordinate.
    place
        The columns that hold the coordinates; None where the file has none, or where `rivals` ask.
    spares
        Further coordinates beside those, the surest first.
    rivals
        Coordinates between which the user has to choose.
    errors
        All columns that state how far off a position may be, that of `uncertainty` among them.
    """

    by_role: dict[str, str] = field(default_factory=dict)
    place: Coordinates | None = None
    spares: tuple[Coordinates, ...] = ()
    rivals: tuple[Coordinates, ...] = ()
    errors: tuple[str, ...] = ()

    def __contains__(self, role: str) -> bool:
        """Tell whether the file has a column for the role."""
        return role in self.by_role

    def __getitem__(self, role: str) -> str:
        """Return the file's own name of the column."""
        return self.by_role[role]

    @property
    def pair(self) -> int:
        """What kind of pair of coordinates there is."""
        return self.place.pair if self.place else LON_LAT_PAIR

    @property
    def header_datum(self) -> Datum | None:
        """Datum that the coordinate columns' own names state, as in 经度(GCJ-02)."""
        return self.place.datum if self.place else None

    def at(self, place: Coordinates | None, candidates: Iterable[Coordinates]) -> Columns:
        """Return the same with coordinates at `place`; spares: `candidates` that share no column with it."""
        roles = {} if place is None else {"lon": place.lon[0], "lat": place.lat[0]}
        others = {role: name for role, name in self.by_role.items() if role not in {"lon", "lat"}}
        used = set() if place is None else set(place.headers)
        spares: list[Coordinates] = []
        for candidate in candidates:
            if place is not None and not used & set(candidate.headers):
                spares.append(candidate)
                used |= set(candidate.headers)
        return Columns({**others, **roles}, place, tuple(spares), errors=self.errors)

    def shown(self) -> tuple[tuple[str, str], ...]:
        """Return what each role is called and the columns taken for it."""
        made = {role: (ROLE_WORDS.get(role, "类别"), name) for role, name in self.by_role.items()}
        if self.place is not None and self.place.lon == self.place.lat:
            del made["lat"]
            made["lon"] = (ROLE_WORDS["lonlat"], self.place.lon[0])
        elif self.place is not None:
            words = ("经度", "纬度") if self.place.pair == LON_LAT_PAIR else ("东坐标", "北坐标")
            made["lon"] = (words[0], shown_columns(self.place.lon))
            made["lat"] = (words[1], shown_columns(self.place.lat))
        return tuple(made.values())

    def said(self) -> tuple[tuple[str, str], ...]:
        """Return role and column as `map_columns` takes them."""
        roles = {role: name for role, name in self.by_role.items() if role not in {"lon", "lat"}}
        return (*roles.items(), *(self.place.said if self.place else ()))


def recognise(headers: Sequence[str], kind: LayerKind, columns: Mapping[str, Sequence[str]] | None = None) -> Columns:
    """Match `headers`, a file's column names, with the roles that they have in a layer of a `kind`.

    `columns`: the cells, where they may tell which of several coordinates to read.

    >>> recognise(["企业名称*", "经度（WGS84）", "纬度（WGS84）"], LayerKind.ENTERPRISES).by_role
    {'name': '企业名称*', 'lon': '经度（WGS84）', 'lat': '纬度（WGS84）'}
    """
    names = f"{NAMES_OF_KIND.get(kind.value, '')} {ROLES['name']}"
    by_role = _by_pattern(headers, {**ROLES, "name": names})
    plain = {plain_name(header): header for header in reversed(headers)}
    words = CLASS_ALIASES.get(kind.value, CLASS_ALIASES[""]).split()
    class_column = next((plain[word] for word in words if word in plain), "")
    if class_column:
        by_role["class"] = class_column
    candidates = find_coordinates(headers)
    place, rivals = choose(candidates, kind, columns)
    made = Columns(by_role, errors=tuple(header for header in headers if any(map(_ERROR.fullmatch, _forms(header)))))
    return replace(made.at(place, own_first(candidates, kind)), rivals=rivals)


def recognise_list(headers: Sequence[str]) -> dict[str, str]:
    """Match `headers`, a file's column names, with the roles of `LIST_ROLES`.

    >>> recognise_list(["单位名称", "许可证编号", "发证日期"])
    {'permit': '许可证编号', 'date': '发证日期'}
    """
    return _by_pattern(headers, {role: ROLES[role] for role in ("credit_code", "permit", "address")} | LIST_ROLES)


def _by_pattern(headers: Sequence[str], roles: Mapping[str, str]) -> dict[str, str]:
    """Return the column of each role that has one: by its most telling name, and of two the first."""
    known: dict[str, str] = {}
    for forms in zip(*map(_forms, headers), strict=True):
        for form, header in zip(forms, headers, strict=True):
            known.setdefault(form, header)
    columns: dict[str, str] = {}
    for role, patterns in roles.items():
        names = (name for pattern in patterns.split() for name in known if re.fullmatch(pattern, name))
        name = next(names, None)
        if name is not None:
            columns[role] = known[name]
    return columns


def _forms(header: str) -> tuple[str, str, str]:
    """Return a name's letters, those without its unit, which never outrank them, and without what follows 误差.

    What stands behind 误差 is for the reader of errors to judge.
    """
    plain = plain_name(header)
    behind = _BEHIND_ERROR.sub("", _BEHIND_ACCURACY.sub("m", plain))
    return _letters(plain), _letters(_without_unit(plain)), _letters(behind)


@lru_cache(maxsize=4096)
def is_name(text: str) -> bool:
    """Tell whether a text is the name of a column that means something to some kind of layer.

    >>> is_name("排放口经度_度"), is_name("甲厂"), is_name("东经113°02′15″")
    (True, False, False)
    """
    plain = plain_name(text)
    coordinate = name_parts(text)
    if (
        coordinate is not None
        and (not coordinate.is_weak or coordinate.axis in {"east", "north"})
        and not re.search(r"\d{3}", plain)
    ):
        return True
    if {plain, _without_unit(plain)} & _listed_names():
        return True
    return any(_every_name().fullmatch(_letters(name)) for name in (plain, _without_unit(plain)))


@lru_cache(maxsize=1)
def _every_name() -> re.Pattern[str]:
    lists = [*ROLES.values(), *LIST_ROLES.values(), *NAMES_OF_KIND.values(), IDS_ELSE]
    return re.compile("|".join(pattern for names in lists for pattern in names.split()))


@lru_cache(maxsize=1)
def literal_names() -> frozenset[str]:
    """Return the names of columns that are lists of words: of templates, classes and ids."""
    of_templates = {bare_header(column.name) for columns in templates().values() for column in columns}
    return frozenset({*of_templates, *_listed_names()})


@lru_cache(maxsize=1)
def _listed_names() -> frozenset[str]:
    lists = [*CLASS_ALIASES.values(), IDS_FIRST, IDS_NUMBERS, IDS_LAST, *IDS_OF_KIND.values()]
    return frozenset(word for words in lists for word in words.split())


@lru_cache(maxsize=4096)
def _letters(plain: str) -> str:
    """Return a compared name without brackets and signs: 县(市、区) as 县市区."""
    return re.sub(r"[\W_]+", "", plain)


def map_columns(columns: Columns, wanted: Sequence[tuple[str, str]], headers: Sequence[str], place: Place) -> Columns:
    """Put the user's own mapping over what was recognised in `columns`; errors name `place` and list `headers`.

    `wanted`: pairs of role and column name; names of degrees, minutes and seconds joined by `+`. `InputError`:
    unknown roles and missing columns, all at once.
    """
    known = {plain_name(header): header for header in reversed(headers)}
    problems = []
    mapped: dict[str, tuple[str, ...]] = {}
    for role, name in wanted:
        names = [name] if plain_name(name) in known else re.split("[+＋]", name)
        if role not in ROLE_WORDS:
            remedy = "改为其中之一"
            problems.append(Problem("字段映射的用途无法识别", place, role, "、".join(ROLE_WORDS), remedy))
        elif lacking := [column for column in names if plain_name(column) not in known]:
            remedy = "改为文件中的列名；度、分、秒分列时以 + 相连"
            problems.append(Problem("字段映射的列不存在", place, "、".join(lacking), "、".join(headers), remedy))
        elif len(names) > (len(PARTS) if role in {"lon", "lat"} else 1):
            problems.append(Problem("字段映射的列过多", place, name, remedy="只有经度、纬度可由度、分、秒三列相连"))
        else:
            mapped[role] = tuple(known[plain_name(column)] for column in names)
    raise_problems(InputError, problems)
    both = mapped.pop("lonlat", None)
    lon, lat = (both, both) if both else (mapped.pop("lon", None), mapped.pop("lat", None))
    made = replace(columns, by_role={**columns.by_role, **{role: names[0] for role, names in mapped.items()}})
    made = replace(made, errors=tuple(dict.fromkeys((*mapped.get("uncertainty", ()), *made.errors))))
    if lon is None and lat is None:
        return made
    before = columns.place
    lon, lat = lon or (before.lon if before else None), lat or (before.lat if before else None)
    if lon is None or lat is None:
        return replace(made, by_role={**made.by_role, ("lon" if lon else "lat"): (lon or lat or ("",))[0]})
    parts = [name_parts(names[0]) for names in (lon, lat)]
    is_grid = any(part is not None and part.axis in {"east", "north", "x", "y"} for part in parts)
    datum = next((part.datum for part in parts if part is not None and part.datum is not None), None)
    order = parts[0].order if parts[0] is not None else ""
    chosen = Coordinates(lon, lat, GRID_PAIR if is_grid else LON_LAT_PAIR, datum, order)
    if before is not None and (before.lon, before.lat) == (lon, lat):
        return made.at(chosen, columns.spares)
    turned_away = [*([before] if before else []), *columns.spares]
    return made.at(chosen, [replace(other, is_own=False) for other in turned_away])


def read_mapping(text: str, flag: str = "--columns") -> tuple[tuple[str, str], ...]:
    """Read `text`, such as `lon=列名,lat=列名`, as pairs of role and column name; names may hold commas.

    `UsageError`: a part of it names no role or no column; `flag` is what was typed before it.

    >>> read_mapping("lonlat=坐标(经度,纬度),name=单位")
    (('lonlat', '坐标(经度,纬度)'), ('name', '单位'))
    """
    roles = "|".join(ROLE_WORDS)
    parts = re.split(rf"[,，;；]\s*(?=(?:{roles})\s*[=＝])", text.strip())
    pairs = [re.split("[=＝]", part, maxsplit=1) for part in parts]
    wrong = [parts[at] for at, pair in enumerate(pairs) if len(pair) == 1 or not pair[1].strip()]
    if wrong:
        remedy = "写作 lon=列名,lat=列名,name=列名；一格两值写 lonlat=列名；度、分、秒分列写 lon=度列+分列+秒列"
        raise UsageError(Problem("列的对应看不懂", Place(key=flag), "、".join(wrong), "、".join(ROLE_WORDS), remedy))
    return tuple((pair[0].strip(), pair[1].strip()) for pair in pairs)


def lacks_coordinates(columns: Columns, raw: RawTable) -> bool:
    """Tell whether `columns` name enterprises or places and nothing in `raw` could be a coordinate."""
    if "lon" in columns or "lat" in columns or columns.rivals:
        return False
    if not columns.by_role.keys() & {"name", "county", "township", "credit_code", "permit", "address"}:
        return False
    named = (name_parts(header) for header in raw.headers)
    if any(parts is not None and not parts.is_weak for parts in named):
        return False
    return not by_values(raw.columns) and not _column_of_names(raw)


_LONGEST_LYING = 60


def _column_of_names(raw: RawTable) -> str:
    """Return the column whose cells are names of coordinates, as in a table that lies on its side."""
    for name, cells in raw.columns.items() if raw.row_count <= _LONGEST_LYING else ():
        axes = {parts.axis for cell in cells if (parts := name_parts(cell)) is not None and not parts.is_weak}
        if axes & {"lon", "east", "x"} and axes & {"lat", "north", "y"}:
            return name
    return ""


def require_one_table(columns: Columns, raw: RawTable, place: Place) -> None:
    """Raise an `InputError` at `place` where `raw` is tables side by side: only the left `columns` would be read."""
    own = [name for name in raw.headers if not re.search(r"#\d+$", name) and plain_name(name) != "序号"]
    twins = [name for name in own if f"{name}#2" in raw.headers]
    cells = (cell for name in twins for cell in zip(raw.columns[name], raw.columns[f"{name}#2"], strict=False))
    differ = any(left.strip() and right.strip() and left.strip() != right.strip() for left, right in cells)
    rivals = {header for rival in columns.rivals for header in rival.headers}
    of_both = any(f"{columns.by_role.get(role, '')}#2" in raw.headers for role in ("id", "name"))
    only_coordinates = all(name_parts(name) is not None for name in twins)  # a question which, or already answered
    if (differ and 2 * len(twins) >= len(own) and not only_coordinates) or (
        of_both and any(header.endswith("#2") for header in rivals)
    ):
        repeats = "、".join(header for header in raw.headers if header.endswith("#2"))
        remedy = "把右边各组移到左边一组下面，存为一张表"
        raise InputError(Problem("几张表左右并排，列名成组重复", place, repeats, remedy=remedy))


def require_coordinates(columns: Columns, raw: RawTable, place: Place, flag: str) -> None:
    """Raise an `InputError` at `place` unless `columns` hold coordinates: what `raw` has, what to type after `flag`."""
    if columns.rivals:
        named = "；".join(rival.label for rival in columns.rivals)
        lines = " 或 ".join(rival.typed(flag) for rival in columns.rivals)
        what = (
            "坐标列不止一种读法，请指明用哪一对" if len(columns.rivals) > 1 else "坐标列像是别处的位置，请指明是否采用"
        )
        raise InputError(Problem(what, place, named, remedy=_typed(lines)))
    if columns.place is not None:
        parts = unused_parts(columns.place, columns.spares, raw.headers)
        if parts:
            remedy = _typed(f"{flag} lon=度列+分列+秒列,lat=度列+分列+秒列")
            raise InputError(Problem("有分、秒列而对不上度列，坐标不完整", place, "、".join(parts), remedy=remedy))
        return
    if lying := _column_of_names(raw):
        remedy = "在 Excel 中复制后「选择性粘贴—转置」，让列名排在第一行"
        raise InputError(Problem("列名排在一列里，不在首行", place, lying, remedy=remedy))
    offered = by_values(raw.columns)
    headers = "、".join(header or "（空列名）" for header in raw.headers[:_MOST_NAMED])
    raise InputError(
        Problem(
            what="没有识别出成对的坐标列",
            where=place,
            found=headers + ("……" if len(raw.headers) > _MOST_NAMED else ""),
            allowed="经度/东经/lon/lng 与 纬度/北纬/lat；X坐标/东坐标 与 Y坐标/北坐标；坐标、经纬度（一格两值）",
            remedy=(f"{offered[0].label} 的数值像经纬度：" if offered else "首行须为列名（如 经度、纬度）；")
            + _typed(offered[0].typed(flag) if offered else f"{flag} lon=列名,lat=列名"),
        )
    )


def _typed(line: str) -> str:
    return f"写 {line}（project.yml 中写 columns: {{lon: 列名, lat: 列名}}），或改列名"


def write_mapping(columns: Columns, journal: Journal) -> None:
    """Tell `journal` which columns were taken for what."""
    mapping = "；".join(f"{word} ← {header}" for word, header in columns.shown())
    journal.note("字段对应", "按列名识别", "按此读取", value=mapping or "没有识别出任何列")


def id_column(headers: Sequence[str], kind: LayerKind, wanted: str, place: Place) -> str:
    """Return the column of `headers` that holds the ids of a layer of a `kind`; empty where none does.

    `InputError`: the column `wanted` by the user is not there; told at `place`.
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
    order = [
        *IDS_FIRST.split(),
        *IDS_OF_KIND.get(kind.value, "").split(),
        *own,
        *IDS_NUMBERS.split(),
        *IDS_LAST.split(),
    ]
    loose = {name.replace("_", ""): header for name, header in reversed(known.items())}
    for name in order:
        column = known.get(name) or loose.get(name.replace("_", ""))
        if column:
            return column
    more = _by_pattern(headers, {"id": f"{IDS_ELSE} {ROLES['permit']}"})
    return more.get("id", "")


NO_ID = frozenset({"-", "--", "—", "——", "/", "无", "暂无"})
"""What stands for no id."""


def make_ids(values: Sequence[str] | None, count: int, column: str, journal: Journal) -> list[str]:
    """Give every row one id that no other row has; `journal` gets them, and an entry for each id that was changed.

    `values`: the id column as text; None where the file has none.

    The value; a repeat gets `#2`, `#3`; a blank becomes `row-N` with N counted from 1.
    """
    if values is None:
        journal.ids = [f"row-{row}" for row in range(1, count + 1)]
        journal.note("无编号列", "没有识别出编号列", "全部以 row-行号 为编号")
        return journal.ids
    stripped = ["" if value in NO_ID else value for value in map(str.strip, values)]
    reserved = set(stripped)
    if len(reserved) == len(stripped) and "" not in reserved:
        journal.ids = stripped
        return stripped
    used: set[str] = set()
    times: dict[str, int] = {}
    ids: list[str] = []
    repeats: list[tuple[int, str]] = []
    blanks: list[int] = []
    for row, value in enumerate(stripped, start=1):
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
        journal.note_row(
            row, "编号重复", "与前面的行编号相同", say("id_changed", new_id=ids[row - 1]), field=column, value=base
        )
    for row in blanks:
        journal.note_row(row, "编号空缺", "编号列为空", say("id_given", new_id=ids[row - 1]), field=column)
    return ids


def unclear_rows(
    event: str, rows_by_value: Mapping[str, Iterable[int]], action: str, field: str, journal: Journal
) -> None:
    """Tell `journal` of each unusable value of a `field` once.

    `rows_by_value`: the value, and its data rows counted from 1.
    `event`, `action`: what that is called in the ledger, and what is done with such rows.
    """
    for value, rows in rows_by_value.items():
        journal.note(event, say("rows_in_all", rows=""), action, field=field, value=value, rows=rows)


def _without_unit(plain: str) -> str:
    """Return a compared name without the unit or datum in brackets after it."""
    match = re.fullmatch(r"(.+)\(([^()]*)\)", plain)
    if match and (match[2] in UNITS or parse_datum(match[2]) is not None):
        return match[1]
    return plain


class Opened(Struct, frozen=True):
    """A file that was read and whose columns were understood.

    `zeros_kept`: what the land codes of the whole file say (`zeros_kept`); None where these rows are all there are.
    `edition`: of GB/T 4754, declared for the rows that state none.
    """

    raw: RawTable
    columns: Columns
    ids: list[str] | pa.Array
    journal: Journal
    unread: tuple[UnreadWord, ...] = ()
    zeros_kept: frozenset[int] | None = None
    edition: str = ""

    def texts(self, role: str) -> list[str]:
        """Return the texts of the column of a `role`, stripped; blanks where the file has no such column."""
        blank = [""] * self.raw.row_count
        cells = [text.strip() for text in self.raw.columns[self.columns[role]]] if role in self.columns else blank
        if role == "credit_code" and "permit" in self.columns:  # a permit's number begins with its holder's code
            holders = (code[:18] if _PERMIT.fullmatch(code) else "" for code in self.texts("permit"))
            return [own or code for own, code in zip(cells, holders, strict=True)]
        if role == "trade_code" and "trade_name" in self.columns:  # 行业类别 alone: 铅锌冶炼, C3212 铅锌冶炼
            names = (name.strip() for name in self.raw.columns[self.columns["trade_name"]])
            untold = {
                cell for cell in set(cells) if read_trade(cell) == Unknown("not_stated", cell, field="trade_code")
            }
            return [name or own if own in untold else own for own, name in zip(cells, names, strict=True)]
        if role == "trade_edition":
            return [unicodedata.normalize("NFKC", own) or self.edition for own in cells]
        return cells

    def text(self, role: str, row: int) -> str:
        """Return the cell of the column of a `role` in a `row` counted from 0, stripped; blank without it."""
        return self.raw.columns[self.columns[role]][row].strip() if role in self.columns else ""

    def coded(self, role: str) -> Coded:
        """Return the column of a `role`, stripped, by its different words; a blank where it has none."""
        if role not in self.columns:
            return Coded(np.zeros(self.raw.row_count, np.int64), [""])
        column = self.raw.coded(self.columns[role])
        return Coded.of_words(column.code, [word.strip() for word in column.words])


TURNED = "lat_lon"
AXIS_ORDERS = ("", "lon_lat", TURNED)
"""What `axis_order` may say."""

_EASTERNMOST = 180.0


class Accepted(Struct, frozen=True):
    """That so many features without a usable shape may count as absent, with who says so, when and why."""

    count: int
    by: str
    on: str
    reason: str


class ReadOptions(Struct, frozen=True):
    """What a user says of a file. Everything may stay empty.

    Parameters
    ----------
    layer
        Sheet or layer to read.
    id_field
        Column that holds the ids.
    crs
        CRS of the coordinates, such as `EPSG:4547`; wins over what the file declares.
    datum
        Datum of the coordinates, such as `gcj02` or `西安80`; wins over the file's, yields to a row's own.
    central_meridian
        Degrees east, for metres without a zone prefix; yields to a row's own.
    axis_order
        `lat_lon` where what the file calls longitude or east is the latitude or north, and the other way round;
        `lon_lat` or empty where names mean what they say.
    accept_suggestions
        Carry out what the suspicion checks propose (swapped axes, another datum, ...), each with a ledger entry.
    columns
        Pairs of role and column name that win over recognition, such as `("lon", "X1")`.
    accept_set_aside
        Receptors that may be set aside without leaving their ground open; holds only for just so many.
    in_china
        Whether what it belongs to lies in China: then a position abroad is a mistake. Rows of one file tell it too.
    words
        What words outside the closed lists mean.
    edition
        Of GB/T 4754, for the rows that state none: 2011 or 2017.
    columns_flag
        What is typed on the command line to say the columns of this file; errors name it.
    """

    layer: str = ""
    id_field: str = ""
    crs: str = ""
    datum: str = ""
    central_meridian: float | None = None
    axis_order: str = ""
    accept_suggestions: bool = False
    columns: tuple[tuple[str, str], ...] = ()
    accept_set_aside: Accepted | None = None
    in_china: bool = False
    words: tuple[WordMeaning, ...] = ()
    edition: str = ""
    columns_flag: str = "--columns"


class Declared(Struct, frozen=True):
    """`ReadOptions` understood: None where nothing was said."""

    crs: CRS | None = None
    datum: Datum | None = None
    central_meridian: float | None = None
    is_turned: bool = False


def understand(options: ReadOptions, place: Place) -> Declared:
    """Turn the words of `options` into a CRS and a datum.

    `InputError`: all words that are not understood, at once; told at `place`.
    """
    problems: list[Problem] = []
    crs: CRS | None = None
    if options.crs:
        try:
            crs = read_crs(options.crs)
        except CRSError:
            remedy = "写成 EPSG 代码，如 EPSG:4490、EPSG:4547"
            problems.append(Problem("声明的坐标系无法识别", place, options.crs, remedy=remedy))
    datum = parse_datum(options.datum) if options.datum else None
    if options.datum and datum is None:
        allowed = "、".join(member.value for member in Datum)
        problems.append(Problem("声明的大地基准无法识别", place, options.datum, allowed, "改为其中之一"))
    meridian = options.central_meridian
    if meridian is not None and not -_EASTERNMOST <= meridian <= _EASTERNMOST:
        problems.append(Problem("中央子午线超出范围", place, f"{meridian:g}", "-180 至 180 度", "写成度数，如 114"))
    if options.axis_order not in AXIS_ORDERS:
        allowed = "、".join(filter(None, AXIS_ORDERS))
        problems.append(Problem("坐标轴顺序无法识别", place, options.axis_order, allowed, "改为其中之一"))
    raise_problems(InputError, problems)
    return Declared(crs, datum, meridian, options.axis_order == TURNED)
