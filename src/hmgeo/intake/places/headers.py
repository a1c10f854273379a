"""Which columns hold coordinates, by what their names say: axis, degrees or minutes or seconds, whose, on which datum.

A name is taken to pieces: 排放口地理坐标经度_度 is the longitude of 排放口, in degrees. What is left over says whose
point it is. Where the names of one list give two points, nobody chooses but the user.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice, product, takewhile

from msgspec import Struct
from msgspec.structs import replace

from hmgeo.geo.datum import Datum, parse_datum
from hmgeo.vocabulary import LayerKind, expression

LON_LAT_PAIR, GRID_PAIR, NEUTRAL_PAIR = range(3)
"""Longitude and latitude; east and north of a survey grid; X and Y, which a survey table may name the other way."""
LON_LAT, LAT_LON = "lon_lat", "lat_lon"
PARTS = ("度", "分", "秒")

_LONGEST_NAME = 40
_FIRM = "企业|单位|公司|工厂|厂区|厂址|厂界|厂房|厂|排污者|生产经营场所|经营场所"
_OWN = "污染源|风险源|场所|排污|生产|经营|项目|建设|拟建|站点|设施"
_OWN_OF_KIND: dict[LayerKind, str] = {
    LayerKind.OUTFALLS: "入河排污口|入河排放口|入河口|排放口|排污口|排口|inriver|drain",
    LayerKind.TAILINGS_PONDS: "尾矿库|库区|库",
    LayerKind.WASTE_HEAPS: "渣堆|堆场|渣场",
    LayerKind.MINES: "矿山|矿区|井口",
    LayerKind.CONTAMINATED_SITES: "地块|场地",
    LayerKind.FARMLAND: "农田|耕地",
    LayerKind.SENSITIVE_SITES: "环境敏感目标|敏感目标|敏感点|保护目标|受体|学校|医院",
    LayerKind.INTAKES: "水源地|水源|取水口|取水点",
    LayerKind.IRRIGATION_INTAKES: "取水口|取水点|灌溉",
    LayerKind.WATER_STATIONS: "监测断面|断面|监测站|监测点",
}
"""Whose point is the row's own, whatever it is, and by the kind of layer."""
_CENTRE = "几何中心|中心|质心|内部|center|centre|centroid|zx"
_ELSEWHERE = (
    "受纳|汇入|水体|河流|上游|下游|取水口|监测|对照|采样|水源|敏感|保护目标|气象|断面|居民|村庄|学校|医院|农田|耕地"
    "|法人|周边|最近|^原(?:有|址|地)?$|旧|[迁更造移以之]前|曾|迁出|注册|总部|集团|住所|办公|通讯"
)
"""Points of other things near the row's, of its past and of whom it belongs to."""
_APART_FROM_FIRMS = frozenset(
    {
        LayerKind.OUTFALLS,
        LayerKind.SENSITIVE_SITES,
        LayerKind.INTAKES,
        LayerKind.IRRIGATION_INTAKES,
        LayerKind.WATER_STATIONS,
    }
)
"""Kinds whose rows lie elsewhere than the firm that they name."""

