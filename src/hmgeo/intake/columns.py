"""Which column is which: the names that offices use, ids of rows, what a user declares of a file.

Names are compared without case, spaces and the star of a required field; full-width signs equal half-width ones, and
a unit in brackets after the name is allowed.

Field codes are those that such exports carry in practice; they were not held against the standards' full text.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from pyproj import CRS
from pyproj.exceptions import CRSError

from hmgeo.errors import InputError, Place, Problem
from hmgeo.geo.datum import Datum, parse_datum
from hmgeo.intake.rows import Coded
from hmgeo.vocabulary import LayerKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pyarrow as pa

    from hmgeo.intake.rows import Journal, RawTable
    from hmgeo.records import UnreadWord, WordMeaning


ALIASES: dict[str, str] = {
    "name": "企业名称 单位名称 单位详细名称 公司名称 企业全称 项目名称 "
    "敏感目标名称 尾矿库名称 水源地名称 园区名称 地块名称 名称 "
    "name 污染源名称 "
    "站点名称 facility_name site_name 企业名 title dlmc 地类名称 地类名称dlmc xzqmc hxmc mc",
    "trade_code": "行业代码 国民经济行业代码 行业类别代码 trade_code industry_code hydm",
    "trade_edition": "行业分类版本 行业代码版本 行业分类标准 trade_edition",
    "trade_name": "行业名称 行业类别 所属行业 trade_name industry hymc",
    "county": "县(市、区) 县(市,区) 县市区 区县 县区 县 区(县) 县级行政区 所在县 "
    "所在县(区、市) 所在县(市、区) 所在区县 所属区县 county",
    "township": "乡镇(街道) 乡镇 乡(镇) 镇 乡镇街道 乡(镇、街道) 街道(乡镇) 所在乡镇 所属乡镇 township town",
    "unit_code": "坐落单位代码 坐落单位代码zldwdm zldwdm 权属单位代码 权属单位代码qsdwdm qsdwdm",
    "unit_name": "坐落单位名称 坐落单位名称zldwmc zldwmc 权属单位名称 权属单位名称qsdwmc qsdwmc",
    "land_code": "地类编码 地类编码dlbm dlbm 地类代码",
    "credit_code": "统一社会信用代码 信用代码 社会信用代码 统一信用代码 uscc credit_code",
    "region_code": "行政区划代码 区划代码 adcode 所在地行政区划代码",
    "lonlat": "经纬度 经纬度坐标 坐标 location lnglat lonlat lon_lat 位置坐标 地理坐标 坐标(经度,纬度)",
    "datum": "坐标系 坐标系统 坐标系名称 坐标基准 datum coordinate_system coord_sys",
    "central_meridian": "中央子午线 中央经线 中央子午线经度 central_meridian",
    "uncertainty": "定位误差 位置误差 误差 定位精度误差 position_uncertainty_m uncertainty_m 定位误差m",
    "official_area": "图斑地类面积 图斑地类面积tbdlmj tbdlmj official_area_m2",
    "parcel_area": "图斑面积 图斑面积tbmj tbmj yjjbnttbmj",
    "deducted_area": "扣除地类面积 扣除地类面积kcmj kcmj 扣除面积",
}

LIST_ALIASES: dict[str, str] = {
    "former_name": "曾用名 原名称 原企业名称 原单位名称 曾用名称 别名 former_name",
    "permit": "排污许可证编号 许可证编号 排污许可证号 排污许可编号 排污登记编号 permit permit_no",
    "address": "生产经营场所地址 地址 详细地址 企业地址 单位地址 所在地址 经营地址 注册地址 address",
    "status": "生产状态 企业状态 运行状态 经营状态 生产情况 status",
    "date": "资料时点 更新日期 填报日期 调查日期 核查日期 发证日期 截至日期 统计日期 date updated",
}
"""Further columns by which lists of enterprises are held against each other."""

CLASS_ALIASES: dict[LayerKind, str] = {
    LayerKind.FARMLAND: "土壤环境质量类别 耕地土壤环境质量类别 环境质量类别 土壤质量类别 质量类别 划分类别 类别 "
    "soil_quality_class class trhjzllb hjzllb",
    LayerKind.SENSITIVE_SITES: "类别 敏感目标类别 类型 class type kind",
    LayerKind.WATER_SOURCE_ZONES: "保护区级别 保护区等级 级别 class level bhqjb",
    LayerKind.INDUSTRIAL_PARKS: "级别 class level",
    LayerKind.INTAKES: "类型 水源类型 类别 class type kind",
    LayerKind.OUTFALLS: "类型 排放口类型 类别 class type kind",
}
OTHER_CLASS_ALIASES = "类别 级别 类型 class type kind"

# Pairs of coordinate columns, most telling first. In a survey grid 横坐标 runs east and 纵坐标 north.
COORDINATES: tuple[tuple[str, str], ...] = (
    (
        (
            "经度 东经 lon longitude lng long 经度坐标 坐标经度 中心经度 中心点经度 经度e 经度lon jd "
            "坐标(经度) 坐标(东经) 地理坐标(经度) 地理坐标(东经) 中心经纬度(经度) 经纬度(经度) "
            "初期坝坝脚经度 坝脚经度 取水口经度"
        ),
        (
            "纬度 北纬 lat latitude 纬度坐标 坐标纬度 中心纬度 中心点纬度 纬度n 纬度lat wd "
            "坐标(纬度) 坐标(北纬) 地理坐标(纬度) 地理坐标(北纬) 中心经纬度(纬度) 经纬度(纬度) "
            "初期坝坝脚纬度 坝脚纬度 取水口纬度"
        ),
    ),
    ("横坐标 东坐标 东向坐标 easting east e", "纵坐标 北坐标 北向坐标 northing north n"),
    ("x坐标 x 坐标x point_x x_coord coord_x", "y坐标 y 坐标y point_y y_coord coord_y"),
)
LON_LAT_PAIR = 0
"""Index of the pair of longitude and latitude."""
NEUTRAL_PAIR = 2
"""Index of the X/Y pair, whose axes a survey table may name the other way round."""

ROLE_WORDS = {
    "id": "编号",
    "name": "名称",
    "trade_code": "行业代码",
    "trade_edition": "行业分类版本",
    "trade_name": "行业名称",
    "county": "县",
    "township": "乡镇",
    "unit_code": "坐落单位代码",
    "unit_name": "坐落单位名称",
    "land_code": "地类编码",
    "credit_code": "统一社会信用代码",
    "region_code": "行政区划代码",
    "datum": "坐标系",
    "central_meridian": "中央子午线",
    "uncertainty": "定位误差",
    "official_area": "图斑地类面积",
    "parcel_area": "图斑面积",
    "deducted_area": "扣除地类面积",
    "class": "类别",
    "lonlat": "经纬度",
    "lon": "经度（或东坐标）",
    "lat": "纬度（或北坐标）",
}
"""Roles of columns, and what the ledger calls them."""

IDS_FIRST = "enterprise_id source_id parcel_id receptor_id"
IDS_NUMBERS = "企业编号 排放口编号 地块编号 水源地编号 库编号 园区编号 项目编号 点位编号 单元编码"
IDS_OF_KIND: dict[LayerKind, str] = {
    LayerKind.OUTFALLS: "排放口编号 排污口编号",
    LayerKind.INTAKES: "取水口编号",
    LayerKind.IRRIGATION_INTAKES: "取水口编号",
    LayerKind.IRRIGATION_DISTRICTS: "灌区编号",
    LayerKind.RIVERS: "河段编号",
    LayerKind.WATER_STATIONS: "断面编号",
}
"""Tables whose rows also name other things by id: their own id first."""

IDS_LAST = "企业id 地块id 编号 编码 bsm 标识码bsm id eid pid"

UNITS = frozenset(
    ("m", "米", "㎡", "m2", "平方米", "°", "度", "十进制", "十进制度", "小数度", "dd", "deg", "东经", "北纬", "e", "n")
)


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


def recognise_list(headers: Sequence[str]) -> dict[str, str]:
    """Match a file's column names with the roles of `LIST_ALIASES`.

    Examples
    --------
    >>> recognise_list(["单位名称", "许可证编号", "发证日期"])
    {'permit': '许可证编号', 'date': '发证日期'}
    """
    known = {plain_name(header): header for header in reversed(headers)}
    found = {
        role: next((known[word] for word in words.split() if word in known), "") for role, words in LIST_ALIASES.items()
    }
    return {role: header for role, header in found.items() if header}


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
        parts = unused_parts(columns, headers)
        if parts and re.search("经|lon|lng", plain_name(columns["lon"])):  # a user may map another pair
            remedy = "度、分、秒分列时，列名写作 经度(度)、经度(分)、经度(秒)、纬度(度)、纬度(分)、纬度(秒)"
            raise InputError(
                Problem("有分、秒列而对不上度列，坐标不完整", place, found="、".join(parts), remedy=remedy)
            )
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


_POINT_NUMBERS = frozenset(
    {"点号", "界址点号", "界址点", "拐点号", "拐点", "拐点编号", "界址点编号", "边界点号", "顶点号"}
)
_FEWEST_POINTS = 3


def refuse_boundary_points(raw: RawTable, columns: Columns, place: Place) -> None:
    """Refuse a table whose rows are the corners J1, J2, J3 … of an area: each would count as a place of its own.

    Raises
    ------
    InputError
        Three rows or more follow each other as numbered corners of one thing.
    """
    header = next((name for name in raw.headers if plain_name(name) in _POINT_NUMBERS), "")
    if not header:
        return
    names = raw.columns.get(columns.by_role.get("name", ""), [""] * raw.row_count)
    longest, run, owner = 0, 0, ""
    for number, name in zip(raw.columns[header], names, strict=True):
        goes_on = bool(number.strip()) and (not name.strip() or name.strip() == owner)
        run = run + 1 if goes_on and run else int(bool(number.strip()))
        owner = name.strip() or owner
        longest = max(longest, run)
    if longest >= _FEWEST_POINTS:
        where = replace(place, field=header)
        remedy = "在 GIS 软件中按点号把各点连成面，存为 gpkg、geojson 或 shp 后再用；每行若确是一处，请逐行填写名称"
        raise InputError(Problem(f"像是界址点（拐点）表，连续 {longest} 行是同一地块的各点", where, remedy=remedy))


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


def unclear_rows(
    event: str, rows_by_value: Mapping[str, Iterable[int]], action: str, field: str, journal: Journal
) -> None:
    """Write one entry for each distinct value that could not be used."""
    for value, rows in rows_by_value.items():
        journal.note(event, "共 {rows}", action, field=field, value=value, rows=rows)


_PART = re.compile(r"(.*?(?:东经|北纬|经度|纬度))[_\-]?[(]?([度°分′秒″])[)]?")
_PART_WORDS = {"°": "度", "′": "分", "″": "秒"}


def split_part(header: str) -> tuple[str, str] | None:
    """Return what a column holds degrees, minutes or seconds of, and which of them; None for any other column.

    Examples
    --------
    >>> split_part("中心经度_度"), split_part("北纬（′）"), split_part("经度")
    (('中心经度', '度'), ('北纬', '分'), None)
    """
    match = _PART.fullmatch(plain_name(header))
    return (match[1], _PART_WORDS.get(match[2], match[2])) if match else None


def _split_degrees(headers: Sequence[str]) -> tuple[str, str] | None:
    """Return the columns of degrees of longitude and latitude where minutes and seconds have columns of their own."""
    parts = {header: part for header in headers if (part := split_part(header))}
    parted = {stem for stem, word in parts.values() if word != "度"}
    degrees = {stem: header for header, (stem, word) in reversed(parts.items()) if word == "度"}
    for stem, lon in degrees.items():
        other = stem.replace("东经", "北纬").replace("经度", "纬度")
        if other != stem and other in degrees and {stem, other} & parted:
            return lon, degrees[other]
    return None


def unused_parts(columns: Columns, headers: Sequence[str]) -> list[str]:
    """Return the columns of minutes and seconds that no joined coordinate takes in."""
    joined = {part[0] for role in ("lon", "lat") if columns.is_split and (part := split_part(columns[role]))}
    return [name for name in headers if (part := split_part(name)) and part[1] != "度" and part[0] not in joined]


def spare_pairs(columns: Columns, headers: Sequence[str]) -> list[tuple[str, str]]:
    """Return further pairs of coordinate columns, which stand beside the pair in use."""
    known = {plain_name(header): header for header in reversed(headers)}
    known = {**{without_unit(name): header for name, header in known.items()}, **known}
    used = {columns.by_role.get("lon"), columns.by_role.get("lat")}
    found = []
    for lon_words, lat_words in COORDINATES:
        for lon_word, lat_word in zip(lon_words.split(), lat_words.split(), strict=False):
            pair = (known.get(lon_word), known.get(lat_word))
            if pair[0] is not None and pair[1] is not None and not used & {*pair}:
                found.append((pair[0], pair[1]))
                used |= {*pair}
    both = next((known[word] for word in ALIASES["lonlat"].split() if word in known), None)
    return [*found, (both, both)] if both is not None and both not in used else found


def without_unit(plain: str) -> str:
    """Return a compared name without the unit or datum in brackets after it."""
    match = re.fullmatch(r"(.+)\(([^()]*)\)", plain)
    if match and (match[2] in UNITS or parse_datum(match[2]) is not None):
        return match[1]
    return plain


_DATUM_WORDS = (
    (
        Datum.GCJ02,
        r"gcj0?2|火星坐标系?|国测局(?:加密)?坐标系?|(?:高德|腾讯)(?=地图|坐标|经纬|导航|定位|拾取|app|$)|amap",
    ),
    (Datum.BD09, r"bd09(?:ll)?|百度(?=地图|坐标|经纬|导航|定位|拾取|app|$)"),
    (Datum.WGS84, r"wgs(?:19)?84"),
    (Datum.XIAN80, r"西安(?:19)?80|(?:19)?80西安|xian(?:19)?80|1980国家大地"),
    (Datum.BEIJING54, r"北京(?:19)?54|(?:19)?54北京|beijing(?:19)?54"),
    (Datum.CGCS2000, r"cgcs2000|国家(?:大地)?2000|2000国家(?:大地)?|大地2000|天地图"),
    (Datum.UNKNOWN, r"(?:独立|地方|施工|城建|自定义?|假定)坐标系?"),
)
_DATUM_FILLERS = re.compile(
    r"坐标系统|坐标系|坐标|经纬度|经度|纬度|数据|来源|来自|取自|采用|采集|获取|拾取器|拾取|读取|查询|查得|量取|定位|地图|导航"
    r"|手机|app|加密|使用|提供|点位|位置|中心|备注|注|说明|本表|所有|全部|企业|清单|名单|一览表|统计表|汇总表|年|均|为|系|由|于|从|是|用|的|上|网"
)


def datums_in_note(text: str) -> tuple[tuple[Datum, ...], bool]:
    """Return the datums that a free text names, and whether it says nothing else.

    Examples
    --------
    >>> datums_in_note("坐标取自高德地图")[0][0].value, datums_in_note("坐标取自高德地图")[1]
    ('gcj02', True)
    >>> [datum.value for datum in datums_in_note("已由GCJ-02转为CGCS2000")[0]], datums_in_note("高德路 5 号")
    (['gcj02', 'cgcs2000'], ((), False))
    """
    found: dict[Datum, None] = {}
    is_all = True
    for part in re.split(r"[,.。;!?()\[\]【】\n]", unicodedata.normalize("NFKC", text).casefold()):
        named_here = False
        rest = re.sub(r"[\s\-_:、/\"'“”]+", "", part)
        for datum, pattern in _DATUM_WORDS:
            rest, times = re.subn(pattern, "", rest)
            if times:
                found[datum] = None
                named_here = True
        if named_here:
            is_all = is_all and not _DATUM_FILLERS.sub("", rest)
    return tuple(found), bool(found) and is_all


def _datum_in_name(header: str) -> Datum | None:
    match = re.search(r"\(([^()]*)\)", plain_name(header))
    return parse_datum(match[1]) if match else None


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that was read and whose columns were understood.

    Parameters
    ----------
    zeros_kept
        What the land codes of the whole file say (`receptors.zeros_kept`); None where these rows are all there are.
    """

    raw: RawTable
    columns: Columns
    ids: list[str] | pa.Array
    journal: Journal
    unread: tuple[UnreadWord, ...] = ()
    zeros_kept: frozenset[int] | None = None

    def texts(self, role: str) -> list[str]:
        """Return a column's texts, stripped; blanks where the file has no such column."""
        if role not in self.columns:
            return [""] * self.raw.row_count
        return [text.strip() for text in self.raw.columns[self.columns[role]]]

    def text(self, role: str, row: int) -> str:
        """Return one cell, stripped."""
        return self.raw.columns[self.columns[role]][row].strip() if role in self.columns else ""

    def coded(self, role: str) -> Coded:
        """Return a column's texts, stripped, by its different words; one blank word where the file has none."""
        if role not in self.columns:
            return Coded(np.zeros(self.raw.row_count, np.int64), [""])
        held = self.raw.coded(self.columns[role])
        return Coded.of_words(held.code, [word.strip() for word in held.words])


