"""A run held against itself: are its inputs what they were, its outputs untouched, and does it come out again?

Asked years later it may be another version that answers: then the same findings will do, and what differs is told.
"""

from __future__ import annotations

import json
import shlex
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow.parquet as pq

from hmgeo.errors import InputError, Place, Problem
from hmgeo.intake.catalog import file_sha256
from hmgeo.project.folder import DATA, MANIFEST_NAME, RUN_MANIFEST, folder_files
from hmgeo.project.inputs import silent
from hmgeo.project.run import Wish, run_project
from hmgeo.project.spec import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hmgeo.project.inputs import Progress


_JUDGED = (
    "verdict", "verdict_other", "certainty", "standing", "measured", "measured_low", "measured_high", "limit_value",
)  # fmt: skip
"""Columns of a finding that make it the same finding."""
_NAMED = 5
_LEVELS_UP = 3
"""A run lies in runs/<day> of its project."""
_RUN, _SCREEN = "run", "screen"


SAME, DIFFERS, OPEN = "√", "×", "？"
"""How a check came out; open where it couldn't be asked."""


class Check(NamedTuple):
    """One thing that was asked of a run, and how it came out: `SAME`, `DIFFERS` or `OPEN`."""

    sign: str
    what: str
    told: str
    remedy: str = ""

    def __str__(self) -> str:
        """Return it in one line."""
        return f"{self.sign} {self.what}：{self.told}" + (f"。处理：{self.remedy}" if self.remedy else "")


def read_manifest(folder: Path) -> tuple[dict[str, Any], Path]:
    """Return the manifest of a run folder, of this schema or the older one, and where it lies.

    Raises
    ------
    InputError
        The folder holds none that can be read.
    """
    found = next((folder / name for name in (RUN_MANIFEST, MANIFEST_NAME) if (folder / name).is_file()), None)
    place = Place(file=folder.name)
    if found is None:
        remedy = f"写 hmgeo run 或 hmgeo screen 的结果文件夹，其中有 {RUN_MANIFEST}"
        raise InputError(Problem("这里没有运行记录", place, remedy=remedy))
    try:
        held = json.loads(found.read_text(encoding="utf-8"))
        is_ours = isinstance(held, dict) and {"schema", "versions", "outputs", "inputs"} <= held.keys()
    except ValueError:
        is_ours = False
    if not is_ours:
        remedy = "用备份的结果文件夹核对，或重新运行"
        raise InputError(Problem("运行记录读不出", Place(file=f"{folder.name}/{found.name}"), remedy=remedy))
    return held, found


def verify_run(
    folder: Path, project: Path | None = None, *, rerun: bool = True, progress: Progress = silent
) -> tuple[Check, ...]:
    """Hold a run against its inputs, its outputs and itself.

    Parameters
    ----------
    folder
        The run folder.
    project
        The project.yml or its folder; looked for above the run where nothing is said. Of a screening of bare files,
        the folder where these lie.
    rerun
        Run again, in a temporary folder that is dropped.

    Returns
    -------
    tuple of Check
        Where any of them `DIFFERS`, the run doesn't hold.
    """
    manifest, record = read_manifest(folder)
    home = home_of(folder, project, manifest)
    checks = [*_outputs(folder, manifest, record), *inputs_checked(home, manifest)]
    if not rerun:
        return tuple(checks)
    words = _words(manifest)
    if words[1:2] != [_RUN]:
        told = "只能重跑 hmgeo run 的结果；这次用同样的命令另写一个文件夹，再用文件比较"
        return (*checks, Check(OPEN, "重跑", told))
    if home is None or any(one.sign == DIFFERS for one in checks if one.what.startswith("输入")):
        return (*checks, Check(OPEN, "重跑", "输入不齐或已变，没有重跑", "先找回原来的输入"))
    with tempfile.TemporaryDirectory() as temporary:
        again = Path(temporary) / folder.resolve().name
        file, accepts = home / project_name(manifest), _ACCEPT in words
        run_project(file, again, accept_suggestions=accepts, wish=_wish(words), progress=progress)
        return (*checks, *_again(folder, manifest, again))


_ACCEPT = "--accept-suggestions"


def _words(manifest: Mapping[str, Any]) -> list[str]:
    """Return the words of the command that made a run."""
    command = str(manifest.get("command", ""))
    try:
        return shlex.split(command)
    except ValueError:  # a quote that never ends
        return command.split()


def _wish(words: Sequence[str]) -> Wish:
    """Return what the command asked for besides the project."""

    def after(option: str, otherwise: str) -> str:
        return words[words.index(option) + 1] if option in words[:-1] else otherwise

    return Wish(
        public="--public" in words,
        watermark=after("--watermark", ""),
        language=after("--lang", "zh"),
        evidence="--evidence" in words,
    )


def home_of(folder: Path, project: Path | None, manifest: Mapping[str, Any]) -> Path | None:
    """Return the folder that the inputs' paths are relative to; None where it can't be found."""
    if project is not None:
        return project.parent if project.is_file() else project
    if _words(manifest)[1:2] == [_SCREEN]:
        return None
    above = folder.resolve().parents[:_LEVELS_UP]
    return next((one for one in above if (one / project_name(manifest)).is_file()), None)


