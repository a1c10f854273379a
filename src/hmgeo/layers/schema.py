"""Which column is which: the names that offices use, and the ids of rows.

Names are compared without case, spaces and the star of a required field; full-width signs equal half-width ones, and
a unit in brackets after the name is allowed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hmgeo.datum import Datum, parse_datum
from hmgeo.errors import InputError, Place, Problem
from hmgeo.layers.journal import name_rows
from hmgeo.vocabulary import LayerKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmgeo.layers.journal import Journal

_ALIASES: dict[str, str] = {
    "name": "企业名称 单位名称 项目名称 敏感目标名称 尾矿库名称 水源地名称 园区名称 地块名称 名称 name 污染源名称 "
    "站点名称 facility_name site_name 企业名 dlmc 地类名称 地类名称dlmc xzqmc",
    "trade_code": "行业代码 国民经济行业代码 行业类别代码 trade_code industry_code hydm",
    "trade_edition": "行业分类版本 行业代码版本 行业分类标准 trade_edition",
    "trade_name": "行业名称 行业类别 所属行业 trade_name industry hymc",
    "county": "县(市、区) 县(市,区) 县市区 区县 县区 县 区(县) 县级行政区 所在县 "
    "所在县(区、市) 所在县(市、区) 所在区县 所属区县 county",
    "township": "乡镇(街道) 乡镇 乡(镇) 镇 乡镇街道 乡(镇、街道) 街道(乡镇) 所在乡镇 所属乡镇 township town",
    "unit_code": "坐落单位代码 坐落单位代码zldwdm zldwdm",
    "unit_name": "坐落单位名称 坐落单位名称zldwmc zldwmc",
    "datum": "坐标系 坐标系统 坐标系名称 坐标基准 datum coordinate_system coord_sys",
    "central_meridian": "中央子午线 中央经线 中央子午线经度 central_meridian",
    "uncertainty": "定位误差 位置误差 误差 定位精度误差 position_uncertainty_m uncertainty_m 定位误差m",
    "official_area": "图斑地类面积 图斑地类面积tbdlmj tbdlmj official_area_m2",
}

_CLASS_ALIASES: dict[LayerKind, str] = {
    LayerKind.FARMLAND: "土壤环境质量类别 耕地土壤环境质量类别 环境质量类别 土壤质量类别 质量类别 划分类别 类别 "
    "soil_quality_class class",
    LayerKind.SENSITIVE_SITES: "类别 敏感目标类别 类型 class type kind",
    LayerKind.WATER_SOURCE_ZONES: "保护区级别 级别 class level",
    LayerKind.INDUSTRIAL_PARKS: "级别 class level",
}
_OTHER_CLASS_ALIASES = "类别 级别 类型 class type kind"

# Pairs of coordinate columns, most telling first. In a survey grid 横坐标 runs east and 纵坐标 north.
_COORDINATES: tuple[tuple[str, str], ...] = (
    (
        "经度 东经 lon longitude lng long 经度坐标 坐标经度 中心经度 中心点经度 经度e 经度lon jd",
        "纬度 北纬 lat latitude 纬度坐标 坐标纬度 中心纬度 中心点纬度 纬度n 纬度lat wd",
    ),
    ("横坐标 东坐标 东向坐标 easting east e", "纵坐标 北坐标 北向坐标 northing north n"),
    ("x坐标 x 坐标x point_x x_coord coord_x", "y坐标 y 坐标y point_y y_coord coord_y"),
)
NEUTRAL_PAIR = 2
"""Index of the X/Y pair, whose axes a survey table may name the other way round."""

_IDS_FIRST = "enterprise_id source_id parcel_id receptor_id"
_IDS_NUMBERS = "企业编号 排放口编号 地块编号 水源地编号 库编号 园区编号 项目编号 点位编号 单元编码"
_IDS_LAST = "企业id 地块id 编号 编码 bsm 标识码bsm id eid pid"

_UNITS = frozenset("m 米 ㎡ m2 平方米 ° 度 十进制 十进制度 小数度 dd deg 东经 北纬 e n".split())  # noqa: SIM905 -- a list to read


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
    """

    by_role: dict[str, str] = field(default_factory=dict)
    pair: int = 0
    header_datum: Datum | None = None

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
        known.setdefault(_without_unit(plain_name(header)), header)
    aliases = {**_ALIASES, "class": _CLASS_ALIASES.get(kind, _OTHER_CLASS_ALIASES)}
    by_role: dict[str, str] = {}
    for role, words in aliases.items():
        found = next((known[word] for word in words.split() if word in known), None)
        if found is not None:
            by_role[role] = found
    for pair, (lon_words, lat_words) in enumerate(_COORDINATES):
        lon = next((known[word] for word in lon_words.split() if word in known), None)
        lat = next((known[word] for word in lat_words.split() if word in known), None)
        if lon is not None and lat is not None:
            return Columns({**by_role, "lon": lon, "lat": lat}, pair, _datum_in_name(lon) or _datum_in_name(lat))
    return Columns(by_role)


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
    known = {word for pair in _COORDINATES for words in pair for word in words.split()}
    plain = {plain_name(header) for header in headers}
    return not any(
        name in known or _without_unit(name) in known or re.search("经度|纬度|坐标|经纬", name) for name in plain
    )


