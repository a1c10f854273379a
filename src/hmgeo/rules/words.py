"""Closed words that rule files may use beyond `hmgeo.vocabulary`, and the facts that columns state by them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from hmgeo.reference.cells import read_word
from hmgeo.vocabulary import LayerKind, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class _LayerWord:
    """A kind of layer that a test may need, with the department to ask for it."""

    zh: str
    department: str


LAYERS: Mapping[str, _LayerWord] = MappingProxyType(
    {kind.value: _LayerWord(kind.zh, kind.department) for kind in LayerKind}
    | {
        "key_areas": _LayerWord("重金属污染防控重点区域", "生态环境部门"),
        "reclamation_parcels": _LayerWord("拟复垦地块", "自然资源部门"),
        "planned_land_use": _LayerWord("规划用地", "自然资源部门"),
    }
)
"""Layers by code: the kinds of layers, and what only rules name."""


SOURCE_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "enterprises": "企业",
        "project_sites": "建设项目",
        "outfalls": "排污口",
        "tailings_ponds": "尾矿库",
        "waste_heaps": "废渣堆",
        "contaminated_sites": "污染地块",
        "mines": "矿区",
        "industrial_parks": "工业园区",
        "farmland": "耕地地块",
        "reclamation_parcels": "拟复垦地块",
        "planned_land_use": "规划用地",
        "water_stations": "水质监测站",
        "control_units": "环境管控单元",
        "key_areas": "重点区域",
        "areas": "行政区",
    }
)
"""What may be judged, by code; codes shared with `LAYERS` mean the same things."""

ATTRIBUTES: Mapping[str, str] = MappingProxyType(
    {
        "adds_heavy_metal_emission": "增加重金属污染物排放",
        "discharges_heavy_metals": "排放重金属污染物",
        "discharges_pollutants": "排放污染物",
        "discharges_to_river": "向河流排放重金属",
        "emits_cadmium": "排放镉等重金属",
        "may_pollute_soil": "可能造成土壤污染",
        "seriously_pollutes_water": "对水体污染严重",
        "serves_water_supply": "与供水设施和保护水源有关",
        "is_chemical": "化工项目或化工园区",
        "uses_mercury_process": "采用含汞工艺的电石法聚氯乙烯生产",
        "is_mercury_mine": "原生汞矿",
        "is_relocation": "由外地转移迁入",
        "stores_or_treats_waste": "工业固体废物、危险废物集中贮存、利用、处置或生活垃圾填埋",
        "for_safety_or_ecology": "以提升安全、生态环境保护水平为目的",
        "offset_exempted": "经审批豁免总量替代",
        "park_lawful": "园区依法合规设立",
        "park_plan_eia": "园区经规划环评",
        "park_facilities_ok": "园区环保基础设施完善且治理设施正常运行",
        "grade_dangerous": "危库、险库、病库或其他需要重点监管的尾矿库",
        "listed_before_2020": "2020年前已列入涉镉整治清单",
        "rectified": "已完成整治",
        "on_registry": "列入建设用地土壤污染风险管控和修复名录",
        "heavily_polluted": "重度污染",
        "pesticide_or_chemical": "农药、化工等行业",
        "remediation_done": "风险管控和修复完成",
        "survey_done": "已完成土壤污染状况调查和风险评估",
        "sensitive_use": "住宅、学校、养老机构等敏感用地",
        "residential_or_public": "住宅、公共管理与公共服务用地",
        "grows_edible_crops": "种植食用农产品",
        "recoverable": "可恢复治理",
        "to_edible_farmland": "复垦为食用农产品耕地",
        "meets_farmland_standard": "符合农用地土壤污染风险管控标准",
        "key_polluter": "不符合规划或功能定位的重点污染企业",
        "key_supervised_unit": "土壤污染重点监管单位",
        "special_limits_met": "执行特别排放限值",
        "thallium_or_antimony": "涉铊涉锑",
        "closed": "已闭库、销库或关停",
        "adds_discharge": "增加排污量",
        "meets_access_list": "符合所在管控单元准入清单",
        "not_developed": "暂不开发利用或现阶段不具备治理修复条件",
        "thousand_ton_source": "“千吨万人”水源地",
        "on_annex_list": "列入文件附表",
        "manganese": "锰矿山、电解锰企业或锰渣库",
        "offset_source_named": "有明确具体的总量来源",
        "adds_capacity_only": "单纯新增产能",
        "chain_extension_or_retrofit": "产业链延伸或“三大改造”类项目",
        "serves_remediation": "与风险管控、修复有关",
        "survey_required": "依法应当开展土壤污染状况调查或风险评估",
        "is_tailings_pond": "建设尾矿库",
        "heavy_nonferrous_mine": "重有色金属、石煤或硫铁矿矿区",
        "electroplating": "含电镀工序",
        "chromium_or_zinc_salts": "生产铬盐或以工业固体废物为原料的锌无机化合物",
        "heavy_metal_inorganics": "生产涉重金属无机化合物",
        "mercury_mining": "采选汞矿",
        "mercury_smelting": "冶炼汞",
        "lead_batteries": "生产铅蓄电池",
        "in_yangtze_basin": "位于长江流域",
        "in_yellow_basin": "位于黄河流域",
        "township_source": "镇级水源地",
        "heavier_polluter": "属于污染较重的企业",
        "key_firm": "属于重点企业",
        "outdated_capacity": "属于落后产能或产能严重过剩行业",
        "against_industrial_policy": "属于不符合国家产业政策的小型生产项目",
        "legacy": "属于历史遗留",
        "dismantles_ewaste": "拆解电子废弃物",
        "severely_sandy": "严重沙化",
        "metal_park": "以涉重金属重点行业企业为主",
        "restricted_or_eliminated": "列入产业政策或产业规划的限制、淘汰类",
        "carrying_capacity_passed": "通过资源环境承载能力评价",
        "auto_monitored": "安装、使用自动监测设备",
        "treats_sewage": "属于污水集中处理设施",
        "below_high_water": "位于最高水位线以下的滩地和岸坡",
        "lacks_monitoring_wells": "未建设地下水水质监测井",
        "to_irrigation_channel": "向农田灌溉渠道排放工业废水或者医疗污水",
        "in_barred_crop_area": "位于特定农产品禁止生产区域",
        "state_council_approved": "经国务院批准占用永久基本农田",
        "may_pollute_groundwater": "可能造成地下水污染",
        "otherwise_provided": "法律、行政法规另有规定",
        "digs_minerals": "采矿、采石、挖砂或取土",
        "heaps_waste": "堆放、贮存、填埋或处理固体废物",
        "spoils_landscape": "破坏资源或者景观",
        "groundwater_key_source": "属于化学品生产企业、工业集聚区、矿山开采区、尾矿库、危险废物处置场或垃圾填埋场",
        "needs_capacity_review": "属于须通过资源环境承载能力评价的项目",
        "national_major_project": "属于国家重大项目、防灾减灾项目、重要水利及保护设施项目或湿地保护项目",
    }
)
"""Yes/no facts about a source that clauses ask for; they come from the input row, never from a guess."""

BASINS: Mapping[str, str] = MappingProxyType({"yangtze": "长江流域", "yellow": "黄河流域"})
"""Basins that laws are about, by code; the fact `in_<code>_basin` says of a source that it lies there."""

MEASURED_ATTRIBUTES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"offset_kg": ("替代量", "kg/a"), "added_emission_kg": ("新增重点重金属排放量", "kg/a")}
)
"""Numbers about a source: words and unit."""

DECIDERS: Mapping[str, str] = MappingProxyType(
    {
        "环评审批": "生态环境或行政审批部门",
        "排查与整治清单": "生态环境部门会同农业农村等",
        "耕地类别划分": "农业农村会同生态环境",
        "水源保护区": "省级政府批准",
        "永久基本农田、生态保护红线、城镇开发边界": "自然资源",
        "尾矿库安全与头顶库": "应急管理",
        "河流岸线": "水利",
        "总量来源": "生态环境部门核定",
    }
)
"""Who decides on which matter; the words of the screen."""

CLASS_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "farmland": ("优先保护类", "安全利用类", "严格管控类", "未划分"),
        "water_source_zones": ("一级", "二级", "准"),
        "sensitive_sites": ("居民区", "学校", "医院", "疗养院", "养老院", "行政办公", "其他"),
        "residential_and_important_facilities": ("居民区", "学校", "医院", "疗养院", "养老院", "行政办公", "其他"),
        "control_units": ("优先保护", "重点管控", "一般管控"),
        "nature_reserves": ("核心区", "缓冲区", "实验区"),
        "wetlands": ("国家重要湿地", "省级重要湿地", "一般湿地"),
        "tailings_ponds": ("在用", "停用", "闭库", "销库", "无主"),
    }
)
"""Official class words of each layer that has classes."""

EDITIONS = (2011, 2017)
"""Editions of GB/T 4754."""

NETWORK, CATCHMENT, BOTH = "network", "catchment", "both"
"""What tells which way water flows, codes of the parameter `flow_by`: drawn rivers, heights, the two held together."""


_YES = frozenset({"是", "有", "已", "yes", "y", "true", "1"})
_NO = frozenset({"否", "无", "未", "no", "n", "false", "0"})
_YES_OR_NO = _YES | _NO
_UNSAID = frozenset({"", "/", "-", "—"})
_PRESENT = ("批准设立文号", "规划环评审查文号")
_EXTRA_COLUMNS = {
    "是否可能造成土壤污染及依据": "may_pollute_soil",
    "是否排放重点重金属": "discharges_heavy_metals",
    "是否化工园区": "is_chemical",
    "是否土壤污染重点监管单位": "key_supervised_unit",
    "批准设立文号": "park_lawful",
    "规划环评审查文号": "park_plan_eia",
}
_STATES = {
    "运行状态": {"在用": False, "停用": False, "闭库": True, "销库": True},
    "生产状态": {"在产": False, "停产": False, "关闭": True},
}
_NUMBERED = re.compile(r"\d.*号|号.*\d|[〔\[(（]\d{4}|\d{3}")
"""What makes a cell a document number; 待批, 无 and the like are none."""
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")


@lru_cache(maxsize=4096)
def _plain(text: str) -> str:
    """Return a header without spaces, brackets and what stands in them, half-width and in small letters."""
    half = unicodedata.normalize("NFKC", text).casefold()
    return "".join(re.sub(r"[(\[].*?[)\]]", "", half).split()).rstrip("*")


@lru_cache(maxsize=1)
def _attribute_columns() -> Mapping[str, str]:
    columns: dict[str, str] = {}
    for code, zh in ATTRIBUTES.items():
        columns |= {_plain(name): code for name in (code, zh, f"是否{zh}")}
    return columns | {_plain(name): code for name, code in _EXTRA_COLUMNS.items()}


@lru_cache(maxsize=1)
def _number_columns() -> Mapping[str, str]:
    return {_plain(name): code for code, (zh, _) in MEASURED_ATTRIBUTES.items() for name in (code, zh)}


def stated_facts(row: Mapping[str, str]) -> dict[str, bool]:
    """Return the yes/no facts that a row states.

    Parameters
    ----------
    row
        Column names as the office writes them, with the cells as text. A permit number that is filled in says that the
        permit is there; one left blank says nothing.

    Examples
    --------
    >>> stated_facts({"是否化工园区": "否", "批准设立文号": "桂政函〔2010〕1号", "规划环评审查文号": "", "备注": "是"})
    {'is_chemical': False, 'park_lawful': True}
    """
    return {code: value for code, value, _, _ in said_facts(row)}


def said_facts(row: Mapping[str, str]) -> Iterator[tuple[str, bool, str, str]]:
    """Yield every statement of a yes/no fact in `row` (cells by header).

    Its code, the value, the column and the cell that say it.

    Examples
    --------
    >>> list(said_facts({"运行状态": "闭库", "生产状态": "在产"}))
    [('closed', True, '运行状态', '闭库'), ('closed', False, '生产状态', '在产')]
    """
    for column, name, code in _fact_columns(tuple(row)):
        cell = (row[column] or "").strip()
        value = cell.casefold()
        if name in _STATES:
            word = read_word(name, value)
            state = value if isinstance(word, Unknown) else word
            if state in _STATES[name]:
                yield "closed", _STATES[name][state], column, cell
        elif name in _PRESENT:
            if _NUMBERED.search(value):
                yield code, True, column, cell
        elif (answer := _yes_or_no(name, value)) in _YES_OR_NO:
            yield code, answer in _YES, column, cell


@lru_cache(maxsize=256)
def _fact_columns(headers: tuple[str, ...]) -> tuple[tuple[str, str, str], ...]:
    """Return those of `headers` that may state yes/no facts, each with its plain name and the fact's code."""
    named = ((header, _plain(header)) for header in headers if says_something(header))
    return tuple((header, name, _attribute_columns().get(name, "")) for header, name in named)


