"""The one table of columns: every column of every file of a run, with unit, words, and what an empty cell means.

Schemas, csv and parquet files, the dictionary and the aliases in a GeoPackage come from here. A new column is two
places: where it is worked out, and its line here. Contract columns come first, in this order; more may follow.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import pyarrow as pa

from hmgeo.results.described import (
    NO_LAYER,
    NONE_FOUND,
    NOTHING_TO_SAY,
    UNJUDGED,
    UNLOCATED,
    UNSTATED,
    DataColumn,
    DataTable,
    Said,
    flag,
    number,
    reasons,
    shape,
    text,
    told,
    whole,
)
from hmgeo.results.text import METRES_PER_KM
from hmgeo.vocabulary import EVIDENCE_RADII_M, LAND_CODES, POLLUTED_CLASSES

if TYPE_CHECKING:
    from collections.abc import Mapping


_SOURCE = text("source_id", "编号", "id")
_NAME = text("name", "名称", "name", UNSTATED)
_NOTE = told("note", "备注", "note", NOTHING_TO_SAY)
_REASONS = text("reason_codes", "原因代码", "codes of the reasons", NOTHING_TO_SAY)
_BASIS = text("basis", "数据性质", "basis of data")
_CLASS = text("class", "类别", "class", UNSTATED)
_CLASS_KIND = text("class_kind", "类别种类（soil_quality 土壤，land_use 地类）", "soil_quality or land_use; all")
_OF_CLASS = text("class", "类别（all 为合计）", "class (all: the sum)")
_TOWNSHIP = text("township", "乡镇(街道)", "township", UNSTATED)
_COUNTY = text("county", "县(市、区)", "county", UNSTATED)
_RADIUS = number("radius_m", "半径", "radius")
_FARMLAND_COUNT = whole("farmland_count", "耕地地块数", "farmland parcels", UNLOCATED)
_FARMLAND_HA = number("farmland_area_ha", "耕地面积", "farmland area", UNLOCATED)
_NEAREST_M = number("nearest_farmland_m", "最近耕地距离", "distance to nearest farmland", NONE_FOUND)
_LON, _LAT = number("lon", "经度", "longitude", UNLOCATED, "°"), number("lat", "纬度", "latitude", UNLOCATED, "°")
_RECEPTOR = text("receptor_id", "受体编号", "receptor id")
_RECEPTOR_KIND = text("receptor_kind", "受体类型", "kind of receptor")
_KEY_AREA = text("key_area_id", "重点区域", "key area", Said("不在重点区域", "in no key area"))
_DOCUMENT, _CLAUSE = text("document", "文件", "document"), text("clause", "条款", "clause")
_QUOTE, _RULE = text("quote", "原文", "text of the clause"), text("rule_id", "规则", "rule")
_SOURCES = text("sources", "涉及的污染源（由近到远）", "sources that reach it, nearest first", NONE_FOUND)

SOURCES = DataTable(
    "sources.csv",
    "每一行输入一行",
    "every input row once",
    (
        _SOURCE,
        _NAME,
        text("status", "状态", "row status"),
        text("position_kind", "定位方式", "kind of position", UNLOCATED),
        _LON,
        _LAT,
        number("position_uncertainty_m", "定位误差", "uncertainty of the position", UNLOCATED),
        text("nearest_farmland_id", "最近耕地图斑号", "nearest parcel", NONE_FOUND),
        _NEAREST_M,
        number("nearest_farmland_max_m", "最远可能距离", "farthest it may be", NONE_FOUND),
        _FARMLAND_COUNT,
        whole("farmland_count_max", "最多可能地块数", "most parcels there may be", UNLOCATED),
        _FARMLAND_HA,
        _RADIUS,
        text("verdict", "结论代码", "verdict of the screening rule", Said("未设排查规则", "no screening rule")),
        text("certainty", "确定性", "certainty", UNJUDGED),
        _BASIS,
        _NOTE,
        # beyond the contract
        text("nearest_farmland_class", "最近耕地类别", "class of the nearest parcel", NONE_FOUND),
        number("nearest_farmland_bearing_deg", "最近耕地方位", "bearing to it from true north", NONE_FOUND),
        flag("counts_are_lower_bounds", "数量为下限", "counts are lower bounds (the search leaves the data)"),
        _KEY_AREA,
        _COUNTY,
        _TOWNSHIP,
        text("trade_code", "行业代码", "trade code", UNSTATED),
        text("trade_edition", "行业分类版本", "edition of the trade code", UNSTATED),
        _REASONS,
        shape(UNLOCATED),
    ),
)
"""sources.csv (which leaves geometry out): every input row once, in input order.

