"""The command line: exit codes, words on stderr, results on stdout, and no slow import before it is needed."""

from __future__ import annotations

import csv
import errno
import io
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pyarrow.parquet as pq
import pytest
import typer
from rich.cells import cell_len
from rich.console import Console

import hmgeo
from hmgeo import cli
from hmgeo.commands.options import Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Ended
    from typer.core import TyperCommand, TyperGroup

DATA = Path(__file__).resolve().parent / "broken_projects" / "data"
SOURCES, FARMLAND = DATA / "enterprises.csv", DATA / "farmland.geojson"
SLOW = ("geopandas", "pandas", "pyogrio", "rasterio", "folium", "xlsxwriter")


def names_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def imported_by(code: str) -> set[str]:
    """Return the top names of all modules, ours in full, that are loaded after some code ran in a fresh Python."""
    names = "n if n.startswith('hmgeo.') else n.partition('.')[0] for n in sys.modules"
    show = f"import sys; print('\\n' + ' '.join(sorted({{{names}}})))"
    run = [sys.executable, "-c", f"{code}\n{show}"]
    done = subprocess.run(run, check=True, capture_output=True, text=True, timeout=120)  # noqa: S603 - our own words
    return set(done.stdout.splitlines()[-1].split())


# ---- light --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [["--version"], ["--help"], ["rules", "list"], ["rules", "show", "SCR-JY-10KM"]])
def test_versions_and_rules_are_told_without_any_library_for_maps_tables_or_numbers(asked: list[str]) -> None:
    start = f"import sys\nsys.argv = {['hmgeo', *asked]!r}\nimport hmgeo.cli\n"
    loaded = imported_by(f"{start}try:\n    hmgeo.cli.main()\nexcept SystemExit as end:\n    assert not end.code")
    assert "typer" in loaded
    assert loaded & {*SLOW, "shapely", "pyproj", "pyarrow", "numpy", "numba", "pydantic"} == set()


def test_what_is_typed_reaches_a_command_as_text_path_and_list() -> None:
    taken: dict[str, object] = {}

    def command(
        at: Path, name: str = "a", more: list[Path] | None = None, ratio: float | None = None, *, loud: bool = False
    ) -> None:
        taken.update(at=at, name=name, more=more, ratio=ratio, loud=loud)

    made = cli.Lazy({"try": command})["try"]
    made.main(["x y", "--more", "1", "--more", "乙", "--ratio", "1.5", "--loud"], standalone_mode=False)
    assert taken == {"at": Path("x y"), "name": "a", "more": [Path("1"), Path("乙")], "ratio": 1.5, "loud": True}
    made.main(["z"], standalone_mode=False)
    assert taken == {"at": Path("z"), "name": "a", "more": None, "ratio": None, "loud": False}


def test_doctor_tells_where_and_how_much_is_kept_and_clears_the_grids(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hmgeo_command: Callable[..., Ended]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "hmgeo-heights").mkdir()
    (tmp_path / "hmgeo-heights" / "a.npz").write_bytes(bytes(3 << 20))
    told = hmgeo_command("doctor").out
    assert f"填洼结果（至多 1024 MB，先删久未用的）：3.0 MB，{tmp_path / 'hmgeo-heights'}" in told
    assert "编译结果：" in told
    freed = json.loads(hmgeo_command("doctor", "--clear", "--json").out)
    assert (freed["freed"], freed["kept"]["heights"]["bytes"]) == (3 << 20, 0)
    assert not (tmp_path / "hmgeo-heights").exists()


def test_the_package_itself_loads_nothing() -> None:
    assert imported_by("import hmgeo") & {*SLOW, "shapely", "pyproj", "pyarrow", "numpy", "yaml", "typer"} == set()


@pytest.mark.parametrize("more", ["", ", aggregate=True"])
def test_pairs_load_no_geopandas_and_nothing_that_judges_or_draws(more: str, tmp_path: Path) -> None:
    start = "from pathlib import Path; from hmgeo import BareFile, pairs_files\n"
    files = ", ".join(f"BareFile(Path({str(path)!r}))" for path in (SOURCES, FARMLAND))
    loaded = imported_by(f"{start}pairs_files({files}, {str(tmp_path / 'p.parquet')!r}{more})")
    assert (tmp_path / "p.parquet").stat().st_size > 500
    assert "shapely" in loaded
    assert loaded & {*SLOW} - {"pandas"} == set()  # pyarrow itself looks for pandas
    rooms = {name for name in loaded if name.split(".")[1:2] in (["judging"], ["outputs"], ["water"])}
    assert rooms <= {"hmgeo.judging", "hmgeo.judging.choices"}


