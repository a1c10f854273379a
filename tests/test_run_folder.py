"""What is written appears whole or not at all, never over an input or over what isn't ours."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from small_results import classified
from typer.testing import CliRunner

from hmgeo.cli import app
from hmgeo.errors import OutputError, Place, Problem, UsageError
from hmgeo.intake.load import ReadOptions
from hmgeo.outputs.templates import PlainTable
from hmgeo.project import run
from hmgeo.project.folder import (
    RUN_MANIFEST,
    entries,
    files_among_others,
    is_older,
    whole_file,
    whole_files,
    whole_folder,
    write_record,
)
from hmgeo.project.maps import build_maps
from hmgeo.project.pairs.file import ROW_GROUP_ROWS, ParquetSink
from hmgeo.project.pairs.measure import pack_file
from hmgeo.project.run_files import new_run
from hmgeo.project.sites.choosing import Candidates, write_candidates
from hmgeo.project.start import run_demo
from hmgeo.vocabulary import Classification

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ended

BROKEN = Path(__file__).resolve().parent / "broken_projects"
GOOD = BROKEN / "good.yml"
MAP = "schema: 1\ntitle: 南丹县底图\narea: [GX-ND]\n"
ELSEWHERE = {
    "program": "hmgeo",
    "schema": 1,
    "run": "1",
    "host": "office-2",
    "pid": 7,
    "started": "2026-11-28T08:00:00",
}


def names_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def fill(
    out: Path, text: str, inputs: tuple[Path, ...] = (), end: type[BaseException] | None = None, name: str = "a.csv"
) -> None:
    """Write a run folder of one file and its manifest; with `end` it is cut short after that file."""
    with whole_folder(out, inputs) as folder:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
        if end is not None:
            raise end
        write_record(folder, {"schema": 1, "outputs": entries(folder)})


def fill_file(out: Path, text: str, inputs: tuple[Path, ...] = (), end: type[BaseException] | None = None) -> None:
    with whole_file(out, inputs) as temporary:
        temporary.write_text(text, encoding="utf-8")
        if end is not None:
            raise end


def texts_in(folder: Path) -> dict[str, str]:
    """Return what the files below a folder hold, manifests left out."""
    held = {name: folder / name for name in names_in(folder) if not name.endswith("manifest.json")}
    return {name: path.read_text(encoding="utf-8") for name, path in held.items() if path.is_file()}


def put(folder: Path, texts: dict[str, str]) -> dict[str, str]:
    """Write a user's own files; return them."""
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return texts


def killed_in_the_middle(outs: list[Path]) -> list[int]:
    """Fill folders again in processes that kill themselves, each after one rename more; return what they died of."""
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "import hmgeo.project.folder as folder\n"
        "rename = Path.rename\n"
        "def fill(out, left):\n"
        "    def counted(path, target):\n"
        "        if not left:\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
        "        left.pop()\n"
        "        return rename(path, target)\n"
        "    Path.rename = counted\n"
        "    with folder.whole_folder(Path(out), []) as new:\n"
        "        for name in ('a.csv', 'c.csv', 'd.csv'):\n"
        "            (new / name).write_text('second', encoding='utf-8')\n"
        "        folder.write_record(new, {'schema': 1, 'outputs': folder.entries(new)})\n"
        "for renames, out in enumerate(sys.argv[1:]):\n"
        "    child = os.fork()\n"
        "    if not child:\n"
        "        fill(out, [None] * renames)\n"
        "        os._exit(0)\n"
        "    print(-os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)\n"
    )
    command = [sys.executable, "-c", code, *map(str, outs)]
    ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 -- our own words
    return [*map(int, ended.stdout.split())]


def held_up(out: Path) -> list[str]:
    """Return a command that stops, and says so, between its tables and its sheets: a folder half full."""
    held = (
        "import time, hmgeo.project.run_files as files, hmgeo.cli\n"
        "files.write_workbook = lambda *_: (print('writing', flush=True), time.sleep(60))\n"
        "hmgeo.cli.main()\n"
    )
    return [sys.executable, "-c", held, "run", str(GOOD), "--out", str(out)]


