"""Two runs held against each other: each single change is named as the cause of what it changed."""

from __future__ import annotations

import copy
import csv
import json
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

import hmgeo
from hmgeo.compare.diff import Change, diff_runs, draw_changes, known_again
from hmgeo.compare.explain import explain_finding
from hmgeo.errors import InputError, UsageError
from hmgeo.intake.catalog import shipped_folder
from hmgeo.outputs.tables import OWN_PREFIX, write_data
from hmgeo.project.folder import DATA
from hmgeo.project.run import project_results
from hmgeo.project.run_files import write_manifest
from hmgeo.project.spec import read_spec, settings_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ended

BROKEN = Path(__file__).resolve().parent / "broken_projects"
SCREENING = "SCR-JY-10KM"
ADOPTED = "adopt:\n  - {rule: SCR-JY-10KM, by: 示例, on: 2026-11-21, reason: 参照济源做法，非本地有效依据}\n"
ADOPTION = "{rule: SCR-JY-10KM，by: 示例，on: 2026-11-21，reason: 参照济源做法，非本地有效依据}"
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
    return ran(folder)


def ran(folder: Path, words: Path | None = None) -> Path:
    """Return the run of a project, without its maps and sheets."""
    spec = read_spec(folder)
    run = folder / "runs" / spec.as_of.isoformat()
    (run / DATA).mkdir(parents=True)
    results = project_results(folder, words=words, page=False)
    write_data(results, run / DATA)
    command = f"hmgeo run {folder.name}" + ("" if words is None else f" --words {words.name}")
    write_manifest(results, run, command=command, run={}, settings=settings_of(spec, words))
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
            ("改变", "符合排查条件，1.1 km", "不适用", "参数 cadmium_trades（value 3212、3360→3360）"),
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
            ("不再有", "符合排查条件，1.1 km", "", f"adopt（{ADOPTION}→无）"),
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


def test_both_states_are_drawn(before: Path, tmp_path: Path) -> None:
    moved = ("data/enterprises.csv", "113.050000,23.620000", "113.050000,23.625000")
    gone = ("data/enterprises.csv", "A3,示例企业丙,,,3212,2017,清城区,石角镇\n", "")
    after = made(tmp_path / "后", moved, gone)
    changes, _ = diff_runs(before, after, causes=False)
    out = tmp_path / "变化.png"
    undrawn = draw_changes(before, after, (None, None), changes, out)
    # the township alone is known of A3: every change of it is without a place
    assert undrawn == sum(one.source.startswith("A3") for one in changes) > 0
    first = out.read_bytes()
    assert first.startswith(b"\x89PNG")
    draw_changes(before, after, (None, None), changes, out)
    assert out.read_bytes() == first
    with pytest.raises(UsageError, match=r"--map：写不成这种文件.*允许：\.png、\.pdf、\.svg"):
        draw_changes(before, after, (None, None), changes, tmp_path / "变化.html")


def test_two_changes_are_told_apart(before: Path, tmp_path: Path) -> None:
    moved = ("data/enterprises.csv", "113.050000,23.620000", "113.050000,23.625000")
    after = made(tmp_path / "后", moved, ("project.yml", TRADES, 'cadmium_trades: {value: ["3212", "3360", "0912"]'))
    changes, _ = diff_runs(before, after)
    assert of(changes, "A1").cause == "图层 enterprises（纬度 23.620000→23.625000）"
    assert (of(changes, "A2").before, of(changes, "A2").cause) == (
        "不适用",
        "参数 cadmium_trades（value 3212、3360→3212、3360、0912）",
    )
    told = of(changes, "A2").row("en")
    assert (told[0], told[3]) == ("changed", "not applicable")
    assert told[-1] == "parameter cadmium_trades (value 3212、3360→3212、3360、0912)"
    assert of(changes, "A1").row("en")[-1] == "layer enterprises (纬度 23.620000→23.625000)"