Distances and counts are null where they were not measured; verdict is the screening rule's alone and empty where a
project sets none. counts_are_lower_bounds is true where the search leaves the declared coverage.
"""

FARMLAND_CLIPPED = "farmland_area_clipped_ha"
"""In the table of sources: `AREA_CLIPPED` of `all` at the search radius."""

SOURCES_MORE = (
    text("county_code", "县级代码", "county code", UNSTATED),
    text("township_code", "乡级代码", "township code", UNSTATED),
    text("key_area_district", "是否在重点区域（按全区）", "in a key area, read as the district", UNJUDGED),
    text("key_area_towns", "是否在重点区域（按所列乡镇）", "in a key area, read as its towns", UNJUDGED),
    text("trade_name", "行业", "trade", UNSTATED),
    text("trade_code_2017", "行业代码（2017 版）", "trade code of 2017", UNSTATED),
    text("trade_code_2011", "行业代码（2011 版）", "trade code of 2011", UNSTATED),
    text("cadmium", "涉镉情况", "handles cadmium", UNSTATED),
    told("cadmium_basis", "涉镉依据", "by what it is known", UNSTATED),
    text("production_state", "生产状态", "production", UNSTATED),
    text("action_text", "任务", "task", UNSTATED),
    text("deadline_text", "时限(原文)", "deadline as written", UNSTATED),
    text("deadline", "截止日", "deadline", UNSTATED),
    number("farmland_area_max_ha", "最多可能耕地面积", "most farmland there may be",
           Said("不是仅知所在行政区", "not known by place only")),
    number("range_error_m", "范围误差", "error of the range", Said("不是仅知所在行政区", "not known by place only")),
    told("survey_area", "所在排查重点区域", "survey focus area", NONE_FOUND),
    told("why_in", "列入依据", "why it is in", NOTHING_TO_SAY),
)  # fmt: skip
"""Columns that follow where a bureau screens.

key_area_district and key_area_towns answer whether the whole district or the two towns hold the source (是, 否,
无法判断); both are empty where no such rule is in effect. farmland_area_max_ha and range_error_m are set for sources
known by place.
"""

_OFF_LIST = Said("不在排查清单上", "not on the survey list")
VISITS = (
    whole("list_number", "清单序号", "number on the list", _OFF_LIST),
    text("visit_group", "核查分组", "group of visits", _OFF_LIST),
    told("distance_class", "距离档", "class of distance", _OFF_LIST),
    told("visit_reason", "分组理由", "why the group", _OFF_LIST),
)
"""Columns that follow: the suggested order of visits on site (现场核查先后), no score and no ranking."""

TERRAIN, BARRIER = "terrain", "barrier"
"""Class of the source's place, and what stands between it and its nearest parcel, in words; empty where unknown."""

GROUND = (
    text(TERRAIN, "地形", "terrain", NO_LAYER),
    told(BARRIER, "地形与山脊（供参考）", "Relief in between (for information)", NO_LAYER, popup=True),
)
"""Columns that follow in sources.csv and evidence.csv."""

PAIRS = DataTable(
    "pairs.parquet", "半径内的每一对污染源和受体", "every pair within the radius",
    (_SOURCE, _RECEPTOR, _RECEPTOR_KIND, number("distance_m", "距离", "distance")),
)  # fmt: skip
"""Every pair within the radius, by receptor and then by source, both in input order."""

COUNTS = DataTable(
    "counts.parquet",
    "污染源、半径、类别各一行",
    "a source, radius and class a row",
    (
        _SOURCE,
        _RADIUS,
        _OF_CLASS,
        whole("count", "地块数", "parcels", UNLOCATED),
        number("area_ha", "面积", "area", UNLOCATED),
        _CLASS_KIND,
    ),
)
"""Parcels within each radius by class, whole parcels counted; class `all` is the sum of either kind of classes. Zero
rows are written; those of land use where the layer says it.

After these, is_lower_bound says whether the search of that radius leaves what the layer declares to cover; and, where
they were asked for, `AREA_UNION` and `AREA_CLIPPED`.
"""

AREA_UNION = "area_union_ha"
"""Ground under the parcels that were counted, each whole, as drawn, common ground once; `all` is no sum of classes."""

AREA_CLIPPED = "area_clipped_ha"
"""Ground under parcels within the radius, clipped by the circle, common ground once; null but for points."""

COUNTS_MORE = (
    flag("is_lower_bound", "为下限", "is a lower bound"),
    number(AREA_UNION, "去重面积", "area, common ground once", UNLOCATED),
    number(AREA_CLIPPED, "圆内面积", "area inside the circle", Said("只对点位计算", "for points only")),
)

FINDINGS = DataTable(
    "findings.parquet",
    "一个污染源对一条规则一行",
    "one source judged against one rule",
    (
        text("finding_id", "判断编号", "finding"),
        _SOURCE,
        _RULE,
        text("verdict", "结论代码", "verdict"),
        text("verdict_other", "另一可能", "the other verdict it may be", Said("没有另一可能", "no other possible")),
        text("certainty", "确定性", "certainty", UNJUDGED),
        text("standing", "效力", "standing of the rule"),
        _BASIS,
        number("measured", "量测值", "measured", Said("未量测或仅知所在行政区", "not measured, or a place")),
        number("measured_low", "量测下限", "measured at least", UNJUDGED),
        number("measured_high", "量测上限", "measured at most", UNJUDGED),
        number("limit_value", "限值", "limit", Said("条款没有限值或参数未定", "no limit, or it is unset")),
        text("unit", "单位", "unit", Said("没有量测", "nothing measured")),
        number("margin", "差值（量测值减限值）", "measured minus limit", Said("没有量测或限值", "no measure or limit")),
        text("measured_text", "量测", "measured, in words", UNJUDGED),
        text("receptor_id", "受体编号", "receptor", NONE_FOUND),
        text("receptor_name", "受体名称", "name of the receptor", NONE_FOUND),
        number("bearing_deg", "方位", "bearing from true north", Said("相接或未量测", "touching, or not measured")),
        _KEY_AREA,
        text("as_of", "评估基准日", "day asked about", Said("未设基准日", "no day set")),
        text("legal_rank", "法律位阶", "legal rank", Said("不依据条款", "by no clause")),
        _DOCUMENT,
        _CLAUSE,
        _QUOTE,
        text("decider", "认定部门", "who decides"),
        text("note", "备注", "note", NOTHING_TO_SAY),
        shape(UNLOCATED),
        # beyond the contract
        _REASONS,
        reasons("reasons", "原因（代码和取值）", "reasons with their values", NOTHING_TO_SAY),
    ),
)
"""findings.parquet: one source judged against one rule. margin = measured - limit; bearing from true north;
note is what reasons come to; reason_codes are their codes, joined by `;` (`hmgeo.words.groups_of` groups them).
"""