def test_it_appears_under_its_name_when_all_is_written(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "deep" / "out", []) as folder:
        (folder / "a.csv").write_text("1", encoding="utf-8")
        assert names_in(tmp_path / "deep") == [
            "out.hmgeo-tmp", "out.hmgeo-tmp/hmgeo.json", "out.hmgeo-tmp/new", "out.hmgeo-tmp/new/a.csv",
        ]  # fmt: skip
        signed = json.loads((tmp_path / "deep" / "out.hmgeo-tmp" / "hmgeo.json").read_text(encoding="utf-8"))
        assert (signed["program"], signed["pid"], len(signed["run"])) == ("hmgeo", os.getpid(), 32)
    assert names_in(tmp_path) == ["deep", "deep/out", "deep/out/a.csv"]


@pytest.mark.parametrize("end", [ValueError, KeyboardInterrupt, SystemExit])
def test_whatever_ends_it_early_leaves_nothing(end: type[BaseException], tmp_path: Path) -> None:
    with pytest.raises(end):
        fill(tmp_path / "out", "half", end=end)
    assert names_in(tmp_path) == []


def test_an_earlier_run_is_replaced_whole_or_kept_whole(tmp_path: Path) -> None:
    out = tmp_path / "out"
    fill(out, "first", name="print/a.csv")
    with pytest.raises(KeyboardInterrupt):
        fill(out, "second", end=KeyboardInterrupt)
    assert names_in(tmp_path) == ["out", "out/manifest.json", "out/print", "out/print/a.csv"]
    fill(out, "third")
    assert names_in(tmp_path) == ["out", "out/a.csv", "out/manifest.json"]
    assert (out / "a.csv").read_text(encoding="utf-8") == "third"


def test_a_run_of_the_older_layout_gives_way_whole(tmp_path: Path) -> None:
    """Its manifest lay on top; what it lists goes, what it doesn't list stays, and so does a folder without sums."""
    out = tmp_path / "out"
    fill(out, "first")
    put(out, {"notes.txt": "mine"})
    assert is_older(out)
    with whole_folder(out, (), record=RUN_MANIFEST) as folder:
        new_run(folder).write_text("second", encoding="utf-8")
        write_record(folder, {"schema": 2, "outputs": entries(folder, RUN_MANIFEST)}, RUN_MANIFEST)
    assert names_in(out) == ["data", "data/manifest.json", "data/pairs.parquet", "notes.txt"]
    assert not is_older(out)
    mine = put(
        tmp_path / "web", {"manifest.json": json.dumps({"schema": 1, "versions": {"hmgeo": "0"}, "outputs": ["a"]})}
    )
    assert not is_older(tmp_path / "web")
    with (
        pytest.raises(OutputError, match="有别的内容，未作改动"),
        whole_folder(tmp_path / "web", (), record=RUN_MANIFEST),
    ):
        pass
    assert texts_in(tmp_path / "web") == {}
    assert (tmp_path / "web" / "manifest.json").read_text(encoding="utf-8") == mine["manifest.json"]


