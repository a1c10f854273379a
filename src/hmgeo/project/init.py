"""A new project folder: project.yml to complete, list templates to fill, and what must be obtained from whom."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hmgeo.layers.areas import resolve_area
from hmgeo.outputs.templates import write_templates
from hmgeo.project.folder import whole_folder
from hmgeo.reference.tables import key_areas
from hmgeo.rules.words import LAYERS
from hmgeo.vocabulary import COUNTY_DIGITS, LayerKind

if TYPE_CHECKING:
    from datetime import date

PROJECT_NAME, TEMPLATES_NAME, NEEDED_NAME = "project.yml", "templates", "需要取得的资料.md"
_ASKED_FOR = (
    (LayerKind.ENTERPRISES, "企业清单.xlsx", "按模板填写；没有坐标的也列入，写明县、乡镇"),
    (LayerKind.FARMLAND, "farmland.gpkg", "面状；含 TBDLMJ、土壤环境质量类别；须说明覆盖范围和是否完整"),
    (LayerKind.SENSITIVE_SITES, "sensitive_sites.gpkg", "居民区、学校、医院等"),
    (LayerKind.WATER_SOURCE_ZONES, "water_source_zones.gpkg", "批复的一级、二级、准保护区范围"),
    (LayerKind.INDUSTRIAL_PARKS, "industrial_parks.gpkg", "批准的园区范围"),
    (LayerKind.TAILINGS_PONDS, "tailings_ponds.gpkg", "库区范围和初期坝坝脚"),
    (LayerKind.BUILT_UP_AREA, "built_up_area.gpkg", "城市建成区范围"),
    (LayerKind.SURVEY_AREAS, "survey_areas.gpkg", "当地划定的排查重点区域；没有划定的可不提供"),
    (LayerKind.ELEVATION, "dem.tif", "30 m 或更细，外扩 12 km"),
    (LayerKind.WIND, f"{TEMPLATES_NAME}/风频表.xlsx", "离项目区最近的气象站，8 或 16 方位多年平均，含静风"),
    (LayerKind.OUTLETS, f"{TEMPLATES_NAME}/企业清单.xlsx", "企业清单的「排放口」工作表，填写后自动读取"),
)


@dataclass(frozen=True, slots=True)
class NewProject:
    """What was written: the folder and its files, relative to it."""

    folder: Path
    files: tuple[str, ...]


def init_project(folder: str | Path, area: str, as_of: date) -> NewProject:
    """Write a new project folder.

    Parameters
    ----------
    folder
        Must be absent or empty.
    area
        Key-area id, six-digit county code or nine-digit township code.
    as_of
        The day to ask about.

    Raises
    ------
    OutputError
        Where the folder holds something or can't be written.
    ProjectError
        Where there is no such area; the near ones are named.
    """
    found = resolve_area(area, base=Path())
    target = Path(folder)
    with whole_folder(target, [], record="") as new:
        (new / TEMPLATES_NAME).mkdir()
        texts = {PROJECT_NAME: _project_text(found.name, area.strip(), as_of), NEEDED_NAME: _needed_text(found.name)}
        for name, text in texts.items():
            (new / name).write_text(text, encoding="utf-8", newline="\n")
        written = write_templates(new / TEMPLATES_NAME)
    return NewProject(target, (PROJECT_NAME, NEEDED_NAME, *(f"{TEMPLATES_NAME}/{name}" for name in written)))


def _project_text(name: str, area: str, as_of: date) -> str:
    ids = {one.id.casefold(): one.id for one in key_areas()}
    where = f"key_areas: [{ids[area.casefold()]}]" if area.casefold() in ids else f'codes: ["{area}"]'
    codes = {one.id: one.admin_code for one in key_areas()}
    code = codes.get(ids.get(area.casefold(), ""), area)[:COUNTY_DIGITS]
    others = "\n".join(
        f"  # {kind.value}: {{path: {file}, basis: real, classification: 内部, vintage: {as_of.year}}}"
        for kind, file, _ in _ASKED_FOR[1:]
        if kind not in {LayerKind.FARMLAND, LayerKind.OUTLETS}
    )
    rest = f"classification: 内部, vintage: {as_of.year}"
    whole = f'coverage: {{area: "{code}"}}, completeness: complete'
    return f"""# {name}：按实际情况改写；说明见 需要取得的资料.md。取得图层后去掉行首的 #。
schema: 1
title: {name}涉镉等重金属污染源排查
as_of: {as_of.isoformat()}
area: {{{where}}}
layers:
  # basis：real 实测或官方 · undeclared 未申明 · approximate 示意 · synthetic 合成；须如实填写
  enterprises: {{path: {TEMPLATES_NAME}/企业清单.xlsx, layer: 企业清单, basis: undeclared, {rest}}}
  # farmland: {{path: farmland.gpkg, {whole}, basis: real, {rest}}}
{others}
# 没有当地规则时写 none；参照其他地方的做法须在 adopt 中说明理由
screening_rule: none
parameters: {{}}
  # cadmium_trades: {{value: ["3212"], edition: 2017, by: 决定单位, on: {as_of.isoformat()}, reason: 理由}}
  # farmland_extent: {{value: all, by: 决定单位, on: {as_of.isoformat()}, reason: 理由}}
  # terrain: {{value: not_considered, by: 决定单位, on: {as_of.isoformat()}, reason: 理由}}
adopt: []
rule_packs: []
"""


def _needed_text(name: str) -> str:
    lines = [f"# {name}：需要取得的资料", "", "| 资料 | 文件 | 向谁取得 | 要求 |", "|---|---|---|---|"]
    for kind, file, need in _ASKED_FOR:
        lines.append(f"| {kind.zh} | {file} | {LAYERS[kind.value].department} | {need} |")
    lines += [
        "| 乡镇界线 | townships.gpkg | 民政部门 | 随软件的乡镇范围为示意，不作判断依据 |",
        "",
        "每份资料须写明：数据来源、提供单位、资料时点、密级、坐标系。没有坐标系的数据先申明再使用。",
        "没有取得的图层，相关条款为「未评估」，不得视为符合要求。",
    ]
    return "\n".join(lines) + "\n"