LEDGER = DataTable(
    "ledger.csv",
    "处理台账，一件事一行",
    "everything dropped, repaired, assumed or suspected",
    (
        text("file", "文件", "file"),
        text("sheet", "工作表/图层", "sheet or layer", Said("文件没有分表", "the file has none")),
        whole("row", "数据行（0 为整个文件）", "row of data (0: the file)"),
        text("field", "字段", "field", Said("不涉及单个字段", "of no single field")),
        text("value", "原值", "value as found", Said("空白", "blank")),
        text("event", "事件", "event"),
        text("reason", "原因", "reason", NOTHING_TO_SAY),
        text("action", "处理", "what was done", NOTHING_TO_SAY),
        text("source_id", "编号", "id", Said("不涉及单个污染源", "of no single source")),
    ),
)
"""ledger.csv: row 0 speaks of the file as a whole."""

_NEAREST_SOURCE = (
    text("nearest_source_id", "最近来源", "nearest source", NONE_FOUND),
    number("nearest_source_m", "最近来源距离", "distance to it", NONE_FOUND),
)
RECEPTORS = DataTable(
    "receptors",
    "耕地及其他受体",
    "farmland and other receptors",
    (
        _RECEPTOR,
        _RECEPTOR_KIND,
        _NAME,
        _CLASS,
        number("area_ha", "面积", "area", UNSTATED),
        _TOWNSHIP,
        whole("source_count", "半径内来源数", "sources within the radius"),
        *_NEAREST_SOURCE,
        shape(),
        text("land_class", "地类", "land use", UNSTATED),
    ),
)
"""Receptors with the sources that reach them within the radius; nearest_source is empty where none does."""

SLOPE_COLUMNS = (
    whole("slope_grade", "坡度级", "slope grade", NO_LAYER),
    text("slope_from", "坡度级来源", "where the grade is from", NO_LAYER),
    number("slope_deg", "高程推算坡度", "mean slope by heights", NO_LAYER),
)
"""Farmland slope grade (2, 6, 15, 25 degrees make 1 to 5); slope_from: `layer` (GDPDJB) before `elevation`.

slope_deg is the mean over the grid of heights, whatever the grade comes from; null off the grid.
"""

_NO_WORKS = Said(
    "所列企业中未见或临界；清单只有涉重金属企业，不能答「无」",
    "none of the list seen there, or its error decides; a list of heavy-metal trades can't tell 'none' (无)",
)
WORKS = text("works_2km", "2公里范围内有或曾经有工矿企业、冶炼厂", "works within 2 km, now or before", _NO_WORKS)
CLASS_YEAR = text("class_year", "划分年度", "year of the class", UNSTATED)
REACHED = DataTable("receptors.parquet", "每个受体一行", "every receptor once", (*RECEPTORS.columns, _SOURCES))
"""receptors.parquet: every receptor once, with the sources that reach it within the radius, nearest first."""

FLIPS = DataTable(
    "terrain_flips.parquet",
    "地形取法和半径的试算",
    "who is listed for each reading of terrain and each radius",
    (
        text("terrain_at", "地形取法", "reading of terrain"),
        number("radius_m", "丘陵、山区半径", "radius outside plains"),
        _SOURCE,
        flag("is_listed", "纳入", "is listed", NO_LAYER),
        flag("is_listed_if_plain", "按平原半径纳入", "is listed by the plain's radius", NO_LAYER),
        text("source_terrain", "企业一端地形", "terrain at the source", NO_LAYER),
        text("pair_terrain", "所取地形", "terrain that counts", NO_LAYER),
    ),
)
"""Who is listed for each terrain choice (`not_considered` included) and each radius outside plains.

is_listed is null where heights are missing; a source flips where is_listed and is_listed_if_plain differ.
"""

