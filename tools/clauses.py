"""Writes docs/clauses.md: each clause of the texts, the rules that hold it and how, and why the others aren't held.

    python tools/clauses.py > docs/clauses.md

The plans of Qingyuan, Guangxi and Jiyuan are walked heading by heading: what speaks of a place, a list, monitoring or a
day and has no rule must have a line in tools/clauses_left_out.csv.
"""

from __future__ import annotations

import csv
import re
import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from hmgeo.rules.book import RuleBook, load_book
from hmgeo.rules.model import Runs

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
TEXTS = ROOT / "tests" / "policy_texts"
LEFT_OUT = Path(__file__).parent / "clauses_left_out.csv"
QINGYUAN, GUANGXI = "清远市重金属污染综合防治行动计划（2018-2020年）", "广西壮族自治区重金属污染防控工作方案"
SPEAKS = re.compile(
    "周边|保护区|公里|上游|下游|园区|耕地|农田|地块|场地|清单|名录|排查|监测|底前|断面|建成区|尾矿|布局|选址|禁止|不得"
)
HEADINGS = (
    re.compile(r"([一二三四五六七八九十]+)、"),
    re.compile(r"(（[一二三四五六七八九十]+）)"),
    re.compile(r"(\d{1,2})[.．](?!\d)"),
)
HEAD = """# 条款对照表

本页由 `python tools/clauses.py` 生成，不手工修改。逐条列出各文本的条款、所在规则和处理方式；
涉及位置、清单、监测或期限而未成规则的，写明原因。
处理方式写作用（禁止、列入清单等）的按位置或填报判断；仅提示的引出原文；
非空间条款收录备查；原文未收录的只说明会决定什么。
"""


def lines_of() -> Iterator[tuple[str, list[str]]]:
    """Yield each plan with the lines of its main part."""
    text = (TEXTS / "qingyuan-action-plan-2018-2020.txt").read_text(encoding="utf-8")
    yield QINGYUAN, text.split("附表1 ")[0].splitlines()
    text = (TEXTS / "guangxi-work-plan-2022.txt").read_text(encoding="utf-8")
    yield GUANGXI, text.split("附表1各")[0].splitlines()
    text = (TEXTS / "jiyuan-campaign-plans-2021.txt").read_text(encoding="utf-8")
    starts = [match.start() for match in re.finditer(r"(?m)^2021年\S+攻坚战实施方案$", text)]
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        part = text[start:end]
        yield "济源产城融合示范区" + part.splitlines()[0], part.split("任务分解台账")[0].splitlines()


def units(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the place of each heading (四（一）2) with the words under it, up to the next one."""
    numbers, words = ["", "", ""], ""
    for line in lines:
        plain = re.sub(r"^\s*(?:\[[^\]]*\])?", "", line).strip()
        found = next(((rank, m[1]) for rank, one in enumerate(HEADINGS) if (m := one.match(plain))), None)
        if found is None:
            words += plain
            continue
        if numbers[0]:
            yield "".join(numbers), words
        numbers, words = [*numbers[: found[0]], found[1], "", ""][:3], plain
    yield "".join(numbers), words


def place_of(clause: str) -> str:
    """Return a clause without the paragraph within it."""
    return re.sub(r"第\d+段|“.*", "", clause)


def held(book: RuleBook) -> dict[str, dict[str, list[str]]]:
    """Return by document and clause the rules that hold it, with how."""
    found: dict[str, dict[str, list[str]]] = {}
    for rule in book.rules:
        cited = rule.latest
        how = rule.effect.zh if rule.runs.state is Runs.YES else f"{rule.runs.state.zh}：{rule.runs.why}"
        clause = cited.clause or Runs.TEXT_NOT_HELD.zh
        found.setdefault(cited.document, {}).setdefault(clause, []).append(
            f"| {clause} | {rule.id} {rule.title.zh} | {how} |"
        )
    return found


def left_out() -> dict[str, dict[str, str]]:
    """Return by document and clause why it has no rule."""
    with LEFT_OUT.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        document: {row["clause"]: row["why"] for row in group}
        for document, group in groupby(sorted(rows, key=lambda row: row["document"]), key=lambda row: row["document"])
    }


def untold(book: RuleBook) -> list[str]:
    """Return clauses of the plans that speak of a place, a list, monitoring or a day, and of which nothing is said."""
    rules, words = held(book), left_out()
    missing = []
    for document, lines in lines_of():
        told = {place_of(clause) for clause in rules.get(document, {})} | set(words.get(document, {}))
        places = [(place, text) for place, text in units(lines) if SPEAKS.search(text)]
        missing += [
            f"{document} {place}" for place, text in places if place not in told and len(text) > len(place) + 20
        ]
    return missing


def page() -> str:
    """Return the page."""
    book = load_book()
    rules, words = held(book), left_out()
    parts = [HEAD]
    for document in sorted({*rules, *words}, key=lambda one: (one not in rules, one)):
        parts += [f"## {document}\n", "| 条款 | 规则 | 处理 |\n|---|---|---|"]
        parts += [row for clause in rules.get(document, {}).values() for row in clause]
        parts += [f"| {clause} | （未成规则） | {why} |" for clause, why in words.get(document, {}).items()]
        parts.append("")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(page())
