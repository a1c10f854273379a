"""Options that several commands share, and what their texts mean."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hmgeo.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

OutOption = Annotated[Path, typer.Option("--out", help="结果文件夹，须不存在、为空或存放上次结果。")]
RadiusOption = Annotated[str, typer.Option("--radius", help="半径，数字加单位，如 10km、500m。")]
FailOption = Annotated[str, typer.Option("--fail-on", help="出现该结论时以 3 退出，如 listed。")]
AcceptOption = Annotated[bool, typer.Option("--accept-suggestions", help="采纳位置检查的建议，逐条记入台账。")]
PublicOption = Annotated[
    bool, typer.Option("--public", help="地图按公开版写：只含标为公开的图层和乡镇统计；有图层未标注或涉密即拒绝。")
]
WatermarkOption = Annotated[
    str, typer.Option("--watermark", help="地图水印，如 单位·姓名·时间·运行编号，照写；不写则无。")
]
LangOption = Annotated[str, typer.Option("--lang", help="表格、说明和页面打开时的语言：zh 或 en。")]
PacksOption = Annotated[list[Path] | None, typer.Option("--pack", help="另加的规则文件或文件夹，可多次。")]
JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON。")]
AsOfOption = Annotated[str, typer.Option("--as-of", help="评估基准日，YYYY-MM-DD；不写则按项目。")]
AreaOption = Annotated[str, typer.Option("--area", help="行政区划代码，如 441802。")]
ProjectArgument = Annotated[Path, typer.Argument(help="project.yml 或其所在文件夹。")]
ProjectOption = Annotated[Path, typer.Option("--project", help="project.yml 或其所在文件夹。")]
TradeOption = Annotated[str, typer.Option("--trade", help="行业代码，如 3212。")]
EditionOption = Annotated[str, typer.Option("--edition", help="行业分类版本：2011 或 2017。")]
ActionOption = Annotated[str, typer.Option("--action", help="建设性质：new、expand、reconstruct、technical_upgrade。")]
MetalsOption = Annotated[list[str] | None, typer.Option("--metal", help="新增排放量 kg/a，如 Pb=12.5，可多次。")]
StatedOption = Annotated[list[str] | None, typer.Option("--set", help="填报的事实，如 may_pollute_soil=yes。")]
KindOption = Annotated[str, typer.Option("--kind", help="研判对象：project_sites、enterprises、tailings_ponds 等。")]
EXIT_INPUT = 2
EXIT_FAIL_ON = 3


def refuse_unused(given: Mapping[str, object], why: str, remedy: str) -> None:
    """Refuse options that what was asked makes no use of: one passed over in silence looks as if it had counted.

    Parameters
    ----------
    given
        Name and value of each; the empty ones weren't given.

    Raises
    ------
    UsageError
        With every one of them.
    """
    from hmgeo.errors import Place, Problem, UsageError, raise_problems

    said = [(name, value) for name, value in given.items() if value not in (None, "", False)]
    raise_problems(UsageError, [Problem(why, Place(key=name), str(value), remedy=remedy) for name, value in said])


def day_of(text: str) -> dt.date | None:
    """Return the day a text names, None for no text.

    Examples
    --------
    >>> day_of("2019-06-30")
    datetime.date(2019, 6, 30)
    """
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        msg = f"「{text}」不是日期，写成 YYYY-MM-DD"
        raise typer.BadParameter(msg, param_hint="--as-of") from None


def language_of(text: str) -> str:
    """Return the language a code names."""
    if text not in {"zh", "en"}:
        msg = f"「{text}」不可用，写 zh 或 en"
        raise typer.BadParameter(msg, param_hint="--lang")
    return text


def verdict_of(text: str) -> Verdict | None:
    """Return the verdict a code names, None for no text."""
    if not text:
        return None
    codes = [verdict.value for verdict in Verdict]
    if text not in codes:
        msg = f"「{text}」不是结论代码，可用：{'、'.join(codes)}"
        raise typer.BadParameter(msg, param_hint="--fail-on")
    return Verdict.of(text)