FLOW_PATHS = DataTable(
    "flow_paths.csv",
    "每个污染源的径流路径",
    "the way water takes downhill from each source",
    (
        _SOURCE,
        _NAME,
        text("status", "状态", "status"),
        number("length_m", "流程", "flow length", NO_LAYER),
        number("drop_m", "落差", "drop", NO_LAYER),
        text("ends", "终点代码", "how the path ends", NO_LAYER),
        number("end_lon", "终点经度", "longitude of its end", NO_LAYER, "°"),
        number("end_lat", "终点纬度", "latitude of its end", NO_LAYER, "°"),
        number("upstream_area_ha", "起点集水面积", "ground that drains to its start", NO_LAYER),
        _NOTE,
        text("source_kind", "图层", "layer"),
        whole("flat_cells", "途经最长一段平地格数", "cells of the longest level stretch on the way", NO_LAYER),
        flag("is_ambiguous", "平地两个出口一样近", "two ways out of level ground alike", NO_LAYER),
        shape(NO_LAYER),
    ),
)
"""The way water takes downhill from each source: flow length, how the path ends, area that drains to its start.

length_m is null where a source has no position on the grid; geometry is the path in lon/lat. flat_cells counts the
cells of the longest level stretch; is_ambiguous says that it might as well leave such ground elsewhere for good.
"""

FLOW_MET = DataTable(
    "flow_met.parquet",
    "径流先后遇到的对象",
    "what a path meets, nearest first",
    (
        _SOURCE,
        whole("order", "次序", "order"),
        text("layer", "图层", "layer"),
        text("receptor_id", "对象编号", "id of the thing"),
        told("receptor_name", "对象名称", "name of the thing", UNSTATED),
        _CLASS,
        number("flow_distance_m", "流程", "distance along the water"),
        _NOTE,
        flag("is_ambiguous", "只经平地的一个出口遇到", "met by one of two ways out of level ground only"),
    ),
)
"""What a source's path meets downstream, nearest first: parcels, zones, intakes, township and county borders.

is_ambiguous: by only one of two ways out of level ground that are nearly as short."""

CATCHMENTS = DataTable(
    "catchments.csv",
    "取水口、保护区集水范围内的污染源",
    "sources in the catchment of an intake or zone",
    (
        text("target_id", "目标编号", "target"),
        text("target_name", "取水口、保护区", "name of the target", UNSTATED),
        text("target_status", "落点", "how it was placed on the water"),
        number("snap_distance_m", "落点距离", "distance it was moved", NO_LAYER),
        number("catchment_area_ha", "追踪距离内集水面积", "catchment within the limit", NO_LAYER),
        text("source_id", "上游污染源", "source upstream", NONE_FOUND),
        whole("order", "次序", "order", NONE_FOUND),
        number("flow_distance_m", "流程", "distance along the water", NONE_FOUND),
        _NOTE,
        whole("flat_cells", "途经最长一段平地格数", "cells of the longest level stretch on the way", NONE_FOUND),
        flag("is_ambiguous", "途中平地两个出口一样近", "two ways out of level ground alike", NONE_FOUND),
    ),
)
"""Sources in the catchment of an intake or zone, nearest along the water first; one row with empty source_id for a
target that has none or can't be told. flat_cells and is_ambiguous as above: such a
source may drain to the target or not."""

LAND_TOTALS = DataTable(
    "land_totals.csv", "各县各半径内的耕地，一块只计一次", "farmland within each radius, each parcel once, by county",
    (
        text("county_code", "县区代码", "county code", Said("各县合计，或地块未注明", "all counties, or not stated")),
        text("county", "县(市、区)", "county"), _RADIUS, _CLASS_KIND, _OF_CLASS,
        whole("count", "地块数", "parcels"), number("area_ha", "面积", "area"),
        flag("is_lower_bound", "为下限", "is a lower bound"),
        whole("sources_beyond_coverage", "范围超出数据或数据未申明完整的污染源", "sources that may reach beyond it"),
        whole("sources_unplaced", "未计入的污染源（位置不明）", "sources not counted: no position"),
    ),
)  # fmt: skip
"""Distinct land: a parcel that several sources reach counts once. Sums of all counties first, then county by county."""

TOWNSHIPS = DataTable(
    "townships.csv",
    "每个乡镇一行",
    "a township a row",
    (
        text("township_code", "乡镇代码", "township code", UNSTATED),
        text("township", "乡镇", "township", UNSTATED),
        _COUNTY,
        _RADIUS,
        whole("source_count", "辖内污染源", "sources in it"),
        whole("farmland_count", "辖内地块数", "parcels in it"),
        number("farmland_area_ha", "辖内耕地面积", "farmland in it"),
        whole("reached_count", "受影响范围内地块数", "parcels that sources reach"),
        number("reached_area_ha", "受影响范围内耕地面积", "farmland that sources reach"),
        number("reached_priority_protection_ha", "其中优先保护", "of it priority protection"),
        number("reached_safe_use_ha", "其中安全利用", "of it safe use"),
        number("reached_strict_control_ha", "其中严格管控", "of it strict control"),
        number("reached_unclassified_ha", "其中未划分", "of it unclassified"),
        *(number(f"reached_{code}_ha", f"其中{word}", f"of it {code.replace('_', ' ')}", UNSTATED)
          for word, code in LAND_CODES.items()),
        number("reached_garden_ha", "另有园地（不是耕地）", "garden land reached beside it", UNSTATED),
        whole("reaching_count", "涉及污染源", "sources that reach it"),
        *_NEAREST_SOURCE,
        _SOURCES,
        whole("site_count", "辖内村庄和敏感目标", "villages and sensitive sites in it"),
        whole("reached_site_count", "受影响的村庄和敏感目标", "of them reached"),
    ),
)  # fmt: skip
"""Sources in each township, its parcels, those that sources reach (each once) and by whom; villages and sites alike."""