def test_a_row_that_nothing_is_known_by_never_blames_the_version(tmp_path: Path) -> None:
    """Nobody can tell that it is the same: it goes and comes, by the one thing that differs."""
    nameless = ("data/enterprises.csv", "A1,示例企业甲,", ",,")
    other = made(tmp_path / "后", nameless, ("project.yml", TRADES, 'cadmium_trades: {value: ["3360"]'))
    changes, _ = diff_runs(made(tmp_path / "前", nameless), other)
    of_row = [one for one in changes if one.source.startswith("row-") and one.rule_id == SCREENING]
    assert [one.kind for one in of_row] == ["不再有", "新增"]
    assert {one.cause for one in of_row} == {"几项共同作用：参数 cadmium_trades"}


def test_the_same_project_run_again_has_no_changes_wherever_it_lies(before: Path, tmp_path: Path) -> None:
    assert diff_runs(before, made(tmp_path / "后")) == ((), ())
    with pytest.raises(UsageError, match="两次运行是同一个文件夹"):
        diff_runs(before, before)


def by_another_version(run: Path, *, older: bool, source: str = "A1") -> Path:
    """Have a run as an older or newer program would have made it: another verdict of a source, and another version."""
    path, manifest = run / DATA / "findings.parquet", run / DATA / "manifest.json"
    table = pq.read_table(path)
    is_it = [one == f"{source}|{SCREENING}" for one in table["finding_id"].to_pylist()]
    assert sum(is_it) == 1
    for name, value in (("verdict", "clear"), ("measured_text", "12 km")):
        held = [value if is_one else old for is_one, old in zip(is_it, table[name].to_pylist(), strict=True)]
        at = table.schema.get_field_index(name)
        table = table.set_column(at, table.schema.field(at), pa.array(held, table.schema.field(at).type))
    pq.write_table(table, path)
    said = json.loads(manifest.read_text(encoding="utf-8"))
    said["versions"]["hmgeo"] = "0.0.1" if older else "99.0"
    said["rule_book"] = dict.fromkeys(said["rule_book"], "2026.0" if older else "2099.1")
    manifest.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
    return run


NOW = hmgeo.__version__


@pytest.mark.parametrize("is_older", [True, False])
def test_the_version_of_the_program_is_the_cause_that_is_left_over(
    before: Path, tmp_path: Path, *, is_older: bool
) -> None:
    other = by_another_version(made(tmp_path / "另一版本"), older=is_older)
    runs = (other, before) if is_older else (before, other)
    changes, remarks = diff_runs(*runs)
    book = json.loads((before / DATA / "manifest.json").read_text(encoding="utf-8"))["rule_book"]
    packs = [f"规则库 {name} {'2026.0' if is_older else version}→{version if is_older else '2099.1'}"
             for name, version in sorted(book.items())]  # fmt: skip
    versions = "、".join([f"hmgeo {'0.0.1' if is_older else NOW}→{NOW if is_older else '99.0'}", *packs])
    said = "程序或库的版本" if is_older else "程序或库的版本（逐项排除）"
    assert [(one.source, one.rule_id, one.cause) for one in changes] == [
        ("A1 示例企业甲", SCREENING, f"{said}：{versions}")
    ]
    assert remarks == ("不同之处 0 项：无；重跑 1 次",)


def test_another_version_is_told_beside_a_change_of_its_own(tmp_path: Path) -> None:
    """The older program said 未触及 of A1, today's says 1.1 km of the same row, and 554 m of the row that moved."""
    older = by_another_version(made(tmp_path / "前"), older=True)
    moved = made(tmp_path / "后", ("data/enterprises.csv", "113.050000,23.620000", "113.050000,23.625000"))
    cause = of(diff_runs(older, moved)[0], "A1").cause
    assert cause.startswith("图层 enterprises（纬度 23.620000→23.625000）；又：程序或库的版本：hmgeo 0.0.1→")