_FILLERS = (
    r"小数点?后?[一二三四五六七八九十\d]*位?小?数?|保留[一二三四五六七八九十\d]*位?|十进制|度分秒|格式|数值|信息|数据|地理|位置|所在地|所在|定位"
    r"|地址|点位|测量|平面|大地|国家|(?<![a-z])(?:gps|point|pt|dms|dd|coord(?:inate)?s?|geo|gauss|m)(?![a-z])|点|值|处|的|米"
)
_NEVER, _LOCAL = r"(?!)", "(?:独立|地方|施工|城建|自定义?|假定)"
_CGCS2000 = r"cgcs[\-_ ]?(?:2000)?|2000(?=坐标|大地|系|$|[(_])"
_DATUMS = (
    (
        Datum.GCJ02,
        r"gcj0?2|火星坐标系?|国测局(?:加密)?坐标系?|amap",
        "高德|腾讯",
        r"gcj[\-_ ]?(?:02)?|(?:高德|腾讯)地图",
    ),
    (Datum.BD09, r"bd09(?:ll)?", "百度", r"(?<![a-z])bd[\-_ ]?(?:09(?:ll)?)?(?![a-km-z])|百度地图"),
    (Datum.WGS84, r"wgs(?:19)?84", _NEVER, r"wgs[\-_ ]?(?:19)?(?:84)?"),
    (Datum.XIAN80, r"西安(?:19)?80|(?:19)?80西安|xian(?:19)?80|1980国家大地", _NEVER, _NEVER),
    (Datum.BEIJING54, r"北京(?:19)?54|(?:19)?54北京|beijing(?:19)?54", _NEVER, _NEVER),
    (Datum.CGCS2000, r"cgcs2000|国家(?:大地)?2000|2000国家(?:大地)?|大地2000|天地图", _NEVER, _CGCS2000),
    (Datum.UNKNOWN, f"{_LOCAL}坐标系?", _NEVER, f"{_LOCAL}(?=坐标)"),
)
"""Datum, what names it anywhere, firms whose maps carry it, what names it in the name of a column."""
_NO_COORDINATE = expression(
    r"中央|子午|带号|精度|误差|来源|坐标系|基准|方式|时间|日期|高程|海拔|坐标单位|是否|备注|说明|文件|个数|数量"
)
_CELL = expression(r"坐标(?:值|信息|数据|位置)?(?:\([^()]*\))?$")
_WHERE = expression(r"(?:位置|地点|在哪里?|何处)$")
"""A name that asks where, or says it in words: a coordinate only with cells that are both of one."""
_AXES = {
    "both": r"经纬度?|(?<![a-z])(?:lon|lng)[_ ]?lat(?![a-z])|(?<![a-z])lat[_ ]?(?:lon|lng)(?![a-z])",
    "lon": r"经度|东经|西经|(?<![a-z])(?:longitude|long|lon|lng)(?![a-z])",
    "lat": r"纬度|北纬|南纬|维度|(?<![a-z])(?:latitude|lat)(?![a-z])",
    "east": r"横|东向|东|(?<![a-z])(?:easting|east|e)(?![a-z])",
    "north": r"纵|北向|北|(?<![a-z])(?:northing|north|n)(?![a-z])",
    "x": r"(?<![a-z])x(?![a-z])",
    "y": r"(?<![a-z])y(?![a-z])",
}
_COORD = expression(r"坐标|(?<![a-z])(?:point|coord(?:inate)?s?)(?![a-z])")
_PINYIN = expression(r"(?<![a-z])([a-z]*)(jd|wd)(?![a-z])")
_PART = expression(
    r"(?:(?<=[度经纬\W_])|^)(?:([度°])|(秒|″|′′|''|\")|([分′'])|(?<![a-z])(?:(deg(?:rees?)?|d)|(min(?:utes?)?|f)|(sec(?:onds?)?|s)|(m))"
    r"(?![a-z]))(?=\W|_|$)"
)
_TWISTED = str.maketrans({"經": "经", "緯": "纬", "東": "东"})


def plain_name(text: str) -> str:
    """Return `text`, the name of a column, as it is compared.

    >>> plain_name(" 乡镇（街道）* "), plain_name("Enterprise ID"), plain_name("Source_ID")
    ('乡镇(街道)', 'enterpriseid', 'source_id')
    """
    return re.sub(r"[\s*\ufeff]+", "", unicodedata.normalize("NFKC", text).casefold())


class Named(Struct, frozen=True):
    """What a column's name says of a coordinate.

    Parameters
    ----------
    axis
        `lon`, `lat`, `east`, `north`, `x`, `y`, or `both` in one cell.
    part
        度, 分 or 秒 where the name says so.
    whose
        What the name says beside that.
    order
        Of both in one cell, where the name says it: `lon_lat` or `lat_lon`.
    is_weak
        Letters that may stand for anything until their counterpart is there with cells that could be coordinates.
    """

    axis: str
    part: str = ""
    whose: str = ""
    datum: Datum | None = None
    order: str = ""
    is_weak: bool = False