def test_every_public_name_is_there() -> None:
    assert [name for name in hmgeo.__all__ if not hasattr(hmgeo, name)] == []
    assert set(hmgeo.__all__) <= set(dir(hmgeo))
    with pytest.raises(AttributeError, match="module 'hmgeo' has no attribute 'sreen'"):
        hmgeo.sreen  # noqa: B018 - the look-up is what is tested


# ---- exit codes and streams ---------------------------------------------------------------------------------------


def test_the_version(hmgeo_command: Callable[..., Ended]) -> None:
    ended = hmgeo_command("--version")
    assert (ended.code, ended.out, ended.err) == (0, f"{hmgeo.__version__}\n", "")


@pytest.mark.parametrize(
    ("wrong", "told", "where"),
    [
        ("scren", "没有命令 scren；相近的：screen", "用法见 hmgeo"),
        ("layers nosuch", "没有命令 nosuch", "用法见 hmgeo layers"),
        ("screen", "缺少 --sources：污染源文件：csv、xlsx、gpkg、geojson、parquet、shp", "用法见 hmgeo screen"),
        ("run", "缺少 project：project.yml 或其所在文件夹", "用法见 hmgeo run"),
        ("site --projec a", "没有选项 --projec；相近的：--project", "用法见 hmgeo site"),
        ("screen --radius", "--radius 后面要有值", "见 hmgeo"),
        ("check a b", "多了 b", "用法见 hmgeo check"),
        ("check a --foresee=3", "--foresee 后面不带值", "见 hmgeo"),
        ("offsets a --out c --ratio x", "--ratio 须为数", "用法见 hmgeo offsets"),
        ("screen --sources a --farmland b --out c --sources-basis x",
         "--sources-basis 只能写 real, undeclared, approximate, synthetic", "用法见 hmgeo screen"),
        ("demo --lang fr", "--lang：「fr」不可用，写 zh 或 en", "用法见 hmgeo demo"),
        ("run p --also shp,Gml,dxf", "--also：「Gml、dxf」不可用，可写：shp、kmz、geoparquet，几个用逗号隔开",
         "用法见 hmgeo run"),
        ("screen --sources a --farmland b --out c --also ,",
         "--also：「,」不可用，可写：shp、kmz、geoparquet，几个用逗号隔开", "用法见 hmgeo screen"),
    ],
)  # fmt: skip
def test_usage_that_cant_be_understood(
    wrong: str, told: str, where: str, hmgeo_command: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    """That the engine is compiled is not begun, nor told, before a command is understood: here it never was."""
    monkeypatch.setattr("hmgeo.commands.options.begin_compiling", lambda: True)
    ended = hmgeo_command(*wrong.split())
    assert (ended.code, ended.out, ended.err) == (2, "", f"× {told}。处理：{where} --help\n")


def test_help_lists_the_commands(hmgeo_command: Callable[..., Ended]) -> None:
    ended = hmgeo_command("--help")
    assert ended.code == 0
    assert [word for word in ("demo", "run", "check", "screen", "pairs") if word not in ended.out] == []


def every_command(group: TyperGroup, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], TyperCommand]]:
    """Yield every command with the words that call it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from every_command(command, (*path, name))
        else:
            yield (*path, name), command


def test_what_found_no_room_is_not_told_twice(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A zip that couldn't be closed tries again when it is taken apart, where Python prints what it can't raise."""

    class Zip:
        def __init__(self, fault: Exception) -> None:
            self.fault = fault

        def __del__(self) -> None:
            raise self.fault

    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)
    monkeypatch.setattr(cli, "app", lambda: None)
    cli.main()
    Zip(OSError(errno.ENOSPC, "full"))
    assert capsys.readouterr().err == ""
    Zip(ValueError("another fault"))
    assert capsys.readouterr().err.endswith("ValueError: another fault\n")