CODE, OTHER_CODE = "91110000600037341L", "91350100M000100Y43"
"""The check digits are those of GB 32100's own examples, as python-stdnum quotes them."""


def row(source_id: str, name: str = "", *, code: str = "", permit: str = "", town: str = "龙塘镇") -> dict[str, str]:
    told = {f"{OWN_PREFIX}统一社会信用代码": code, f"{OWN_PREFIX}排污许可证编号": permit}
    return {"source_id": source_id, "name": name, "township": town, "lon": "", "lat": "", **told}


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ([row("A1", code=CODE)], [row("B7", code=f" {CODE.lower()} ")], {"A1": "B7"}),
        ([row("A1", "甲厂", code="/"), row("A2", "乙厂", code="/")], [row("A2", "乙厂"), row("A1", "甲厂")],
         {"A1": "A1", "A2": "A2"}),
        ([row("A1", code="无")], [row("B1", code="无")], {}),
        ([row("A1", code="91110000600037341I")], [row("B1", code="91110000600037341I")], {}),  # check digit
        ([row("A1", permit=f"{CODE}001P")], [row("B1", permit=f"{CODE}001P")], {"A1": "B1"}),
        ([row("A1", permit="待办理2025年")], [row("B1", permit="待办理2025年")], {}),
        ([row("A1", permit="—")], [row("B1", permit="—")], {}),
        ([row("无", "甲厂"), row("无#2", "乙厂")], [row("无", "乙厂"), row("无#2", "甲厂")],
         {"无": "无#2", "无#2": "无"}),
        ([row("A1", "甲厂"), row("A1#2", "乙厂")], [row("A1", "乙厂"), row("A1#2", "甲厂")],
         {"A1": "A1#2", "A1#2": "A1"}),
        ([row("row-1", "甲厂"), row("row-2", "乙厂")], [row("row-1", "乙厂")], {"row-2": "row-1"}),
        # numbered anew: the id is somebody else's now
        ([row("1", "甲厂"), row("2", "乙厂")], [row("1", "乙厂"), row("2", "甲厂")], {"1": "2", "2": "1"}),
        ([row("1", "甲厂", code=CODE)], [row("1", "乙厂", code=OTHER_CODE)], {}),
        # two codes are two firms, whatever permit, id, name and place say
        ([row("1", "甲厂", code=CODE)], [row("1", "甲厂", code=OTHER_CODE)], {}),
        ([row("row-1", "甲厂", code=CODE)], [row("row-1", "甲厂", code=OTHER_CODE)], {}),
        ([row("A1", code=CODE, permit=f"{CODE}001P")], [row("B1", code=OTHER_CODE, permit=f"{CODE}001P")], {}),
        ([row("1", "甲厂")], [row("1", "甲电镀厂")], {"1": "1"}),  # renamed
        ([row("1", "甲厂", code=CODE)], [row("1", "甲厂")], {"1": "1"}),  # the code's cell was emptied
        # two plants of one firm: the code is no one plant's
        ([row("1", "甲厂", code=CODE), row("2", "甲二厂", code=CODE)],
         [row("2", "甲二厂", code=CODE), row("1", "甲厂", code=CODE)], {"1": "1", "2": "2"}),
    ],
)  # fmt: skip
def test_an_enterprise_is_known_again_by_what_is_its_own(
    first: list[dict[str, str]], second: list[dict[str, str]], same: dict[str, str]
) -> None:
    one, other = known_again(first, second)
    back = {name: source_id for source_id, name in other.items()}
    assert {source_id: back[name] for source_id, name in one.items() if name in back} == same
    assert (len({*one.values()}), len(back)) == (len(first), len(second))  # and nobody is two


