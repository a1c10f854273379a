"""What goes wrong around hmgeo: taken names, closed streams, poor terminals, damaged caches, swallowed signals."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
import xlsxwriter

import hmgeo.cli
from hmgeo.errors import OutputError
from hmgeo.project.folder import whole_file
from hmgeo.reference import machine
from hmgeo.reference.compiled import compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Ended

POSIX = pytest.mark.skipif(os.name == "nt", reason="streams and signals of POSIX")
VERSION = [sys.executable, "-c", "from hmgeo.cli import command; command()", "--version"]


def write(path: Path, text: str) -> None:
    with whole_file(path, []) as temporary:
        temporary.write_text(text, encoding="utf-8")


def test_a_named_file_gives_way_only_as_we_wrote_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    out = tmp_path / "名单.csv"
    write(out, "first")
    write(out, "second")
    assert out.read_text(encoding="utf-8") == "second"
    out.write_text("second, filled in by a person", encoding="utf-8")
    with pytest.raises(
        OutputError, match=r"名单\.csv：已有同名文件，不是 hmgeo 写出的，或写出后改动过，未作改动。处理：移走或改名"
    ):
        write(out, "third")
    assert out.read_text(encoding="utf-8") == "second, filled in by a person"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "名单.csv"]


def test_where_no_note_can_be_kept_a_file_is_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache").write_text("a file, not a folder", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write(tmp_path / "a.csv", "first")
    with pytest.raises(OutputError, match="已有同名文件"):
        write(tmp_path / "a.csv", "second")
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == "first"


def test_the_notes_do_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    notes = tmp_path / "cache" / "hmgeo-written.txt"
    notes.parent.mkdir()
    notes.write_text(f"{'0' * 64}\n" * 4_000, encoding="ascii")
    write(tmp_path / "a.csv", "first")
    write(tmp_path / "a.csv", "second")
    assert len(notes.read_text(encoding="ascii").splitlines()) == 1_002


COMMANDS_WITH_ONE_FILE = {
    "pairs": ("--sources", "{sites}", "--receptors", "{land}", "--out", "{out}"),
    "key-areas": ("{sites}", "--out", "{out}", "--area", "441802"),
    "layers check": ("{sites}", "--fixme", "{out}"),
}


OWN_ENDING = {"pairs": ".parquet"}


@pytest.mark.parametrize("command", COMMANDS_WITH_ONE_FILE)
def test_no_command_writes_over_a_file_of_the_users(
    command: str, hmgeo_command: Callable[..., Ended], tmp_path: Path
) -> None:
    sites, land, out = tmp_path / "s.csv", tmp_path / "f.geojson", tmp_path / f"mine{OWN_ENDING.get(command, '.xlsx')}"
    sites.write_text("企业名称,经度,纬度\n甲厂,113.05,23.60\n", encoding="utf-8")
    ring = "[[113.06,23.60],[113.07,23.60],[113.07,23.61],[113.06,23.60]]"
    shape = f'{{"type":"Polygon","coordinates":[{ring}]}}'
    land.write_text(f'{{"type":"Feature","properties":{{"id":"p"}},"geometry":{shape}}}', encoding="utf-8")
    out.write_bytes(b"a year's work")
    named = {"sites": sites, "land": land, "out": out}
    ended = hmgeo_command(*command.split(), *(word.format(**named) for word in COMMANDS_WITH_ONE_FILE[command]))
    assert (ended.code, out.read_bytes()) == (2, b"a year's work")
    assert "已有同名文件，不是 hmgeo 写出的" in "".join(ended.faults)


OUTSIDE = "文件在项目文件夹之外，未读取"
SOUND = Path(__file__).resolve().parent / "broken_projects"


def test_a_project_reaches_no_file_outside_its_folder_unasked(
    hmgeo_command: Callable[..., Ended], tmp_path: Path
) -> None:
    project, secret = tmp_path / "mailed", tmp_path / "private" / "secret"
    shutil.copytree(SOUND / "data", project / "data")
    shutil.copytree(SOUND / "data", secret)
    text = (SOUND / "good.yml").read_text(encoding="utf-8")
    line = next(n for n, one in enumerate(text.splitlines(), 1) if "farmland.geojson" in one)
    outside = text.replace("data/farmland.geojson", "../private/secret/farmland.geojson")
    (project / "project.yml").write_text(outside, encoding="utf-8")
    told = f"第 {line} 行，键 path：{OUTSIDE}（现为「../private/secret/farmland.geojson」）"
    for command in ("check", "run", "flow"):
        ended = hmgeo_command(command, project)
        assert (ended.code, len(ended.faults), (project / "runs").exists()) == (2, 1, False), command
        assert told in ended.faults[0]
        assert "在命令后加 --allow-outside" in ended.faults[0]
    assert hmgeo_command("check", project, "--no-foresee", "--allow-outside").faults == []
    assert hmgeo_command("check", project, "--no-foresee").code == 2, "leave is given for one command"
    (project / "project.yml").write_text(text, encoding="utf-8")
    assert hmgeo_command("check", project, "--no-foresee").faults == []


@POSIX
@pytest.mark.parametrize(
    ("at", "to"),
    [
        ("data/farmland.geojson", "farmland.geojson"),
        ("data/farmland.prj", "farmland.prj"),
        ("validity.yml", "v.yml"),
        ("project.yml", "project.yml"),
    ],
)
@pytest.mark.parametrize("with_ring", [False, True])
def test_links_lead_out_no_further_and_their_target_is_not_told(
    at: str, to: str, hmgeo_command: Callable[..., Ended], tmp_path: Path, *, with_ring: bool
) -> None:
    project = tmp_path / "mailed"
    shutil.copytree(SOUND / "data", project / "data")
    shutil.copy(SOUND / "good.yml", project / "project.yml")
    (project / at).unlink(missing_ok=True)
    secret = tmp_path / "private" / "secret"
    secret.mkdir(parents=True)
    (secret / "project.yml").write_text("secretkey: 1\n", encoding="utf-8")
    (project / at).symlink_to(tmp_path / "private" / "secret" / to)
    if with_ring:  # a ring leads nowhere, and what lies beside it is looked at all the same
        ring = (project / at).with_suffix(".ring")
        ring.symlink_to(ring)
    ended = hmgeo_command("check", project, "--no-foresee")
    assert ended.code == 2
    assert any(OUTSIDE in fault for fault in ended.faults)
    assert "secret" not in ended.out + ended.err


@POSIX
def test_results_go_to_files_not_to_devices(hmgeo_command: Callable[..., Ended], tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("企业名称,经度,纬度\n甲厂,113.05,23.60\n", encoding="utf-8")
    os.mkfifo(tmp_path / "pipe")
    for place in ("/dev/stdout", "/dev/null", "/proc/self/fd/1", tmp_path / "pipe"):
        ended = hmgeo_command("key-areas", tmp_path / "s.csv", "--area", "441802", "--out", place)
        assert ended.code == 2
        assert "输出位置是设备或管道，未写出。处理：结果要写成完整的文件，写明一个文件名" in ended.faults[0]


@POSIX
def test_closed_streams_are_no_fault() -> None:
    ended = subprocess.run(["sh", "-c", '"$@" >&- 2>&-', "sh", *VERSION], check=False)  # noqa: S603, S607 - own words
    assert ended.returncode == 0


@POSIX
def test_a_terminal_without_chinese_is_told_once_what_to_set() -> None:
    poor = {**os.environ, "PYTHONIOENCODING": "ascii"}
    ended = subprocess.run(VERSION, env=poor, capture_output=True, text=True, check=True)  # noqa: S603 - own words
    assert ended.stderr == (
        "hmgeo: this terminal's encoding (ascii) can't show Chinese; set PYTHONUTF8=1 or LANG=C.UTF-8.\n"
    )
    gbk = {**os.environ, "PYTHONIOENCODING": "gbk"}
    assert subprocess.run(VERSION, env=gbk, capture_output=True, check=True).stderr == b""  # noqa: S603 - own words


@pytest.fixture
def kept_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    machine.code_folder.cache_clear()
    yield tmp_path
    machine.code_folder.cache_clear()


def twice(number: int) -> int:
    return 2 * number


@pytest.mark.parametrize("damage", [b"", b"\x80\x05cut", "one bit"])
def test_damaged_code_is_compiled_again_with_one_line(kept_code: Path, damage: bytes | str) -> None:
    assert compiled(twice)(21) == 42
    (kept,) = kept_code.rglob("test_faults.twice-*.code")
    whole = kept.read_bytes()
    kept.write_bytes(damage if isinstance(damage, bytes) else whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.warns(machine.CacheFolderWarning, match="留存的编译结果已损坏，重新编译") as told:
        assert compiled(twice)(21) == 42
    assert len(told) == 1
    assert kept.read_bytes() == whole
    assert compiled(twice)(21) == 42


@POSIX
def test_code_that_others_can_write_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(machine.tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    (tmp_path / "package").write_text("a file, so that no folder fits below", encoding="utf-8")
    private = machine.choose_folder(tmp_path / "package", "0")
    assert private == tmp_path / "home" / "hmgeo-engine-0"
    private.chmod(0o777)
    guessed = tmp_path / "temporary" / f"hmgeo-engine-{os.getuid()}-0"
    guessed.mkdir()
    guessed.chmod(0o777)
    with pytest.warns(machine.CacheFolderWarning):
        chosen = machine.choose_folder(tmp_path / "package", "0")
    assert chosen not in {private, guessed}
    assert chosen.stat().st_mode & 0o077 == 0


@POSIX
@pytest.mark.parametrize("sent", ["SIGTERM", "SIGHUP"])
def test_a_signal_that_is_swallowed_is_said_again(sent: str) -> None:
    task = f"""
