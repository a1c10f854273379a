"""A run folder appears whole or not at all, never over an input or over something else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from hmgeo.errors import OutputError
from hmgeo.project.folder import whole_file, whole_folder
from hmgeo.project.sinks import ROW_GROUP_ROWS, ParquetSink

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ended

BROKEN = Path(__file__).resolve().parent / "broken_projects"
GOOD = BROKEN / "good.yml"
NOT_RUNNING = 2**22 + 1  # above the largest process id that Linux gives


def names_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def fill(out: Path, text: str, inputs: tuple[Path, ...] = (), end: type[BaseException] | None = None) -> None:
    """Write a run folder of one file; with `end` it is cut short after that file."""
    with whole_folder(out, inputs) as folder:
        (folder / "manifest.json").write_text(text, encoding="utf-8")
        if end is not None:
            raise end


def fill_file(out: Path, text: str, inputs: tuple[Path, ...] = (), end: type[BaseException] | None = None) -> None:
    with whole_file(out, inputs) as temporary:
        temporary.write_text(text, encoding="utf-8")
        if end is not None:
            raise end


def held_up(out: Path) -> list[str]:
    """Return a command that stops, and says so, before it writes the last output: a folder half full."""
    held = (
        "import time, hmgeo.project.write as write, hmgeo.cli\n"
        "write.write_map = lambda *_: (print('writing', flush=True), time.sleep(60))\n"
        "hmgeo.cli.main()\n"
    )
    return [sys.executable, "-c", held, "run", str(GOOD), "--out", str(out)]


def test_it_appears_under_its_name_when_all_is_written(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "deep" / "out", []) as folder:
        (folder / "manifest.json").write_text("{}", encoding="utf-8")
        assert names_in(tmp_path) == ["deep", f"deep/{folder.name}", f"deep/{folder.name}/manifest.json"]
        assert folder.name == f"out.tmp-{os.getpid()}"
    assert names_in(tmp_path) == ["deep", "deep/out", "deep/out/manifest.json"]


@pytest.mark.parametrize("end", [ValueError, KeyboardInterrupt, SystemExit])
def test_whatever_ends_it_early_leaves_nothing(end: type[BaseException], tmp_path: Path) -> None:
    with pytest.raises(end):
        fill(tmp_path / "out", "half", end=end)
    assert names_in(tmp_path) == []


def test_an_earlier_run_is_replaced_whole_or_kept_whole(tmp_path: Path) -> None:
    out = tmp_path / "out"
    fill(out, "first")
    (out / "of-the-first.csv").write_text("1", encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        fill(out, "second", end=KeyboardInterrupt)
    assert names_in(tmp_path) == ["out", "out/manifest.json", "out/of-the-first.csv"]
    fill(out, "third")
    assert names_in(tmp_path) == ["out", "out/manifest.json"]
    assert (out / "manifest.json").read_text(encoding="utf-8") == "third"


def test_an_empty_folder_will_do(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    fill(tmp_path / "out", "{}")
    assert names_in(tmp_path) == ["out", "out/manifest.json"]


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("years of work", encoding="utf-8")
    with pytest.raises(OutputError, match=r"输出文件夹里有别的内容，未作改动.*换一个空文件夹或新名称"):
        fill(tmp_path, "{}")
    assert names_in(tmp_path) == ["thesis.docx"]


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    with pytest.raises(OutputError, match="输出位置是一个文件。处理：改用一个文件夹"):
        fill(tmp_path / "out", "{}")
    assert (tmp_path / "out").read_text(encoding="utf-8") == "a file"


def test_a_folder_that_holds_an_input_is_refused_even_with_our_manifest(tmp_path: Path) -> None:
    out = tmp_path / "out"
    fill(out, "{}")
    source = out / "data" / "sources.csv"
    source.parent.mkdir()
    source.write_text("id", encoding="utf-8")
    (tmp_path / "project").mkdir()
    (tmp_path / "link").symlink_to(out)
    roundabout = tmp_path / "project" / ".." / "out" / "data" / "sources.csv"
    for given in (source, roundabout, tmp_path / "link" / "data" / "sources.csv"):
        with pytest.raises(OutputError, match=r"有本次的输入文件，未作改动（现为「sources.csv」）.*换一个输出文件夹"):
            fill(out, "{}", (given,))
    assert source.read_text(encoding="utf-8") == "id"


def test_the_next_run_drops_what_a_killed_one_left(tmp_path: Path) -> None:
    left = tmp_path / f"out.tmp-{NOT_RUNNING}"
    left.mkdir()
    (left / "sources.csv").write_text("half", encoding="utf-8")
    fill(tmp_path / "out", "{}")
    assert names_in(tmp_path) == ["out", "out/manifest.json"]


def test_a_run_that_still_goes_on_keeps_its_folder(tmp_path: Path) -> None:
    other = tmp_path / "out.tmp-1"
    other.mkdir()
    fill(tmp_path / "out", "{}")
    assert names_in(tmp_path) == ["out", "out.tmp-1", "out/manifest.json"]


def test_an_earlier_run_that_was_moved_aside_comes_back(tmp_path: Path) -> None:
    """Killed between the two renamings: the earlier run is the only whole one."""
    aside = tmp_path / f"out.old-{NOT_RUNNING}"
    aside.mkdir()
    (aside / "manifest.json").write_text("earlier", encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        fill(tmp_path / "out", "this one is cut short", end=KeyboardInterrupt)
    assert names_in(tmp_path) == ["out", "out/manifest.json"]
    assert (tmp_path / "out" / "manifest.json").read_text(encoding="utf-8") == "earlier"


def test_leftovers_of_other_names_are_not_ours(tmp_path: Path) -> None:
    for name in (f"out.2024.old-{NOT_RUNNING}", f"out2.tmp-{NOT_RUNNING}", "out.tmp-draft"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text(name, encoding="utf-8")
    before = names_in(tmp_path)
    fill(tmp_path / "out", "{}")
    assert names_in(tmp_path) == sorted([*before, "out", "out/manifest.json"])


def test_a_name_with_brackets(tmp_path: Path) -> None:
    (tmp_path / f"out[1].tmp-{NOT_RUNNING}").mkdir()
    fill(tmp_path / "out[1]", "{}")
    assert names_in(tmp_path) == ["out[1]", "out[1]/manifest.json"]


@pytest.mark.skipif(os.name == "nt", reason="folders have no write bit on Windows")
def test_a_place_that_cant_be_written_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match=r"结果写不出（现为「File exists」）。处理：检查磁盘空间、权限"):
        fill(tmp_path / "file" / "out", "{}")


def test_a_single_file_follows_the_same_rules(tmp_path: Path) -> None:
    out, source = tmp_path / "pairs.parquet", tmp_path / "sources.csv"
    source.write_text("id", encoding="utf-8")
    (tmp_path / f"pairs.parquet.tmp-{NOT_RUNNING}").write_text("half", encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        fill_file(out, "half", (source,), KeyboardInterrupt)
    assert names_in(tmp_path) == ["sources.csv"]
    fill_file(out, "whole", (source,))
    assert out.read_text(encoding="utf-8") == "whole"
    with pytest.raises(OutputError, match="输出文件就是本次的输入文件"):
        fill_file(tmp_path / ".." / tmp_path.name / "sources.csv", "over it", (source,))
    with pytest.raises(OutputError, match="输出位置是一个文件夹。处理：写明文件名"):
        fill_file(tmp_path, "over it", (source,))
    assert source.read_text(encoding="utf-8") == "id"


def test_commands_refuse_such_places(hmgeo_command: Callable[..., Ended], tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    ended = hmgeo_command("run", GOOD, "--out", tmp_path)
    assert (ended.code, len(ended.faults), names_in(tmp_path)) == (2, 1, ["notes.txt"])
    assert "输出文件夹里有别的内容，未作改动" in ended.faults[0]
    ended = hmgeo_command("run", GOOD, "--out", BROKEN)
    assert (ended.code, len(ended.faults)) == (2, 1)
    assert "输出文件夹里" in ended.faults[0]
    assert not (BROKEN / "manifest.json").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to catch")
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_in_the_middle_of_a_run_leaves_no_folder(sent: signal.Signals, code: int, tmp_path: Path) -> None:
    """Writing is held up at the last output, so that the signal comes when the folder is half full."""
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(held_up(tmp_path / "out"), **piped) as running:  # noqa: S603 - our own words
        assert running.stdout is not None
        assert running.stdout.readline() == "writing\n"
        half = names_in(tmp_path)
        running.send_signal(sent)
        _, told = running.communicate(timeout=60)
    assert f"out.tmp-{running.pid}/pairs.parquet" in half
    assert "out" not in half
    assert (running.returncode, names_in(tmp_path)) == (code, [])
    assert "Traceback" not in told


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_the_run_after_a_killed_one(hmgeo_command: Callable[..., Ended], tmp_path: Path) -> None:
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(held_up(tmp_path / "out"), **piped) as running:  # noqa: S603 - our own words
        assert running.stdout is not None
        assert running.stdout.readline() == "writing\n"
        running.kill()
    assert [path.name for path in tmp_path.iterdir()] == [f"out.tmp-{running.pid}"]
    for _ in range(100):  # until the system has forgotten the process
        if not Path(f"/proc/{running.pid}").exists():
            break
        time.sleep(0.05)
    assert hmgeo_command("run", GOOD, "--out", tmp_path / "out").code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_pairs_are_written_in_row_groups_of_one_size_however_they_came(tmp_path: Path) -> None:
    schema = pa.schema([("n", pa.int64())])
    rows = 2 * ROW_GROUP_ROWS + 7
    for name, step in (("coarse", rows), ("fine", 33_333)):
        with ParquetSink(tmp_path / name, schema) as sink:
            for start in range(0, rows, step):
                values = range(start, min(start + step, rows))
                sink.write(pa.RecordBatch.from_pydict({"n": list(values)}, schema))
    assert (tmp_path / "coarse").read_bytes() == (tmp_path / "fine").read_bytes()
    groups = pa.parquet.ParquetFile(tmp_path / "fine").metadata
    assert [groups.row_group(i).num_rows for i in range(groups.num_row_groups)] == [ROW_GROUP_ROWS, ROW_GROUP_ROWS, 7]


def test_no_pair_at_all_is_an_empty_file_with_columns(tmp_path: Path) -> None:
    schema = pa.schema([("source_id", pa.string()), ("distance_m", pa.float64())])
    with ParquetSink(tmp_path / "pairs.parquet", schema):
        pass
    assert pa.parquet.read_table(tmp_path / "pairs.parquet").schema == schema