def test_a_code_and_a_sum_name_an_enterprise(tmp_path: Path) -> None:
    header = ("data/enterprises.csv", "企业编号,企业名称,", "企业编号,统一社会信用代码,企业名称,")
    first = [("data/enterprises.csv", f"A{n},示例", f"A{n},{code},示例") for n, code in ((1, CODE), (2, "/"), (3, "/"))]
    again = [
        ("data/enterprises.csv", f"A{n},示例", f"B{9 - n},{code},示例") for n, code in ((1, CODE), (2, "无"), (3, "/"))
    ]
    assert diff_runs(made(tmp_path / "前", header, *first), made(tmp_path / "后", header, *again)) == ((), ())


def test_a_file_of_words_is_a_setting_like_others(tmp_path: Path) -> None:
    lost = ("data/enterprises.csv", "行业代码,", "是否涉镉,")
    told = [
        ("data/enterprises.csv", f",{code},2017", f",{cell},2017")
        for code, cell in (("3212", "有镉"), ("0912", "有镉"))
    ]
    one, other = made(tmp_path / "前", lost, *told), tmp_path / "后"
    shutil.copytree(one.parent.parent, other, ignore=shutil.ignore_patterns("runs"))
    words = other / "用语.yml"
    words.write_text("有镉: {means: 已认定, by: 示例, on: 2026-11-21, reason: 示例}\n", encoding="utf-8")
    changes, remarks = diff_runs(one, ran(other, words))
    assert {change.cause for change in changes} == {"用语文件（--words）（前一次没有）"}
    assert (of(changes, "A1").before.partition("，")[0], of(changes, "A1").after) == ("未评估", "符合排查条件，1.1 km")
    assert remarks == ("不同之处 1 项：用语文件（--words）；重跑 2 次",)


def test_an_offices_check_of_a_clause_is_a_setting_like_others(tmp_path: Path) -> None:
    one, other = made(tmp_path / "前"), tmp_path / "后"
    shutil.copytree(one.parent.parent, other, ignore=shutil.ignore_patterns("runs"))
    lost = (
        "{clause: SCR-JY-10KM, state: 失效, since: 2018-01-01, by: 示例, on: 2018-02-01, document: 示例函〔2018〕1号}"
    )
    (other / "validity.yml").write_text(f"- {lost}\n", encoding="utf-8")
    changes, remarks = diff_runs(one, ran(other))
    assert {change.cause for change in changes} == {"效力核实（validity.yml）（前一次没有）"}
    assert of(changes, "A1").after == "不适用"
    assert remarks == ("不同之处 1 项：效力核实（validity.yml）；重跑 2 次",)
    # the same folder: the older run was made before the file was there
    shutil.move(other / "runs" / "2019-06-30", other / "runs" / "后")
    shutil.copytree(one, other / "runs" / "前")
    assert diff_runs(other / "runs" / "前", other / "runs" / "后") == (changes, remarks)


def test_a_rule_that_came_into_a_folder_of_rules_after_the_older_run_is_the_cause(tmp_path: Path) -> None:
    home = tmp_path / "项目"
    (home / "packs").mkdir(parents=True)
    shutil.copytree(BROKEN / "data", home / "data")
    project = (BROKEN / "good.yml").read_text(encoding="utf-8")
    (home / "project.yml").write_text(f"{project}rule_packs: [packs]\n", encoding="utf-8")
    own = PACK.replace("METRES", "1000")
    (home / "packs/own.yml").write_text(own.replace("CITY-1", "OWN-1").replace("example-city", "own"), encoding="utf-8")
    one = ran(home)
    (home / "packs/city.yml").write_text(own, encoding="utf-8")
    shutil.move(one, home / "runs" / "前")
    changes, remarks = diff_runs(home / "runs" / "前", ran(home))
    assert [change.rule_id for change in changes] == ["CITY-1"] * 3
    assert {change.cause for change in changes} == {"rule_packs（文件不同）"}
    assert remarks == ("不同之处 1 项：rule_packs；重跑 2 次",)