def test_an_empty_folder_will_do(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    fill(tmp_path / "out", "{}")
    assert names_in(tmp_path) == ["out", "out/a.csv", "out/manifest.json"]


def test_what_people_put_into_a_run_folder_stays(tmp_path: Path) -> None:
    out = tmp_path / "out"
    fill(out, "first", name="print/a.csv")
    mine = put(out, {"意见.txt": "核过", "photos/1.jpg": "photo", "print/draft.txt": "draft"})
    stamps = {name: (out / name).stat().st_mtime_ns for name in mine}
    fill(out, "second")
    assert texts_in(out) == {**mine, "a.csv": "second"}
    assert {name: (out / name).stat().st_mtime_ns for name in mine} == stamps


def test_a_name_taken_by_somebody_elses_file_stops_all(tmp_path: Path) -> None:
    out = tmp_path / "out"
    fill(out, "first")
    mine = put(out, {"b.csv": "mine"})
    with pytest.raises(OutputError, match=r"b\.csv：已有同名文件，不是 hmgeo 写出的，未作改动。处理：移走或改名后重试"):
        fill(out, "second", name="b.csv")
    assert texts_in(out) == {"a.csv": "first", **mine}


def test_a_result_that_people_worked_on_is_theirs(tmp_path: Path) -> None:
    """As long as before, so that the size alone doesn't tell."""
    out = tmp_path / "out"
    fill(out, "first")
    mine = put(out, {"a.csv": "f1rst"})
    with pytest.raises(OutputError, match=r"a\.csv：上次写出的文件后来改动过，未作改动。处理：把它另存到别处"):
        fill(out, "second")
    assert texts_in(tmp_path) == {"out/a.csv": mine["a.csv"]}
    (out / "a.csv").rename(out / "a-核过.csv")
    fill(out, "second")
    assert texts_in(out) == {"a.csv": "second", "a-核过.csv": "f1rst"}


@pytest.mark.parametrize(
    "manifest",
    [
        {"name": "my web", "icons": []},
        {"schema": 1, "versions": {"hmgeo": "0.1.0"}},
        {"schema": 1, "versions": {"node": "20"}, "outputs": {}},
        {"schema": 1, "versions": {"hmgeo": "0.1.0"}, "outputs": {"../mine.txt": {"sha256": "", "bytes": 0}}},
        {"schema": 1, "versions": {"hmgeo": "0.1.0"}, "outputs": {"/etc/mine": {"sha256": "", "bytes": 0}}},
        ["a list"],
    ],
)
def test_a_manifest_that_is_not_ours_makes_no_folder_ours(tmp_path: Path, manifest: object) -> None:
    mine = put(tmp_path / "web", {"app.js": "mine", "manifest.json": json.dumps(manifest)})
    put(tmp_path, {"mine.txt": ""})
    with pytest.raises(OutputError, match=r"有别的内容，未作改动（现为「manifest.json 不是 hmgeo 写出的」）"):
        fill(tmp_path / "web", "over it")
    assert {name: (tmp_path / "web" / name).read_text(encoding="utf-8") for name in mine} == mine
    assert names_in(tmp_path) == ["mine.txt", "web", "web/app.js", "web/manifest.json"]


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


def test_folders_that_only_look_like_leftovers_stay(tmp_path: Path) -> None:
    """The digits are no living process; earlier versions took that for their own."""
    names = ("out.old-2023", "out.tmp-20240601", f"out.old-{2**22 + 1}", "out.2024.hmgeo-tmp", "pairs.parquet.old-2022")
    mine = put(tmp_path, {f"{name}/manifest.json": name for name in names})
    mine |= put(tmp_path, {"pairs.parquet.tmp-1": "1", f"pairs.parquet.old-{2**22 + 1}": "2"})
    fill(tmp_path / "out", "1")
    fill_file(tmp_path / "pairs.parquet", "2")
    assert {name: (tmp_path / name).read_text(encoding="utf-8") for name in mine} == mine


@pytest.mark.parametrize("write", [fill, fill_file])
def test_a_folder_with_our_temporary_name_and_no_marker_is_not_ours(tmp_path: Path, write: Callable[..., None]) -> None:
    mine = put(tmp_path, {"out.hmgeo-tmp/mine.txt": "mine"})
    with pytest.raises(OutputError, match=r"out\.hmgeo-tmp：临时文件夹的名称被占用，未作改动。处理：把它移走或改名"):
        write(tmp_path / "out", "1")
    assert texts_in(tmp_path) == mine


def test_what_another_machine_may_be_writing_is_left_to_it(tmp_path: Path) -> None:
    theirs = put(tmp_path, {"out.hmgeo-tmp/hmgeo.json": json.dumps(ELSEWHERE), "out.hmgeo-tmp/new/a.csv": "half"})
    said = r"另一台机器正在写这里.*主机 office-2，进程 7，2026-11-28T08:00:00 开始.*删除文件夹 out\.hmgeo-tmp"
    with pytest.raises(OutputError, match=said):
        fill(tmp_path / "out", "1")
    assert texts_in(tmp_path) == theirs


@pytest.mark.parametrize("write", [fill, fill_file])
def test_two_at_once_the_second_is_told_of_the_first(tmp_path: Path, write: Callable[..., None]) -> None:
    out = tmp_path / "out"
    with whole_folder(out, []) as folder:
        (folder / "a.csv").write_text("first", encoding="utf-8")
        with pytest.raises(OutputError, match=rf"另一次运行正在写这里（现为「主机 .*，进程 {os.getpid()}，.* 开始」）"):
            write(out, "second")
        write_record(folder, {"schema": 1, "outputs": entries(folder)})
    assert texts_in(tmp_path) == {"out/a.csv": "first"}


def test_a_name_with_brackets(tmp_path: Path) -> None:
    for text in ("first", "second"):
        fill(tmp_path / "out[1]", text)
    assert texts_in(tmp_path) == {"out[1]/a.csv": "second"}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_killed_while_files_change_places_it_is_never_a_mix_and_the_next_run_goes_on(tmp_path: Path) -> None:
    """Moves: told, manifest out, a and b out, then a, c, d and the manifest in. Whatever the moment, notes stay."""
    outs = [tmp_path / str(renames) / "out" for renames in range(9)]
    for out in outs:
        with whole_folder(out, []) as folder:
            put(folder, {"a.csv": "first", "b.csv": "first"})
            write_record(folder, {"schema": 1, "outputs": entries(folder)})
        put(out, {"notes.txt": "mine"})
    seen = []
    for renames, (out, died) in enumerate(zip(outs, killed_in_the_middle(outs), strict=True)):
        left = texts_in(out)
        assert left.pop("notes.txt") == "mine"
        assert len(set(left.values())) <= 1, "a mix of two versions"
        whole = (out / "manifest.json").is_file()
        seen.append((died, "".join(sorted(set(left.values()))), whole))
        with pytest.raises(KeyboardInterrupt):  # the next run itself writes nothing
            fill(out, "third", end=KeyboardInterrupt)
        after = texts_in(out)
        assert after.pop("notes.txt") == "mine"
        version = "first" if renames == 0 else "second"
        assert after == dict.fromkeys(("a.csv", "b.csv") if renames == 0 else ("a.csv", "c.csv", "d.csv"), version)
        assert (out / "manifest.json").is_file()
        assert sorted(path.name for path in out.parent.iterdir()) == ["out"]
    kill = int(signal.SIGKILL)
    assert seen == [
        *[(kill, "first", True)] * 2, *[(kill, "first", False)] * 2, (kill, "", False),
        *[(kill, "second", False)] * 3, (0, "second", True),
    ]  # fmt: skip


def test_a_file_that_cannot_be_moved_in_brings_all_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, where a workbook that is open in Excel can't be moved."""
    out = tmp_path / "out"
    fill(out, "first")
    before, rename = names_in(tmp_path), Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if path.name == "screening.xlsx":
            raise PermissionError(errno.EACCES, "used by another process", str(path))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OutputError, match=r"screening\.xlsx：结果写不出（现为「used by another process」）"):
        fill(out, "second", name="screening.xlsx")
    assert (names_in(tmp_path), texts_in(out)) == (before, {"a.csv": "first"})