COMMANDS = list(every_command(typer.main.get_command(cli.app)))


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[" ".join(path) for path, _ in COMMANDS])
def test_help_is_chinese_and_whole_on_a_narrow_screen(
    path: tuple[str, ...], command: TyperCommand, hmgeo_command: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Typer's own help cut what was too long for 80 columns; each ends with what can be typed."""
    monkeypatch.setenv("COLUMNS", "80")
    ended = hmgeo_command(*path, "--help")
    lines = ended.out.splitlines()
    assert ended.code == 0
    assert [line for line in lines if cell_len(line) > 80] == []
    assert "…" not in re.sub("--[a-z-]+ …", "", ended.out)
    assert lines[0].startswith(f"用法：hmgeo {' '.join(path)}")
    shown = Counter("".join(ended.out.split()))
    for told in (command.help, *(one.help for one in command.params if one.name != "help")):
        assert not Counter("".join(told.split())) - shown, told  # folded beside names, but all there
    known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    required = {one.opts[0] for one in command.params if one.required and one.opts[0].startswith("--")}
    for example in cli.EXAMPLES[" ".join(path)]:
        assert example.startswith(f"hmgeo {' '.join(path)}")
        assert "".join(example.split()) in "".join(ended.out.split())
        assert required <= {word for word in example.split() if word.startswith("--")} <= known


def test_a_bug_is_no_users_fault(hmgeo_command: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch) -> None:
    """Only our own errors become exit 2; anything else goes up as it is, and Python ends with 1."""

    def broken() -> None:
        message = "a bug"
        raise ZeroDivisionError(message)

    monkeypatch.setattr(cli, "app", broken)
    with pytest.raises(ZeroDivisionError):
        hmgeo_command("check")


def screen(command: Callable[..., Ended], out: Path, *options: object, **files: Path) -> Ended:
    given = ("--sources", files.get("sources", SOURCES), "--farmland", files.get("farmland", FARMLAND), "--out", out)
    return command("screen", *given, *options)


def test_screen_says_what_came_out(hmgeo_command: Callable[..., Ended], tmp_path: Path) -> None:
    ended = screen(hmgeo_command, tmp_path / "out", "--sources-datum", "cgcs2000", "--radius", "5km")
    assert ended.code == 0
    assert ended.out.splitlines()[:2] == [
        "5 km 距离排查：污染源 3 行（已评估 2，未定位 1，退回补正 0）",
        (
            "  触及禁止性规定 0 条｜有附加条件 0 条｜符合排查条件 2 条｜未评估 1 条"
            "（已量未见、范围未申明 0，缺图层或资料 0，效力未核实或原文未收录 0，位置不明 1）｜未触及 0 条｜不适用 0 条"
        ),
    ]
    assert str(tmp_path / "out") in ended.out
    assert "读取图层 …" in ended.err
    assert "▲ 1 行未定位，未参与测算，见处理台账。" in ended.err
    assert names_in(tmp_path / "out") == [
        "data", "data/counts.parquet", "data/dictionary.csv", "data/evidence.csv", "data/findings.gpkg",
        "data/findings.parquet", "data/findings.qgz",
        "data/land_totals.csv", "data/ledger.csv", "data/manifest.json", "data/pairs.parquet", "data/sources.csv",
        "fixme.xlsx", "map.html", "print", "print/cards.pdf", "print/map.pdf", "print/map.png", "print/现场.kmz",
        "report.docx", "screening.xlsx", "survey_list.xlsx", "阅读说明.txt",
    ]  # fmt: skip
    fixes = openpyxl.load_workbook(tmp_path / "out" / "fixme.xlsx").active
    assert [cell.value for cell in fixes[3]][1] == "A3"
    assert (fixes.page_setup.orientation, fixes.page_setup.fitToHeight, fixes.print_title_rows) == (
        "landscape",
        0,
        "$2:$2",
    )


def test_gis_layers_in_other_formats_are_asked_for_as_a_list_however_written(
    hmgeo_command: Callable[..., Ended], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert screen(hmgeo_command, out, "--also", " KMZ， Shp", "--also", "shp、GeoParquet").code == 0
    tables = ("areas", "context_lines", "findings", "receptors", "search_areas", "source_positions", "sources")
    names = [name for name in names_in(out / "data" / "shp") if name.endswith(".shp")]
    assert names == [f"{one}.shp" for one in tables]
    assert names_in(out / "data" / "geoparquet") == [f"{one}.parquet" for one in tables]
    manifest = json.loads((out / "data" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["command"] == "hmgeo screen --radius 10km --also shp,kmz,geoparquet"
    listed = {"data/findings.kmz", "data/shp/sources.dbf", "data/shp/字段对照.csv", "data/geoparquet/sources.parquet"}
    assert listed <= set(manifest["outputs"])
    guide = (out / "阅读说明.txt").read_text(encoding="utf-8-sig")
    assert "data/findings.kmz" in guide
    assert "data/shp/字段对照.csv" in guide


@pytest.mark.parametrize(("verdict", "code"), [("listed", 3), ("not_assessed", 3), ("prohibited", 0)])
def test_fail_on(verdict: str, code: int, hmgeo_command: Callable[..., Ended], tmp_path: Path) -> None:
    assert screen(hmgeo_command, tmp_path / "out", "--fail-on", verdict).code == code
    assert (tmp_path / "out" / "data" / "manifest.json").is_file()


def test_fail_on_a_word_that_is_none(hmgeo_command: Callable[..., Ended], tmp_path: Path) -> None:
    ended = screen(hmgeo_command, tmp_path / "out", "--fail-on", "lsted")
    assert (ended.code, names_in(tmp_path)) == (2, [])
    assert "lsted" in ended.err
    assert "prohibited" in ended.err


# ---- screen on files that are wrong -------------------------------------------------------------------------------


def assert_refused(ended: Ended, tmp_path: Path, *faults: tuple[str, ...]) -> None:
    assert (ended.code, ended.out, names_in(tmp_path)) == (2, "", [])
    assert "Traceback" not in ended.err
    assert len(ended.faults) == len(faults), ended.faults
    for fault, words in zip(ended.faults, faults, strict=True):
        assert [word for word in words if word not in fault] == [], fault


def test_missing_files_are_told_together(hmgeo_command: Callable[..., Ended], tmp_path: Path) -> None:
    ended = screen(hmgeo_command, tmp_path / "out", sources=DATA / "a.csv", farmland=DATA / "b.gpkg")
    assert_refused(ended, tmp_path, ("a.csv：文件不存在", "核对路径"), ("b.gpkg：文件不存在", "核对路径"))


def test_a_name_too_long_for_the_disk_is_told(hmgeo_command: Callable[..., Ended], tmp_path: Path) -> None:
    long = Path("a" * 300 + ".gpkg")
    ended = screen(hmgeo_command, tmp_path / "out", farmland=long)
    assert_refused(ended, tmp_path, ("文件不能查看（现为「File name too long」）", "文件名长度"))
    told = ("--sources", DATA / "a.csv", "--receptors", long, "--radius", "1km")
    ended = hmgeo_command("pairs", *told, "--out", tmp_path / "p.parquet")
    assert (ended.code, "Traceback" in ended.err) == (2, False)
    assert "文件不能查看" in ended.err


def test_no_coordinate_columns_and_no_valid_parcel(hmgeo_command: Callable[..., Ended], tmp_path: Path) -> None:
    files = {"sources": DATA / "no_coordinates.csv", "farmland": DATA / "no_valid_parcel.geojson"}
    ended = screen(hmgeo_command, tmp_path / "out", **files)
    assert_refused(
        ended,
        tmp_path,
        ("no_coordinates.csv", "没有识别出成对的坐标列", "企业编号、企业名称、行业代码、地址", "经度、纬度"),
        ("no_valid_parcel.geojson", "没有任何可用的耕地要素（共 2 行，全部搁置）", "核对图层"),
    )


@pytest.mark.parametrize("radius", ["10mi", "10", "km", "-3km", "0m", "nan km", "2000km", "十公里"])
def test_a_radius_without_a_unit_that_we_know(radius: str, hmgeo_command: Callable[..., Ended], tmp_path: Path) -> None:
    ended = screen(hmgeo_command, tmp_path / "out", f"--radius={radius}")
    assert_refused(
        ended, tmp_path, ("键 --radius：半径看不懂", f"（现为「{radius}」）", "km、公里、千米、m、米", "如 10km")
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--sources-id", "编码"), ("enterprises.csv", "指定的编号列不存在", "「编码」", "企业编号、企业名称")),
        (("--sources-crs", "EPSG:4O90"), ("enterprises.csv", "声明的坐标系无法识别", "「EPSG:4O90」", "EPSG:4490")),
        (("--sources-datum", "gcj2"), ("enterprises.csv", "声明的大地基准无法识别", "「gcj2」", "gcj02")),
        (("--farmland-covers", "449999"), ("键 --farmland-covers", "没有这个区域", "「449999」", "六位县级代码")),
        (
            ("--sources-basis", "real", "--farmland-basis", "synthetic"),
            ("键 --sources-basis", "真实污染源不得对照合成", "污染源 real，受体 synthetic"),
        ),
        (
            ("--sources-basis", "real", "--farmland-basis", "approximate"),
            ("键 --sources-basis", "真实污染源不得对照合成或示意的受体数据"),
        ),
    ],
)
def test_options_that_cant_mean_what_they_say(
    options: tuple[str, ...], words: tuple[str, ...], hmgeo_command: Callable[..., Ended], tmp_path: Path
) -> None:
    assert_refused(screen(hmgeo_command, tmp_path / "out", *options), tmp_path, words)


def test_an_unknown_basis_is_refused_with_the_known_ones(hmgeo_command: Callable[..., Ended], tmp_path: Path) -> None:
    ended = screen(hmgeo_command, tmp_path / "out", "--sources-basis", "true")
    assert (ended.code, names_in(tmp_path)) == (2, [])
    assert "undeclared" in ended.err


def test_metres_without_a_zone_ask_for_one(hmgeo_command: Callable[..., Ended], tmp_path: Path) -> None:
    table = tmp_path / "metres.csv"
    table.write_text("编号,横坐标,纵坐标\nA1,403030.12,2613300.45\n", encoding="utf-8")
    ended = screen(hmgeo_command, tmp_path / "out", sources=table)
    assert (ended.code, names_in(tmp_path), len(ended.faults)) == (2, ["metres.csv"], 1)
    assert [word for word in ("metres.csv", "中央子午线", "带号") if word not in ended.faults[0]] == []
    assert screen(hmgeo_command, tmp_path / "out", "--central-meridian", "114", sources=table).code == 0
    assert (tmp_path / "out" / "data" / "manifest.json").is_file()


def test_undeclared_lon_lat_is_said_everywhere(hmgeo_command: Callable[..., Ended], tmp_path: Path) -> None:
    """Read as CGCS2000, and ledger, stderr and every output say so."""
    out = tmp_path / "out"
    ended = screen(hmgeo_command, out)
    warned = [line for line in ended.err.splitlines() if "CGCS2000" in line]
    assert len(warned) == 1
    assert "enterprises.csv" in warned[0]
    with (out / "data" / "ledger.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = [row for row in csv.DictReader(file) if row["event"] == "坐标系未声明"]
    assert [(row["file"], row["row"]) for row in lines] == [("enterprises.csv", "0")]
    words = warned[0].removeprefix("▲ ")
    assert words in json.loads((out / "data" / "manifest.json").read_text(encoding="utf-8"))["warnings"]
    assert words in (out / "map.html").read_text(encoding="utf-8")
    book = openpyxl.load_workbook(out / "screening.xlsx")
    assert words in str(list(book["目录"].iter_rows(values_only=True)))
    assert {sheet.title for sheet in book if "条，见目录" not in sheet["A2"].value} == {"目录"}
    declared = screen(hmgeo_command, tmp_path / "declared", "--sources-datum", "cgcs2000")
    assert "CGCS2000" not in declared.err


def test_the_run_folder_is_never_put_over_an_input(hmgeo_command: Callable[..., Ended], tmp_path: Path) -> None:
    table = tmp_path / "sources.csv"
    table.write_bytes(SOURCES.read_bytes())
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    ended = screen(hmgeo_command, tmp_path, sources=table)
    assert (ended.code, len(ended.faults), names_in(tmp_path)) == (2, 1, ["manifest.json", "sources.csv"])
    assert "有本次的输入文件，未作改动（现为「sources.csv」）" in ended.faults[0]
    assert table.read_bytes() == SOURCES.read_bytes()


def test_a_radius_of_the_user_cites_no_law(hmgeo_command: Callable[..., Ended], tmp_path: Path) -> None:
    screen(hmgeo_command, tmp_path / "out", "--sources-datum", "cgcs2000", "--radius", "500m")
    findings = pq.read_table(tmp_path / "out" / "data" / "findings.parquet").to_pylist()
    assert {row["rule_id"] for row in findings} == {"USER-RADIUS"}
    for name in ("standing", "legal_rank", "document", "clause", "quote", "as_of"):
        assert {row[name] for row in findings} == {""}, name
    assert {row["decider"] for row in findings} == {"使用者设定"}
    assert {row["basis"] for row in findings} == {"undeclared"}
    assert [row["verdict"] for row in findings] == ["not_assessed"] * 3
    assert [row["reason_codes"] for row in findings] == ["coverage_undeclared", "coverage_undeclared", "place_unknown"]
    manifest = json.loads((tmp_path / "out" / "data" / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["as_of"], manifest["radius_m"], manifest["radii_m"]) == (None, 500.0, [500.0])


# ---- pairs --------------------------------------------------------------------------------------------------------


def pairs(command: Callable[..., Ended], out: Path, *options: object, **files: Path) -> Ended:
    given = ("--sources", files.get("sources", SOURCES), "--receptors", files.get("receptors", FARMLAND), "--out", out)
    return command("pairs", *given, *options)


def test_pairs_and_their_counts(hmgeo_command: Callable[..., Ended], tmp_path: Path) -> None:
    assert pairs(hmgeo_command, tmp_path / "pairs.parquet", "--radius", "5km").code == 0
    assert pairs(hmgeo_command, tmp_path / "counts.parquet", "--radius", "5km", "--aggregate").code == 0
    assert names_in(tmp_path) == ["counts.parquet", "pairs.parquet"]
    found = pq.read_table(tmp_path / "pairs.parquet").to_pylist()
    assert [(row["source_id"], row["receptor_id"]) for row in found] == [
        ("A1", "P1"),
        ("A2", "P1"),
        ("A1", "P2"),
        ("A2", "P2"),
        ("A2", "P3"),
    ]
    assert all(0 < row["distance_m"] <= 5_000 for row in found)
    counts = pq.read_table(tmp_path / "counts.parquet").to_pylist()
    told = {(row["source_id"], row["radius_m"]): row["count"] for row in counts if row["class"] == "all"}
    assert told == {
        (source, radius_m): sum(row["source_id"] == source and row["distance_m"] <= radius_m for row in found)
        for source in ("A1", "A2")
        for radius_m in (1_000.0, 2_000.0, 3_000.0, 5_000.0)
    }


def test_pairs_are_refused_in_the_same_words(hmgeo_command: Callable[..., Ended], tmp_path: Path) -> None:
    out = tmp_path / "pairs.parquet"
    ended = pairs(hmgeo_command, out, sources=DATA / "a.csv", receptors=DATA / "no_valid_parcel.geojson")
    assert_refused(ended, tmp_path, ("a.csv：文件不存在",), ("no_valid_parcel.geojson", "没有任何可用的耕地要素"))
    assert_refused(pairs(hmgeo_command, out, "--radius", "10"), tmp_path, ("--radius", "半径看不懂"))


def test_pairs_never_replace_an_input(hmgeo_command: Callable[..., Ended], tmp_path: Path) -> None:
    table = tmp_path / "sources.parquet"
    table.symlink_to(tmp_path / "sources.csv")
    (tmp_path / "sources.csv").write_bytes(SOURCES.read_bytes())
    ended = pairs(hmgeo_command, table, sources=tmp_path / "sources.csv")
    assert (ended.code, len(ended.faults), names_in(tmp_path)) == (2, 1, ["sources.csv", "sources.parquet"])
    assert "输出文件就是本次的输入文件，未作改动" in ended.faults[0]
    assert (tmp_path / "sources.csv").read_bytes() == SOURCES.read_bytes()


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("compatible", [None, "", "0", "1"])
@pytest.mark.parametrize("forced", [None, "", "0", "1"])
def test_what_is_a_terminal_is_what_rich_takes_for_one(
    *, terminal: bool, compatible: str | None, forced: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Written(io.StringIO):
        def isatty(self) -> bool:
            return terminal

    for name, value in (("TTY_COMPATIBLE", compatible), ("FORCE_COLOR", forced)):
        monkeypatch.delenv(name, raising=False) if value is None else monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stderr", Written())
    assert Stream(stderr=True).is_terminal == Console(stderr=True).is_terminal
