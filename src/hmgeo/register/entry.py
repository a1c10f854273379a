"""One row of a list as lists are compared: names without their forms, codes held against their check digit.

A credit code (GB 32100) counts only with the right check digit. The first eighteen signs of a national permit number
are the holder's credit code, so that a permit list without codes has them all the same. Names are compared in steps: in
full (width, spaces, brackets, 有限责任公司 and 有限公司 aside), then without the place they begin with and their form.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from msgspec import Struct
from stdnum.cn import uscc

from hmgeo.geo.ellipsoid import geodesic_m

FAR_M = 1000.0
"""Rows that are surely farther apart than this are not taken for one without a person."""
NEAR_M = 500.0
"""Rows within this distance support each other."""

FROM_PERMIT = "信用代码取自许可证编号前 18 位"
"""Remark on a row whose code its permit number tells."""

_CODE_LENGTH = 18
_SHORTEST_PERMIT = 8
_FEWEST_SIGNS = 2
_NATIONAL_PERMIT = re.compile(r"[0-9A-Z]{18}\d{3}[A-Z]")
_PUNCTUATION = re.compile(r"[\s·•・、,，.。:：;；\-—_/\\\"'“”‘’《》<>\[\]【】{}*]+")
_IN_BRACKETS = re.compile(r"\(([^()]*)\)")
_FORMER = re.compile(r"(?:原名称?|原企业名称|原名为|曾用名|前身为?|前身是|旧称|更名前|原)[:：为是]?(?P<name>.{4,})")
_WHOLE_NAME = re.compile(r"(?P<name>.{4,}(?:公司|厂))")
_STATE = re.compile(
    r"(?:已|拟|正在|现)?(?:全面|长期|临时)?(?:停产|半停产|关停|关闭|注销|吊销|搬迁|在产|在建|拟建|倒闭|破产|停业|停用|闭库|销库|未投产|试生产|技改)(?:中|整顿|企业)?"
)
_PROVINCES = (
    "北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南"
    "|陕西|甘肃|青海|台湾|内蒙古|广西壮族|广西|西藏|宁夏回族|宁夏|新疆维吾尔|新疆"
)
_PROVINCE = re.compile(rf"^(?:{_PROVINCES})(?:省|自治区|市)?")
_PROVINCE_BEFORE_CITY = re.compile(rf"^(?:{_PROVINCES})(?:省|自治区)?(?=[\u4e00-\u9fff]{{2,5}}?(?:市|州|盟))")
_PLACE = re.compile(
    r"^(?:[\u4e00-\u9fff]{2,4}?市|[\u4e00-\u9fff]{2,9}?(?:自治[州县旗]|[县区旗])|[\u4e00-\u9fff]{2,4}?(?:镇|乡|街道))"
)
_LEGAL_FORM = re.compile(r"(?:股份有限公司|有限公司|集团公司|总公司|公司|有限合伙|普通合伙|个体工商户|集团)$")
_MARK = re.compile(
    r"第?[一二三四五六七八九十\d]+(?:号|#|分厂|厂|车间|期|分公司|选厂|矿|库|组|队|工区)|[东南西北新老旧](?:厂区?|区)$"
    r"|尾矿库|渣场|渣库|堆场|排土场|分公司|分厂|车间"
)
_DIGITS = str.maketrans("一二三四五六七八九", "123456789")
_GENERIC = re.compile(
    r"(?:第?[一二三四五六七八九十\d]+)?(?:铅锌|有色|金属|选矿|选|冶炼|电镀|化工|造纸|皮革|制革|五金|蓄电池|采石|矿业|表面处理|制品|加工)*[厂场站矿库]?"
)
_COUNTY = re.compile(r"(.{2,}?)(?:(?:[\u4e00-\u9fff]{1,3}?族)*自治[县旗]|[县区市旗])")
_LOOK_ALIKE = str.maketrans("OQDILZSBGV", "0001125860")


def plain_code(text: str) -> str:
    """Return `text`, a code or number, as it is compared: capitals, digits and nothing else.

    >>> plain_code(" ９１44-1802 ma4u ")
    '91441802MA4U'
    """
    return re.sub(r"[^0-9A-Z]", "", unicodedata.normalize("NFKC", text).upper())


@lru_cache(maxsize=1 << 16)
def is_credit_code(code: str) -> bool:
    """Tell whether `code`, as compared, is a credit code with the right check digit.

    >>> is_credit_code("91110000600037341L"), is_credit_code("91110000600037341I")
    (True, False)
    """
    return len(code) == _CODE_LENGTH and bool(uscc.is_valid(code))


def look_alike(code: str) -> str:
    """Return `code` with the signs that copies confuse made one: O is 0, I is 1, B is 8 and so on.

    >>> look_alike("9I44180ZMA4UB") == look_alike("9144180 2MA4U8".replace(" ", ""))
    True
    """
    return code.translate(_LOOK_ALIKE)


@lru_cache(maxsize=1 << 16)
def read_name(text: str) -> tuple[str, tuple[str, ...], str]:
    """Return the name in `text` in full as compared, the other names it has in brackets, and the state it tells there.

    >>> read_name("广东省示例市艺强（清新）首饰有限责任公司（原示例市旧名首饰厂）（已停产）")
    ('示例市艺强清新首饰有限公司', ('示例市旧名首饰厂',), '已停产')
    """
    whole = unicodedata.normalize("NFKC", text).strip()
    former: list[str] = []
    states: list[str] = []

    def without(match: re.Match[str]) -> str:
        inner = match[1].strip()
        stated = _FORMER.fullmatch(inner) or _WHOLE_NAME.fullmatch(inner)
        if stated:
            former.append(_plain_name(stated["name"]))
        elif _STATE.fullmatch(inner):
            states.append(inner)
        else:
            return inner
        return ""

    while _IN_BRACKETS.search(whole):  # from the inside out
        whole = _IN_BRACKETS.sub(without, whole)
    return _plain_name(whole), tuple(former), "、".join(states)


def _plain_name(text: str) -> str:
    plain = _PUNCTUATION.sub("", text).upper().replace("(", "").replace(")", "").replace("有限责任公司", "有限公司")
    return _PROVINCE_BEFORE_CITY.sub("", plain)


def _core_of(full: str, stems: Sequence[str] = ()) -> str:
    """Return what tells a name from others: without the places it begins with and without its legal form.

    `stems`: names of places without 市, 县, 区, 镇, longest first, that names may begin with.

    >>> _core_of("清远市清新区万里宏表面处理有限公司"), _core_of("清远万里宏表面处理有限公司", ["清远"])
    ('万里宏表面处理', '万里宏表面处理')
    """
    core = _LEGAL_FORM.sub("", full) or full
    rest = _PROVINCE.sub("", core)
    for _ in range(3):
        shorter = _PLACE.sub("", rest)
        if shorter == rest:
            shorter = next((rest.removeprefix(stem) for stem in stems if rest.startswith(stem)), rest)
        if len(shorter) < _FEWEST_SIGNS or shorter == rest:
            break
        rest = shorter
    return rest if len(rest) >= _FEWEST_SIGNS else core


def place_stems(texts: Sequence[str]) -> list[str]:
    """Return the places that `texts` (names, the lists' counties and townships) begin with, without 市, 县, 区, 镇.

    >>> place_stems(["清远市甲厂", "连南瑶族自治县"])
    ['清远', '连南']
    """
    stems: set[str] = set()
    for text in texts:
        rest = _PROVINCE_BEFORE_CITY.sub("", text)
        while match := _PLACE.match(rest):
            stems.add(county_stem(re.sub(r"(?:镇|乡|街道)$", "", match[0])))
            rest = rest[match.end() :]
    return sorted((stem for stem in stems if len(stem) >= _FEWEST_SIGNS), key=lambda stem: (-len(stem), stem))


def county_stem(text: str) -> str:
    """Return the county in `text` as it is compared: the last part named, without what kind of unit it is.

    >>> county_stem("广东省清远市清新区"), county_stem("清新县"), county_stem("连南瑶族自治县"), county_stem("英德市")
    ('清新', '清新', '连南', '英德')
    """
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    plain = re.sub(r"^.+?(?:省|自治区)(?=.)", "", plain)
    plain = re.sub(r"^.+?(?:市|自治州)(?=.)", "", plain)
    match = _COUNTY.fullmatch(plain)
    return match[1] if match else plain


class Entry(Struct, frozen=True):
    """A row of a list, and what it is compared by.

    Parameters
    ----------
    source
        Which list, counted from 0.
    line
        Row of the sheet or file as Excel shows it.
    values
        Role (`name`, `credit_code`, `permit`, …) to the text of the list; `lon`, `lat` and `datum` only where they
        gave no point.
    date
        Of what the row says; empty where nobody told.
    point
        lon, lat on CGCS2000; None where there is none.
    code
        Credit code with the right check digit; empty where there is none or where row and permit disagree.
    full, former, core
        Compared names.
    marks
        Words in the name that tell one plant of a firm from another.
    """

    source: int
    line: int
    values: Mapping[str, str]
    date: str = ""
    point: tuple[float, float] | None = None
    uncertainty_m: float = 0.0
    code: str = ""
    code_given: str = ""
    permit: str = ""
    full: str = ""
    former: tuple[str, ...] = ()
    core: str = ""
    county: str = ""
    marks: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The compared names, the present one first."""
        return (*filter(None, (self.full,)), *self.former)

    @property
    def is_blank(self) -> bool:
        """Whether the row holds nothing to be known by."""
        return not (self.full or self.code_given or self.permit)


def entry_of(
    source: int,
    line: int,
    values: Mapping[str, str],
    *,
    date: str = "",
    point: tuple[float, float] | None = None,
    uncertainty_m: float = 0.0,
    stems: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Entry:
    """Return a row as it is compared.

    Parameters
    ----------
    source, line
        Number of its list, and of its row there.
    values
        Texts by role, blank where the list says nothing.
    date
        Day the row tells of (ISO), empty where untold.
    point, uncertainty_m
        Lon/lat degrees and how far off they may be; None where it has no usable position.
    stems
        Places that names may begin with (`place_stems`).
    notes
        What reading the row brought, in words.
    """
    code_text, permit = plain_code(values.get("credit_code", "")), plain_code(values.get("permit", ""))
    full, other_name, state = read_name(values.get("name", ""))
    stated = [read_name(part)[0] for part in re.split(r"[、,，;；/]", values.get("former_name", "")) if part.strip()]
    code, remarks = _code_of(code_text, permit)
    if state:
        remarks = (*remarks, f"名称中注明{state}")
    former = tuple(dict.fromkeys(name for name in (*stated, *other_name) if name and name != full))
    return Entry(
        source=source,
        line=line,
        values=values,
        date=date,
        point=point,
        uncertainty_m=uncertainty_m,
        code=code,
        code_given=code_text,
        permit=permit if len(permit) >= _SHORTEST_PERMIT else "",
        full=full,
        former=former,
        core=_core_of(full, stems) if full else "",
        county=county_stem(values.get("county", "")),
        marks=frozenset(match.translate(_DIGITS).replace("#", "号") for match in _MARK.findall(full)),
        notes=(*remarks, *notes),
    )


def _code_of(code_text: str, permit: str) -> tuple[str, tuple[str, ...]]:
    within = permit[:_CODE_LENGTH] if is_national(permit) else ""
    code = code_text if is_credit_code(code_text) else ""
    notes = (f"统一社会信用代码「{code_text}」校验不符",) if code_text and not code else ()
    if code and within and code != within:
        return "", ("信用代码与许可证编号前 18 位不一致，两者都不作依据",)
    if within and not code_text:
        notes = (FROM_PERMIT,)
    return code or ("" if code_text else within), notes


def is_national(permit: str) -> bool:
    """Tell whether `permit`, as compared, is of the national kind: credit code, three digits, a letter."""
    return bool(_NATIONAL_PERMIT.fullmatch(permit)) and is_credit_code(permit[:_CODE_LENGTH])


def has_more_plants(first: Entry, second: Entry) -> bool:
    """Tell whether `first` or `second` has its firm's second or later permit and the other none: which plant is it?"""
    numbers = {entry.permit[_CODE_LENGTH:-1] for entry in (first, second) if is_national(entry.permit)}
    return bool(numbers - {"001"}) and not (first.permit and second.permit)


def is_distinctive(core: str) -> bool:
    """Tell whether `core`, a name without place and legal form, says more than a trade.

    >>> is_distinctive("第二选矿厂"), is_distinctive("万里宏表面处理")
    (False, True)
    """
    return len(core) >= _FEWEST_SIGNS and not _GENERIC.fullmatch(core)


def apart_m(first: Entry, second: Entry) -> float | None:
    """Return the metres between the points of `first` and `second`; None where one has none."""
    if first.point is None or second.point is None:
        return None
    return float(geodesic_m(np.array([first.point]), np.array([second.point]))[0])


def against(first: Entry, second: Entry) -> tuple[str, ...]:
    """Return what speaks against `first` and `second` being one, in words; empty where nothing does.

    Only what both rows say can speak against: a blank says nothing.
    """
    grounds = []
    if first.code and second.code and first.code != second.code:
        grounds.append("信用代码不同")
    if first.permit != second.permit and is_national(first.permit) and is_national(second.permit):
        grounds.append("许可证编号不同，可能是同一企业的两个厂区")
    if first.county and second.county and first.county != second.county:
        grounds.append(f"县区不同（{first.values.get('county', '')}、{second.values.get('county', '')}）")
    if first.full and second.full and first.marks != second.marks:
        marks = "、".join(sorted(first.marks ^ second.marks))
        grounds.append(f"名称中「{marks}」只见于一方，可能是不同厂区或设施")
    gap_m = apart_m(first, second)
    if gap_m is not None and gap_m - first.uncertainty_m - second.uncertainty_m > FAR_M:
        grounds.append(f"相距 {gap_m / 1000:.1f} km")
    return tuple(grounds)


def is_near(first: Entry, second: Entry) -> bool:
    """Tell whether `first` and `second` lie within `NEAR_M` of each other as given; not where one has no point."""
    gap_m = apart_m(first, second)
    return gap_m is not None and gap_m <= NEAR_M