def project_name(manifest: Mapping[str, Any]) -> str:
    """Return what the project's own file is called."""
    return next(iter(manifest.get("settings", {})), FILE_NAME)


def _outputs(folder: Path, manifest: Mapping[str, Any], record: Path) -> Iterator[Check]:
    listed: Mapping[str, Mapping[str, Any]] = manifest["outputs"]
    gone = [name for name in listed if not (folder / name).is_file()]
    edited = [name for name in listed if name not in gone and file_sha256(folder / name) != listed[name]["sha256"]]
    if gone:
        yield Check(DIFFERS, "输出", f"缺 {_names(gone)}", "从备份取回，或重新运行")
    if edited:
        told = f"写出后改动过：{_names(edited)}"
        yield Check(DIFFERS, "输出", told, "改动过的另存他处；要恢复原样，重新运行")
    if not gone and not edited:
        yield Check(SAME, "输出", f"{len(listed)} 个文件与写出时相同")
    more = [name for name in folder_files(folder) if name not in listed and folder / name != record]
    if more:
        yield Check(OPEN, "另有的文件", f"{_names(more)} 不是这次写出的，没有核对")


def _names(names: Sequence[str]) -> str:
    return "、".join(names[:_NAMED]) + (f" 等 {len(names)} 个" if len(names) > _NAMED else "")


def inputs_checked(home: Path | None, manifest: Mapping[str, Any]) -> Iterator[Check]:
    """Hold the inputs of a run against the sums that its manifest holds."""
    if home is None:
        remedy = "用 --project 写明项目文件夹（裸文件的排查写存放这些文件的文件夹）"
        yield Check(OPEN, "输入", "没有找到 project.yml，输入没有核对", remedy)
        return
    sums = {one["path"]: one["sha256"] for one in manifest["inputs"] if one.get("sha256")}
    sums |= manifest.get("settings", {})
    gone = [name for name in sums if not (home / name).exists()]
    changed = [name for name in sums if name not in gone and file_sha256(home / name) != sums[name]]
    if gone:
        yield Check(DIFFERS, "输入", f"缺 {_names(gone)}", "放回原处，或用 --project 写明现在的位置")
    if changed:
        remedy = "用当时的文件核对；要按现在的文件得结果，重新运行"
        yield Check(DIFFERS, "输入", f"与运行时不同：{_names(changed)}", remedy)
    if not gone and not changed:
        yield Check(SAME, "输入", f"{len(sums)} 个文件与运行时相同")
    if "settings" not in manifest:
        yield Check(OPEN, "设置", "较早的版本没有记下 project.yml 的校验值，改没改过看重跑的结果")


def _again(folder: Path, manifest: Mapping[str, Any], again: Path) -> Iterator[Check]:
    """Tell whether a run came out again: byte for byte, or finding for finding under other versions."""
    new, _ = read_manifest(again)
    before = {name: one["sha256"] for name, one in manifest["outputs"].items()}
    after = {name: one["sha256"] for name, one in new["outputs"].items()}
    differ = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    versions = [
        f"{name} {manifest['versions'].get(name, '无')}→{new['versions'].get(name, '无')}"
        for name in sorted(manifest["versions"].keys() | new["versions"].keys())
        if manifest["versions"].get(name) != new["versions"].get(name)
    ]
    if not differ:
        yield Check(SAME, "重跑", f"{len(after)} 个文件字节相同")
        return
    changed = _changed_findings(folder, again)
    if changed is None:
        yield Check(DIFFERS, "重跑", "原来的 findings.parquet 读不出，无从比较结论", "从备份取回结果文件夹")
    elif changed:
        remedy = "用原来的版本重跑可再现；要知道为何不同，看 CHANGELOG 的 Rules touched"
        other = f"；版本不同：{'、'.join(versions)}" if versions else ""
        told = f"{len(changed)} 条结论不同：{_names(changed)}{other}"
        yield Check(DIFFERS, "重跑", told, remedy)
    elif versions:
        told = f"结论逐条相同；版本不同（{'、'.join(versions)}），因而字节不同：{_names(differ)}"
        yield Check(SAME, "重跑", told)
    else:
        told = f"版本相同、结论相同，而字节不同：{_names(differ)}"
        yield Check(DIFFERS, "重跑", told, "同样的输入应得同样的字节，请连同两个文件夹报告")


def _changed_findings(folder: Path, again: Path) -> list[str] | None:
    """Return the findings that are not the same in both; None where the older ones can't be read."""
    try:
        before, after = (_findings(one) for one in (folder, again))
    except (OSError, ValueError, KeyError):
        return None
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def _findings(folder: Path) -> dict[str, tuple[Any, ...]]:
    path = next(one for one in (folder / DATA / "findings.parquet", folder / "findings.parquet") if one.is_file())
    table = pq.read_table(path)
    names = [name for name in _JUDGED if name in table.column_names]
    columns = [table[name].to_pylist() for name in names]
    return dict(zip(table["finding_id"].to_pylist(), zip(*columns, strict=True), strict=True))