@pytest.mark.parametrize(
    ("name", "spoil", "told"),
    [
        ("findings.parquet", lambda path: path.write_bytes(b"PAR1 broken"), "结果文件损坏，或不是 hmgeo 写出的"),
        ("findings.parquet", lambda path: pq.write_table(pa.table({"a": [1]}), path), "缺列 finding_id、source_id"),
        ("findings.parquet", lambda path: path.unlink(), "结果文件缺失"),
        ("sources.csv", lambda path: path.write_bytes("编号,名称\n1,甲\n".encode("gbk")), "结果文件损坏"),
        ("sources.csv", lambda path: path.write_text("source_id\nA1\n", encoding="utf-8"), "缺列 name、status"),
        ("ledger.csv", lambda path: path.write_text("", encoding="utf-8"), "缺列 source_id、event"),
        ("manifest.json", lambda path: path.write_text('{"schema": 2}', encoding="utf-8"), "运行记录读不出"),
        ("manifest.json", lambda path: path.write_text("{", encoding="utf-8"), "运行记录读不出"),
    ],
)  # fmt: skip
def test_a_damaged_run_is_told_in_words(
    before: Path, tmp_path: Path, name: str, spoil: Callable[[Path], object], told: str
) -> None:
    hurt = Path(shutil.copytree(before, tmp_path / "坏"))
    spoil(hurt / DATA / name)
    for asked in (lambda: diff_runs(before, hurt), lambda: explain_finding(hurt, "A1|SCR-JY-10KM")):
        with pytest.raises(InputError) as caught:
            asked()
        assert told in str(caught.value)
        assert f"{name}：" in str(caught.value)


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


World = dict[str, Any]
TRADES_HELD = ("3212", "3360", "0912", "1411")
PACK = """schema: 1
pack: example-city
version: "1"
rules:
- id: CITY-1
  title: {zh: 示例条款, en: Example clause}
  legal_rank: plan
  authority: 示例市人民政府
  territory: ["441800"]
  applies_to: {source_kinds: [enterprises], trades: {lists: [{edition: 2017, codes: ["3212", "0912"]}]}}
  test: {kind: maximum_distance, layer: farmland}
  effect: list
  history:
  - {from: 2018-01-01, value: METRES, unit: m, document: 示例方案, article: 一, quote: 示例引文}
  decider: 排查与整治清单
  verified: {state: verified, against: 示例, on: 2026-11-21}
  runs: {state: "yes"}
  cases:
  - id: near
    given: {as_of: 2019-01-01, place: "441802", distance_m: 10}
    expect: {verdict: listed, standing: in_force}
"""