@lru_cache(maxsize=4096)
def name_parts(header: str) -> Named | None:
    """Take `header`, a column's name, to pieces; None where it names no coordinate.

    >>> name_parts("排放口地理坐标经度_度")
    Named(axis='lon', part='度', whose='排放口', datum=None, order='', is_weak=False)
    >>> name_parts("百度纬度").datum.value, name_parts("纵坐标X").axis, name_parts("坐标来源"), name_parts("年份")
    ('bd09', 'north', None, None)
    """
    text = plain_name(header).translate(_TWISTED)
    if not text or len(text) > _LONGEST_NAME:
        return None
    datum, text = _without_datum(_WRITTEN_DECIMAL.sub("", text))
    reading = None if _NO_COORDINATE.search(text) else _axis_of(text)
    if reading is None:
        return None
    axis, rest, order, is_weak = reading
    part, rest = _without_part(rest, axis)
    repeat = re.search(r"#\d+$", rest)  # one of several columns of the same name
    rest = rest.removesuffix(repeat[0]) if repeat else rest
    whose = re.sub(r"[\W_]+", "", re.sub(_FILLERS, " ", _COORD.sub(" ", rest))) + (repeat[0] if repeat else "")
    if axis in {"lon", "lat"} and not is_weak:
        return Named(axis, part, whose, datum, order)
    bare = re.sub(f"{_CENTRE}|{_FIRM}|{'|'.join([_OWN, *_OWN_OF_KIND.values()])}", "", whose)
    if axis != "both" and not is_weak and bare and not _COORD.search(text):
        return None  # a letter or a word for a direction in another name
    is_letter = axis in {"east", "north"} and re.search(r"(?<![a-z])[en](?![a-z])", text) is not None
    return Named(axis, part, whose, datum, order, is_weak or (is_letter and not _COORD.search(text)))


def _without_datum(text: str) -> tuple[Datum | None, str]:
    bracket = re.search(r"\(([^()]*)\)", text)
    in_bracket = parse_datum(bracket[1]) if bracket else None
    if bracket is not None and in_bracket is not None:
        return in_bracket, text.replace(bracket[0], " ")
    for datum, pattern, brand, in_name in _DATUMS:
        named = in_name if datum is Datum.UNKNOWN else f"{in_name}|{pattern}|{brand}"
        rest, times = re.subn(rf"(?:{named})(?:坐标系)?", " ", text)
        if times:
            return datum, rest
    return None, text


def _axis_of(text: str) -> tuple[str, str, str, bool] | None:
    """Return the axis, what is left of the name, the order in one cell, and whether only pinyin tells."""
    both = re.search(_AXES["both"], text)
    if both:
        rest = text.replace(both[0], " ")
        axis = next((word for word in ("lon", "lat") if re.search(_AXES[word], rest)), "")  # 中心经纬度(经度)
        order = "" if axis else LAT_LON if both[0].startswith("lat") else LON_LAT
        return axis or "both", re.sub(_AXES[axis], " ", rest) if axis else rest, order, False
    at = {axis: match.start() for axis, pattern in _AXES.items() if (match := re.search(pattern, text))}
    for first, second in (("lon", "lat"), ("east", "north"), ("x", "y")):
        if first in at and second in at:
            rest = re.sub(f"{_AXES[first]}|{_AXES[second]}", " ", text)
            order = LON_LAT if at[first] < at[second] else LAT_LON
            return "both", rest, "" if first == "x" else order, False
        axis = next((word for word in (first, second) if word in at), "")
        if axis:
            is_word = first != "lon" and re.match(
                "[东北横纵](?!向)", text[at[axis] :]
            )  # 东, 北 alone: who the neighbours are
            drop = [_AXES[axis], r"(?<![a-z])[enxy](?![a-z])"] if first == "lon" else _AXES.values()
            is_axis = not is_word or {"x", "y"} & at.keys() or _COORD.search(text)
            return (axis, re.sub("|".join(drop), " ", text), "", False) if is_axis else None
    pinyin = _PINYIN.search(text)
    if pinyin:
        return "lon" if pinyin[2] == "jd" else "lat", text.replace(pinyin[0], f" {pinyin[1]} "), "", True
    if text == "location" or _CELL.search(text):
        return "both", text.removeprefix("location"), "", False
    where = _WHERE.search(text)
    return ("both", text[: where.start()], "", True) if where else None