def require_coordinates(columns: Columns, headers: Sequence[str], place: Place) -> None:
    """Raise an `InputError` that lists what was found and what would be understood."""
    if "lon" in columns and "lat" in columns:
        return
    understood = "；".join(f"{'/'.join(lon.split()[:4])} 与 {'/'.join(lat.split()[:4])}" for lon, lat in _COORDINATES)
    raise InputError(
        Problem(
            what="没有识别出成对的坐标列",
            where=place,
            found="、".join(header or "（空列名）" for header in headers),
            allowed=understood,
            remedy="首行须为列名；请把坐标列改为上述名称之一（如 经度、纬度），或改用带坐标系的矢量文件",
        )
    )


def write_mapping(columns: Columns, journal: Journal) -> None:
    """Put the recognised columns into the ledger, one entry for the file."""
    words = {
        "id": "编号",
        "name": "名称",
        "trade_code": "行业代码",
        "trade_edition": "行业分类版本",
        "trade_name": "行业名称",
        "county": "县",
        "township": "乡镇",
        "unit_code": "坐落单位代码",
        "unit_name": "坐落单位名称",
        "datum": "坐标系",
        "central_meridian": "中央子午线",
        "uncertainty": "定位误差",
        "official_area": "图斑地类面积",
        "class": "类别",
        "lon": "经度（或东坐标）",
        "lat": "纬度（或北坐标）",
    }
    mapping = "；".join(f"{words[role]}={header}" for role, header in columns.by_role.items())
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
    order = [*_IDS_FIRST.split(), *own, *_IDS_NUMBERS.split(), *_IDS_LAST.split()]
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


def has_split_degrees(headers: Sequence[str]) -> bool:
    """Tell whether degrees, minutes and seconds stand in columns of their own."""
    return any(re.fullmatch(r"(东经|北纬|经度|纬度)\((分|秒|′|″)\)", plain_name(header)) for header in headers)


def unclear_rows(event: str, rows_by_value: dict[str, list[int]], action: str, field: str, journal: Journal) -> None:
    """Write one entry for each distinct value that could not be used."""
    for value, rows in rows_by_value.items():
        journal.note(event, f"共 {name_rows(rows)}", action, field=field, value=value)


def _without_unit(plain: str) -> str:
    match = re.fullmatch(r"(.+)\(([^()]*)\)", plain)
    if match and (match[2] in _UNITS or parse_datum(match[2]) is not None):
        return match[1]
    return plain


def _datum_in_name(header: str) -> Datum | None:
    match = re.search(r"\(([^()]*)\)", plain_name(header))
    return parse_datum(match[1]) if match else None