def _yes_or_no(column: str, value: str) -> str:
    """Return the word that answers; what follows it in a column that asks for the grounds, too, isn't read."""
    return re.split(r"[,，;；:：]", value, maxsplit=1)[0].strip() if column.endswith("及依据") else value


def unread_facts(row: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return the column and the cell of every yes/no fact that a row tells in words that aren't understood.

    Examples
    --------
    >>> unread_facts({"是否化工园区": "待查", "规划环评审查文号": "待批", "是否可能造成土壤污染及依据": "是，排放镉"})
    {'is_chemical': ('是否化工园区', '待查')}
    """
    read = stated_facts(row)
    return {
        code: (column, row[column].strip())
        for column, name, code in _fact_columns(tuple(row))
        if code and name not in _PRESENT and code not in read and (row[column] or "").strip() not in _UNSAID
    }


def mentioned_facts(row: Mapping[str, str]) -> frozenset[str]:
    """Return the facts for which a row has a cell that isn't blank, understood or not.

    Examples
    --------
    >>> sorted(mentioned_facts({"是否化工园区": "待查", "规划环评审查文号": ""}))
    ['is_chemical']
    """
    named = _fact_columns(tuple(row))
    return frozenset("closed" if name in _STATES else code for column, name, code in named if row[column].strip())


def stated_numbers(row: Mapping[str, str]) -> dict[str, float]:
    """Return the numbers of `MEASURED_ATTRIBUTES` that a row states, in the unit that the word list gives.

    Examples
    --------
    >>> stated_numbers({"替代量(kg/a)": "12.5", "备注": "3"})
    {'offset_kg': 12.5}
    """
    numbers: dict[str, float] = {}
    for column, cell in row.items():
        code = _number_columns().get(_plain(column))
        if code is not None and _NUMBER.fullmatch(cell.strip()):
            numbers[code] = float(cell)
    return numbers


def unread_numbers(row: Mapping[str, str]) -> dict[str, str]:
    """Return by column the cells of `row` under headers of `stated_numbers` that hold no number and aren't blank."""
    return {
        column: cell.strip()
        for column, cell in row.items()
        if _plain(column) in _number_columns() and cell.strip() not in _UNSAID and not _NUMBER.fullmatch(cell.strip())
    }


def stated_by_row(columns: Mapping[str, Sequence[str]], rows: Sequence[int]) -> list[dict[str, bool]]:
    """Return `stated_facts` of some rows of a table of columns."""
    known = {name: values for name, values in columns.items() if says_something(name)}
    return [stated_facts({name: values[row] for name, values in known.items()}) for row in rows]


def says_something(column: str) -> bool:
    """Tell whether a column of that name may state yes/no facts."""
    name = _plain(column)
    return name in _attribute_columns() or name in _STATES
