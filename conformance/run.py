"""Hold a program's answers against the expected ones.

`python conformance/run.py` runs hmgeo; `--adapter 'COMMAND'` any other program. `--page F.md` writes the result down.
Ends with 1 where an answer differs.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE = Path(__file__).resolve().parent
HMGEO = f"{shlex.quote(sys.executable)} {shlex.quote(str(HERE / 'hmgeo_adapter.py'))}"

_SEE = "算例、判法和接法见 [conformance/README.md](../conformance/README.md)；本页由 `conformance/run.py --page` 写出。"


@dataclass(frozen=True)
class Case:
    """One case: what was expected, and what is wrong with the answer, empty where nothing is."""

    folder: str
    name: str
    fault: str


def folders() -> list[Path]:
    """Return the folders of cases, in order."""
    return sorted(path.parent for path in (HERE / "cases").glob("*/question.json"))


def fault_of(name: str, expected: dict[str, Any], answer: dict[str, Any]) -> str:
    """Return what is wrong with one answer, empty where nothing is."""
    source, _, clause = name.partition("|")
    if not clause:
        rows = [row for row in answer["rows"] if row["source_id"] == source]
        if len(rows) != expected.get("times", 1):
            return f"{len(rows)} rows, expected {expected.get('times', 1)}"
        far = [key for key in ("lon", "lat") if key in expected and _is_off(expected, rows[0][key], key)]
        return "; ".join(f"{key} {rows[0][key]}, expected {expected[key]}" for key in far)
    found = answer["findings"].get(name, {"verdict": "refused" if answer.get("refused") else "absent"})
    faults = []
    if found["verdict"] not in expected["verdict"]:
        faults.append(f"{found['verdict']}, expected {' or '.join(expected['verdict'])}")
    if "certainty" in expected and found.get("certainty") != expected["certainty"]:
        faults.append(f"{found.get('certainty') or 'no certainty'}, expected {expected['certainty']}")
    if "measured_m" in expected:
        metres = found.get("measured")
        if metres is None or abs(metres - expected["measured_m"]) > expected["tolerance_m"] * (1 + 1e-6):
            faults.append(f"{metres} m, expected {expected['measured_m']} m")
    return "; ".join(faults)


def _is_off(expected: dict[str, Any], found: float | None, key: str) -> bool:
    return found is None or abs(found - expected[key]) > expected["tolerance_deg"]


_SILENT = "no answer"


def compared(answers: Iterable[dict[str, Any]]) -> list[Case]:
    """Return every case with what is wrong; a folder without an answer fails in each of its cases."""
    by_folder = {answer["folder"]: answer for answer in answers}
    return [
        Case(folder.name, name, fault_of(name, expected, answer) if (answer := by_folder.get(folder.name)) else _SILENT)
        for folder in folders()
        for name, expected in json.loads((folder / "expected.json").read_text(encoding="utf-8"))["cases"].items()
    ]


def page(cases: list[Case], program: str) -> str:
    """Return the result as a page: a line for each folder, then whatever differs."""
    lines = [
        "# 一致性算例：结果",
        "",
        f"{program}：{len(cases)} 个算例，{sum(not case.fault for case in cases)} 个相符。{_SEE}",
        "",
        "| 算例组 | 问什么 | 期望值从哪里来 | 算例 | 相符 |",
        "|---|---|---|---:|---:|",
    ]
    for folder in folders():
        question, expected = (
            json.loads((folder / f"{name}.json").read_text(encoding="utf-8")) for name in ("question", "expected")
        )
        here = [case for case in cases if case.folder == folder.name]
        right = sum(not case.fault for case in here)
        lines.append(f"| {folder.name} | {question['title']} | {expected['by']} | {len(here)} | {right} |")
    wrong = [case for case in cases if case.fault]
    lines += ["", "## 不符的", ""] if wrong else []
    lines += [f"- {case.folder} `{case.name}`：{case.fault}" for case in wrong]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run the adapter over all folders and tell what differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--adapter", default=HMGEO, help="command that takes folders and prints a line of JSON each")
    parser.add_argument("--page", type=Path, help="write the result as Markdown")
    parser.add_argument("--program", default="hmgeo", help="how the page names the program")
    chosen = parser.parse_args()
    command = [*shlex.split(chosen.adapter), *map(str, folders())]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True, encoding="utf-8")  # noqa: S603 - the user's own adapter
    cases = compared(json.loads(line) for line in done.stdout.splitlines() if line.startswith("{"))
    wrong = [case for case in cases if case.fault]
    for case in wrong:
        print(f"{case.folder}: {case.name}: {case.fault}")
    print(f"{len(cases)} cases, {len(cases) - len(wrong)} as expected, {len(wrong)} not")
    if chosen.page:
        chosen.page.write_text(page(cases, chosen.program), encoding="utf-8")
    return int(bool(wrong) or done.returncode != 0)


if __name__ == "__main__":
    sys.exit(main())
