"""Commands on the rule book: list, coverage, show, check."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from hmgeo.commands.options import AreaOption, AsOfOption, JsonOption, PacksOption, day_of
from hmgeo.commands.shown import OUT


def show_book(
    pack: PacksOption = None,
    as_of: AsOfOption = "",
    area: AreaOption = "CN",
    *,
    as_json: JsonOption = False,
) -> None:
    """列出规则；给出日期和地点时列出效力。"""
    coverage(pack, as_of, area, as_json=as_json)


def coverage(
    pack: PacksOption = None,
    as_of: AsOfOption = "",
    area: AreaOption = "CN",
    *,
    as_json: JsonOption = False,
) -> None:
    """逐条列出能否判定、为何不能、需要哪些图层和参数。"""
    from hmgeo.project.rulebook import coverage_rows, rules_coverage

    rows = rules_coverage(pack or (), as_of=day_of(as_of), area=area)
    if as_json:
        typer.echo(json.dumps(coverage_rows(rows), ensure_ascii=False, indent=1))
        return
    shown = Table(
        "编号", "作用", "效力", "判定", "图层", "参数", "案例", title=f"规则 {len(rows)} 条", title_justify="left"
    )
    for row in rows:
        needs = "、".join(row.layers), "、".join(row.parameters)
        shown.add_row(row.id, row.effect, row.standing, row.runs, *needs, str(row.cases))
    OUT.print(shown)


def show(rule_id: Annotated[str, typer.Argument(help="规则编号，如 SCR-JY-10KM。")], pack: PacksOption = None) -> None:
    """显示一条规则的全部内容和原文。"""
    from hmgeo.project.rulebook import rule_card
    from hmgeo.rules.book import load_book

    for name, text in rule_card(load_book(pack or ()).get(rule_id)):
        OUT.print(f"{name}：{text}", markup=False)


def check(file: Annotated[Path, typer.Argument(help="规则文件或文件夹。")]) -> None:
    """检查规则文件，一次列出全部错误；没有错误时逐个运行算例，列出不符的。"""
    from hmgeo.project.rulebook import check_rules

    OUT.print(check_rules(file), markup=False)