@dataclass(frozen=True, slots=True)
class StandardLayer:
    """A kind of export.

    Parameters
    ----------
    title
        What offices call it.
    kind
        The kind of layer it is here.
    fields
        Names of which all must be there; alternatives stand in one entry, parted by a bar.
    layers
        Beginnings of layer names that tell it, too.
    remark
        What to know about its coordinates or content.
    """

    title: str
    kind: LayerKind
    fields: tuple[str, ...]
    layers: tuple[str, ...] = ()
    remark: str = ""


STANDARD_LAYERS = (
    StandardLayer("永久基本农田图斑", LayerKind.PERMANENT_BASIC_FARMLAND, ("yjjbnttbbh|yjjbnttbmj",), ("yjjbnt",)),
    StandardLayer(
        "国土调查地类图斑（DLTB）",
        LayerKind.FARMLAND,
        ("dlbm", "tbmj|tbdlmj", "zldwdm|qsdwdm"),
        ("dltb",),
        "含全部地类，只有耕地（0101 水田、0102 水浇地、0103 旱地）作耕地",
    ),
    StandardLayer("生态保护红线", LayerKind.ECOLOGICAL_REDLINE, ("hxmc|hxbm", "hxlx|hxlb|hxmj"), ("stbhhx", "sthx")),
    StandardLayer("城镇开发边界", LayerKind.URBAN_DEVELOPMENT_BOUNDARY, ("kfbjlx|bjlx|czkfbjlx",), ("czkfbj",)),
    StandardLayer(
        "耕地土壤环境质量类别划分",
        LayerKind.FARMLAND,
        ("土壤环境质量类别|耕地土壤环境质量类别|环境质量类别|trhjzllb|hjzllb",),
        ("gdtrhjzl", "耕地土壤环境质量"),
    ),
    StandardLayer(
        "饮用水水源保护区", LayerKind.WATER_SOURCE_ZONES, ("保护区级别|保护区等级|bhqjb",), ("yyssybhq", "饮用水水源")
    ),
    StandardLayer(
        "高德 POI 导出",
        LayerKind.SENSITIVE_SITES,
        ("typecode", "adname|adcode", "pname|cityname|location"),
        (),
        "坐标一般为 GCJ-02，请用 datum 声明",
    ),
    StandardLayer(
        "百度 POI 导出",
        LayerKind.SENSITIVE_SITES,
        ("uid", "street_id|detail_info|detail", "lat|location"),
        (),
        "坐标一般为 BD-09，请用 datum 声明",
    ),
)


