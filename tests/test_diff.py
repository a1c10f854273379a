"""Two runs held against each other: each single change is named as the cause of what it changed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hmgeo.compare.diff import Change, diff_runs
from hmgeo.errors import UsageError
from hmgeo.outputs.tables import write_data
from hmgeo.project.folder import DATA
from hmgeo.project.run import project_results, settings_of
from hmgeo.project.run_files import write_manifest
from hmgeo.project.spec import read_spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ended

BROKEN = Path(__file__).resolve().parent / "broken_projects"
SCREENING = "SCR-JY-10KM"
ADOPTED = "adopt:\n  - {rule: SCR-JY-10KM, by: 示例, on: 2026-11-21, reason: 参照济源做法，非本地有效依据}\n"
TRADES = 'cadmium_trades: {value: ["3212", "3360"]'


def made(folder: Path, *edits: tuple[str, str, str]) -> Path:
    """Return the run of the small project with some texts of its files replaced; maps and sheets are left out."""
    folder.mkdir()
    shutil.copy(BROKEN / "good.yml", folder / "project.yml")
    shutil.copytree(BROKEN / "data", folder / "data")
    for name, old, new in edits:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    spec = read_spec(folder)
    run = folder / "runs" / spec.as_of.isoformat()
    (run / DATA).mkdir(parents=True)
    results = project_results(folder)
    write_data(results, run / DATA)
    command = f"hmgeo run {folder.name}"
    write_manifest(results, run, command=command, run={}, settings=settings_of(spec))
    return run


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("diff") / "前")


def of(changes: tuple[Change, ...], source: str, rule: str = SCREENING) -> Change:
    return next(one for one in changes if one.source.startswith(source) and one.rule_id == rule)


@pytest.mark.parametrize(
    ("edit", "source", "told"),
    [
        (
            ("project.yml", TRADES, 'cadmium_trades: {value: ["3360"]'),
            "A1",
            ("改变", "符合排查条件，1.1 km", "不适用", "参数 cadmium_trades"),
        ),
        (
            ("data/enterprises.csv", "113.050000,23.620000,3212", "113.050000,23.620000,0912"),
            "A1",
            ("改变", "符合排查条件，1.1 km", "不适用", "图层 enterprises（行业代码 3212→0912）"),
        ),
        (
            ("data/enterprises.csv", "113.050000,23.620000", "113.050000,23.625000"),
            "A1",
            ("改变", "符合排查条件，1.1 km", "符合排查条件，554 m", "图层 enterprises（纬度 23.620000→23.625000）"),
        ),
        (
            ("data/enterprises.csv", "A3,示例企业丙,,,3212,2017,清城区,石角镇\n", ""),
            "A3",
            ("不再有", "符合排查条件（临界）", "", "图层 enterprises（后一次没有这一行）"),
        ),
        (
            ("project.yml", ADOPTED, "adopt: []\n"),
            "A1",
            ("不再有", "符合排查条件，1.1 km", "", "adopt"),
        ),
    ],
)  # fmt: skip
def test_a_single_change_is_named_as_the_cause(
    before: Path, tmp_path: Path, edit: tuple[str, str, str], source: str, told: tuple[str, ...]
) -> None:
    after = made(tmp_path / "后", edit)
    changes, remarks = diff_runs(before, after)
    found = of(changes, source)
    assert (found.kind, found.before, found.after, found.cause) == told
    assert {one.cause.partition("（")[0] for one in changes} == {told[3].partition("（")[0]}  # and nothing else is
    assert remarks[0].startswith("不同之处 1 项：")


def test_two_changes_are_told_apart(before: Path, tmp_path: Path) -> None:
    moved = ("data/enterprises.csv", "113.050000,23.620000", "113.050000,23.625000")
    after = made(tmp_path / "后", moved, ("project.yml", TRADES, 'cadmium_trades: {value: ["3212", "3360", "0912"]'))
    changes, _ = diff_runs(before, after)
    assert of(changes, "A1").cause == "图层 enterprises（纬度 23.620000→23.625000）"
    assert (of(changes, "A2").before, of(changes, "A2").cause) == ("不适用", "参数 cadmium_trades")


def test_the_same_project_run_again_has_no_changes_wherever_it_lies(before: Path, tmp_path: Path) -> None:
    assert diff_runs(before, made(tmp_path / "后")) == ((), ())
    with pytest.raises(UsageError, match="两次运行是同一个文件夹"):
        diff_runs(before, before)


def test_enterprises_are_known_again_by_credit_code_not_by_id_or_row(tmp_path: Path) -> None:
    header = ("data/enterprises.csv", "企业编号,企业名称,", "企业编号,统一社会信用代码,企业名称,")
    first = [
        ("data/enterprises.csv", f"A{n},示例", f"A{n},{code},示例")
        for n, code in ((1, "甲码"), (2, "乙码"), (3, "丙码"))
    ]
    again = [
        ("data/enterprises.csv", f"A{n},示例", f"B{9 - n},{code},示例")
        for n, code in ((1, "甲码"), (2, "乙码"), (3, "丙码"))
    ]
    one, other = made(tmp_path / "前", header, *first), made(tmp_path / "后", header, *again)
    assert diff_runs(one, other) == ((), ())


def test_without_its_inputs_changes_are_listed_and_no_cause_is_guessed(
    tmp_path: Path, hmgeo_command: Callable[..., Ended]
) -> None:
    one = made(tmp_path / "前")
    other = made(tmp_path / "后", ("project.yml", TRADES, 'cadmium_trades: {value: ["3360"]'))
    (tmp_path / "前" / "data" / "enterprises.csv").write_text("改了", encoding="utf-8")
    changes, remarks = diff_runs(one, other)
    assert changes
    assert {change.cause for change in changes} == {""}
    assert remarks == ("2019-06-30 的输入与运行时不同，只列变化，没有查原因；找回原来的文件再比较",)
    ended = hmgeo_command("diff", one, other, "--no-causes", "--out", tmp_path / "变化.xlsx")
    assert ended.code == 3
    assert (tmp_path / "变化.xlsx").is_file()
