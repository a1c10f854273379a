"""Closed word lists: the code, its Chinese and its English side by side.

The codes are what files hold; the words are what people read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import AnyStr, Self, TypeVar, cast

from msgspec import Struct


class _Pattern:
    """Stands for a regular expression until something is asked of it."""

    def __init__(self, *given: object) -> None:
        self._given = given

    def __getattr__(self, name: str) -> object:
        """Return what the compiled expression has by that name, and keep it."""
        if name.startswith("_"):  # copying asks for these before there is anything given
            raise AttributeError(name)
        found: object = getattr(re.compile(*self._given), name)  # type: ignore[call-overload]
        setattr(self, name, found)
        return found


def expression(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    r"""Return a regular expression, compiled when first asked: a command uses one in five of those it loads.

    >>> expression(r"\d+").findall("12 km, 5 m")
    ['12', '5']
    """
    return cast("re.Pattern[AnyStr]", _Pattern(text, flags))


class Unknown(Struct, frozen=True):
    """A value that isn't understood, with what stands in its place: never a no, never zero, never absent.

    Parameters
    ----------
    code
        Why: `not_stated` (blank, or no such column), `not_in_list` (a word that the list doesn't hold), `unreadable`
        (against the grammar of its field), `contradiction` (it says two things).
    found
        What stands there, as written.
    file, row, field
        Where it stands, as far as the reader knows; row counts data rows from 1, 0 for none.
    """

    code: str
    found: str = ""
    file: str = ""
    row: int = 0
    field: str = ""

    def __bool__(self) -> bool:
        """Refuse to be taken for yes or no.

        `TypeError` always.
        """
        message = f"unknown ({self.code}: {self.found!r}) is neither yes nor no; ask with isinstance"
        raise TypeError(message)


_Member = TypeVar("_Member", bound="Word")


def _member(kind: type[_Member], code: str, zh: str, en: str) -> _Member:
    """Make a member of an enum of words whose value is the code; enums don't hand on their `__new__`."""
    member = str.__new__(kind, code)
    member._value_ = code
    member.zh, member.en = zh, en
    return member


class Word(StrEnum):
    """A code with the words that people read for it."""

    zh: str
    en: str

    def __new__(cls, code: str, zh: str, en: str) -> Self:
        """Make a member whose value is the code."""
        return _member(cls, code, zh, en)

    @classmethod
    def of(cls, code: str) -> Self:
        """Return the member with this code.

        >>> Verdict.of("listed").zh
        '符合排查条件'
        """
        return cls._value2member_map_[code]  # type: ignore[return-value]  # typeshed knows the values, not the class


class Verdict(Word):
    """What a rule says of a source, gravest first."""

    PROHIBITED = "prohibited", "触及禁止性规定", "touches a prohibition"
    CONDITIONAL = "conditional", "有附加条件", "conditions apply"
    LISTED = "listed", "符合排查条件", "meets the survey condition"
    NOT_ASSESSED = "not_assessed", "未评估", "not assessed"
    CLEAR = "clear", "未触及", "not touched"
    NOT_APPLICABLE = "not_applicable", "不适用", "not applicable"

    @property
    def gravity(self) -> int:
        """Rank for reading and for choosing the graver of two sides; 0 is the gravest."""
        return _GRAVITY[self]


_GRAVITY = {verdict: rank for rank, verdict in enumerate(Verdict)}


class Certainty(Word):
    """Whether the position's uncertainty could flip a verdict."""

    CERTAIN = "certain", "位置误差内结论不变", "holds within the position's uncertainty"
    AMBIGUOUS = ("ambiguous", "临界，待核实（位置误差内结论可能改变）", "could flip within the position's uncertainty")


class Status(Word):
    """What became of an input row."""

    ASSESSED = "assessed", "已评估", "assessed"
    NOT_LOCATED = "not_located", "未定位", "not located"
    REJECTED = "rejected", "退回补正", "returned for correction"


class PositionKind(Word):
    """How well a source's place is known."""

    POINT = "point", "点位", "point"
    SHAPE = "shape", "范围", "shape"
    PLACE = "place", "仅知所在行政区", "known by place only"


class ValidityState(Word):
    """What an office found of a text's standing."""

    STILL = "still", "仍执行", "still applied"
    FOLLOWED = "followed", "已接续", "followed by another text"
    LOST = "lost", "失效", "no longer in force"


class Standing(Word):
    """Whether a rule is in effect for the place and day asked about."""

    IN_FORCE = "in_force", "现行有效", "in force"
    NOT_YET = "not_yet", "尚未施行", "not yet in force"
    PERIOD_OVER = "period_over", "规划期已届满（接续文件未核实）", "plan period over (successor not verified)"
    REPEALED = "repealed", "已废止", "repealed"
    OUTSIDE_TERRITORY = "outside_territory", "不在适用地域", "outside its territory"
    ADOPTED = "adopted", "本地参照（非本地有效依据）", "adopted as a method (no local force)"
    TEXT_NOT_HELD = "text_not_held", "原文未收录", "text not held"


class Unassessed(Word):
    """Why something wasn't assessed, as it is counted wherever 未评估 is: every finding is in one group.

    The codes are those of the reasons that a group is read from.
    """

    COVERAGE_UNDECLARED = "coverage_undeclared", "已量未见、范围未申明", "measured, none seen, extent undeclared"
    MISSING = "missing", "缺图层或资料", "layer or information missing"
    TEXT = "text", "效力未核实或原文未收录", "effect not verified, or text not held"
    PLACE = "place_unknown", "位置不明", "position not known"

    @classmethod
    def of_reasons(cls, codes: Iterable[str]) -> Self:
        """Return the group of what the codes of its reasons keep from being assessed.

        A text that doesn't speak comes first, then a position that isn't known; an undeclared extent is the group of
        what waits for nothing else.

        >>> Unassessed.of_reasons(["coverage_undeclared"]).zh, Unassessed.of_reasons([]).zh
        ('已量未见、范围未申明', '缺图层或资料')
        >>> Unassessed.of_reasons(["coverage_undeclared", "missing"]).value
        'missing'
        """
        present = set(codes)
        if present & {Standing.PERIOD_OVER.value, Standing.TEXT_NOT_HELD.value}:
            return cls.of("text")
        order = ("place_unknown", "missing", "coverage_undeclared")
        return cls.of(next((code for code in order if code in present), "missing"))

    @classmethod
    def counted(cls, findings: Iterable[tuple[str, str]]) -> dict[Self, int]:
        """Count what wasn't assessed by group, zeros included.

        `findings`: the verdict's code and the codes of the reasons, joined by `;`, of each.
        """
        open_ = (codes for verdict, codes in findings if verdict == Verdict.NOT_ASSESSED.value)
        counts = Counter(cls.of_reasons((codes or "").split(";")) for codes in open_)
        return {group: counts.get(group, 0) for group in cls}


UNTOLD = frozenset(
    {
        *("不详", "不清楚", "不明", "不知", "未知", "未填", "未说明", "待查", "待定", "待核实", "暂无", "空"),
        *("/", "-", "--", "—", "——", "unknown", "null", "none", "n/a", "#n/a"),
    }
)
"""What stands in a cell that tells nothing, lower case."""

UNREAD_CODE = "unread:"
"""Begins the code of a reason that lies in a word; the word follows."""

SPEAKING = frozenset({Standing.IN_FORCE, Standing.ADOPTED})
"""Standings under which a rule is judged."""


class Settling(Word):
    """What would settle a clause that isn't assessed, in the order in which it is read."""

    LAYER = "layer", "取得图层", "layer to obtain"
    FACT = "fact", "说明项目情况", "facts to state"
    PARAMETER = "parameter", "由使用单位选定", "choices to make"
    PLACE = "place", "补充位置", "position to add"
    DATA = "data", "核对或申明数据范围、完整性和填报", "data to verify, extent to declare"
    TEXT = "text", "核实效力、接续文件，取得原文", "text or its effect to verify"


class Effect(Word):
    """What follows when a rule's test is met."""

    BAN = "ban", "禁止", "ban"
    REQUIRE = "require", "要求", "requirement"
    RESTRICT = "restrict", "限制", "restriction"
    LIST = "list", "列入清单", "listing"
    CLASSIFY = "classify", "分类", "classification"
    INFORM = "inform", "提示", "information"


class LegalRank(Word):
    """Rank of the text a rule comes from, highest first."""

    LAW = "law", "法律", "law"
    ADMINISTRATIVE_REGULATION = "administrative_regulation", "行政法规", "administrative regulation"
    LOCAL_REGULATION = "local_regulation", "地方性法规", "local regulation"
    DEPARTMENTAL_RULE = "departmental_rule", "部门规章", "departmental rule"
    MANDATORY_STANDARD = "mandatory_standard", "强制性标准", "mandatory standard"
    NORMATIVE_DOCUMENT = "normative_document", "规范性文件", "normative document"
    PLAN = "plan", "规划计划", "plan"
    TECHNICAL_GUIDE = "technical_guide", "技术指南", "technical guide"


class Basis(Word):
    """How real a layer is, best first; an answer has the worst of all that went into it."""

    REAL = "real", "真实数据", "real"
    UNDECLARED = "undeclared", "未申明", "undeclared"
    APPROXIMATE = "approximate", "示意", "approximate"
    SYNTHETIC = "synthetic", "合成（演示）", "synthetic"

    @classmethod
    def worst(cls, *bases: Basis) -> Basis:
        """Return the worst of the given bases.

        >>> Basis.worst(Basis.REAL, Basis.SYNTHETIC).value
        'synthetic'
        """
        order = list(cls)
        return max(bases, key=order.index)


INVENTED = frozenset({Basis.SYNTHETIC, Basis.APPROXIMATE})
"""Bases that no real source is held against."""


class Completeness(Word):
    """Whether a layer holds everything of its kind within its coverage."""

    COMPLETE = "complete", "完整", "complete"
    PARTIAL = "partial", "不完整", "partial"
    UNKNOWN = "unknown", "未申明", "unknown"


class Classification(StrEnum):
    """Security classification (密级); the official word is the code."""

    PUBLIC = "公开"
    INTERNAL = "内部"
    SENSITIVE = "敏感"
    CLASSIFIED = "涉密"
    UNMARKED = "未标注"


class Action(Word):
    """What a project does."""

    NEW = "new", "新建", "new"
    EXPAND = "expand", "扩建", "expand"
    RECONSTRUCT = "reconstruct", "改建", "reconstruct"
    TECHNICAL_UPGRADE = "technical_upgrade", "技术改造", "technical upgrade"
    RELOCATE = "relocate", "搬迁", "relocate"

    def is_among(self, actions: Collection[Action]) -> bool:
        """Return whether a clause on these actions speaks of this one; what is moved to a new place is new there.

        >>> Action.RELOCATE.is_among((Action.NEW,)), Action.NEW.is_among((Action.RELOCATE,))
        (True, False)
        """
        return self in actions or (self is Action.RELOCATE and Action.NEW in actions)


_ECOLOGY, _LAND, _WATER, _EMERGENCY = "生态环境部门", "自然资源部门", "水利部门", "应急管理部门"
_FORESTRY, _FARMING, _CIVIL = "林业和草原部门", "农业农村部门", "民政部门"
"""Departments that hold layers."""


class LayerKind(Word):
    """Kinds of layers a project may hold, with the department to ask for each."""

    department: str

    def __new__(cls, code: str, zh: str, en: str, department: str) -> Self:
        """Make a member whose value is the code."""
        member = _member(cls, code, zh, en)
        member.department = department
        return member

    ENTERPRISES = "enterprises", "涉重金属企业", "enterprises", _ECOLOGY
    TAILINGS_PONDS = "tailings_ponds", "尾矿库", "tailings ponds", _EMERGENCY
    FARMLAND = "farmland", "耕地", "farmland", _LAND
    SENSITIVE_SITES = "sensitive_sites", "敏感目标", "sensitive sites", _ECOLOGY
    WATER_SOURCE_ZONES = "water_source_zones", "饮用水水源保护区", "drinking-water source zones", _ECOLOGY
    INDUSTRIAL_PARKS = "industrial_parks", "工业园区", "industrial parks", "园区主管部门"
    BUILT_UP_AREA = "built_up_area", "建成区", "built-up area", "住房和城乡建设部门"
    SURVEY_AREAS = "survey_areas", "排查重点区域", "survey focus areas", _ECOLOGY
    COUNTIES = "counties", "县级行政区", "counties", _CIVIL
    TOWNSHIPS = "townships", "乡级行政区", "townships", _CIVIL
    RIVERS = "rivers", "河流", "rivers", _WATER
    ELEVATION = "elevation", "高程", "elevation", _LAND
    PROJECT_SITES = "project_sites", "建设项目", "planned projects", "建设单位或行政审批部门"
    WASTE_HEAPS = "waste_heaps", "历史遗留渣堆", "waste heaps", _ECOLOGY
    MINES = "mines", "矿区", "mines", _LAND
    OUTFALLS = "outfalls", "入河排污口", "outfalls", _ECOLOGY
    CONTAMINATED_SITES = "contaminated_sites", "污染地块", "contaminated sites", _ECOLOGY
    RESIDENTIAL_AND_IMPORTANT_FACILITIES = (
        "residential_and_important_facilities",
        "居民点和重要设施",
        "residential places and important facilities",
        _EMERGENCY,
    )
    INTAKES = "intakes", "饮用水取水口", "drinking-water intakes", _WATER
    IRRIGATION_INTAKES = "irrigation_intakes", "灌溉取水口", "irrigation intakes", _WATER
    IRRIGATION_DISTRICTS = "irrigation_districts", "灌区", "irrigation districts", _WATER
    WATER_STATIONS = "water_stations", "水质自动监测站", "water quality stations", _ECOLOGY
    IMPORTANT_WATER_SOURCES = "important_water_sources", "重要水源地", "important water sources", _WATER
    RURAL_AREAS = "rural_areas", "农村地区和欠发达地区", "rural and less developed areas", _FARMING
    RIVER_SHORELINE_MAIN = "river_shoreline_main", "干流岸线", "shoreline of main rivers", _WATER
    RIVER_SHORELINE_TRIBUTARY = "river_shoreline_tributary", "支流岸线", "shoreline of tributaries", _WATER
    RIVER_SHORELINE_IMPORTANT_TRIBUTARY = (
        "river_shoreline_important_tributary",
        "重要支流岸线",
        "shoreline of important tributaries",
        _WATER,
    )
    SHORELINE_CONTROL_ZONE = "shoreline_control_zone", "河湖岸线管控范围", "shoreline control zone", _WATER
    PERMANENT_BASIC_FARMLAND = "permanent_basic_farmland", "永久基本农田", "permanent basic farmland", _LAND
    PBF_CONCENTRATED_AREAS = (
        "pbf_concentrated_areas",
        "永久基本农田集中区域",
        "concentrated areas of permanent basic farmland",
        _LAND,
    )
    ECOLOGICAL_REDLINE = "ecological_redline", "生态保护红线", "ecological redline", _LAND
    URBAN_DEVELOPMENT_BOUNDARY = "urban_development_boundary", "城镇开发边界", "urban development boundary", _LAND
    SPECIAL_PROTECTION_AREAS = (
        "special_protection_areas",
        "其他需要特别保护的区域",
        "other areas under special protection",
        _ECOLOGY,
    )
    CONTROL_UNITS = "control_units", "环境管控单元", "environmental control units", _ECOLOGY
    MINING_CONCENTRATED_AREAS = (
        "mining_concentrated_areas",
        "矿产资源开发利用集中区域",
        "concentrated mining areas",
        _ECOLOGY,
    )
    FARMLAND_TASK_AREAS = (
        "farmland_task_areas",
        "耕地安全利用和严格管控任务较重区域",
        "areas with heavy farmland tasks",
        _FARMING,
    )
    FORMER_INDUSTRIAL_LAND = "former_industrial_land", "曾用于有毒有害物质的工矿用地", "former industrial land", _LAND
    TRADE_CLUSTERS = "trade_clusters", "涉铊涉锑企业分布密集区域", "clusters of thallium and antimony trades", _ECOLOGY
    RIVER_MANAGEMENT_AREA = "river_management_area", "河道管理范围", "river management area", _WATER
    SPECIAL_WATER_AREAS = (
        "special_water_areas",
        "风景名胜区水体、重要渔业水体等保护区",
        "zones of scenic, fishery and other special waters",
        _ECOLOGY,
    )
    KARST_AREAS = (
        "karst_areas",
        "泉域保护范围和岩溶强发育区域",
        "spring zones and strong karst",
        "水利部门和自然资源部门",
    )
    NATURE_RESERVES = "nature_reserves", "自然保护区", "nature reserves", _FORESTRY
    WETLANDS = "wetlands", "湿地", "wetlands", _FORESTRY
    SCENIC_AREAS = "scenic_areas", "风景名胜区", "scenic areas", _FORESTRY
    GEOHAZARD_AREAS = (
        "geohazard_areas",
        "崩塌、滑坡危险区和泥石流易发区",
        "areas prone to landslides and debris flow",
        _LAND,
    )
    SOIL_EROSION_AREAS = "soil_erosion_areas", "水土流失重点预防区和重点治理区", "key areas of soil erosion", _WATER
    WIND = "wind", "风频表", "wind frequencies", "气象部门"
    OUTLETS = "outlets", "排放口", "outlets of enterprises", _ECOLOGY


class SoilQualityClass(StrEnum):
    """Official soil-quality classes of farmland (耕地土壤环境质量类别); the official word is the code."""

    PRIORITY_PROTECTION = "优先保护类"
    SAFE_USE = "安全利用类"
    STRICT_CONTROL = "严格管控类"
    UNCLASSIFIED = "未划分"


class LandClass(StrEnum):
    """What farmland is used as (GB/T 21010, 地类), and 园地, counted beside it; the word is the code."""

    PADDY = "水田"
    IRRIGATED = "水浇地"
    DRY = "旱地"
    OTHER = "未细分耕地"
    UNREAD = "地类不明"
    GARDEN = "园地"


LAND_CODES: Mapping[str, str] = MappingProxyType(
    {
        LandClass.PADDY.value: "paddy",
        LandClass.IRRIGATED.value: "irrigated_land",
        LandClass.DRY.value: "dry_land",
        LandClass.OTHER.value: "unspecified_farmland",
        LandClass.UNREAD.value: "unknown_land_use",
    }
)
"""What columns call each class of land use."""
GARDEN_BESIDE = "园地（另计）"
"""What a row of 园地 is called among those of farmland: it is in none of their sums, and no clause on 耕地 asks it."""


class ClassKind(StrEnum):
    """Which classes a count is by; a sum over all of them is by `all`."""

    SOIL = "soil_quality"
    LAND = "land_use"


def classes_in_order(words: Iterable[str]) -> list[str]:
    """Return class words, each once: official ones in their order, then the rest by the alphabet."""
    held, official = set(words), [*map(str, SoilQualityClass), *map(str, LandClass)]
    return [*(word for word in official if word in held), *sorted(held.difference(official))]


POLLUTED_CLASSES = {
    SoilQualityClass.STRICT_CONTROL.value: "strict_control",
    SoilQualityClass.SAFE_USE.value: "safe_use",
}
"""Official words of the classes with pollution, and what columns call them, the graver first."""


class VisitGroup(Word):
    """On what evidence a source is visited, in the order of visits; 丁 goes along with 甲."""

    BOTH = "甲", "途径和受体都有资料依据", "pathway and receptor both evidenced"
    DATA_FIRST = "丁", "资料不足以分组，与甲同时办，先补资料", "data too thin to group: goes along with I, data first"
    ONE = "乙", "途径、受体有其一", "pathway or receptor evidenced"
    DISTANCE = "丙", "资料齐而仅有距离", "data complete, distance alone"

    @property
    def rank(self) -> int:
        """Its place in the order of visits, from 0."""
        return list(VisitGroup).index(self)


class PathwayState(Word):
    """Whether data tell of a pathway."""

    HELD = "有据", "有资料依据", "data tell of it"
    OPEN = "待补", "资料缺，不能判断", "data missing, can't be told"
    NONE = "未见", "现有资料未见", "none in the data at hand"


VISIT_CLASSES_M = (1000.0, 2000.0, 3000.0, 5000.0, 10000.0)
"""Upper ends of the distance classes of visits, inclusive."""

ALL_CLASSES = "all"
"""The row of a count table that covers every class."""


class TerrainClass(Enum):
    """How rugged the ground is, flattest first."""

    PLAIN = "plain"
    HILL = "hill"
    MOUNTAIN = "mountain"

    @property
    def zh(self) -> str:
        """The class in words."""
        return {"plain": "平原", "hill": "丘陵", "mountain": "山区"}[self.value]


COUNTED_RADII_M = (1000.0, 2000.0, 3000.0, 5000.0, 8000.0, 10000.0)
"""Radii below the search radius that counts are given for."""

EVIDENCE_RADII_M = (1000.0, 3000.0, 5000.0, 10000.0)
"""Those of them that the evidence of a source names, and its sheet."""

PREFECTURE_DIGITS, COUNTY_DIGITS, TOWNSHIP_DIGITS = 4, 6, 9
"""Digits of the administrative codes of GB/T 2260 and GB/T 10114; a longer code starts with the shorter one's."""

MEASURE_DECIMALS = 4
"""Metres are rounded to 0.1 mm before they are compared with a limit, and written so; hectares and degrees alike."""

GROUNDWATER = "地下水"
"""What the class of an intake says of a well: no river reaches it."""

METALS: Mapping[str, str] = MappingProxyType(
    {"Pb": "铅", "Hg": "汞", "Cd": "镉", "Cr": "铬", "As": "砷", "Tl": "铊", "Sb": "锑"}
)
"""Metals by symbol, the five whose total is controlled first."""

FIVE_METALS = tuple(METALS)[:5]

COUNTRY = "CN"
"""The territory of what holds everywhere."""