OUTLETS = DataTable(
    "outlets.csv",
    "每个排放口一行",
    "every outlet once",
    (
        whole("row", "数据行", "row of data"),
        text("enterprise_id", "企业编号", "enterprise", UNSTATED),
        text("outlet_id", "排放口编号", "outlet", UNSTATED),
        text("medium", "类型", "medium", UNSTATED),
        text("position_text", "位置(原文)", "position as written", UNSTATED),
        number("stack_height_m", "排气筒高度", "stack height", UNSTATED),
        text("pollutant", "污染物", "pollutant", UNSTATED),
        number("emission_kg", "年排放量", "emission a year", UNSTATED),
        text("receiving_water", "受纳水体", "receiving water", UNSTATED),
        text("status", "关联情况", "whether it was joined"),
        text("source_id", "归入企业", "source it belongs to", Said("未归入任何企业", "belongs to none")),
        _NOTE,
    ),
)
"""outlets.csv: every outlet once, in input order, with the source it belongs to; source_id is empty for the rest."""

LEADS = DataTable(
    "leads.csv",
    "跨界移送线索",
    "leads across the county line",
    (
        _SOURCE,
        _NAME,
        text("county", "污染源所在县", "county of the source", UNSTATED),
        text("neighbour_code", "相关县代码", "code of the other county"),
        text("neighbour", "相关县(市、区)", "the other county"),
        told("direction", "方向", "direction"),
        number("distance_m", "距该县", "distance to that county"),
        whole("farmland_count", "该县受影响范围内地块", "parcels there within the radius", NONE_FOUND),
        number("nearest_farmland_m", "最近地块", "distance to the nearest parcel there", NONE_FOUND),
        _NOTE,
    ),
)
"""Leads across the county line. direction: 本地源影响界外 or 界外源影响本地; farmland_count is null where data end."""

_NO_NONE = Said("未见或不能答；各类都有完整图层时才答「无」", "not seen or unknown; 无 needs complete layers of all")

EVIDENCE = DataTable(
    "evidence.csv",
    "每个污染源的证据",
    "cells by pathway and receptor",
    (
        _SOURCE,
        _NAME,
        number("air_distance_m", "最近耕地", "air: nearest parcel", NONE_FOUND),
        number("air_bearing_deg", "方位", "air: bearing", NONE_FOUND),
        number("air_downwind_percent", "下风向时间", "air: time downwind", NO_LAYER),
        number("air_stack_height_m", "排气筒最低", "air: lowest stack", UNSTATED),
        told("air_emissions", "大气排放量", "air: emissions a year", UNSTATED),
        told("water_emissions", "废水排放量", "water: emissions a year", UNSTATED),
        text("water_receiving", "受纳水体", "water: receiving water", UNSTATED),
        told("water_pathway", "废水途径", "water: pathway", NONE_FOUND),
        text("waste_storage", "固废堆存", "waste: storage", UNSTATED),
        told("waste_pathway", "固废径流途径", "waste: runoff", NONE_FOUND),
        *(
            number(f"{code}_{km}_ha", f"{km} 内{word}面积", f"{code.replace('_', ' ')} within {km}", UNLOCATED)
            for word, code in POLLUTED_CLASSES.items()
            for km in (f"{radius_m / METRES_PER_KM:g}km" for radius_m in EVIDENCE_RADII_M)
        ),
        told("exceedance", "农产品超标", "crops over the limit", NO_LAYER),
        told("air_downwind_note", "风频说明", "what the wind rests on", NOTHING_TO_SAY),
        number("air_stack_height_max_m", "排气筒最高", "air: highest stack", UNSTATED),
        text("outlets", "排放口", "outlets", UNSTATED),
        *(
            text(f"{code}_state", f"{zh}途径（有据、待补、未见）", f"{code} pathway: held, open, none")
            for code, zh in (("air", "大气"), ("irrigation", "灌溉"), ("runoff", "固废径流"))
        ),
        whole("exceeding_count", "超标地块数", "parcels over the limit", NO_LAYER),
        number("exceeding_ha", "超标地块面积", "area over the limit", NO_LAYER),
        whole("site_count", "敏感目标", "sensitive sites", NO_LAYER),
        text("nearest_site_id", "最近敏感目标", "nearest sensitive site", NONE_FOUND),
        number("nearest_site_m", "最近敏感目标距离", "distance to it", NONE_FOUND),
        text("receptors_1km", "周边1km是否存在敏感受体", "sensitive receptors within 1 km", _NO_NONE),
        told("receptors_1km_found", "周边1km敏感受体及个数", "receptors within 1 km, counted", NONE_FOUND),
        told("receptors_1km_open", "不能答的原因", "why it can't be answered", NOTHING_TO_SAY),
    ),
)
"""One row per source, in input order; distances in metres, areas in hectares of whole parcels, emissions in kg/a.

air_stack_height_m is the lowest stack, air_stack_height_max_m the highest; air_downwind_percent speaks of the nearest
parcel and air_downwind_note says what it rests on or why it is empty.
"""