def recognise_standard(headers: Iterable[str], layer: str = "") -> StandardLayer | None:
    """Return which export a file is, by its layer's name or its fields; None where it is none of them.

    Examples
    --------
    >>> recognise_standard(["BSM", "DLBM", "TBMJ", "QSDWDM"]).title
    '国土调查地类图斑（DLTB）'
    >>> recognise_standard(["BSM", "YSDM"], "STBHHX").kind.value
    'ecological_redline'
    """
    known = {plain_name(header) for header in headers}
    known |= {name[len(stem) :] for name in known for stem in _STEMS if name.startswith(stem)}
    for one in STANDARD_LAYERS:
        if any(plain_name(layer).startswith(start) for start in one.layers):
            return one
        if all(known & set(names.split("|")) for names in one.fields):
            return one
    return None


_STEMS = ("地类编码", "图斑面积", "图斑地类面积", "坐落单位代码", "权属单位代码")


def note_standard(headers: Iterable[str], layer: str, kind: LayerKind, journal: Journal) -> None:
    """Write down which export a file is, and that it isn't of the kind it is used for."""
    found = recognise_standard(headers, layer)
    if found is None:
        return
    action = "按其标准字段读取" if found.kind is kind else f"照所申明的「{kind.zh}」读取，请确认"
    journal.note("标准图层", f"识别为{found.title}" + (f"；{found.remark}" if found.remark else ""), action)