def _without_part(rest: str, axis: str) -> tuple[str, str]:
    """Return which part of an angle a name speaks of, and the name without it; `m` is settled among its siblings."""
    match = _PART.search(rest)
    if match is None or axis not in {"lon", "lat"} or "度分秒" in rest:
        return "", re.sub(r"[°′″]|(?<=\()度(?=\))", " ", rest)
    word = ("度", "秒", "分", "度", "分", "秒", "m")[
        next(number for number, group in enumerate(match.groups()) if group)
    ]
    return word, f"{rest[: match.start()]} {rest[match.end() :]}"


_WRITTEN_DECIMAL = expression(r"度\.分秒|d{1,3}\.m{1,2}s{1,2}|度\.分")


def dotted_parts(header: str) -> str:
    """Return 度.分秒 or 度.分 where `header` says that minutes stand behind the point; empty where it doesn't.

    >>> dotted_parts("经度（度.分秒）"), dotted_parts("纬度(DDD.MMSS)"), dotted_parts("经度（度分秒）")
    ('度.分秒', '度.分秒', '')
    """
    match = _WRITTEN_DECIMAL.search(plain_name(header))
    return "" if match is None else "度.分" if match[0] == "度.分" else "度.分秒"


class Coordinates(Struct, frozen=True):
    """Columns that give a point together.

    Parameters
    ----------
    lon, lat
        Names in the file: one, or those of degrees, minutes and seconds; the same one where one cell holds both.
    pair
        `LON_LAT_PAIR`, `GRID_PAIR` or `NEUTRAL_PAIR`.
    datum
        As the names state it.
    order
        Of both in one cell, where the name says it.
    whose
        What the names say beside that.
    is_weak
        As of `Named`.
    is_own
        Whether it may stand in for the columns in use where those are blank: another thing's point may not, nor may
        what the user turned away.
    """

    lon: tuple[str, ...]
    lat: tuple[str, ...]
    pair: int = LON_LAT_PAIR
    datum: Datum | None = None
    order: str = ""
    whose: str = ""
    is_weak: bool = False
    is_own: bool = True

    @property
    def headers(self) -> tuple[str, ...]:
        """The columns, each once."""
        return tuple(dict.fromkeys((*self.lon, *self.lat)))

    @property
    def label(self) -> str:
        """The columns in words."""
        return "、".join(dict.fromkeys((shown_columns(self.lon), shown_columns(self.lat))))

    def typed(self, flag: str = "--columns") -> str:
        """Return what to type behind `flag` to have these columns read."""
        return f"{flag} " + ",".join(f"{role}={name}" for role, name in self.said)

    @property
    def said(self) -> tuple[tuple[str, str], ...]:
        """Role and column, as the user says them."""
        if self.lon == self.lat:
            return (("lonlat", self.lon[0]),)
        return (("lon", "+".join(self.lon)), ("lat", "+".join(self.lat)))


def shown_columns(names: Sequence[str]) -> str:
    """Return column names in one word; of those of degrees, minutes and seconds what they share comes once.

    >>> shown_columns(["排放口经度_度", "排放口经度_分", "排放口经度_秒"]), shown_columns(["经度"])
    ('排放口经度_度/_分/_秒', '经度')
    """
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False)) if len(names) > 1 else ()
    shared = re.sub(r"[\W_]+$", "", "".join(letters[0] for letters in alike))
    return "/".join([names[0], *(name[len(shared) :] for name in names[1:])])