SHAPES_SCHEMA = pa.schema([("id", pa.string()), ("name", pa.string()), ("geometry", pa.binary())])
"""Shapes of a layer that is drawn and not judged, lon/lat WKB."""

SEARCH_AREAS_SCHEMA = pa.schema([("source_id", pa.string()), ("geometry", pa.binary())])
"""The circle (or buffer) that was searched around each source."""

STEEP = DataTable(
    "steep_farmland.csv",
    "坡耕地清单",
    "steep farmland that the national text speaks of",
    (
        text("list", "清单", "list"),
        text("status", "状态", "status"),
        text("receptor_id", "图斑号", "parcel"),
        text("township", "乡镇", "township", UNSTATED),
        _CLASS,
        number("area_ha", "面积", "area", UNSTATED),
        *SLOPE_COLUMNS,
        text("water_source", "重要水源地", "important water source", NONE_FOUND),
        _NOTE,
    ),
)
"""Steep farmland that the national text speaks of. list: `from_25` or `water_15_25`; status: `listed` or
`not_assessed`; parcels that are neither stand in no list."""

BARRIERS = DataTable(
    "barriers.csv",
    "污染源与最近地块之间",
    "what lies between each source and its nearest parcel",
    (
        _SOURCE,
        text("terrain", "地形", "terrain", NO_LAYER),
        number("relief_m", "起伏度", "relief", NO_LAYER),
        text("receptor_id", "图斑号", "parcel", NONE_FOUND),
        number("distance_m", "距离", "distance", NONE_FOUND),
        number("source_height_m", "企业一端高程", "height at the source", NO_LAYER),
        number("parcel_height_m", "地块一端高程", "height at the parcel", NO_LAYER),
        number("divide_m", "最高处", "highest in between", NO_LAYER),
        number("divide_at_m", "最高处距源", "distance from the source to it", NO_LAYER),
        number("above_higher_end_m", "高出较高一端", "above the higher end", NO_LAYER),
        flag("has_ridge", "有无山脊", "a ridge stands between", NO_LAYER),
        number("common_catchment_ha", "汇合处集水", "catchment where the waters join", NO_LAYER),
        flag("is_same_small_catchment", "同一小流域", "in one small catchment", NO_LAYER),
        told("barrier", "说明", "in words", NO_LAYER),
    ),
)
"""What lies between each source and its nearest parcel; information beside the verdict.

has_ridge and is_same_small_catchment are null where their parameter is unset; common_catchment_ha where the waters
don't join on the grid.
"""

OVERHEAD = DataTable(
    "overhead.csv",
    "头顶库复核线索",
    "ponds above people, as leads for checking",
    (
        text("pond_id", "库编号", "pond"),
        _NAME,
        text("designated", "是否头顶库(应急部门认定)", "as the department determined", UNSTATED),
        whole("circle_count", "四周 1 公里内处数", "found within 1 km around", NO_LAYER),
        number("circle_nearest_m", "四周最近", "nearest of them", NONE_FOUND),
        told("by_circle", "四周居民点和重要设施", "what is around", NONE_FOUND),
        whole("path_count", "下游路径 1 公里内处数", "found within 1 km downstream", NO_LAYER),
        number("path_nearest_m", "下游最近", "nearest of them", NONE_FOUND),
        told("by_path", "下游居民点和重要设施", "what is downstream", NONE_FOUND),
        told("path_ends", "路径", "how the path ends", NO_LAYER),
        told("only_by_circle", "仅直线有", "only around", NONE_FOUND),
        told("only_by_path", "仅路径有", "only downstream", NONE_FOUND),
        text("downstream_1km", "下游1000米有无受影响人数或设施", "people or facilities downstream", _NO_NONE),
        _NOTE,
        shape(NO_LAYER, "path"),
    ),
)
"""头顶库 as leads for checking: the department's designation first, then both readings of 1 km side by side.

designated is the layer's own word. Counts are null where a reading was not assessed, with the reason in note. path is
the way down from the dam's toe within the limit, a line in lon/lat.
"""

MINES = DataTable(
    "mines.csv",
    "矿区周边和下游的受污染耕地",
    "mines with the polluted farmland around and downstream",
    (
        whole("rank", "次序", "order"),
        text("mine_id", "编号", "mine"),
        _NAME,
        number("nearest_m", "周边最近", "nearest around", NONE_FOUND),
        number("near_strict_control_ha", "周边严格管控", "strict control around", NO_LAYER),
        number("near_safe_use_ha", "周边安全利用", "safe use around", NO_LAYER),
        number("downstream_m", "下游流程最近", "nearest downstream", NONE_FOUND),
        number("downstream_strict_control_ha", "下游严格管控", "strict control downstream", NO_LAYER),
        number("downstream_safe_use_ha", "下游安全利用", "safe use downstream", NO_LAYER),
        number("near_limit_m", "周边限值", "limit around", NO_LAYER),
        number("downstream_limit_m", "下游限值", "limit downstream", NO_LAYER),
        told("path_ends", "路径", "how the path ends", NO_LAYER),
        _NOTE,
    ),
)
"""Mines with the polluted farmland around and downstream of them, each measure in a column of its own, no score.

Order: more 严格管控 downstream first, then near, then 安全利用 alike, then nearer; rank is the place in that order.
nearest_m and downstream_m are to the nearest parcel of either class; areas are of whole parcels within the limits,
which the project chose. path_ends says how the way down ended.
"""