class Changes(Protocol):
    """Changes one thing of a world, the n-th of its kind, and returns the words that its cause must have."""

    def __call__(self, world: World, n: int, /) -> str: ...


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Draw a few enterprises and parcels around Qingcheng, and a project that judges them."""
    places = st.tuples(st.integers(0, 60), st.integers(0, 60))  # thousandths of a degree, about 100 m each
    sites = draw(st.lists(places, min_size=2, max_size=4, unique=True))
    fields = draw(st.lists(places, min_size=2, max_size=4, unique=True))
    farms = [
        {"企业编号": f"A{n}", "企业名称": f"示例企业{n}号", "经度": f"{113.02 + x / 1000:.6f}",
         "纬度": f"{23.60 + y / 1000:.6f}", "行业代码": draw(st.sampled_from(TRADES_HELD)), "行业分类版本": "2017",
         "县(市、区)": "清城区", "乡镇(街道)": draw(st.sampled_from(("龙塘镇", "石角镇", "源潭镇")))}
        for n, (x, y) in enumerate(sites, start=1)
    ]  # fmt: skip
    parcels = [
        {"parcel_id": f"P{n}", "类别": draw(st.sampled_from(("优先保护类", "安全利用类", "严格管控类"))), "at": at}
        for n, at in enumerate(fields, start=1)
    ]
    project = (BROKEN / "good.yml").read_text(encoding="utf-8") + "rule_packs: [city.yml]\n"
    return {"project": project, "enterprises": farms, "parcels": parcels, "metres": 1000}


def write_world(folder: Path, world: World) -> Path:
    (folder / "data").mkdir(parents=True)
    (folder / "city.yml").write_text(PACK.replace("METRES", str(world["metres"])), encoding="utf-8")
    (folder / "project.yml").write_text(world["project"], encoding="utf-8")
    with (folder / "data/enterprises.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(world["enterprises"][0]))
        writer.writeheader()
        writer.writerows(world["enterprises"])
    features = []
    for one in world["parcels"]:
        west, south = 113.02 + one["at"][0] / 1000, 23.60 + one["at"][1] / 1000
        ring = [
            [west, south],
            [west + 0.001, south],
            [west + 0.001, south + 0.001],
            [west, south + 0.001],
            [west, south],
        ]
        shape = {"type": "Polygon", "coordinates": [ring]}
        own = {"parcel_id": one["parcel_id"], "类别": one["类别"]}
        features.append({"type": "Feature", "properties": own, "geometry": shape})
    held = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    (folder / "data/farmland.geojson").write_text(held, encoding="utf-8")
    return ran(folder)


def changed_row(column: str, value: str) -> Changes:
    def change(world: World, n: int) -> str:
        one = world["enterprises"][n % len(world["enterprises"])]
        old, one[column] = one[column], value
        return f"图层 enterprises（{column} {old or '空'}→{value or '空'}）"

    return change


def without_row(world: World, n: int) -> str:
    world["enterprises"].pop(n % len(world["enterprises"]))
    return "图层 enterprises（后一次没有这一行）"


def more_rows(world: World, n: int) -> str:
    one = world["enterprises"][n % len(world["enterprises"])]
    world["enterprises"].insert(0, one | {"企业编号": "B1", "企业名称": "另一示例企业"})
    return "图层 enterprises（前一次没有这一行）"


def moved_parcel(world: World, n: int) -> str:
    one = world["parcels"][n % len(world["parcels"])]
    one["at"] = (one["at"][0] + 7, one["at"][1] - 3)
    return "图层 farmland（文件不同）"


def without_parcel(world: World, n: int) -> str:
    world["parcels"].pop(n % len(world["parcels"]))
    return "图层 farmland（文件不同）"


def other_text(old: str, new: str, told: str) -> Changes:
    def change(world: World, _: int) -> str:
        assert old in world["project"]
        world["project"] = world["project"].replace(old, new)
        return told

    return change


def other_rule(world: World, _: int) -> str:
    world["metres"] = 60_000
    return "rule_packs（文件不同）"


CHANGES = (
    *(changed_row("行业代码", code) for code in (*TRADES_HELD, "待定", "")),
    *(changed_row("纬度", text) for text in ("23.700000", "23.640000", "", "北")),
    changed_row("经度", "113.110000"),
    changed_row("行业分类版本", "2011"),
    changed_row("县(市、区)", "佛冈县"),
    without_row,
    more_rows,
    moved_parcel,
    without_parcel,
    other_text("completeness: complete", "completeness: partial", "图层 farmland（completeness complete→partial）"),
    other_text('{area: "441802"}', '{area: "441825"}', "图层 farmland（coverage {area: 441802}→{area: 441825}）"),
    other_text("csv, datum: cgcs2000", "csv, datum: gcj02", "图层 enterprises（datum cgcs2000→gcj02）"),
    other_text(TRADES, 'cadmium_trades: {value: ["0912"]', "参数 cadmium_trades（value 3212、3360→0912）"),
    other_text(TRADES, 'cadmium_trades: {value: ["3212"]', "参数 cadmium_trades（value 3212、3360→3212）"),
    other_text("value: all", "value: polluted", "参数 farmland_extent（value all→polluted）"),
    other_text("value: not_considered", "value: considered", "参数 terrain（value not_considered→considered）"),
    other_text("value: district", "value: towns", "参数 key_area_extent（value district→towns）"),
    other_text("as_of: 2019-06-30", "as_of: 2017-06-30", "as_of（2019-06-30→2017-06-30）"),
    other_text("as_of: 2019-06-30", "as_of: 2022-06-30", "as_of（2019-06-30→2022-06-30）"),
    other_text(ADOPTED, "adopt: []\n", f"adopt（{ADOPTION}→无）"),
    other_text("rule: SCR-JY-10KM\n", "rule: CITY-1\n", "screening_rule（SCR-JY-10KM→CITY-1）"),
    other_text("rule_packs: [city.yml]\n", "", "rule_packs（后一次没有）"),
    other_rule,
)


def holds_to_its_cause(world: World, change: Changes, n: int, folder: Path) -> bool:
    """Assert that a single change is the cause of all that changed, and the only one; tell whether anything did."""
    other = copy.deepcopy(world)
    cause = change(other, n)
    changes, remarks = diff_runs(write_world(folder / "前", world), write_world(folder / "后", other))
    assert {one.cause for one in changes} <= {cause}
    if changes:
        name = cause.partition("（")[0]
        assert remarks == (f"不同之处 1 项：{name}；重跑 2 次",)
    return bool(changes)


@pytest.fixture(scope="module")
def qingcheng(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped project with twelve enterprises, every eighth parcel and no heights, and its run.

    Twelve of sixty rows and 250 of 2,000 parcels ask the same of a cause in a fifth of the time; heights take more than
    all else. The column of the reference system is empty, so that the project's word on it counts.
    """
    home, shipped = tmp_path_factory.mktemp("清城") / "前", shipped_folder()
    shutil.copytree(shipped / "synthetic" / "qingcheng", home / "data")
    text = (shipped / "projects" / "qingcheng" / "project.yml").read_text(encoding="utf-8")
    text = re.sub(r"(?m)^  elevation: .*\n", "", text.replace("../../synthetic/qingcheng/", "data/"))
    text = text.replace("value: all", "value: polluted").replace("rule_packs: []", "rule_packs: [city.yml]")
    (home / "project.yml").write_text(text, encoding="utf-8")
    (home / "city.yml").write_text(PACK.replace("METRES", "1000"), encoding="utf-8")
    sql("delete from parcels where fid % 8")(home)
    rows(lambda sheet: [sheet.delete_rows(14, sheet.max_row), *(sheet.cell(row, 8, "") for row in range(2, 14))])(home)
    ran(home)
    return home


