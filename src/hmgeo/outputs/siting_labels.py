"""Labels of the siting answer in English, by their Chinese words; quotes, names and notes stay as written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmgeo.outputs.wording import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmgeo.vocabulary import Word

_EN: Mapping[str, str] = {
    "选址条款研判表": "Siting, clause by clause",
    "选址条款研判表：{name}": "Siting, clause by clause: {name}",
    "研判表{number}": "Site {number}",
    "汇总": "Summary",
    "全部条款": "All clauses",
    "评估基准日：{day}": "As of {day}",
    "一、项目概况": "1. The project",
    "二、环境管控单元及准入清单": "2. Environmental control unit and access list",
    "三、三区三线": "3. Zones and redlines",
    "四、法律、法规、规章和强制性标准": "4. Laws, regulations, rules and mandatory standards",
    "五、规范性文件、规划计划和技术指南": "5. Normative documents, plans and technical guides",
    "六、环境保护目标（按要素）": "6. Protected objects by element",
    "七、重点重金属总量替代": "7. Replacement of heavy-metal emissions",
    "八、未评估事项（{count} 条，不得视为符合要求）": "8. Not assessed ({count}; no requirement counts as met)",
    "九、不适用条款（{count} 条）": "9. Not applicable ({count})",
    "十、提示性条款（{count} 条，只引原文，不作结论）": "10. Clauses that inform ({count}; quoted, not judged)",
    "十一、所用数据与参数": "11. Data and parameters",
    "{title}（{count} 条有结论）": "{title} ({count} judged)",
    "没有得出结论的条款；未评估和不适用的条款见后。": "No clause was judged here; the others follow below.",
    "没有触及总量替代条款的结论；未评估的见后。": "No replacement clause was touched; those not assessed follow.",
    "未评估": "not assessed",
    "没有可用的位置。": "No usable position.",
    "编号／名称": "Id / name",
    "位置": "Position",
    "所在行政区": "Administrative area",
    "所在重点区域": "Key area",
    "建设性质": "Action",
    "行业": "Trade",
    "新增重点重金属排放": "New heavy-metal emission",
    "填报的事实": "Stated facts",
    "备注": "Notes",
    "未知": "unknown",
    "未说明": "not stated",
    "未填报": "not stated",
    "未提供": "not given",
    "序号": "No.",
    "结论": "Verdict",
    "位阶／机关": "Rank / authority",
    "文件、条款": "Document, clause",
    "原文": "Quote",
    "量测": "Measured",
    "判断与原因": "Judgement and reasons",
    "可改变结论的因素": "What would change it",
    "所用数据（时点）": "Data (vintage)",
    "认定部门／效力": "Decider / standing",
    "编号": "Id",
    "名称": "Name",
    "类别": "Class",
    "距离": "Distance",
    "方位": "Bearing",
    "人口（人）": "Persons",
    "未载明": "not given",
    "规则": "Rule",
    "金属": "Metal",
    "新增（kg/a）": "New (kg/a)",
    "比例": "Ratio",
    "须替代（kg/a）": "To replace (kg/a)",
    "填报替代量（kg/a）": "Stated replacement (kg/a)",
    "原因": "Reason",
    "作出判断还需要": "Needed to judge",
    "效力": "Standing",
    "图层": "Layer",
    "性质／完整性": "Basis / completeness",
    "时点／密级": "Vintage / 密级",
    "覆盖范围": "Coverage",
    "文件、sha256": "File, sha256",
    "参数": "Parameter",
    "取值": "Value",
    "确定单位、日期": "Chosen by, on",
    "理由": "Reason",
    "状态": "Status",
    "确定性": "Certainty",
    "位阶": "Rank",
    "所用数据": "Data",
    "说明": "Note",
    "认定部门": "Decider",
    "\n另一可能：{other}": "\nor else: {other}",
    "（另一可能：{other}）": " (or else: {other})",
    "量测：{text}": "Measured: {text}",
    "判断：{text}": "Judgement: {text}",
    "可改变：{text}": "Would change it: {text}",
    "认定：{decider}｜{standing}｜数据：{data}": "Decides: {decider} | {standing} | data: {data}",
    "填报内容": "what was stated",
    "重点区域名录": "list of key areas",
    "{list}（按行政区划代码、名称）": "{list} (by administrative code and name)",
    "{kind}（{vintage}，{basis}，完整性：{complete}）": "{kind} ({vintage}, {basis}, completeness: {complete})",
    "时点未申明": "vintage undeclared",
    "基准日 {day}": "as of {day}",
    "原则上（例外须有书面依据）": "in principle (exceptions need written grounds)",
    "效力待核实": "standing to be verified",
    "原文未收录": "text not held",
    "未定位": "not located",
    "{kind} {lon}, {lat}（±{error} m，2000国家大地坐标系）": "{kind} {lon}, {lat} (±{error} m, CGCS2000)",
    "现有名录中未见": "not in the lists at hand",
    "未提供「{layer}」，相关 {count} 条未评估。请向{department}获取。": (
        "{layer} not given: {count} clauses not assessed. To be had from {department}."
    ),
    "条文未规定「{title}」，须由使用单位确定并说明理由，相关 {count} 条。": (
        "The text leaves {title} open; the user must choose and give the reason: {count} clauses."
    ),
    "未填报{word}，相关 {count} 条。": "Not stated: {word}; {count} clauses.",
    "另有 {rest} 个项目未在此列出，见结果文件。": "{rest} more sites are in the files.",
    "结果：{folder}（siting.xlsx、siting.json、findings.parquet）": (
        "Written: {folder} (siting.xlsx, siting.json, findings.parquet)"
    ),
}


def say(zh: str, language: str = "zh", **parts: str) -> str:
    """Return a label in a language with its parts filled in; one without English stays as it is.

    Examples
    --------
    >>> say("评估基准日：{day}", "en", day="2024-06-30"), say("量测", "zh")
    ('As of 2024-06-30', '量测')
    """
    return Text(zh, _EN.get(zh, zh)).say(language, **parts) if parts or zh in _EN else zh


def word(one: Word, language: str = "zh") -> str:
    """Return a word of the vocabulary in a language."""
    return one.en if language == "en" else one.zh