IRRIGATION = DataTable(
    "irrigation.csv",
    "灌溉途径，一链一行",
    "chains from outlet to parcels",
    (
        _SOURCE,
        _NAME,
        text("status", "链条是否完整", "whether the chain holds"),
        text("outlet_id", "排放口", "outlet", UNSTATED),
        text("water", "受纳水体", "water", UNSTATED),
        text("intake_id", "取水口编号", "intake", NONE_FOUND),
        text("intake_name", "取水口", "name of the intake", UNSTATED),
        number("intake_flow_m", "至取水口流程", "distance along the water to it", NO_LAYER),
        text("district_id", "灌区编号", "district", NONE_FOUND),
        text("district_name", "灌区", "name of the district", UNSTATED),
        whole("parcel_count", "灌溉所及地块数", "parcels it waters", NONE_FOUND),
        number("area_ha", "灌溉所及面积", "area it waters", NONE_FOUND),
        number("strict_control_ha", "其中严格管控", "of it strict control", NONE_FOUND),
        number("safe_use_ha", "其中安全利用", "of it safe use", NONE_FOUND),
        text("broken_at", "缺哪一环", "link that is missing", Said("不缺", "none is missing")),
        told("chain", "链条（每一环及其出处）", "the chain, each link with what it rests on"),
    ),
)
"""One row for each chain of a source; status: `established`, `broken` or `not_assessed`. chain is the whole chain as a
sentence, each link with what it rests on; broken_at names the missing link. Areas in hectares of whole parcels."""

CATCHMENT_AREAS = DataTable(
    "catchments", "集水范围", "the ground that drains to a target within the limit",
    (
        text("target_id", "目标编号", "target"),
        text("target_kind", "图层", "layer"),
        _NAME,
        number("catchment_area_ha", "集水面积", "catchment"),
        whole("source_count", "其中污染源", "sources in it"),
        _NOTE,
        shape(),
    ),
)  # fmt: skip
"""The ground that drains to a target within the limit, as polygons along cell edges in lon/lat."""
BASINS = DataTable(
    "closed_basins.csv",
    "封闭洼地",
    "closed basins, deepest first",
    (
        text("basin_id", "洼地", "basin"),
        number("lon", "洼底经度", "longitude of the lowest point", unit="°"),
        number("lat", "洼底纬度", "latitude of the lowest point", unit="°"),
        number("depth_m", "深度", "depth"),
        number("area_ha", "面积", "area below the rim"),
        number("volume_m3", "容积", "volume"),
        number("drained_ha", "汇入面积", "ground that drains to it"),
        flag("is_kept", "保留", "is kept", Said("处理方式未定", "not chosen")),
        text("sources_within", "洼地内污染源", "sources in it", NONE_FOUND),
        text("sources_draining", "汇入的污染源", "sources that drain to it", NONE_FOUND),
        whole("farmland_count", "洼地内地块", "parcels in it", NO_LAYER),
        text("others_within", "洼地内其他对象", "other things in it", NONE_FOUND),
        shape(),
    ),
)
"""Closed basins, deepest first: the ground below the rim (area_ha, geometry), what drains to it, and who lies in it."""

SAMPLING = DataTable(
    "sampling_points.csv",
    "建议布点",
    "places proposed for sampling",
    (
        text("point_id", "编号", "point"),
        text("kind", "类别", "kind"),
        told("name", "名称", "name", UNSTATED),
        number("lon", "经度", "longitude", unit="°"),
        number("lat", "纬度", "latitude", unit="°"),
        told("why", "理由", "why"),
        text("document", "文件", "document", Said("没有条文要求", "no text asks for it")),
        text("clause", "条款", "clause", Said("没有条文要求", "no text asks for it")),
        text("quote", "原文", "text of the clause", Said("没有条文要求", "no text asks for it")),
        text("rule_id", "规则", "rule", Said("没有条文要求", "no text asks for it")),
        _NOTE,
        shape(),
    ),
)
"""Where to sample or monitor: each place with why, and the clause where a text asks for it. Proposals, no sites."""
AGREEMENT = DataTable(
    "flow_agreement.csv", "高程与河网对照", "heights and drawn rivers side by side",
    (
        _SOURCE,
        text("target_id", "目标编号", "target"),
        text("target_name", "取水口", "name of the target", UNSTATED),
        number("by_heights_m", "按高程流程", "distance by heights", NONE_FOUND),
        number("by_network_m", "按河网流程", "distance by rivers", NONE_FOUND),
        text("status", "结论", "whether they agree"),
        _NOTE,
    ),
)  # fmt: skip
"""A source and a target a row; status: `agree`, `only_heights`, `only_network`, `cannot_tell`."""

AREAS = DataTable(
    "areas",
    "区域和参考图层",
    "areas and other context",
    (
        text("id", "编号", "id", UNSTATED),
        _NAME,
        text("role", "用途代码", "role"),
        text("role_name", "用途", "role in words"),
        text("title", "图层", "layer"),
        _BASIS,
        text("credit", "来源", "credit", UNSTATED),
        shape(),
    ),
)

