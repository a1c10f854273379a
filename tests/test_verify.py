"""A run held against itself: untouched, edited, moved, its inputs changed, another version."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hmgeo.compare.verify import DIFFERS, OPEN, SAME, verify_run
from hmgeo.errors import InputError
from hmgeo.project.run import run_project

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ended

BROKEN = Path(__file__).resolve().parent / "broken_projects"


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project of one source that was run."""
    folder = tmp_path_factory.mktemp("verify") / "项目"
    folder.mkdir()
    shutil.copy(BROKEN / "good.yml", folder / "project.yml")
    shutil.copytree(BROKEN / "data", folder / "data")
    run_project(folder)
    return folder


@pytest.fixture
def project(once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(once, tmp_path / "项目"))


@pytest.fixture
def run(project: Path) -> Path:
    return project / "runs" / "2019-06-30"


def told(checks: object) -> dict[str, tuple[str, str]]:
    return {one.what: (one.sign, one.told) for one in checks}  # type: ignore[attr-defined]


def resign(run: Path, change: Callable[[dict[str, object]], None]) -> None:
    path = run / "data" / "manifest.json"
    held = json.loads(path.read_text(encoding="utf-8"))
    change(held)
    path.write_text(json.dumps(held, ensure_ascii=False), encoding="utf-8")


def test_an_untouched_run_comes_out_byte_for_byte(run: Path) -> None:
    found = told(verify_run(run))
    count = len(json.loads((run / "data" / "manifest.json").read_text(encoding="utf-8"))["outputs"])
    assert found == {
        "输出": (SAME, f"{count} 个文件与写出时相同"),
        "输入": (SAME, "3 个文件与运行时相同"),  # enterprises, farmland, project.yml
        "重跑": (SAME, f"{count} 个文件字节相同"),
    }


def test_edited_lost_and_foreign_files_are_named(run: Path) -> None:
    (run / "survey_list.xlsx").write_bytes(b"edited")
    (run / "print" / "map.pdf").unlink()
    (run / "笔记.txt").write_text("现场", encoding="utf-8")
    checks = verify_run(run, rerun=False)
    assert [(one.sign, one.told) for one in checks if one.what in {"输出", "另有的文件"}] == [
        (DIFFERS, "缺 print/map.pdf"),
        (DIFFERS, "写出后改动过：survey_list.xlsx"),
        (OPEN, "笔记.txt 不是这次写出的，没有核对"),
    ]


@pytest.mark.parametrize("name", ["data/enterprises.csv", "project.yml"])
def test_a_changed_input_is_named_and_nothing_is_run_on_it(project: Path, run: Path, name: str) -> None:
    with (project / name).open("a", encoding="utf-8") as file:
        file.write("\n")
    found = told(verify_run(run))
    assert found["输入"] == (DIFFERS, f"与运行时不同：{name}")
    assert found["重跑"] == (OPEN, "输入不齐或已变，没有重跑")


def test_a_moved_run_asks_for_its_project_and_finds_it_there(project: Path, run: Path, tmp_path: Path) -> None:
    moved = Path(shutil.move(run, tmp_path / "归档"))
    alone = {one.what: one for one in verify_run(moved, rerun=False)}
    assert (alone["输入"].sign, alone["输入"].told) == (OPEN, "没有找到 project.yml，输入没有核对")
    assert alone["输入"].remedy.startswith("用 --project 写明项目文件夹")
    assert told(verify_run(moved, project, rerun=False))["输入"][0] == SAME


def spoil_verdicts(run: Path) -> None:
    """Write findings of which the first says otherwise, as another version might have found."""
    path = run / "data" / "findings.parquet"
    table = pq.read_table(path)
    verdicts = ["clear" if at == 0 else verdict for at, verdict in enumerate(table["verdict"].to_pylist())]
    pq.write_table(table.set_column(table.schema.get_field_index("verdict"), "verdict", pa.array(verdicts)), path)


def test_another_version_may_differ_in_bytes_but_not_in_findings(run: Path) -> None:
    def older(held: dict[str, object]) -> None:
        held["versions"] = {**held["versions"], "shapely": "2.0.0"}  # type: ignore[dict-item]
        held["outputs"]["data/ledger.csv"]["sha256"] = "0" * 64  # type: ignore[index]

    resign(run, older)
    sign, text = told(verify_run(run))["重跑"]
    assert sign == SAME
    assert text.startswith("结论逐条相同；版本不同（shapely 2.0.0→")
    assert text.endswith("因而字节不同：data/ledger.csv")
    spoil_verdicts(run)
    resign(run, lambda held: held["outputs"]["data/findings.parquet"].update(sha256="1" * 64))  # type: ignore[index, attr-defined]
    sign, text = told(verify_run(run))["重跑"]
    assert sign == DIFFERS
    assert text.startswith("1 条结论不同：")


def test_the_command_leaves_with_3_where_a_run_does_not_hold(
    run: Path, tmp_path: Path, hmgeo_command: Callable[..., Ended]
) -> None:
    good = hmgeo_command("verify", run, "--no-rerun")
    assert (good.code, good.out.count("√")) == (0, 2)
    (run / "map.html").write_text("x", encoding="utf-8")
    bad = hmgeo_command("verify", run, "--no-rerun")
    assert bad.code == 3
    assert "× 输出：写出后改动过：map.html。处理：改动过的另存他处；要恢复原样，重新运行" in bad.out
    with pytest.raises(InputError, match="这里没有运行记录"):
        verify_run(tmp_path)