TURNED = "lat_lon"
AXIS_ORDERS = ("", "lon_lat", TURNED)
"""What `axis_order` may say."""

_EASTERNMOST = 180.0


@dataclass(frozen=True, slots=True)
class Accepted:
    """That so many features without a usable shape may count as absent, with who says so, when and why."""

    count: int
    by: str
    on: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReadOptions:
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


@dataclass(frozen=True, slots=True)
class Declared:
    """`ReadOptions` understood: None where nothing was said."""

    crs: CRS | None = None
    datum: Datum | None = None
    central_meridian: float | None = None
    is_turned: bool = False


def understand(options: ReadOptions, place: Place) -> Declared:
    """Turn the words into a CRS and a datum.

    Raises
    ------
    InputError
        All words that are not understood, at once.
    """
    problems: list[Problem] = []
    crs: CRS | None = None
    if options.crs:
        try:
            crs = CRS.from_user_input(options.crs)
        except CRSError:
            problems.append(
                Problem(
                    "声明的坐标系无法识别", place, found=options.crs, remedy="写成 EPSG 代码，如 EPSG:4490、EPSG:4547"
                )
            )
    datum = parse_datum(options.datum) if options.datum else None
    if options.datum and datum is None:
        allowed = "、".join(member.value for member in Datum)
        problems.append(
            Problem("声明的大地基准无法识别", place, found=options.datum, allowed=allowed, remedy="改为其中之一")
        )
    meridian = options.central_meridian
    if meridian is not None and not -_EASTERNMOST <= meridian <= _EASTERNMOST:
        problems.append(
            Problem(
                "中央子午线超出范围", place, found=f"{meridian:g}", allowed="-180 至 180 度", remedy="写成度数，如 114"
            )
        )
    if options.axis_order not in AXIS_ORDERS:
        allowed = "、".join(filter(None, AXIS_ORDERS))
        problems.append(
            Problem("坐标轴顺序无法识别", place, found=options.axis_order, allowed=allowed, remedy="改为其中之一")
        )
    if problems:
        raise InputError(problems)
    return Declared(crs, datum, meridian, options.axis_order == TURNED)