def test_clearing_up_never_hides_the_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "read-only", str(path))

    def spoil() -> None:
        with whole_file(tmp_path / "out", []) as temporary:
            temporary.write_text("half", encoding="utf-8")
            for owner, name in ((Path, "unlink"), (Path, "rmdir"), (shutil, "rmtree")):
                monkeypatch.setattr(owner, name, refuse)
            msg = "the fault itself"
            raise ValueError(msg)

    with pytest.raises(ValueError, match="the fault itself"):
        spoil()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on the size of files")
def test_maps_on_a_full_disk_are_told_in_words_and_leave_nothing(tmp_path: Path) -> None:
    """No file may grow beyond 100 kB: the page, written first, is larger."""
    code = (
        "import resource, sys\nresource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\nimport hmgeo.cli as c\n"
    )
    mine = put(tmp_path, {"a.yml": MAP, "b.html": "my page"})
    command = [sys.executable, "-c", f"{code}c.main()", "map", str(tmp_path)]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    assert (ended.returncode, texts_in(tmp_path)) == (2, mine)
    assert "File too large" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_files_that_belong_together_are_there_in_the_end_or_none_and_no_folder_stays(tmp_path: Path) -> None:
    outs = [tmp_path / "new" / "deep" / name for name in ("a.csv", "a.html")]

    def write(text: str) -> None:
        with whole_files((*outs, outs[0]), []) as made:
            for path in made:
                path.write_text(text, encoding="utf-8")
                if path.suffix == ".html" and text == "half":
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OutputError, match=r"a\.html：结果写不出（现为「No space left on device」）"):
        write("half")
    assert names_in(tmp_path) == []
    write("whole")
    with pytest.raises(OutputError, match="No space left on device"):
        write("half")
    assert texts_in(tmp_path) == {"new/deep/a.csv": "whole", "new/deep/a.html": "whole"}