SOURCES_SCHEMA, PAIRS_SCHEMA, COUNTS_SCHEMA = SOURCES.schema, PAIRS.schema, COUNTS.schema
FINDINGS_SCHEMA, LEDGER_SCHEMA, RECEPTORS_SCHEMA = FINDINGS.schema, LEDGER.schema, RECEPTORS.schema
VISITS_SCHEMA = pa.schema([(column.name, column.type) for column in VISITS])
EXTRA_SCHEMA = pa.schema([*((column.name, column.type) for column in SOURCES_MORE), *VISITS_SCHEMA])
TERRAIN_FLIPS_SCHEMA, FLOW_PATHS_SCHEMA, FLOW_MET_SCHEMA = FLIPS.schema, FLOW_PATHS.schema, FLOW_MET.schema
FLOW_CATCHMENT_SCHEMA, REACHED_SCHEMA, TOWNSHIPS_SCHEMA = CATCHMENTS.schema, REACHED.schema, TOWNSHIPS.schema
OUTLETS_SCHEMA, LEADS_SCHEMA, EVIDENCE_SCHEMA = OUTLETS.schema, LEADS.schema, EVIDENCE.schema
SLOPES_SCHEMA = pa.schema([("receptor_id", pa.string()), *((column.name, column.type) for column in SLOPE_COLUMNS)])
STEEP_SCHEMA, BARRIER_SCHEMA, OVERHEAD_SCHEMA = STEEP.schema, BARRIERS.schema, OVERHEAD.schema
MINES_SCHEMA, LAND_TOTALS_SCHEMA = MINES.schema, LAND_TOTALS.schema
IRRIGATION_SCHEMA, CATCHMENT_AREA_SCHEMA, BASIN_SCHEMA = IRRIGATION.schema, CATCHMENT_AREAS.schema, BASINS.schema
SAMPLING_SCHEMA, AGREEMENT_SCHEMA, AREA_SCHEMA = SAMPLING.schema, AGREEMENT.schema, AREAS.schema

TABLES: Mapping[str, DataTable] = MappingProxyType(
    {
        table.name: table
        for table in (
            DataTable(
                SOURCES.name, SOURCES.zh, SOURCES.en,
                (
                    *SOURCES.columns, *SOURCES_MORE, *VISITS, *GROUND,
                    number(FARMLAND_CLIPPED, "圆内耕地面积", "farmland inside the circle", UNLOCATED),
                ),
            ),
            PAIRS, DataTable(COUNTS.name, COUNTS.zh, COUNTS.en, (*COUNTS.columns, *COUNTS_MORE)), FINDINGS, LEDGER,
            TOWNSHIPS, DataTable(EVIDENCE.name, EVIDENCE.zh, EVIDENCE.en, (*EVIDENCE.columns, *GROUND)), LEADS, OUTLETS,
            LAND_TOTALS,
            DataTable(REACHED.name, REACHED.zh, REACHED.en, (*REACHED.columns, WORKS, *SLOPE_COLUMNS, CLASS_YEAR)),
            STEEP, BARRIERS, OVERHEAD, MINES, FLIPS, FLOW_PATHS, FLOW_MET, CATCHMENTS, IRRIGATION, BASINS, SAMPLING,
            AGREEMENT, CATCHMENT_AREAS, AREAS,
        )
    }
)  # fmt: skip
"""Every table by its name, with the columns that a run may add."""


_VERDICT_TEXT = text("verdict_text", "结论", "verdict in words")
IN_GEOPACKAGE = {
    "findings": FINDINGS.name, "sources": SOURCES.name, "source_positions": SOURCES.name,
    "search_areas": SOURCES.name, "receptors": REACHED.name, "context_lines": AREAS.name, "context_points": AREAS.name,
    "flow_paths": FLOW_PATHS.name, "closed_basins": BASINS.name, "sampling_points": SAMPLING.name,
    "overhead_paths": OVERHEAD.name, "areas": AREAS.name, "catchments": CATCHMENT_AREAS.name,
}  # fmt: skip
"""Tables of a run's GeoPackage, and the table whose columns they have."""


def column_of(table: str, name: str) -> DataColumn:
    """Return the column `name` of `table`, a file or a table of the GeoPackage.

    Raises
    ------
    LookupError
        Where it has no line here.
    """
    columns = TABLES[IN_GEOPACKAGE.get(table, table)].columns
    column = next((known for known in (*columns, _VERDICT_TEXT, _BASIS, shape()) if known.name == name), None)
    if column is None:
        msg = f"{table} has a column {name} without a line in hmgeo.results.columns"
        raise LookupError(msg)
    return column


def popup_columns() -> tuple[DataColumn, ...]:
    """Return the columns of a source that the map shows under their headers."""
    return tuple(column for column in TABLES[SOURCES.name].columns if column.popup)


def nothing_found() -> dict[str, pa.Table]:
    """Return the tables of a `Results` that judges nothing, such as an overview map, by the names of its fields."""
    schemas = {
        "sources": SOURCES_SCHEMA, "findings": FINDINGS_SCHEMA, "counts": COUNTS_SCHEMA, "receptors": RECEPTORS_SCHEMA,
        "search_areas": SEARCH_AREAS_SCHEMA,
    }  # fmt: skip
    return {name: schema.empty_table() for name, schema in schemas.items()}
