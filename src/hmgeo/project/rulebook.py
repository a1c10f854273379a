"""What the rule book holds, what of it the program judges, and why the rest isn't judged."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from hmgeo.analysis.case_facts import case_faults
from hmgeo.errors import Place, Problem, RuleError, raise_problems
from hmgeo.rules.book import load_book, read_into_book
from hmgeo.rules.kinds import layers_of, parameters_of
from hmgeo.rules.standing import codes_of_place, standing_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from hmgeo.rules.model import Rule


@dataclass(frozen=True, slots=True)
class Coverage:
    """One rule of the book, as `hmgeo rules coverage --json` prints it.

    Parameters
    ----------
    standing
        On the day and place asked about; empty where none was asked.
    runs
        yes, inform, not_spatial or text_not_held; `why_not` says why where it isn't yes.
    verified
        State, text and day of the last check of the quote.
    """

    id: str
    effect: str
    standing: str
    runs: str
    why_not: str
    layers: tuple[str, ...]
    parameters: tuple[str, ...]
    cases: int
    verified: str


def rules_coverage(packs: Sequence[Path] = (), *, as_of: date | None = None, area: str = "") -> tuple[Coverage, ...]:
    """Return every rule of the book in order of id, with what it needs.

    Parameters
    ----------
    packs
        User packs beside the packaged rules.
    as_of, area
        Day and administrative code to give the standing for; both or none.

    Raises
    ------
    RuleError
        With every fault of every rule file.
    """
    return tuple(_coverage(rule, as_of, area) for rule in load_book(packs).rules)


def check_rules(path: Path) -> str:
    """Read a file or folder of rules into the book, run their worked cases, and say in words that all is well.

    Raises
    ------
    RuleError
        With every fault of the files; where there is none, with every case that comes out otherwise than worked.
    """
    book, own = read_into_book(path)
    problems = [
        Problem(
            f"{rule.id} 的算例 {case.id} 与判定不符：{word} 写的是「{worked or '（未写）'}」，判定另有结果",
            Place(file=rule.file, line=case.line),
            found=judged or "（无）",
            remedy="核对规则，或重新推算这一算例",
        )
        for rule in own
        for case in rule.cases
        for word, worked, judged in case_faults(rule, case)
    ]
    raise_problems(RuleError, problems)
    cases = sum(len(rule.cases) for rule in own)
    return f"没有发现错误：{len(own)} 条规则，{cases} 个算例均与判定相符；规则库共 {len(book.rules)} 条。"


def coverage_rows(rows: Sequence[Coverage]) -> list[dict[str, Any]]:
    """Return coverage as plain data for JSON."""
    return [asdict(row) for row in rows]


def _coverage(rule: Rule, as_of: date | None, area: str) -> Coverage:
    layers = layers_of(rule.test) if rule.test else ()
    read = dict.fromkeys((*rule.parameters, *(parameters_of(rule.test) if rule.test else ())))
    standing = ""
    if as_of is not None:
        found = standing_of(rule, as_of=as_of, place_codes=codes_of_place(area), adopted=False)
        standing = found.standing.value
    verified = " ".join(filter(None, (rule.verified.state.value, rule.verified.against, str(rule.verified.on or ""))))
    return Coverage(
        rule.id,
        rule.effect.value,
        standing,
        rule.runs.state.value,
        rule.runs.why,
        layers,
        tuple(read),
        len(rule.cases),
        verified,
    )


def rule_card(rule: Rule) -> tuple[tuple[str, str], ...]:
    """Return what `hmgeo rules show` prints: name and value, in reading order."""
    cards = [
        ("编号", rule.id),
        ("名称", rule.title.zh),
        ("效力层级", rule.legal_rank.zh),
        ("制定机关", rule.authority),
        ("适用地域", "、".join(rule.territory)),
        ("作用", rule.effect.zh),
        ("可否判定", f"{rule.runs.state.zh}{'：' + rule.runs.why if rule.runs.why else ''}"),
        ("参数", "、".join(rule.parameters)),
        ("决定部门", f"{rule.decider}（{rule.matter}）"),
        ("核对", f"{rule.verified.state.zh}（{rule.verified.against}，{rule.verified.on or '未注明日期'}）"),
        ("说明", rule.note),
    ]
    for value in rule.history:
        limit = "" if value.value is None else f"，数值 {value.value:g} {value.unit}"
        cards.append((f"自 {value.in_force_from or '不详'}", f"《{value.document}》{value.clause}{limit}"))
        cards.append(("原文", f"“{value.quote}”" if value.quote else "未收录"))
    return tuple((name, text) for name, text in cards if text)
