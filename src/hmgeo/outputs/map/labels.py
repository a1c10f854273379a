"""Short labels of the map page and its siting check, Chinese and English by key; sentences live in `wording`."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from hmgeo.outputs import wording
from hmgeo.results.columns import popup_columns
from hmgeo.results.text import WINDS

if TYPE_CHECKING:
    from collections.abc import Mapping


ASK_LABELS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "ask": ("选址研判", "Siting check"),
        "ask_title": ("选址研判：点击任意位置", "Siting check: click anywhere"),
        "ask_hint": (
            "先选行业和建设性质，再在图上点击，或输入经纬度。页面只执行本项目已载入的条款，逐条回答，不作总的结论。",
            "Choose trade and action, then click or type a coordinate. Clause by clause, no overall conclusion.",
        ),
        "ask_trade": ("行业代码", "Trade code"),
        "ask_edition": ("行业分类版本", "Edition"),
        "ask_action": ("建设性质", "Action"),
        "ask_facts": ("条款所问的事实（{n} 项，未说明不当作否）", "Facts that clauses ask for ({n}); unsaid is not no"),
        "ask_unsaid": ("未说明", "unsaid"),
        "ask_yes": ("是", "yes"),
        "ask_no": ("否", "no"),
        "ask_at": ("经度，纬度", "Longitude, latitude"),
        "ask_go": ("研判", "Check"),
        "ask_bad_place": ("坐标看不懂，例：113.05, 23.60", "Not a coordinate, e.g. 113.05, 23.60"),
        "ask_result": ("研判结果", "Result"),
        "ask_count": ("{word} {n} 条", "{word} {n}"),
        "ask_group": ("{word} {n} 条", "{word}: {n}"),
        "ask_text": ("条款与原文", "Clause and text"),
        "ask_none": ("尚未选点", "No place chosen yet"),
        "ask_pixel": (
            "屏幕一个像素约 {metres}；距限值或界线 1 m 以内写“临界”。",
            "One pixel is about {metres}; within 1 m of a limit or border the answer reads as could flip.",
        ),
        "ask_where": ("位于{place}", "In {place}"),
        "ask_nowhere": ("不在所载县级行政区内", "In no county of the data"),
        "ask_border": (
            "距行政区界线不足 1 m，两侧的条款都列出。",
            "Within 1 m of an administrative line: clauses of both sides are listed.",
        ),
        "ask_not_checked": ("未核查的图层", "Layers not checked"),
        "ask_no_ban": (
            "触及禁止性规定 0；还不能排除的禁止 {n} 条",
            "touches a prohibition 0; bans not excluded yet {n}",
        ),
        "ask_open_bans": ("还不能排除的禁止", "Bans that can't be excluded yet"),
        "ask_open_others": ("其余未评估", "Not assessed otherwise"),
        "ask_settle_layer": ("缺{names}，向{whom}取得", "no {names}: obtain from {whom}"),
        "ask_settle_parameter": ("由使用单位选定{names}", "the user chooses {names}"),
        "ask_settle_fact": ("说明{names}", "state {names}"),
        "ask_settle_data": ("申明{names}的范围和完整性", "declare extent and completeness of {names}"),
        "ask_around": (
            "周边最近（{n} 个图层，不论条文是否要求）",
            "Nearest around ({n} layers, asked by a clause or not)",
        ),
        "ask_inside": ("在其内或相接", "inside or touching"),
        "ask_winds": ("北 东北 东 东南 南 西南 西 西北", "N NE E SE S SW W NW"),
        "ask_example": (
            "假设的点位对照合成或示意数据，结论为示例判定。",
            "A hypothetical site against synthetic or approximate data: verdicts are examples.",
        ),
        "ask_off": ("未在页面评估", "not run on this page"),
        "off_not_public": (
            "「{layer}」未标为公开，未载入公开版页面，未在页面评估。",
            "“{layer}” isn't marked public and isn't in the public page: not run on this page.",
        ),
        "off_too_large": (
            "「{layer}」数据量过大，未载入页面，未在页面评估；请用 hmgeo site。",
            "“{layer}” is too large for a page: not run on this page; use hmgeo site.",
        ),
        "off_classified": (
            "「{layer}」为涉密，未载入页面，未在页面评估。",
            "“{layer}” is classified and isn't in the page: not run on this page.",
        ),
        "ask_nearest": ("最近{layer}", "Nearest {layer}"),
        "ask_nothing_found": (
            "查询范围内现有数据无记录，不等于实地不存在",
            "nothing in the data at hand, which does not mean there is nothing",
        ),
        "ask_in": ("位于{layer}「{name}」内", "Inside {layer} “{name}”"),
        "ask_out": ("不在{layer}内", "Outside {layer}"),
        "ask_other": ("另一可能：{word}", "Other possibility: {word}"),
        "ask_clear": (
            "在{data}范围内未触及本条款。",
            "Not touched within {data}.",
        ),
        "ask_layer": (
            "「{layer}」（{vintage}，{basis}，覆盖完整）",
            "“{layer}” ({vintage}, {basis}, complete coverage)",
        ),
        "ask_list": ("重点区域名录（按行政区划代码）", "the list of key areas (by administrative code)"),
        "ask_stated": ("填报内容", "what was stated"),
        "ask_no_vintage": ("时点未申明", "no date declared"),
        "zones": ("已评估条款叠加示意", "Overlay of judged clauses (sketch)"),
        "zones_hint": (
            "按所选行业、建设性质和已说明的事实，画出各条款在项目区域内触及的范围；边界为示意，以点击研判为准。",
            "Where each clause touches the chosen project, within the project's area. A sketch: a click decides.",
        ),
        "zones_rest_hint": (
            "没有着色的地方不等于可以建设：未画的条款和未评估的事项不在其中。",
            "What isn't coloured is not thereby allowed: clauses that aren't drawn or judged aren't in it.",
        ),
        "zones_none": (
            "按目前的选择，没有可画的条款；说明更多事实后可画。",
            "Nothing to draw for this choice; state more facts.",
        ),
        "zones_hatch": ("斜线：数据未覆盖、未申明完整或未载明，未评估", "Hatched: data end or don't say; not assessed"),
        "zones_rest": ("另有 {n} 条未画", "{n} more clauses not drawn"),
        "effect": ("类型", "Kind"),
        "rank": ("位阶", "Rank"),
        "go_there": ("去看", "Show"),
    }
)
"""`{…}` parts are filled in where they are used."""


_BOTH: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "as_of": ("基准日", "As of"),
        "radius": ("筛查半径", "Screening radius"),
        "no_as_of": ("未设基准日", "no day set"),
        "area": ("范围", "Area"),
        "rule": ("筛查规则", "Screening rule"),
        "no_findings": ("本图为底图，未作任何判断。", "Overview map: nothing was judged."),
        "clause_zones": ("各条款触及的范围，没有总的结论。", "Where clauses touch; there is no overall verdict."),
        "findings_by_verdict": ("逐条结果", "Clause by clause"),
        "warnings": ("提示", "Notices"),
        "close": ("关闭", "Close"),
        "zoom_in": ("放大", "Zoom in"),
        "zoom_out": ("缩小", "Zoom out"),
        "noscript": (
            "本页需要浏览器脚本才能显示地图；文字内容见下。",
            "This page needs scripts to draw the map; its texts stand below.",
        ),
        "search": ("查询", "Search"),
        "search_hint": ("名称、编号、乡镇、信用代码或坐标", "Name, id, township, USCC or coordinate"),
        "search_none": ("没有匹配的记录", "Nothing matches"),
        "search_more": ("另有 {n} 项，请输入更多文字", "{n} more: type on"),
        "kind_source": ("污染源", "source"),
        "kind_unmapped": ("未上图", "not on map"),
        "kind_parcel": ("地块", "parcel"),
        "kind_township": ("乡镇", "township"),
        "more": ("逐条计数", "Clause counts"),
        "more_warned": ("▲ 提示 {n} 条、逐条计数", "▲ {n} warnings, clause counts"),
        "side": ("列表与图例", "List, legend"),
        "credits": ("资料来源", "Credits"),
        "off_at_start": ("默认不显示", "off at start"),
        "legend": ("图例与数量", "Legend and counts"),
        "sources": ("污染源（筛查结论）", "Sources (screening)"),
        "sources_plain": ("污染源", "Sources"),
        "unjudged": ("未作筛查", "not screened"),
        "rows": ("{n} 行", "{n} rows"),
        "of_which_unmapped": ("未上图 {n}", "{n} not on map"),
        "certainty": ("确定性", "Certainty"),
        "status": ("输入行状态", "Input rows"),
        "parcels": ("耕地类别", "Farmland classes"),
        "parcel_count": ("{n} 块", "{n} parcels"),
        "no_class": ("类别未填", "no class given"),
        "borders": ("区域与底图", "Areas and base map"),
        "approximate": ("（示意）", "(approximate)"),
        "search_area": ("查询范围线（按计算所得绘制）", "Searched area (as computed)"),
        "place_area": ("仅知所在行政区：可能范围", "Known by place only: where it may be"),
        "summary_circle": ("乡镇汇总（数字为地块数）", "Township sum (number of parcels)"),
        "shapeless": ("另有 {n} 块无图形，未绘", "{n} more without shape, not drawn"),
        "unmapped": ("未上图 {n} 行", "Not on the map: {n} rows"),
        "unmapped_none": ("所有输入行均已上图", "All input rows are on the map"),
        "id": ("编号", "Id"),
        "list_number": ("清单序号", "No. on the list"),
        "visit": wording.VISITS,
        "uscc": ("统一社会信用代码", "USCC"),
        "name": ("名称", "Name"),
        "note": ("说明", "Note"),
        "about": ("规则、参数与资料", "Rules, parameters and data"),
        "rules_used": ("所用规则", "Rules used"),
        "parameters": ("参数", "Parameters"),
        "recorded_default": ("默认约定", "recorded default"),
        "data": ("资料", "Data"),
        "verdict": ("结论", "Verdict"),
        "certainty_fact": ("确定性", "Certainty"),
        "measured": ("量测", "Measured"),
        "nearest": ("最近耕地", "Nearest farmland"),
        "to_nearest": ("查看最近地块", "Go to nearest parcel"),
        "to_source": ("查看最近污染源", "Go to nearest source"),
        "not_drawn": ("该地块未绘制", "This parcel isn't drawn"),
        "within": ("{radius} 内", "within {radius}"),
        "class": ("类别", "Class"),
        "all": ("合计", "all"),
        "count_area": ("地块数 · 面积（公顷）", "Parcels · area (ha)"),
        "at_least": ("≥", "≥"),
        "lower_bound": (
            "查询范围超出数据范围，数量与面积均为下限（≥）。",
            "The search leaves the data: counts and areas are lower bounds (≥).",
        ),
        "clause": ("条款", "Clause"),
        "quote": ("原文", "Text"),
        "decider": ("由谁认定", "Decided by"),
        "why": ("怎样得出，什么会使它改变", "How it came about, and what would change it"),
        "how_measured": ("量得", "Measured"),
        "flips": ("什么会使它改变", "What would change it"),
        "explain_hint": (
            "从原表单元格到条款的全部步骤：在结果文件夹中键入（加 --picture 图.png 画出）",
            "Every step from the cell to the clause; type in the run folder (--picture F.png draws it)",
        ),
        "standing": ("效力", "Standing"),
        "basis": ("数据性质", "Basis of data"),
        "position": ("位置", "Position"),
        "township": ("乡镇", "Township"),
        "county": ("区县", "County"),
        "trade": ("行业代码", "Trade code"),
        "limit": ("限值", "Limit"),
        "terrain": ("地形", "Terrain"),
        **{one.name: (one.zh, one.en) for one in popup_columns()},
        "row_note": ("行说明", "Row note"),
        "flow": ("径流", "Runoff"),
        "more_clauses": ("其他条款", "Other clauses"),
        "row_status": ("状态", "Status"),
        "parcel": ("耕地地块", "Farmland parcel"),
        "receptor": ("敏感目标", "Receptor"),
        "area_ha": ("面积", "Area"),
        "reached_by": ("半径内污染源", "Sources within radius"),
        "count_unit": ("{n} 个", "{n}"),
        "nearest_source": ("最近污染源", "Nearest source"),
        "township_sum": ("乡镇汇总", "Township sum"),
        "count": ("地块数", "Parcels"),
        "tree_steep": ("坡耕地线索", "Steep farmland (leads)"),
        "steep": ("坡耕地线索（高亮，默认不显示）", "Steep farmland (leads; switched on in the tree)"),
        "steep_from_25_listed": ("25 度以上坡耕地", "Farmland of 25° or more"),
        "steep_water_15_25_listed": ("重要水源地 15—25 度坡耕地", "Farmland of 15–25° at important water sources"),
        "steep_water_15_25_not_assessed": (
            "15—25 度坡耕地，是否在重要水源地未评估",
            "Farmland of 15–25°, important water source not assessed",
        ),
        "steep_fact": ("坡耕地线索", "Steep farmland"),
        "slope": ("坡度", "Slope"),
        "slope_1": ("{grade} 级（{range}），图斑坡度级（GDPDJB）", "grade {grade} ({range}), from the parcel (GDPDJB)"),
        "slope_2": ("{grade} 级（{range}），由高程推算平均 {deg}°", "grade {grade} ({range}), mean by heights {deg}°"),
        "slope_joint": ("；", "; "),
        "slope_mean": ("高程推算平均 {deg}°", "mean by heights {deg}°"),
        "designated": ("应急部门认定", "As determined"),
        "overhead_path": ("下游路径 1 公里", "1 km downstream"),
        "path_ends": ("路径终点", "The path"),
        "overhead_circle": ("四周直线 1 公里", "1 km around"),
        "only_by_path": ("仅路径有", "Only along the path"),
        "only_by_circle": ("仅直线有", "Only in the circle"),
        "overhead_found": ("{n} 处：{named}", "{n}: {named}"),
        "overhead_pond": ("头顶库：{said}", "overhead pond: {said}"),
        "overhead_none": (
            "0 处；现有数据无记录，不等于实地不存在",
            "0; nothing in the data doesn't mean nothing on the ground",
        ),
        "not_judged": ("未作判断", "not judged"),
        "tree_sources": ("污染源", "Sources"),
        "tree_search": ("全部查询范围线", "All searched areas"),
        "tree_frame": ("区域与底图", "Areas and base map"),
        "tree_all": ("全选或全不选", "All or none"),
        "unpacking": ("正在展开地块 {n}%", "Unpacking parcels {n}%"),
        "class_year": ("划分年度", "Year of class"),
        "online_tiles": (
            "在线底图「{title}」需要网络（{host}），坐标系 {datum}；其内容与界线由提供方负责",
            "Online tiles {title} need the network ({host}), datum {datum}; content and borders are theirs",
        ),
        "tiles_title": ("{title}（在线，需联网）", "{title} (online)"),
        "kind_place": ("坐标", "coordinate"),
        "lon_lat": ("经度 {lon}，纬度 {lat}", "lon {lon}, lat {lat}"),
        "tools": ("工具", "Tools"),
        "table": ("结果表", "Table"),
        "receptors_view": ("受体查询", "Receptors"),
        "measure": ("量距", "Measure"),
        "measure_hint": ("单击加点，双击或按 Esc 结束", "Click to add points, double-click or Esc to end"),
        "measure_method": (
            "CGCS2000 椭球面大地线（Vincenty 反解）；图上量算，不作判断依据",
            "Geodesic on the CGCS2000 ellipsoid (Vincenty); taken from the drawing, no basis for judgement",
        ),
        "measure_area": ("面积约 {ha} ha（等积球面）", "area about {ha} ha (authalic sphere)"),
        "print": ("打印", "Print"),
        "picture": ("存为图片", "Save picture"),
        "link": ("复制链接", "Copy link"),
        "link_done": (
            "链接已复制，打开同一文件即回到当前视图",
            "Link copied: it leads back to this view of the same file",
        ),
        "language": ("English", "中文"),
        "count_radius": ("计数半径", "Count within"),
        "count_radius_note": (
            "计数取自结果表 counts，不在页面上重算；所选半径不改变筛查结论。",
            "Counts come from the counts table, not from this page; the radius chosen here changes no verdict.",
        ),
        "with_farmland": (
            "{radius} 内有耕地的污染源 {n} 个（计数已知 {of} 个）",
            "Sources with farmland within {radius}: {n} of {of} counted",
        ),
        "filter": ("筛选", "Filter"),
        "filter_all": ("全部", "all"),
        "filter_none": ("（未填）", "(empty)"),
        "certainty_certain": ("位置误差内结论不变", "holds within the position's uncertainty"),
        "certainty_ambiguous": ("临界，待核实", "could flip"),
        "filter_reset": ("清除筛选", "Clear filter"),
        "rows_shown": ("{n} 行", "{n} rows"),
        "more_rows": ("再显示 {n} 行", "Show {n} more"),
        "tab_sources": ("按污染源", "By source"),
        "tab_findings": ("逐条结果", "Clause by clause"),
        "tab_receptors": ("受体查询", "Receptors"),
        "tab_townships": ("按乡镇", "By township"),
        "findings_left_out": (
            "不适用 {n} 条未列，见结果表 findings.parquet 或 screening.xlsx。",
            "{n} not applicable are not listed: see findings.parquet or screening.xlsx.",
        ),
        "popup_left_out": ("不适用 {n} 条，见结果表。", "{n} not applicable: see the tables."),
        "verdict_many": ("{word} {n} 条", "{word}: {n}"),
        "export_csv": ("导出 CSV", "CSV"),
        "export_xlsx": ("导出 XLSX", "XLSX"),
        "col_nearest": ("最近耕地（m）", "Nearest farmland (m)"),
        "col_count": ("{radius} 内地块", "Parcels within {radius}"),
        "col_area": ("{radius} 内面积（ha）", "Area within {radius} (ha)"),
        "col_rule": ("规则", "Rule"),
        "col_distance": ("距离", "Distance"),
        "col_source": ("污染源", "Source"),
        "where": ("位置", "Place"),
        "on_map": ("已上图", "on map"),
        "choose_township": ("选择乡镇", "Choose a township"),
        "choose_parcel": (
            "或在图上单击地块、在查询框输入地块编号",
            "or click a parcel on the map, or search for its id",
        ),
        "receptor_parcel": ("地块 {id}：{radius} 内污染源 {n} 个", "Parcel {id}: {n} sources within {radius}"),
        "receptor_town": (
            "{name}：地块 {parcels} 块，其中 {reached} 块在 {radius} 内有污染源；涉及污染源 {n} 个",
            "{name}: {parcels} parcels, {reached} of them with a source within {radius}; {n} sources concerned",
        ),
        "receptor_method": (
            "个数取自结果表；列出的污染源按图上位置由近及远取足该数，距离为图上推算（约），仅知所在行政区的不列。",
            "Numbers come from the tables; that many sources are listed, nearest as drawn first.",
        ),
        "receptor_none": (
            "半径内现有数据无污染源记录，不等于实地不存在。",
            "No source within the radius in the data at hand; that does not mean there is none.",
        ),
        "about_distance": ("约 {text}", "about {text}"),
        "reach_count": ("涉及地块", "Parcels concerned"),
        "reach": ("谁影响它", "Who reaches it"),
        "print_title": ("打印设置", "Print"),
        "paper": ("纸张", "Paper"),
        "scale": ("比例尺", "Scale"),
        "scale_fit": ("适合当前视图", "fit this view"),
        "scale_note": ("比例尺按图幅中心东西向", "scale along the parallel at the centre"),
        "print_now": ("打印", "Print"),
        "cancel": ("取消", "Cancel"),
        "north": ("北", "N"),
        "hillshade": ("地形晕渲", "Hillshade"),
        "open_border": ("（国界一侧不绘）", "(open along the national border)"),
        "internal_only": (
            "含密级未标注图层，本页仅限内部使用",
            "Contains layers without a classification: internal use only",
        ),
        "public_page": (
            "公开版：只含标为公开的图层和乡镇统计",
            "Public page: layers marked public and township statistics only",
        ),
        "hidden_layers": ("未列入公开版的图层：{names}", "Layers left out of the public page: {names}"),
        "not_checked_layers": ("未提供、未核查的图层 {n} 类", "Layers not provided, not checked: {n}"),
        "skip": ("跳到结果表", "Skip to the table"),
        "map_label": ("地图，方向键平移，加减键缩放", "Map: arrow keys pan, plus and minus zoom"),
        "scale_middle": ("（图幅中部）", "(at mid-sheet)"),
        "legend_left_out": ("另有 {n} 项说明未排下，见 map.html", "{n} more notes: see map.html"),
        "gone": ("{n} 个污染源可见", "{n} sources shown"),
    }
)
"""Chinese and English by key; `{…}` parts are filled in where they are used."""

LABELS: Mapping[str, str] = MappingProxyType({key: zh for key, (zh, _) in (*_BOTH.items(), *ASK_LABELS.items())})
"""Chinese labels by key."""

LABELS_EN: Mapping[str, str] = MappingProxyType({key: en for key, (_, en) in (*_BOTH.items(), *ASK_LABELS.items())})
"""English labels by key."""


def compass(bearing_deg: float) -> str:
    """Return a bearing from true north in words.

    Examples
    --------
    >>> compass(44.6)
    '东北（45°）'
    >>> compass(359.8)
    '北（0°）'
    """
    step = 360 / len(WINDS)
    return f"{WINDS[round(bearing_deg / step) % len(WINDS)]}（{round(bearing_deg) % 360}°）"