def rows(edit: Callable[[Any], object]) -> Callable[[Path], object]:
    """Return what changes the sheet of enterprises: a row for each, from the second on; the columns as shipped."""

    def change(home: Path) -> None:
        book = openpyxl.load_workbook(home / "data" / "enterprises.xlsx")
        edit(book.active)
        book.save(home / "data" / "enterprises.xlsx")

    return change


def sql(statement: str, name: str = "farmland") -> Callable[[Path], object]:
    def change(home: Path) -> None:
        with closing(sqlite3.connect(home / "data" / f"{name}.gpkg")) as base, base:
            for (trigger,) in base.execute("select name from sqlite_master where type = 'trigger'").fetchall():
                base.execute(f"drop trigger {trigger}")  # they call functions that only GDAL has
            assert base.execute(statement).rowcount > 0

    return change


def text(name: str, old: str, new: str) -> Callable[[Path], object]:
    def change(home: Path) -> None:
        held = (home / name).read_text(encoding="utf-8") if old else ""
        assert old in held
        (home / name).write_text(held.replace(old, new), encoding="utf-8")

    return change


def another_farmland(home: Path) -> None:
    shutil.move(home / "data" / "farmland.gpkg", home / "data" / "另一份.gpkg")
    sql("delete from parcels where fid % 3", "另一份")(home)
    text("project.yml", "farmland.gpkg", "另一份.gpkg")(home)