def test_a_file_named_twice_by_two_paths_is_written_once(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    with whole_files((tmp_path / "a.docx", tmp_path / "sub" / ".." / "a.docx"), []) as made:
        for path in made:
            path.write_text("whole", encoding="utf-8")
    assert texts_in(tmp_path) == {"a.docx": "whole"}


def test_a_demo_that_finds_no_room_names_what_is_whole_and_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = OutputError(Problem("磁盘空间不足", Place(file="nandan")))

    def run_one(project: Path, out: Path, **_: object) -> types.SimpleNamespace:
        if project.parent.name == "nandan":
            raise room
        out.mkdir(parents=True)
        return types.SimpleNamespace(folder=out)

    monkeypatch.setattr(run, "run_project", run_one)
    with pytest.raises(OutputError) as told:
        run_demo(tmp_path)
    whole = tmp_path / "qingcheng"
    assert str(told.value) == f"nandan：磁盘空间不足\nnandan：未写出；先写出的结果完整，保留：{whole}"
    assert whole.is_dir()
    monkeypatch.setattr("hmgeo.project.start.DEMO_PROJECTS", ("nandan",))
    with pytest.raises(OutputError, match=r"^nandan：磁盘空间不足$"):
        run_demo(tmp_path)


ENDINGS = {
    "candidates --project none --out": ".xlsx、.csv",
    "key-areas none.csv --area 441802 --out": ".xlsx、.csv",
    "offsets none.csv --out": ".xlsx、.csv",
    "diff none none --out": ".xlsx、.csv",
    "diff none none --map": ".png、.pdf、.svg",
    "explain none x --picture": ".png、.pdf、.svg",
    "archive none --out": ".zip",
    "report none --out": ".docx",
    "report --new-template": ".docx",
    "register merge none.csv --out": ".xlsx",
    "pairs --sources none.csv --receptors none.gpkg --radius 1km --out": ".parquet",
    "layers pack none.gpkg --out": ".parquet",
    "layers check none.csv --fixme": ".xlsx",
    "layers check none.csv --write-columns": ".yml、.yaml",
    "layers check none.csv --map": ".html",
    "flow none --geojson": ".geojson、.json",
    "site --project none --at 113,23 --trade 3212 --action new --as-of 2024-06-30 --extract": ".docx、.pdf、.json",
}


@pytest.mark.parametrize("name", ["c.htm", "C.TXT", "c"])
@pytest.mark.parametrize("command", ENDINGS)
def test_a_file_is_what_its_name_says_and_that_is_asked_before_anything_is_read(
    command: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as told:
        CliRunner().invoke(app, [*command.split(), name], catch_exceptions=False)
    allowed, key = ENDINGS[command], command.rpartition(" ")[2]
    (problem,) = told.value.problems
    made = f"c{allowed.split('、')[0]}"
    assert (
        str(problem).casefold()
        == f"键 {key}：写不成这种文件（现为「{name}」）；允许：{allowed}。处理：如 {made}".casefold()
    )
    assert names_in(tmp_path) == []


def test_candidates_without_their_map_are_not_left_behind(tmp_path: Path) -> None:
    table = PlainTable("候选点", ("编号",), (("S1",),))
    drawn = classified(farmland=Classification.CLASSIFIED)
    with pytest.raises(OutputError):
        write_candidates(Candidates(table, drawn), tmp_path / "a.csv", [])
    assert names_in(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on the size of files")
def test_a_template_on_a_full_disk_is_told_in_words_alone(tmp_path: Path) -> None:
    """The template has 15 kB."""
    code = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (5_000, 5_000))\nimport hmgeo.cli as c\nc.main()"
    command = [sys.executable, "-c", code, "report", "--new-template", "o.docx"]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path)  # noqa: S603
    assert (ended.returncode, names_in(tmp_path)) == (2, [])
    assert ended.stderr.startswith("× o.docx：结果写不出（现为「File too large」）")
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on the size of files")
def test_a_geopackage_on_a_full_disk_is_told_in_words(tmp_path: Path) -> None:
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "import pyarrow as pa\n"
        "from hmgeo.errors import OutputError\n"
        "from hmgeo.outputs.gis import GisTable, write_tables\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "rows = pa.table({'id': ['1'], 'geometry': pa.array([None], pa.binary())})\n"
        "try:\n"
        "    write_tables([GisTable('t', 't', rows, 'Point', '')], Path(sys.argv[1]), '2026-11-28')\n"
        "except OutputError as told:\n"
        "    print(told)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "a.gpkg")]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    assert ended.stdout.startswith("a.gpkg：GeoPackage 写不出（现为「")
    assert "处理：检查磁盘空间、权限" in ended.stdout


def test_maps_never_go_over_pages_that_are_not_ours(tmp_path: Path) -> None:
    mine = put(tmp_path, {"a.yml": MAP, "a.html": "my page", "index.html": "my list", "hmgeo-maps.json": "{}"})
    with pytest.raises(OutputError) as told:
        build_maps(tmp_path, tmp_path)
    names = [Path(one.where.file).name for one in told.value.problems]
    assert (names, texts_in(tmp_path)) == (["a.html", "index.html", "hmgeo-maps.json"], mine)


def test_maps_are_replaced_among_others_and_each_command_keeps_what_the_last_one_wrote(tmp_path: Path) -> None:
    def write(names: dict[str, str]) -> None:
        with files_among_others(tmp_path, list(names), record="hmgeo-maps.json") as folder:
            put(folder, names)

    mine = put(tmp_path, {"notes.txt": "mine", "manifest.json": "a web project's"})
    write({"a.html": "a1", "index.html": "i1"})
    write({"b.html": "b1"})
    write({"a.html": "a2", "index.html": "i2"})
    record = json.loads((tmp_path / "hmgeo-maps.json").read_text(encoding="utf-8"))
    assert sorted(record["outputs"]) == ["a.html", "b.html", "index.html"]
    wanted = {"a.html": "a2", "index.html": "i2", "b.html": "b1", "notes.txt": "mine"}
    assert {name: (tmp_path / name).read_text(encoding="utf-8") for name in wanted} == wanted
    assert (tmp_path / "manifest.json").read_text(encoding="utf-8") == mine["manifest.json"]


def test_packing_never_goes_over_files_that_are_not_ours(tmp_path: Path) -> None:
    shape = '{"type":"Polygon","coordinates":[[[113,23],[113.1,23],[113.1,23.1],[113,23]]]}'
    put(tmp_path, {"f.geojson": f'{{"type":"Feature","properties":{{"id":"p"}},"geometry":{shape}}}'})
    mine = put(tmp_path, {"f.packed.ledger.csv": "mine"})
    with pytest.raises(OutputError, match=r"f\.packed\.ledger\.csv：已有同名文件，不是 hmgeo 写出的，或写出后改动过"):
        pack_file(tmp_path / "f.geojson", None, options=ReadOptions())
    assert texts_in(tmp_path).items() >= mine.items()
    (tmp_path / "f.packed.ledger.csv").unlink()
    for _ in range(2):
        pack_file(tmp_path / "f.geojson", None, options=ReadOptions())
    assert names_in(tmp_path) == ["f.geojson", "f.packed.ledger.csv", "f.packed.parquet"]


@pytest.mark.skipif(os.name == "nt", reason="folders have no write bit on Windows")
def test_a_place_that_cant_be_written_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match=r"结果写不出（现为「File exists」）。处理：检查磁盘空间、权限"):
        fill(tmp_path / "file" / "out", "{}")