def find_coordinates(headers: Iterable[str]) -> list[Coordinates]:
    """Return all columns of `headers` that give a point together, for each owner the most telling name first."""
    named = {header: parts for header in headers if (parts := name_parts(header))}
    groups: dict[tuple[str, Datum | None], dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for header, meaning in named.items():
        groups[meaning.whose, meaning.datum][meaning.axis].setdefault(meaning.part, header)
    coordinates = []
    for (whose, datum), axes in groups.items():
        for pair, (first, second) in enumerate((("lon", "lat"), ("east", "north"), ("x", "y"))):
            if first in axes and second in axes:
                coordinates += [
                    Coordinates(lon, lat, pair, datum, "", whose, named[lon[0]].is_weak or named[lat[0]].is_weak)
                    for lon, lat in _joined(axes[first], axes[second])
                ]
        coordinates += [
            Coordinates((name,), (name,), LON_LAT_PAIR, datum, named[name].order, whose, named[name].is_weak)
            for name in axes["both"].values()
        ]
    return coordinates


def _joined(lon: Mapping[str, str], lat: Mapping[str, str]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Yield columns of degrees with their minutes and seconds, then those that hold whole angles."""
    sides = []
    for axis in (lon, lat):
        parts = dict(axis)
        if "m" in parts:  # JD_D, JD_F, JD_M: du, fen, miao; lon_d, lon_m, lon_s: degrees, minutes, seconds
            parts.setdefault("秒" if "分" in parts else "分", parts.pop("m"))
        sides.append(parts)
    if all("度" in parts and "分" in parts for parts in sides):
        yield (
            tuple(sides[0][part] for part in PARTS if part in sides[0]),
            tuple(sides[1][part] for part in PARTS if part in sides[1]),
        )
    wholes = [(parts.get(""), "" if "分" in parts else parts.get("度")) for parts in sides]
    whole = next((pair for pair in product(*wholes) if all(pair)), None)
    if whole is not None:
        yield (str(whole[0]),), (str(whole[1]),)


def unused_parts(chosen: Coordinates, spares: Sequence[Coordinates], headers: Iterable[str]) -> list[str]:
    """Return the columns of minutes and seconds of `headers` that belong to `chosen` but to no pair.

    The pairs are `chosen` itself and its `spares`.
    """
    if chosen.lon == chosen.lat or chosen.pair != LON_LAT_PAIR:
        return []
    own = {(parts.whose, parts.axis) for name in (chosen.lon[0], chosen.lat[0]) if (parts := name_parts(name))}
    taken = {name for pair in (chosen, *spares) for name in pair.headers}
    left = ((name, name_parts(name)) for name in headers if name not in taken)
    return [
        name
        for name, parts in left
        if parts is not None and parts.part not in {"", "度"} and not parts.is_weak and (parts.whose, parts.axis) in own
    ]


def _rank(place: Coordinates, kind: LayerKind) -> int:
    """Return how surely a point is the row's own: 0 named after nobody, 1 after the row, 2 its centre, 3 a part, 4 not.

    >>> [
    ...     _rank(Coordinates((), (), whose=whose), LayerKind.ENTERPRISES)
    ...     for whose in ("", "企业", "厂区中心", "大门", "受纳水体")
    ... ]
    [0, 1, 2, 3, 4]
    """
    whose = re.sub(r"#\d+$", "", place.whose)
    if not whose:
        return 0
    own = f"{_OWN_OF_KIND[kind]}|{_OWN}" if kind in _OWN_OF_KIND else _OWN
    left = re.sub(own if kind in _APART_FROM_FIRMS else f"{own}|{_FIRM}", "", whose)
    if not left:
        return 1
    if kind in _APART_FROM_FIRMS and re.search(_FIRM, left):
        return _ELSEWHERE_RANK
    if not re.sub(_CENTRE, "", left):
        return 2
    return 4 if re.search(_ELSEWHERE, left) else 3


def choose(
    places: Sequence[Coordinates], kind: LayerKind, columns: Mapping[str, Sequence[str]] | None
) -> tuple[Coordinates | None, tuple[Coordinates, ...]]:
    """Return the columns to read, and those between which the user has to choose; at most one of them is given.

    `places`, `kind`: all that give a point, and the kind of layer: whose point is the row's own.
    `columns`: the cells of the file: what is blank throughout is no place, and what says the same is no question.
    None where only names are known.
    """
    if columns is None:
        places = [place for place in places if not (place.is_weak and place.lon == place.lat)]
    else:
        places = [place for place in places if not place.is_weak or _could_be(place, columns)]
    filled = [place for place in places if columns is None or _is_filled(place, columns)] or list(places)
    ranked = sorted(
        filled, key=lambda place: (_rank(place, kind), place.lon == place.lat, place.pair, place.datum is not None)
    )
    if not ranked:
        return None, ()
    first, best = ranked[0], _rank(ranked[0], kind)
    if best == _ELSEWHERE_RANK:
        return None, tuple(ranked)
    rivals = [rival for rival in ranked[1:] if _rivals(first, rival, best, _rank(rival, kind), kind)]
    if columns is not None:
        rivals = [rival for rival in rivals if _differ(first, rival, columns)]
    return (None, (first, *rivals)) if rivals else (first, ())


_ELSEWHERE_RANK = 4
_CENTRE_RANK = 2


def own_first(places: Iterable[Coordinates], kind: LayerKind) -> list[Coordinates]:
    """Return `places` with the row's own first, by a layer's `kind`; a part of it or another thing is no stand-in.

    What stands in for it is told by `is_own`.
    """
    ranked = sorted(((_rank(place, kind), place) for place in places), key=lambda pair: pair[0])
    return [replace(place, is_own=rank <= _CENTRE_RANK) for rank, place in ranked]


def _rivals(first: Coordinates, other: Coordinates, best: int, rank_of_other: int, kind: LayerKind) -> bool:
    """Tell whether names leave open which of two points is meant."""
    if best == 0 and rank_of_other == 1 and kind in _APART_FROM_FIRMS and re.search(_OWN_OF_KIND[kind], other.whose):
        return True  # 经度 may be the firm's beside 排放口经度
    if re.sub(r"#\d+$", "", other.whose) == first.whose != other.whose:
        return True
    if first.whose == other.whose:
        return first.datum is not None and other.datum is not first.datum and first.pair == other.pair
    if best < _CENTRE_RANK:
        return 0 < best == rank_of_other
    return rank_of_other < _ELSEWHERE_RANK


def _is_filled(place: Coordinates, columns: Mapping[str, Sequence[str]]) -> bool:
    return all(any(cell.strip() for cell in columns[name]) for name in (place.lon[0], place.lat[0]) if name in columns)


_NEAR_LON = expression(r"\D{0,6}(?:7[3-9]|[89]\d|1[0-2]\d|13[0-5])(?:\D.*)?|\d{6,8}(?:\.\d*)?", re.DOTALL)
_NEAR_LAT = expression(r"\D{0,6}(?:[3-9]|[1-4]\d|5[0-3])(?:\D.*)?|\d{6,8}(?:\.\d*)?", re.DOTALL)


def _could_be(place: Coordinates, columns: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether at least half of the filled cells could be coordinates in China."""
    if place.lon == place.lat:
        return _mostly(_BOTH_CELL, [cell.strip() for cell in columns[place.lon[0]] if cell.strip()])
    for name, pattern in ((place.lon[0], _NEAR_LON), (place.lat[0], _NEAR_LAT)):
        filled = [cell.strip() for cell in columns[name] if cell.strip()]
        if 2 * sum(pattern.fullmatch(cell) is not None for cell in filled) < max(len(filled), 1):
            return False
    return True


def _differ(first: Coordinates, other: Coordinates, columns: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether any row that fills both points has other words in the second."""
    sides = [[columns.get(name, ()) for name in (*side.lon, *side.lat)] for side in (first, other)]
    if len(sides[0]) != len(sides[1]) or first.datum is not other.datum:
        return True
    for cells in zip(*sides[0], *sides[1], strict=False):
        own, theirs = cells[: len(sides[0])], cells[len(sides[0]) :]
        if any(own) and any(theirs) and own != theirs:
            return True
    return False


_DATUM_FILLERS = expression(
    r"坐标系统|坐标系|坐标|经纬度|经度|纬度|数据|来源|来自|取自|采用|采集|获取|拾取器|拾取|读取|查询|查得|量取|定位|地图|导航"
    r"|手机|app|加密|使用|提供|点位|位置|中心|备注|注|说明|本表|所有|全部|企业|清单|名单|一览表|统计表|汇总表|年|均|为|系|由|于|从|是|用|的|上|网"
)


_SENTENCES = expression(r"[,.。;!?()\[\]【】\n\t]|\s+(?=[^\s:]{2,8}:)")
"""Ends of sentences, and a gap before a further label (填报单位：… 坐标系：…): other gaps may stand inside a denial."""


def datums_in_note(text: str) -> tuple[tuple[Datum, ...], bool]:
    """Return the datums that a free text names, and whether it says nothing else.

    >>> datums_in_note("坐标取自高德地图")[0][0].value, datums_in_note("坐标取自高德地图")[1]
    ('gcj02', True)
    >>> [datum.value for datum in datums_in_note("已由GCJ-02转为CGCS2000")[0]], datums_in_note("高德路 5 号")
    (['gcj02', 'cgcs2000'], ((), False))
    >>> [datums_in_note(f"填报单位：某局{gap}坐标系：2000国家大地坐标系")[1] for gap in ("　　", " ", "")]
    [True, True, False]
    """
    datums: dict[Datum, None] = {}
    is_all = True
    for part in _SENTENCES.split(unicodedata.normalize("NFKC", text).casefold()):
        named_here = False
        rest = re.sub(r"[\s\-_:、/\"'“”]+", "", part)
        for datum, pattern, brand, _ in _DATUMS:
            rest, times = re.subn(rf"{pattern}|(?:{brand})(?=地图|坐标|经纬|导航|定位|拾取|app|$)", "", rest)
            if times:
                datums[datum] = None
                named_here = True
        if named_here:
            is_all = is_all and not _DATUM_FILLERS.sub("", rest)
    return tuple(datums), bool(datums) and is_all


_LON, _LAT = r"(?:7[3-9]|[89]\d|1[0-2]\d|13[0-5])", r"(?:[3-9]|[1-4]\d|5[0-3])"
_FINE, _COARSE = r"(?:\.\d{3,}|[°º度]\s*\d)", r"(?:\.\d{2,}|[°º度]\s*\d)"
_LON_CELL = expression(rf"\D{{0,6}}{_LON}{_FINE}.*", re.DOTALL)
_LAT_CELL = expression(rf"\D{{0,6}}{_LAT}{_FINE}.*", re.DOTALL)
_BOTH_CELL = expression(
    rf"\D{{0,6}}(?:{_LON}{_COARSE}.*\D{_LAT}{_COARSE}|{_LAT}{_COARSE}.*\D{_LON}{_COARSE}).*", re.DOTALL
)
_MOST_LOOKED_AT = 1000
_WHOLE_LON = expression(rf"{_LON}(?:\.0+)?")
_PART_NAME = expression(r"(.*?)[\W_]*([度分秒])\)?")


def by_values(columns: Mapping[str, Sequence[str]]) -> list[Coordinates]:
    """Return columns of whose cells half or more look like coordinates though their names say nothing."""
    cells = {
        name: list(islice((cell.strip() for cell in texts if cell.strip()), _MOST_LOOKED_AT))
        for name, texts in columns.items()
    }
    both, lon, lat = (
        next((name for name, texts in cells.items() if _mostly(pattern, texts)), "")
        for pattern in (_BOTH_CELL, _LON_CELL, _LAT_CELL)
    )
    if lon and lat and lon != lat and both not in {lon, lat}:
        return [Coordinates((lon,), (lat,))]
    if both:
        return [Coordinates((both,), (both,))]
    parts: dict[str, dict[str, str]] = {}
    for name in columns:
        if (match := _PART_NAME.fullmatch(plain_name(name))) and cells[name]:
            parts.setdefault(match[1], {})[match[2]] = name
    whole = [tuple(by_part[part] for part in PARTS) for by_part in parts.values() if len(by_part) == len(PARTS)]
    east = [_mostly(_WHOLE_LON, cells[names[0]]) for names in whole]
    return [Coordinates(whole[east.index(True)], whole[east.index(False)])] if sorted(east) == [False, True] else []


def _mostly(pattern: re.Pattern[str], texts: Sequence[str]) -> bool:
    return bool(texts) and 2 * sum(pattern.fullmatch(text) is not None for text in texts) >= len(texts)