import os, signal, sys, time
from hmgeo import cli
def work():
    try:
        os.kill(os.getpid(), signal.{sent}); time.sleep(5)
    except BaseException:
        pass
    try:
        time.sleep(5)
    finally:
        time.sleep(0.6); print("cleaned", flush=True)
cli.app = work
cli.main()
"""
    started = time.monotonic()
    ended = subprocess.run([sys.executable, "-c", task], check=False, capture_output=True, text=True)  # noqa: S603
    assert (ended.returncode, ended.stdout) == (128 + getattr(signal, sent), "cleaned\n")
    assert time.monotonic() - started < 5
    assert hmgeo.cli.app is not None


READING_FOR_LONG = """
import hashlib, os, python_calamine, types
import hmgeo.intake.formats.sheets as sheets
from hmgeo.cli import command

class Reader:
    sheets_metadata = [types.SimpleNamespace(name="s", typ=python_calamine.SheetTypeEnum.WorkSheet)]

    def get_sheet_by_name(self, name):
        os.write(1, b"reading")
        try:
            hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)  # hears nothing for many minutes
        finally:
            os.write(1, b"read")

sheets.python_calamine = types.SimpleNamespace(**vars(python_calamine))
sheets.python_calamine.CalamineWorkbook = types.SimpleNamespace(from_filelike=lambda _: Reader())
command()
"""


@POSIX
def test_ctrl_c_is_heard_while_a_workbook_is_read(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        book.add_worksheet("s").write(0, 0, "企业名称")
    call = [sys.executable, "-c", READING_FOR_LONG, "layers", "check", str(tmp_path / "a.xlsx")]
    with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:  # noqa: S603 -- our own words
        assert running.stdout is not None
        assert running.stdout.read(7) == b"reading"
        running.send_signal(signal.SIGINT)
        told, faults = running.communicate()
    assert (running.returncode, told) == (130, b"")
    assert faults.decode() == "已中断，没有留下未写完的结果。\n"


@pytest.mark.parametrize("value", ["-5", "0", ".inf", "2000000"])
def test_impossible_limits_of_a_rule_are_refused(
    value: str, hmgeo_command: Callable[..., Ended], tmp_path: Path
) -> None:
    shipped = Path(hmgeo.__file__).parent / "rules" / "data" / "004-jiyuan-soil-2021.yml"
    text = shipped.read_text(encoding="utf-8").replace("    value: 10000\n", f"    value: {value}\n")
    line = text[: text.index(f"    value: {value}\n")].count("\n") + 1
    (tmp_path / "r.yml").write_text(text, encoding="utf-8")
    ended = hmgeo_command("rules", "check", tmp_path / "r.yml")
    found = [fault for fault in ended.faults if "限值不可能" in fault]
    assert ended.code == 2
    assert len(found) == 1
    assert "SCR-JY-10KM" in found[0]
    assert "允许：大于 0，不超过 1e+06 m" in found[0]
    assert abs(int(found[0].split("第 ")[1].split(" 行")[0]) - line) < 12


def test_what_is_kept_is_used_once_whole_and_only_for_the_same_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    source = tmp_path / "rules.yml"
    source.write_text("a", encoding="utf-8")
    made: list[str] = []

    def make() -> MappingProxyType[str, list[str]]:
        made.append(source.read_text(encoding="utf-8"))
        return MappingProxyType({"made": made[-1:]})

    def ask() -> str:
        return machine.kept("book", tmp_path / "package", [source], make)["made"][0]

    assert [ask(), ask(), made] == ["a", "a", ["a"]]
    (file,) = (tmp_path / "package").rglob("*.pickle")
    whole = file.read_bytes()
    for damaged in (b"", whole[:-1], whole[:-9] + b"\0" + whole[-8:]):
        file.write_bytes(damaged)
        made.clear()
        assert [ask(), made] == ["a", ["a"]]
        assert file.read_bytes() == whole
    source.write_text("b", encoding="utf-8")
    assert ask() == "b"


@POSIX
def test_what_others_could_have_kept_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    assert machine.kept("book", tmp_path / "package", [], lambda: 1) == 1
    (file,) = (tmp_path / "package").rglob("*.pickle")
    file.parent.chmod(0o777)
    assert machine.kept("book", tmp_path / "package", [], lambda: 2) == 2
    assert machine.kept("book", tmp_path / "package", [], lambda: 3) == 2, "from the user's own folder"


@POSIX
@pytest.mark.parametrize(
    "name",
    ["a!b", "two\nlines", "表😀", " a blank at both ends ", "[b] 'c' \"d\" %41 $x", "/".join(["很长的名字" * 8] * 3)],
)
def test_no_name_of_a_folder_is_too_odd(name: str, hmgeo_command: Callable[..., Ended], tmp_path: Path) -> None:
    folder = tmp_path / name
    folder.mkdir(parents=True)
    (folder / "s.csv").write_text("企业名称,经度,纬度\n甲厂,113.05,23.60\n", encoding="utf-8")
    for out in ("names.csv", "names.xlsx"):
        ended = hmgeo_command("key-areas", folder / "s.csv", "--area", "441802", "--out", folder / out)
        assert (ended.code, ended.faults) == (0, [])
    assert sorted(path.name for path in folder.iterdir()) == ["names.csv", "names.xlsx", "s.csv"]


def test_a_row_at_the_pole_is_told_of_and_the_others_are_measured(
    hmgeo_command: Callable[..., Ended], tmp_path: Path
) -> None:
    (tmp_path / "s.csv").write_text("企业名称,经度,纬度\n甲厂,113.05,23.60\n乙厂,113.05,90\n", encoding="utf-8")
    ring = "[[113.06,23.60],[113.07,23.60],[113.07,23.61],[113.06,23.60]]"
    shape = f'{{"type":"Polygon","coordinates":[{ring}]}}'
    feature = f'{{"type":"Feature","properties":{{"id":"p"}},"geometry":{shape}}}'
    (tmp_path / "f.geojson").write_text(feature, encoding="utf-8")
    given = "--sources", tmp_path / "s.csv", "--receptors", tmp_path / "f.geojson", "--out", tmp_path / "o.parquet"
    assert hmgeo_command("pairs", *given).code == 0
    assert pq.read_table(tmp_path / "o.parquet")["source_id"].to_pylist() == ["row-1"]


SURROUNDINGS = {
    "LANG=C, streams of cp936": {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "cp936"},
    "no HOME, no cache, another zone": {"HOME": "", "XDG_CACHE_HOME": "/dev/null/none", "TZ": "Pacific/Kiritimati"},
}


@POSIX
def test_poor_surroundings_change_no_byte(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("企业名称,经度,纬度\n甲厂,113.05,23.60\n", encoding="utf-8")
    written, told = {}, {}
    for around, changes in {"as here": {}, **SURROUNDINGS}.items():
        env = {name: text for name, text in {**os.environ, **changes}.items() if text}
        typed = [*VERSION[:-1], "key-areas", "s.csv", "--area", "441802", "--out", "names.csv"]
        ended = subprocess.run(typed, cwd=tmp_path, env=env, capture_output=True, check=False)  # noqa: S603 - own words
        assert ended.returncode == 0, ended.stderr
        written[around] = (tmp_path / "names.csv").read_bytes()
        (tmp_path / "names.csv").unlink()
        told[around] = (ended.stdout + ended.stderr).decode("cp936" if "cp936" in around else "utf-8")
    assert len(set(written.values())) == 1
    assert len(set(told.values())) == 1


@POSIX
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("more", [(), ("--help",)])
def test_no_room_for_what_is_shown_is_told(more: tuple[str, ...]) -> None:
    call = [sys.executable, "-c", "from hmgeo.cli import command; command()", "rules", "list", *more]
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(call, stdout=full, stderr=subprocess.PIPE, encoding="utf-8", check=False)  # noqa: S603 -- our own words
    assert (done.returncode, done.stderr) == (2, "× 写不出：磁盘已满。处理：腾出空间，或把输出转到别处\n")


@POSIX
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_no_room_for_anything_ends_as_no_room_does() -> None:
    call = [sys.executable, "-c", "from hmgeo.cli import command; command()", "rules", "list"]
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        assert subprocess.run(call, stdout=full, stderr=full, check=False).returncode == 2  # noqa: S603 -- our own words
