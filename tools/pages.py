"""Writes docs/rules.md and docs/columns.md, the pages that the rule book and the table of columns make.

python tools/pages.py rules > docs/rules.md
python tools/pages.py columns > docs/columns.md
"""

from __future__ import annotations

import sys
from itertools import groupby
from typing import TYPE_CHECKING

from hmgeo.outputs.guide import described
from hmgeo.results.columns import TABLES
from hmgeo.rules.book import RuleBook, listed, load_book, rule_text
from hmgeo.rules.model import Runs
from hmgeo.rules.parameters import declared
from hmgeo.vocabulary import LegalRank

if TYPE_CHECKING:
    from hmgeo.rules.parameters import ParameterDeclaration


HEAD = """# 规则库

本页由规则数据生成，不手工修改。规则只用于初步筛查：是否适用、是否列入由所列部门决定。
规划期届满的写「规划期已届满（接续文件未核实）」，不等于失效；目标年和任务期限不终止规则。
"""


def rules_page(book: RuleBook) -> str:
    """Return the whole of `book` as Markdown, ordered by legal rank, document and id."""
    ranks = list(LegalRank)
    rules = sorted(book.rules, key=lambda rule: (ranks.index(rule.legal_rank), rule.latest.document, rule.id))
    parts = [HEAD, _counts(book)]
    for document, group in groupby(rules, key=lambda rule: rule.latest.document):
        parts.append(f"## {document}\n")
        parts.extend(rule_text(rule) for rule in group)
    parts.append("## 条文未规定、须由使用单位确定的参数\n")
    parts.extend(_parameter(parameter) for parameter in declared())
    return "\n".join(parts).rstrip() + "\n"


def _counts(book: RuleBook) -> str:
    counts = "，".join(f"{state.zh} {sum(rule.runs.state is state for rule in book.rules)} 条" for state in Runs)
    packs = "、".join(f"{name} {version}" for name, version in book.packs)
    return f"共 {len(book.rules)} 条：{counts}。规则包：{packs}。\n"


def _parameter(parameter: ParameterDeclaration) -> str:
    lines = [f"### {parameter.name} {parameter.title_zh}\n"]
    lines += listed(
        ("出处", "；".join(f"《{text.document}》{text.clause}" for text in parameter.left_open_by)),
        ("可选", "；".join(f"{choice.code} {choice.zh}" for choice in parameter.choices)),
        ("单位", parameter.unit),
        ("默认约定", parameter.default),
        ("已定", parameter.settled),
        ("写在", "settings" if parameter.is_setting else ""),
        ("参考", "；".join(f"{hint.value}（{hint.source}，{hint.label}）" for hint in parameter.hints)),
    )
    return "\n".join(lines) + "\n"


def columns_page() -> str:
    """Return the page on columns for the documentation, in Markdown."""
    lines = [
        "# Columns of a run's tables · 结果表的列",
        "",
        "Made from `src/hmgeo/results/columns.tsv`; `data/dictionary.csv` of a run says the same of what it holds.",
    ]
    for table in TABLES.values():
        lines += ["", f"## {table.name}", "", f"{table.zh} · {table.en}", ""]
        lines += ["| column | type | unit | 中文 | English | 空值 | null |", "|---|---|---|---|---|---|---|"]
        for column in table.columns:
            _, name, *cells = described(table.name, column.name)
            lines.append(f"| {' | '.join((f'`{name}`', *cells))} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(columns_page() if sys.argv[1:] == ["columns"] else rules_page(load_book()), end="")