PROJECT, NO_LONGER = "project.yml", "{clause: SCR-JY-10KM, state: 失效, since: 2018-01-01, by: 示例, on: 2018-02-01, "
FIRST = frozenset({"示例QC-001"})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("edit", "cause", "whose"),
    [
        (rows(lambda sheet: sheet.cell(2, 6, 112.955035)), "图层 enterprises（经度 112.935035→112.955035）", FIRST),
        (rows(lambda sheet: sheet.cell(2, 12, "0912")), "图层 enterprises（行业代码 3212→0912）", FIRST),
        (rows(lambda sheet: sheet.cell(2, 8, "GCJ02")), "图层 enterprises（坐标系 空→GCJ02）", FIRST),
        (rows(lambda sheet: sheet.delete_rows(2)), "图层 enterprises（后一次没有这一行）", FIRST),
        (rows(lambda sheet: sheet.append(["新1", "新厂", *(one.value for one in sheet[2][2:])])),
         "图层 enterprises（前一次没有这一行）", frozenset({"新1"})),
        (text(PROJECT, "xlsx, datum: cgcs2000}\n  farmland", "xlsx, datum: gcj02}\n  farmland"),
         "图层 enterprises（datum cgcs2000→gcj02）", None),
        (sql("update parcels set 土壤环境质量类别 = '优先保护类' where fid % 16 = 0"),
         "图层 farmland（文件不同）", None),
        (another_farmland, "图层 farmland（文件不同）", None),
        (text(PROJECT, "  farmland: ", "  #"), "图层 farmland（后一次没有）", None),
        (text(PROJECT, '"3212", "3360"]', '"3212"]'), "参数 cadmium_trades（value 3212、3360→3212）", None),
        (text(PROJECT, "as_of: 2019-06-30", "as_of: 2023-06-30"), "as_of（2019-06-30→2023-06-30）", None),
        (text("city.yml", "value: 1000", "value: 60000"), "rule_packs（文件不同）", None),
        (text("validity.yml", "", f"- {NO_LONGER}document: 示例}}\n"), "效力核实（validity.yml）（前一次没有）", None),
        (text(PROJECT, ADOPTED, "adopt: []\n"), "adopt（", None),
    ],
)  # fmt: skip
def test_a_single_change_of_the_shipped_project_is_the_cause(
    qingcheng: Path, tmp_path: Path, edit: Callable[[Path], object], cause: str, whose: frozenset[str] | None
) -> None:
    other = Path(shutil.copytree(qingcheng, tmp_path / "后", ignore=shutil.ignore_patterns("runs")))
    edit(other)
    changes, remarks = diff_runs(next((qingcheng / "runs").iterdir()), ran(other))
    assert changes
    assert [one for one in changes if not one.cause.startswith(cause)] == []
    assert whose in {None, frozenset(one.source.split(" ")[0] for one in changes)}
    assert remarks == (f"不同之处 1 项：{cause[: cause.rindex('（')]}；重跑 2 次",)


CALM = {
    "deadline": None,
    "phases": [Phase.generate],
    "database": None,
    "suppress_health_check": [
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
    ],
}
ASKED = st.sampled_from(CHANGES), st.integers(0, 3)


@settings(max_examples=5, derandomize=True, **CALM)  # type: ignore[arg-type]
@given(world=worlds(), change=ASKED[0], n=ASKED[1])
def test_whatever_single_thing_changes_is_the_cause_in_any_world(
    tmp_path_factory: pytest.TempPathFactory, world: World, change: Changes, n: int
) -> None:
    holds_to_its_cause(world, change, n, tmp_path_factory.mktemp("world"))


@pytest.mark.slow
@settings(max_examples=40, **CALM)  # type: ignore[arg-type]
@given(world=worlds(), change=ASKED[0], n=ASKED[1])
def test_forty_single_changes_of_findings_are_each_the_cause(
    tmp_path_factory: pytest.TempPathFactory, world: World, change: Changes, n: int
) -> None:
    """A draw that changes no finding says nothing of causes and doesn't count."""
    assume(holds_to_its_cause(world, change, n, tmp_path_factory.mktemp("world")))