def test_a_single_file_follows_the_same_rules(tmp_path: Path) -> None:
    out, source = tmp_path / "pairs.parquet", tmp_path / "sources.csv"
    source.write_text("id", encoding="utf-8")
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
    assert not (BROKEN / "data" / "manifest.json").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to catch")
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_in_the_middle_of_a_run_leaves_no_folder(sent: signal.Signals, code: int, tmp_path: Path) -> None:
    """Writing is held up between two outputs, so that the signal comes when the folder is half full."""
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(held_up(tmp_path / "out"), **piped) as running:  # noqa: S603 - our own words
        assert running.stdout is not None
        assert running.stdout.readline() == "writing\n"
        half = names_in(tmp_path)
        running.send_signal(sent)
        _, told = running.communicate(timeout=60)
    assert "out.hmgeo-tmp/new/data/pairs.parquet" in half
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
    assert [path.name for path in tmp_path.iterdir()] == ["out.hmgeo-tmp"]
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


def test_what_cannot_be_drawn_or_written_never_takes_the_numbers_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hmgeo_command: Callable[..., Ended]
) -> None:
    sources, farmland, out = tmp_path / "s.csv", tmp_path / "f.geojson", tmp_path / "out"
    rows = "企业编号,企业名称,经度,纬度\nE1,甲,-120.30,37.65\nE2,极,-120.30,90\nE3,近极,10,-84.95\n"
    sources.write_text(rows, encoding="utf-8")
    ring = [[-120.28, 37.65], [-120.27, 37.65], [-120.27, 37.66], [-120.28, 37.65]]
    parcel = {"type": "Feature", "properties": {"parcel_id": "P1"}, "geometry": None}
    parcel["geometry"] = {"type": "Polygon", "coordinates": [ring]}
    farmland.write_text(json.dumps({"type": "FeatureCollection", "features": [parcel]}), encoding="utf-8")

    def broken(*_: object, **__: object) -> None:
        message = "no such panel"
        raise ValueError(message)

    monkeypatch.setattr("hmgeo.outputs.map.page.write_map", broken)
    ended = hmgeo_command("screen", "--sources", sources, "--farmland", farmland, "--out", out)
    assert ended.code == 1
    failed = "map.html 未能写出（ValueError：no such panel），其余文件不受影响；这是程序的错，请报告。"
    undrawn = "1 个污染源（E2）位于纬度 85 度以外，地图和图件画不出，数据表中仍有。"
    manifest = json.loads((out / "data" / "manifest.json").read_text(encoding="utf-8"))
    for text in (failed, undrawn):
        assert text in ended.err
        assert text in manifest["warnings"]
    assert not (out / "map.html").exists()
    assert (out / "print" / "map.pdf").is_file()
    assert (out / "data" / "sources.csv").read_text(encoding="utf-8-sig").count("\n") == 4
