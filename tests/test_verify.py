"""A run held against itself: untouched, edited, moved, its inputs changed, another version; a finding explained."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shlex
import shutil
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docx
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from books import pages_of
from msgspec.structs import replace

from hmgeo.commands.options import begin_compiling
from hmgeo.compare import verify
from hmgeo.compare.archive import archive_run
from hmgeo.compare.explain import Part, as_plain, draw_finding, explain_finding
from hmgeo.compare.verify import DIFFERS, NOTE, OPEN, SAME, holds, verify_run, wish_of
from hmgeo.errors import InputError, OutputError, Problem, UsageError
from hmgeo.intake.catalog import file_sha256
from hmgeo.outputs.figure.finding import Ground, agrees
from hmgeo.outputs.map.audience import PUBLIC, shown_to
from hmgeo.outputs.sheets import extract
from hmgeo.project import run_files
from hmgeo.project.folder import PLAIN, Asked, Kept, Wish, as_word, kept_run
from hmgeo.project.run import project_results, run_project
from hmgeo.project.run_files import letters_of_run
from hmgeo.project.spec import allowing_outside, read_decisions, read_spec, settings_of
from hmgeo.reference import machine
from hmgeo.reference.machine import cache_folder
from hmgeo.results.results import with_decisions
from hmgeo.results.used import DecisionUsed

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

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
    return {one.what: (one.sign, one.answer) for one in checks}  # type: ignore[attr-defined]


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


def kept(project: Path, out: Path | None = None, *, wish: Wish = PLAIN, accepts: bool = False) -> Kept | None:
    return kept_run(Asked.of(project, out, accepts=accepts, words=None, overrides=None, wish=wish))


def appended(name: str, text: str = "\n") -> Callable[[Path], object]:
    def append(project: Path) -> None:
        with (project / name).open("a", encoding="utf-8") as file:
            file.write(text)

    return append


def without(name: str) -> Callable[[Path], object]:
    return lambda project: (project / name).unlink()


RUN = "runs/2019-06-30"


@pytest.mark.parametrize(
    ("edit", "changed"),
    [
        (lambda project: os.utime(project / "data/farmland.geojson"), []),
        (appended("data/另一份.csv"), []),
        (appended("data/enterprises2.csv"), []),
        (appended(f"{RUN}/笔记.txt"), []),
        (appended("data/enterprises.csv"), ["data/enterprises.csv"]),
        (appended("data/farmland.geojson"), ["data/farmland.geojson"]),
        (appended("project.yml"), ["project.yml"]),
        (appended("validity.yml", "[]"), ["validity.yml"]),
        # what a reader of the file might look at, whether it does or not
        (appended("data/enterprises.csvt"), ["data/enterprises.csv"]),
        (appended("data/farmland.geojson.aux.xml"), ["data/farmland.geojson"]),
        (appended("data/farmland.PRJ"), ["data/farmland.geojson"]),
        (appended("data/farmland.geojson-wal"), ["data/farmland.geojson"]),
        (appended(f"{RUN}/data/sources.csv"), ["data/sources.csv"]),
        (appended(f"{RUN}/map.html", " "), ["map.html"]),
        (without(f"{RUN}/print/map.pdf"), ["print/map.pdf"]),
    ],
)  # fmt: skip
def test_a_run_is_kept_while_every_byte_is_the_same(
    project: Path, edit: Callable[[Path], object], changed: list[str]
) -> None:
    edit(project)
    found = kept(project)
    assert found is not None
    assert list(found.changed) == changed
    assert found.verdicts["listed"] == 5


@pytest.mark.parametrize(
    "edit",
    [
        appended(f"{RUN}/data/manifest.json", " "),
        without(f"{RUN}/data/manifest.json"),
        lambda project: (project / f"{RUN}.hmgeo-tmp").mkdir(),  # another run writes there, or one was killed
        without("data/farmland.geojson"),
        lambda _: shutil.rmtree(cache_folder() / "hmgeo-runs"),
    ],
)
def test_in_doubt_a_run_is_made_again(
    project: Path, edit: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = tmp_path / "cache" / "hmgeo-runs"
    own.mkdir(parents=True)
    for note in filter(Path.is_file, (cache_folder() / own.name).iterdir()):  # beside them others may be writing
        shutil.copy(note, own)
    monkeypatch.setenv("XDG_CACHE_HOME", str(own.parent))
    assert kept(project) is not None
    edit(project)
    assert kept(project) is None


def test_what_was_wished_is_read_back_from_the_command_that_the_manifest_holds() -> None:
    wishes = (PLAIN, Wish(public=True), Wish(watermark="某局 张三"), Wish(also=("shp", "geoparquet")))
    for wish in (*wishes, Wish(watermark="示例", language="en", evidence=True, also=("kmz",))):
        assert wish_of(shlex.split(f"hmgeo run p{wish.options()}")) == wish


def test_a_run_is_kept_for_the_same_words_program_and_surroundings_alone(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(**asked: Any) -> list[str]:  # noqa: ANN401 -- whatever may be asked
        found = kept(project, **asked)
        assert found is not None
        return list(found.changed)

    out = project / RUN
    assert changed() == []
    assert changed(wish=Wish(language="en"), out=out) == ["命令"]
    assert changed(wish=Wish(watermark="示例"), out=out) == ["命令"]
    assert changed(accepts=True, out=out) == ["命令"]
    assert kept(project, project / "另一处") is None
    with monkeypatch.context() as patch:
        patch.setenv("GDAL_CURL_CA_BUNDLE", "cacert.pem")  # pyogrio sets it, a kept run doesn't import that
        assert changed() == []
        patch.setenv("PROJ_NETWORK", "ON")
        assert changed() == ["系统、库或环境变量"]
    with monkeypatch.context() as patch:
        patch.syspath_prepend(project)
        (project / "shapely-1.8.0.dist-info").mkdir()
        assert changed() == ["系统、库或环境变量"]
    with monkeypatch.context() as patch:
        patch.setattr("hmgeo.project.folder.program_sum", lambda _: "another")
        assert changed() == ["程序、规则库或随附图层"]
    with monkeypatch.context() as patch:
        patch.setattr("hmgeo.project.folder.program_sum", lambda _: "")  # the code changed while it ran
        assert kept(project) is None
    assert changed() == []


def test_the_sum_of_the_program_hangs_on_code_rules_and_layers_but_on_no_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package, shipped = tmp_path / "hmgeo", tmp_path / "layers"
    monkeypatch.setattr(machine, "_ENGINE", package / "proximity")
    monkeypatch.setattr(machine, "_STARTED", time.time() + 60)

    def sum_after(path: Path, text: str) -> str:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        machine.program_sum.cache_clear()
        return machine.program_sum(shipped)

    first = sum_after(shipped / "counties.parquet", "1")
    sums = [sum_after(package / name, "1") for name in ("a.py", "rules/data/b.yml", "words.tsv")]
    sums += [sum_after(shipped / "counties.parquet", "2"), sum_after(package / "a.py", "2")]
    assert len({first, *sums}) == 6
    assert sum_after(shipped / "projects/示例/runs/a.csv", "1") == sums[-1]
    assert sum_after(package / "__pycache__/a.pyc", "1") == sums[-1]
    monkeypatch.setattr(machine, "_STARTED", time.time() - 60)
    assert sum_after(package / "a.py", "2") == ""
    machine.program_sum.cache_clear()


def test_an_id_like_a_formula_is_the_same_in_letters_and_findings(
    project: Path, tmp_path: Path, hmgeo_command: Callable[..., Ended]
) -> None:
    listed = next(path for path in project.rglob("*.csv") if "A1" in path.read_text(encoding="utf-8"))
    listed.write_text(listed.read_text(encoding="utf-8").replace("A1", "=1+1"), encoding="utf-8")
    folder = run_project(project, tmp_path / "out").folder
    assert {path.suffix for path in letters_of_run(folder, tmp_path / "letters")} == {".docx"}
    assert ("企业编号", "=1+1") in explain_finding(folder, "=1+1|SCR-JY-10KM")[1].lines
    ended = hmgeo_command("run", project, "--out", folder, "--lang", "en")
    told = [line for line in ended.err.splitlines() if not line.startswith("First use:")]  # where no code is kept yet
    assert told[0] == "Changed since the last run: the command; running again."


def test_shapefiles_that_a_run_wrote_are_held_file_by_file(project: Path, tmp_path: Path) -> None:
    """Of an input a sum goes over all members of a shapefile; each that was written has a sum of its own."""
    folder = run_project(project, tmp_path / "out", wish=Wish(also=("shp",))).folder
    checks = verify_run(folder, project=project, rerun=False)
    outputs = len(json.loads((folder / "data" / "manifest.json").read_text(encoding="utf-8"))["outputs"])
    assert told(checks)["输出"] == (SAME, f"{outputs} 个文件与写出时相同")
    (folder / "data" / "shp" / "sources.cpg").write_text("UTF-8", encoding="ascii")
    assert told(verify_run(folder, project=project, rerun=False))["输出"] == (
        DIFFERS,
        "写出后改动过：data/shp/sources.cpg",
    )


def test_a_temporary_folder_without_room_leaves_it_open_whether_the_run_holds(
    run: Path, monkeypatch: pytest.MonkeyPatch, hmgeo_command: Callable[..., Ended]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OutputError(Problem("结果写不出", found="No space left on device"))

    monkeypatch.setattr(verify, "run_project", refuse)
    ended = hmgeo_command("verify", run)
    assert ended.code == 3
    assert ended.out.splitlines()[-1] == (
        "？ 重跑：临时文件夹里写不出，没有重跑：结果写不出（现为「No space left on device」）"
    )


@pytest.mark.parametrize(
    ("room", "writer", "words"),
    [
        (run_files, "write_letter", ("report", "{run}", "--letters", "{out}/a")),
        (
            extract,
            "write_extract",
            ("site", "--at", "113.08,23.58", "--extract", "{out}/b/o.docx", "--extract", "{out}/c/o.json"),
        ),
    ],
)
def test_letters_and_extracts_are_written_all_or_none(
    room: ModuleType,
    writer: str,
    words: tuple[str, ...],
    run: Path,
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    hmgeo_command: Callable[..., Ended],
) -> None:
    out, write, written = tmp_path / "out", getattr(room, writer), []

    def refuse(*given: object, **more: object) -> None:
        if written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(*given, **more)
        written.append(given)

    monkeypatch.setattr(room, writer, refuse)
    asked = [word.format(run=run, out=out) for word in words]
    ended = hmgeo_command(*asked, *(("--project", project) if words[0] == "site" else ()))
    assert (ended.code, len(written), out.exists()) == (2, 1, False)
    assert ended.err.splitlines()[-1].startswith("× ")
    assert "结果写不出（现为「No space left on device」）" in ended.err


def test_the_command_keeps_a_run_and_says_so_in_one_line(
    project: Path, run: Path, hmgeo_command: Callable[..., Ended]
) -> None:
    begin_compiling()
    machine.wait()  # a command that finds no code kept says so first
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in run.rglob("*") if path.is_file()}
    ended = hmgeo_command("run", project)
    warned = json.loads((run / "data" / "manifest.json").read_text(encoding="utf-8"))["warnings"]
    assert (ended.code, ended.err) == (0, "".join(f"▲ {one}\n" for one in warned))
    assert ended.out == (
        f"没有变化：输入、设置、规则库、程序、评估基准日与上次相同，结果原样保留在 {run}；要重新运行加 --fresh。\n"
    )
    assert hmgeo_command("run", project, "--fail-on", "listed").code == 3
    assert hmgeo_command("run", project, "--fail-on", "prohibited").code == 0
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in run.rglob("*") if path.is_file()} == before
    page = (run / "map.html").read_bytes()
    (run / "map.html").write_text("改过", encoding="utf-8")
    ended = hmgeo_command("run", project)  # edited by hand: neither kept nor written over
    assert (ended.code, ended.err.splitlines()[0]) == (2, "自上次运行后有变：map.html；重新运行。")
    assert "上次写出的文件后来改动过，未作改动" in ended.err
    (run / "map.html").write_bytes(page)
    (run / "print" / "map.pdf").unlink()
    assert hmgeo_command("run", project, "--fresh").err.startswith("读取图层 …")
    again = {path: path.read_bytes() for path in run.rglob("*") if path.is_file() and path.name != "manifest.json"}
    assert again == {path: data for path, (data, _) in before.items() if path.name != "manifest.json"}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("清城/数据", "清城/数据"),
        ("我的 项目", '"我的 项目"'),
        ("C:\\我的 项目", '"C:\\我的 项目"'),
        ("C:\\项目", '"C:\\项目"'),
        ("甲|乙&丙(1)", '"甲|乙&丙(1)"'),
        ("a'b", '"a\'b"'),
        ('a"b $c', "'a\"b $c'"),
        ("\\\\盘\\", "'\\\\盘\\'"),
        ("甲>乙", '"甲>乙"'),
        ("甲*", '"甲*"'),
        ("$HOME", "'$HOME'"),
        ("a`id`", "'a`id`'"),
        ("甲\n乙", '"甲\n乙"'),
    ],
)
def test_a_word_of_a_command_is_quoted_as_every_shell_takes_it(text: str, word: str) -> None:
    assert as_word(text) == word
    assert shlex.split(as_word(text)) == [text]


def test_a_run_with_words_is_held_against_that_file_too(project: Path, tmp_path: Path) -> None:
    meaning = "核心区: {means: 一级, by: 示例, on: 2026-11-21, reason: 示例}\n"
    words = project / "用语 一.yml"
    words.write_text(meaning, encoding="utf-8")
    run = run_project(project, words=words).folder
    checks = verify_run(run)
    assert holds(checks)
    assert told(checks)["输入"] == (SAME, "4 个文件与运行时相同")
    words.write_text(meaning.replace("一级", "二级"), encoding="utf-8")
    assert told(verify_run(run, rerun=False))["输入"] == (DIFFERS, "与运行时不同：用语 一.yml")
    away = Path(shutil.move(words, tmp_path / "用语.yml"))
    assert told(verify_run(run, rerun=False))["输入"] == (DIFFERS, "缺 用语 一.yml")
    away.write_text(meaning, encoding="utf-8")
    assert holds(verify_run(run, words=away, rerun=False))

    def elsewhere(held: dict[str, object]) -> None:  # as it is written of a file outside the project
        held["command"] = "hmgeo run 项目 --words '<outside>/用语.yml'"
        held["settings"] = {name.replace("用语 一", "<outside>/用语"): one for name, one in held["settings"].items()}  # type: ignore[attr-defined]

    resign(run, elsewhere)
    checks = verify_run(run)
    assert not holds(checks)
    assert (OPEN, "没有找到 用语.yml，没有核对") in {(one.sign, one.answer) for one in checks}
    assert told(checks)["重跑"] == (OPEN, "输入不齐或已变，没有重跑")
    assert holds(verify_run(run, words=away, rerun=False))


def test_two_files_of_one_name_outside_the_project_are_told_apart(project: Path, tmp_path: Path) -> None:
    words, decided = tmp_path / "a" / "x.yml", tmp_path / "b" / "x.yml"
    words.parent.mkdir()
    decided.parent.mkdir()
    words.write_text("核心区: {means: 一级, by: 示例, on: 2026-11-21, reason: 示例}\n", encoding="utf-8")
    spec = read_spec(project).with_overrides(decided)
    decided.write_text("[]\n", encoding="utf-8")
    sums = settings_of(spec, words)
    assert sums["<outside>/x.yml"] == file_sha256(decided)
    assert sums["<outside>/2/x.yml"] == file_sha256(words)
    asked = Asked.of(project, tmp_path / "out", accepts=False, words=words, overrides=decided, wish=Wish())
    assert asked.command == 'hmgeo run 项目 --words "<outside>/2/x.yml" --with "<outside>/x.yml" --allow-outside'
    before = asked.made_of()
    for file in (words, decided):
        file.write_text(file.read_text(encoding="utf-8") + "# later\n", encoding="utf-8")
        after = asked.made_of()
        assert before is not None
        assert after is not None
        assert sum(before[name] != after[name] for name in before) == 1
        before = after
    assert settings_of(spec, decided).keys() == sums.keys() - {"<outside>/2/x.yml"}, "one file for both is one"


def test_settings_added_after_a_run_are_told(project: Path, run: Path) -> None:
    checks = project / "validity.yml"
    checks.write_text("[]\n", encoding="utf-8")
    assert "validity.yml" in settings_of(read_spec(project))
    found = verify_run(run)
    assert not holds(found)
    new = "输入（新增的设置文件）"
    assert told(found)[new] == (DIFFERS, "运行后新增，这次运行没有用：validity.yml")
    assert told(found)["重跑"] == (OPEN, "输入不齐或已变，没有重跑")
    checks.unlink()
    file, packs = project / "project.yml", project / "packs"
    file.write_text(f"{file.read_text(encoding='utf-8')}rule_packs: [packs]\n", encoding="utf-8")
    packs.mkdir()
    resign(run, lambda held: held.update(settings=settings_of(read_spec(project))))
    assert holds(verify_run(run, rerun=False))
    (packs / "新.yml").write_text("[]\n", encoding="utf-8")
    assert told(verify_run(run, rerun=False))[new] == (DIFFERS, "运行后新增，这次运行没有用：packs/新.yml")


def test_what_could_not_be_asked_is_no_yes(project: Path, run: Path, hmgeo_command: Callable[..., Ended]) -> None:
    def bare(held: dict[str, object]) -> None:
        held["command"] = "hmgeo screen --radius 10km"

    resign(run, bare)
    ended = hmgeo_command("verify", run, "--project", project)
    assert ended.code == 3
    assert "？ 重跑：裸文件的排查没有记下全部选项，不能重跑，没有核对" in ended.out
    assert hmgeo_command("verify", run, "--project", project, "--no-rerun").code == 0


def test_the_outline_that_says_how_far_a_layer_goes_is_an_input_too(project: Path) -> None:
    outline = project / "outline.geojson"
    ring = [[113.0, 23.5], [113.2, 23.5], [113.2, 23.8], [113.0, 23.8], [113.0, 23.5]]
    outline.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}), encoding="utf-8")
    text = (project / "project.yml").read_text(encoding="utf-8")
    (project / "project.yml").write_text(text.replace('{area: "441802"}', "{file: outline.geojson}"), encoding="utf-8")
    assert set(settings_of(read_spec(project))) == {"project.yml", "outline.geojson"}


def test_edited_lost_and_foreign_files_are_named(run: Path) -> None:
    (run / "survey_list.xlsx").write_bytes(b"edited")
    (run / "print" / "map.pdf").unlink()
    (run / "笔记.txt").write_text("现场", encoding="utf-8")
    checks = verify_run(run, rerun=False)
    assert [(one.sign, one.answer) for one in checks if one.what in {"输出", "另有的文件"}] == [
        (DIFFERS, "缺 print/map.pdf"),
        (DIFFERS, "写出后改动过：survey_list.xlsx"),
        (NOTE, "笔记.txt 不是这次写出的，没有核对"),
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
    assert (alone["输入"].sign, alone["输入"].answer) == (OPEN, "没有找到 project.yml，输入没有核对")
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


def test_a_run_in_english_is_verified_in_english(run: Path, project: Path, hmgeo_command: Callable[..., Ended]) -> None:
    def in_english(held: dict[str, object]) -> None:
        held["command"] = f"{held['command']} --lang en"

    resign(run, in_english)
    (run / "report.docx").unlink()
    (run / "mine.txt").write_text("", encoding="utf-8")
    told = hmgeo_command("verify", run, "--project", project, "--no-rerun").out.splitlines()
    assert told == [
        "× outputs: missing: report.docx. What to do: restore them from a backup, or run again",
        "· other files: mine.txt: not written by this run, not checked",
        "√ inputs: 3 files are as when it ran",
    ]


def lines(parts: tuple[Part, ...], title: str) -> dict[str, str]:
    return dict(next(part.lines for part in parts if part.title == title))


def test_a_finding_is_explained_from_its_cell_to_what_would_flip_it(once: Path) -> None:
    parts = explain_finding(once / "runs" / "2019-06-30", "A1|SCR-JY-10KM")
    assert [part.title for part in parts] == ["结论", "原表", "读成", "量得", "条款", "参数", "数据", "什么会使它改变"]
    assert lines(parts, "结论")["结论"] == "符合排查条件"
    cells = lines(parts, "原表")
    assert (cells["位置"], cells["经度"], cells["行业代码"]) == ("data/enterprises.csv 第 2 行", "113.050000", "3212")
    measured = lines(parts, "量得")
    # from 113.05 E 23.62 N to the parcel's edge at 23.63 N: 0.01 degrees of latitude at 110,753 m a degree
    assert (measured["最近对象"], measured["量得"], measured["限值"]) == ("P1", "1,107.5 m", "10,000.0 m")
    assert measured["量得减限值"] == "-8,892.5 m"
    clause = lines(parts, "条款")
    assert clause["出处"] == "《济源产城融合示范区2021年土壤污染防治攻坚战实施方案》二（三）3"
    assert "平原地区周边10公里之内" in clause["原文"]
    assert clause["效力"] == "本地参照（非本地有效依据）"
    wanted = "3212、3360（GB/T 4754—2017）（示例，2026-11-21，示例参数）"
    assert lines(parts, "参数")["涉镉等重金属行业（cadmium_trades）"] == wanted
    assert len(lines(parts, "参数")) == 3  # the rule's own: neither of the others is asked
    data = lines(parts, "数据")
    manifest = json.loads((once / "runs" / "2019-06-30" / "data" / "manifest.json").read_text(encoding="utf-8"))
    others = [one["kind"] for one in manifest["inputs"] if one["kind"] not in {"enterprises", "farmland"}]
    assert list(data) == ["涉重金属企业", "耕地", *["其余图层"] * bool(others)]
    assert data["涉重金属企业"].startswith("data/enterprises.csv：")
    assert data.get("其余图层", "") == (f"{len(others)} 个，本条不用，见 data/manifest.json" if others else "")
    flips = lines(parts, "什么会使它改变")
    assert flips["距离或数值"] == "在限值 10,000.0 m 以内 8,892.5 m；变动要超过这个数才会改变"
    assert as_plain(parts)["量得"][0] == {"name": "最近对象", "text": "P1"}


def test_what_is_open_says_what_would_settle_it(once: Path) -> None:
    run = once / "runs" / "2019-06-30"
    somewhere = explain_finding(run, "A3|SCR-JY-10KM")  # known by its township alone
    assert lines(somewhere, "什么会使它改变")["位置"].endswith("跨过限值 10,000.0 m：核准位置即可定")
    assert lines(somewhere, "读成")["台账：未定位"] == "没有坐标（经度、纬度「」），请补充坐标"
    other = explain_finding(run, "A2|SCR-JY-10KM")
    assert "行业（0912，2017 版）不在条款适用范围" in lines(other, "什么会使它改变")["所填行业、行为、地域或时间"]


def test_the_maps_popup_tells_the_same_sentences(once: Path) -> None:
    run = once / RUN
    block = re.search(r'id="hmgeo-data">(.*?)</script>', (run / "map.html").read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    data = json.loads(block[1])

    def read(step: list[Any], note: str) -> tuple[str, str]:
        """Put a step together as the page does."""
        name, said = data["steps"][step[0]][0], step[1] if len(step) > 1 else note
        if isinstance(said, int):
            filled = iter(step[2:])
            said = re.sub(r"{\w+}", lambda _: next(filled), data["steps"][said][0])
        return name, said

    compared = set()
    for source in (*data["sources"], *data["unmapped"]):
        for number in source["findings"]:
            finding = data["findings"][number]
            law, note = data["laws"][finding["law"]], dict(one[:2] for one in finding["more"]).get("note", "")
            kind = (finding["verdict"], str(finding["why"]))
            if kind in compared:
                continue
            compared.add(kind)
            parts = {part.title: part.lines for part in explain_finding(run, f"{source['id']}|{law['rule']}")}
            measured, flips = finding["why"]
            assert tuple(read(one, note) for one in measured) == parts["量得"]
            assert tuple(read(one, note) for one in (*flips, *data["rerun"])) == parts["什么会使它改变"]
            assert tuple(map(tuple, law["parameters"])) == parts["参数"]
    assert {verdict for verdict, _ in compared} == {"listed", "not_assessed", "not_applicable"}


def test_a_line_is_drawn_only_where_the_shapes_are_as_far_apart_as_was_measured() -> None:
    # 0.01 degrees of latitude at 23.625 N are 1,107.5 m (110,753 m a degree); the square's nearest edge is its south
    ground = Ground(shapely.Point(113.05, 23.62), nearest=shapely.box(113.04, 23.63, 113.06, 23.64), measured_m=1107.5)
    assert agrees(ground)
    assert not agrees(replace(ground, measured_m=1110.0))
    assert not agrees(replace(ground, nearest=shapely.box(113.04, 23.64, 113.06, 23.65)))
    assert not agrees(replace(ground, nearest=None))
    assert not agrees(replace(ground, measured_m=None))


def test_a_finding_of_screen_is_drawn_from_its_geopackage(tmp_path: Path, hmgeo_command: Callable[..., Ended]) -> None:
    sources, farmland, out = tmp_path / "s.csv", tmp_path / "f.geojson", tmp_path / "out"
    sources.write_text("企业编号,经度,纬度\nA1,113.05,23.62\n", encoding="utf-8")
    square = {
        "type": "Polygon",
        "coordinates": [[[113.04, 23.63], [113.06, 23.63], [113.06, 23.64], [113.04, 23.64], [113.04, 23.63]]],
    }
    feature = {"type": "Feature", "properties": {"地块编号": "P1", "类别": "安全利用类"}, "geometry": square}
    farmland.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    done = hmgeo_command("screen", "--sources", sources, "--farmland", farmland, "--radius", "10km", "--out", out)
    assert done.code == 0, done
    picture = tmp_path / "一.svg"
    assert hmgeo_command("explain", out, "A1", "USER-RADIUS", "--picture", picture).code == 0
    text = picture.read_text(encoding="utf-8")
    assert ">1,107.5 m</text>" in text  # the line stands only where the square lies as far as was measured
    assert text.count('fill="#E3B341"') == 2  # the square, in both panels


def test_a_finding_is_drawn_from_what_the_run_holds(
    run: Path, tmp_path: Path, hmgeo_command: Callable[..., Ended]
) -> None:
    name, out = "A1|SCR-JY-10KM", tmp_path / "一.png"
    parts = explain_finding(run, name)
    assert draw_finding(run, name, out, parts) == ""
    first = out.read_bytes()
    assert first.startswith(b"\x89PNG")
    draw_finding(run, name, out, parts)
    assert out.read_bytes() == first
    path = run / "data" / "receptors.parquet"  # a hospital within the limit is no other parcel: it isn't drawn as one
    held = pq.read_table(path)
    hospital = held.slice(0, 1).to_pylist()[0] | {"receptor_id": "医院", "receptor_kind": "sensitive_sites"}
    hospital["geometry"] = shapely.to_wkb(shapely.box(113.049, 23.621, 113.051, 23.622))
    pq.write_table(pa.concat_tables([held, pa.Table.from_pylist([hospital], held.schema)]), path)
    draw_finding(run, name, out, parts)
    assert out.read_bytes() == first
    told = [hmgeo_command("explain", run, *words).out for words in (["A3", "SCR-JY-10KM"], ["A3|SCR-JY-10KM"])]
    assert told[0] == told[1]
    assert "SCR-JY-10KM" in told[0]
    svg = tmp_path / "镇.svg"  # known by its township
    ended = hmgeo_command("explain", run, "A3", "SCR-JY-10KM", "--picture", svg)
    assert (ended.code, svg.read_bytes()[:5]) == (0, b"<?xml")
    with pytest.raises(UsageError, match=r"--picture：写不成这种文件.*允许：\.png、\.pdf、\.svg"):
        draw_finding(run, name, tmp_path / "一.jpg", parts)
    path = run / "data" / "findings.parquet"  # the shapes say otherwise: no line, and a word for it
    table = pq.read_table(path)
    moved = [None if one is None else one + 5 for one in table["measured"].to_pylist()]
    at = table.schema.get_field_index("measured")
    pq.write_table(table.set_column(at, table.schema.field(at), pa.array(moved, table.schema.field(at).type)), path)
    assert draw_finding(run, name, out, parts).endswith("图上不画距离线。")
    at = table.schema.get_field_index("geometry")
    none = pa.array([None] * table.num_rows, table.schema.field(at).type)
    pq.write_table(table.set_column(at, table.schema.field(at), none), path)
    (run / "data" / "findings.gpkg").unlink()
    with pytest.raises(InputError, match="这个污染源没有位置，画不出"):
        draw_finding(run, name, out, parts)


def test_an_unknown_finding_is_answered_with_those_there_are(project: Path, run: Path) -> None:
    with pytest.raises(InputError) as caught:
        explain_finding(run, "A9|SCR-JY-10KM")
    assert "没有这个污染源（现为「A9|SCR-JY-10KM」）；允许：A1、A2、A3" in str(caught.value)
    with pytest.raises(InputError, match=r"没有这条结论（现为「A1\|X」）；允许：A1\|"):
        explain_finding(run, "A1|X")
    (project / "data" / "enterprises.csv").write_text("改了", encoding="utf-8")
    told = lines(explain_finding(run, "A1|SCR-JY-10KM"), "原表")["位置"]
    assert told == "data/enterprises.csv 与运行时不同，行号从略"


def decisions(folder: Path, *rows: str) -> Path:
    path = folder / "决定.csv"
    path.write_text("\n".join(("结论编号,人工决定,决定人,日期,文件,理由,当时结论", *rows)), encoding="utf-8")
    return path


def test_what_people_decide_stands_beside_the_result_and_is_looked_at_again_where_that_changed(project: Path) -> None:
    who = "张三,2026-03-01,示环函〔2026〕8号,设备已拆除,符合排查条件"
    given = [f"{one}|SCR-JY-10KM,不列入整治,{who}" for one in ("A1", "A2", "A9")]
    run = run_project(project, overrides=decisions(project, *given))
    rows = {row["finding_id"]: row for row in run.results.finding_rows()}
    plain = {row["finding_id"]: row for row in project_results(project, page=False).finding_rows()}
    assert {key: row["verdict"] for key, row in rows.items()} == {key: row["verdict"] for key, row in plain.items()}
    kept, stale = "A1|SCR-JY-10KM", "A2|SCR-JY-10KM"
    by = "不列入整治（张三，2026-03-01，示环函〔2026〕8号；理由：设备已拆除）"
    assert rows[kept]["note"] == f"人工决定：{by}；筛查结果不因此改变。{plain[kept]['note']}"
    again = f"人工决定待复核：{by}；决定时结论为「符合排查条件」，现为「不适用」。"
    assert rows[stale]["note"] == again + plain[stale]["note"]
    assert {key for key, row in rows.items() if row["note"] != plain[key]["note"]} == {kept, stale}
    lost = "人工决定 3 条，印在各条结论旁，不代替筛查结果；待复核 2 条，其中没有对应结论的：A9|SCR-JY-10KM。"
    assert run.results.warnings[-1] == lost
    manifest = json.loads((run.folder / "data" / "manifest.json").read_text(encoding="utf-8"))
    assert [(one["finding_id"], one["now"], one["is_stale"]) for one in manifest["decisions"]] == [
        (kept, "listed", False), (stale, "not_applicable", True), ("A9|SCR-JY-10KM", "", True),
    ]  # fmt: skip
    for name, count in (("screening.xlsx", 2), ("survey_list.xlsx", 1)):
        cells = [cell for page in pages_of(run.folder / name).values() for row in page.rows for cell in row]
        assert sum(by.partition("；")[0] in str(cell) for cell in cells) >= count, name
    assert by in (run.folder / "map.html").read_text(encoding="utf-8")
    forms = pages_of(run.folder / "survey_list.xlsx")
    lines = [row for name, page in forms.items() if name.startswith("核查表-") for row in page.rows]
    clause = "《济源产城融合示范区2021年土壤污染防治攻坚战实施方案》二（三）3"
    assert [row[1] for row in lines if row[0] == "人工决定"] == [f"{clause}　人工决定：{by}；筛查结果不因此改变。"]
    tables = docx.Document(str(run.folder / "report.docx")).tables
    told_there = next(table for table in tables if table.rows[0].cells[3].text == "人工决定")
    cells = [[cell.text for cell in row.cells] for row in told_there.rows[1:]]
    said = ["不列入整治", "张三", "2026-03-01", "示环函〔2026〕8号", "设备已拆除"]
    assert [row[3:] for row in cells] == [said] * 3
    assert [row[2] for row in cells] == [
        "符合排查条件", "不适用；决定时为「符合排查条件」，待复核",
        "现在的清单中没有对应的一条；决定时为「符合排查条件」，待复核",
    ]  # fmt: skip
    assert [row[1] for row in cells] == [clause] * 3
    public = shown_to(run.results, PUBLIC).results  # who decided is the office's business
    assert {row["finding_id"]: row["note"] for row in public.finding_rows()} == {
        key: row["note"] for key, row in plain.items()
    }
    assert "张三" not in f"{public.sources['note'].to_pylist()}{public.warnings}{public.decisions}"
    assert holds(verify_run(run.folder, rerun=False))
    decisions(project, *given[:1])
    assert told(verify_run(run.folder, rerun=False))["输入"] == (DIFFERS, "与运行时不同：决定.csv")


def test_a_decision_says_all_of_itself(project: Path) -> None:
    path = decisions(project, "A1|X,不列入,,2026-02-30,函1,理由,符合", "A1|X,列入,李四,2026-03-01,函2,理由,listed")
    with pytest.raises(InputError) as caught:
        read_decisions(path)
    found = str(caught.value)
    assert "决定.csv，第 2 行，字段 决定人：没有填" in found
    assert "第 2 行，字段 日期：日期读不出（现为「2026-02-30」）" in found
    assert "第 2 行，字段 当时结论：当时结论不是结论用语（现为「符合」）" in found
    assert "第 3 行，字段 结论编号：同一条结论有两个决定（现为「A1|X」）" in found
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="没有认出人工决定的表头"):
        read_decisions(path)


WHO = "某甲,2026-03-01,示环函〔2026〕8号,现场核查,符合排查条件"
DECIDED = "结论编号,人工决定,决定人,日期,文件,理由,当时结论"


@pytest.mark.parametrize("source_id", ["row-1", "A1#2"])
def test_an_id_that_is_only_a_place_in_a_list_needs_the_name(project: Path, source_id: str) -> None:
    path = decisions(project, f"{source_id}|SCR-JY-10KM,不列入,{WHO}")
    told = "第 2 行，字段 结论编号：编号只是行次，清单一变就是另一家"
    with pytest.raises(InputError, match=told) as caught:
        read_decisions(path)
    assert "处理：加一列「名称」写企业名称，或给名单编号" in str(caught.value)
    path.write_text(f"{DECIDED},名称\n{source_id}|SCR-JY-10KM,不列入,{WHO},示例企业甲\n", encoding="utf-8")
    assert [one.name for one in read_decisions(path)] == ["示例企业甲"]


def test_a_decision_never_stands_beside_another_enterprise(project: Path) -> None:
    results = project_results(project, page=False)
    first, rule = results.sources["name"][0].as_py(), "SCR-JY-10KM"
    given = DecisionUsed(f"A1|{rule}", "不列入", *WHO.split(",")[:-1], "listed")
    own, others = (with_decisions(results, [replace(given, name=name)]) for name in (f" {first}", "另一家"))
    assert (own.decisions[0].now, own.decisions[0].is_stale) == ("listed", False)
    assert (others.decisions[0].now, others.decisions[0].is_stale) == ("", True)
    assert "某甲" in str(own.findings["note"].to_pylist())
    assert "某甲" not in str(others.findings["note"].to_pylist() + others.sources["note"].to_pylist())
    assert f"现在是另一家或不止一家的（不印在任何一家旁）：A1|{rule} 另一家" in others.warnings[-1]
    ids = pa.array(["A1", "A1#2", *results.sources["source_id"].to_pylist()[2:]])
    twice = replace(results, sources=results.sources.set_column(0, "source_id", ids))
    assert with_decisions(twice, [given]).decisions[0].now == ""


def test_decisions_are_read_from_every_sheet(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for number, sheet in enumerate((book.active, book.create_sheet("乡镇")), start=1):
        sheet.append(DECIDED.split(","))
        sheet.append([f"A{number}|X", "不列入", *WHO.split(",")])
    book.create_sheet("空")
    book.save(tmp_path / "决定.xlsx")
    assert [one.finding_id for one in read_decisions(tmp_path / "决定.xlsx")] == ["A1|X", "A2|X"]
    book["乡镇"]["A2"] = "A1|X"
    book["空"]["B3"] = "随记"
    book.save(tmp_path / "决定.xlsx")
    with pytest.raises(InputError) as caught:
        read_decisions(tmp_path / "决定.xlsx")
    assert "图层/工作表 乡镇，第 2 行，字段 结论编号：同一条结论有两个决定" in str(caught.value)
    assert "图层/工作表 空：没有认出人工决定的表头" in str(caught.value)


def unpacked(book: Path, folder: Path) -> Path:
    with zipfile.ZipFile(book) as held:
        held.extractall(folder)
    return folder / book.stem


def test_an_archive_unpacked_elsewhere_is_verified_there(project: Path, run: Path, tmp_path: Path) -> None:
    data = Path(shutil.move(project / "data", tmp_path / "底图"))  # an input that lies outside the project
    file = project / "project.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("path: data/", "path: ../底图/"), encoding="utf-8")
    with allowing_outside():
        run = run_project(file, run).folder
    (run / "笔记.txt").write_text("现场", encoding="utf-8")
    made = archive_run(run, tmp_path / "案卷.zip")
    first = (tmp_path / "案卷.zip").read_bytes()
    archive_run(run, tmp_path / "案卷.zip")
    assert (tmp_path / "案卷.zip").read_bytes() == first
    held = {one.title: one.files for one in made.contents}
    outputs = json.loads((run / "data" / "manifest.json").read_text(encoding="utf-8"))["outputs"]
    assert (held["输入和设置"], held["结果文件夹"]) == (3, len(outputs) + 1)
    assert made.size_bytes == len(first)
    assert "结果文件夹里另有 1 个文件不是 hmgeo 写出的，没有收入：笔记.txt。" in made.remarks
    shutil.rmtree(project)
    shutil.rmtree(data)
    top = unpacked(tmp_path / "案卷.zip", tmp_path / "空")
    typed = "hmgeo verify case/项目/runs/2019-06-30 --allow-outside\n"
    assert typed in (top / "说明.txt").read_text(encoding="utf-8")
    with allowing_outside():
        again = verify_run(top / "case" / "项目" / "runs" / "2019-06-30")
    assert told(again)["重跑"] == (SAME, f"{len(outputs)} 个文件字节相同")
    assert holds(again)
    for line in (top / "校验和.txt").read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        assert hashlib.sha256((top / name).read_bytes()).hexdigest() == digest
    listed = (top / "lock.txt").read_text(encoding="utf-8")
    assert {"hmgeo", "numpy", "shapely"} <= {line.partition("==")[0] for line in listed.splitlines()}
    guide = (top / "说明.txt").read_text(encoding="utf-8")
    assert "hmgeo verify case/项目/runs/2019-06-30" in guide
    assert "没有收入安装包，只在 lock.txt 列出版本" in guide
    assert (top / "rules" / "parameters.yml").is_file()


def test_what_could_not_be_run_again_or_must_not_leave_is_not_archived(
    project: Path, run: Path, tmp_path: Path, hmgeo_command: Callable[..., Ended]
) -> None:
    def classified(held: dict[str, object]) -> None:
        held["inputs"][0]["classification"] = "涉密"  # type: ignore[index]
        held["versions"]["shapely"] = "1.0"  # type: ignore[index]

    resign(run, classified)
    (project / "data" / "enterprises.csv").write_text("改了", encoding="utf-8")
    (run / "map.html").write_text("x", encoding="utf-8")
    ended = hmgeo_command("archive", run, "--out", tmp_path / "a.zip")
    assert ended.code == 2
    assert "有标注涉密的图层，不归档（现为「data/enterprises.csv」）" in ended.err
    for words in ("写出后改动过：map.html", "与运行时不同：data/enterprises.csv", "shapely 1.0→"):
        assert words in ended.err
    assert not (tmp_path / "a.zip").exists()


def test_an_archive_with_packages_has_all_that_are_needed(run: Path, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (wheels / "numpy-0.1-py3-none-any.whl").write_bytes(b"")
    with pytest.raises(InputError, match=r"wheels：安装包不齐（现为「.* 等 \d+ 个」）"):
        archive_run(run, tmp_path / "a.zip", wheels=wheels)
    archive_run(run, tmp_path / "a.zip")
    top = unpacked(tmp_path / "a.zip", tmp_path)
    for line in (top / "lock.txt").read_text(encoding="utf-8").splitlines()[1:]:
        name, _, version = line.partition("==")
        (wheels / f"{name.replace('-', '_')}-{version}-py3-none-any.whl").write_bytes(b"")
    made = archive_run(run, tmp_path / "b.zip", wheels=wheels)
    assert made.remarks == ()
    guide = (unpacked(tmp_path / "b.zip", tmp_path) / "说明.txt").read_text(encoding="utf-8")
    assert "pip install --no-index --find-links wheels -r lock.txt" in guide
