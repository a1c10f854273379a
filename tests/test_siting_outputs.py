"""The same order, words and numbers in the terminal, in JSON, in the workbook and in findings."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import docx
import jsonschema
import openpyxl
import pyarrow.parquet as pq
import pytest
import shapely
from books import pages_of
from msgspec.structs import replace
from siting_world import SITE, bench
from small_results import FORBIDDEN_VERDICT_WORDS

from hmgeo.compare.verify import language_of, verify_extract
from hmgeo.errors import InputError, UsageError
from hmgeo.intake.columns import ReadOptions
from hmgeo.outputs import siting_words, wording
from hmgeo.outputs.book import display_width
from hmgeo.outputs.english import phrases
from hmgeo.outputs.sheets import siting as siting_sheets
from hmgeo.outputs.sheets.answer import screen_lines, short_citation, short_clause
from hmgeo.outputs.sheets.extract import write_extract
from hmgeo.project.sites import files as sites_files
from hmgeo.project.sites.desk import open_desk, parse_ranges, read_sites
from hmgeo.project.sites.files import Answered, SiteRequest, answer_sites
from hmgeo.project.sites.given import Typed
from hmgeo.reference.tables import trades
from hmgeo.results.siting import grouped
from hmgeo.results.text import distance_text
from hmgeo.rules.book import load_book
from hmgeo.siting.site import Site
from hmgeo.vocabulary import Basis, Settling, Verdict
from hmgeo.words import Reason

if TYPE_CHECKING:
    from hmgeo.results.siting import SiteAnswer, SitingResults

PROJECT = Path(__file__).resolve().parent.parent / "layers" / "projects" / "nandan"
DOCS = PROJECT.parent.parent.parent / "docs"
NONE = Typed("")


def typed(**more: object) -> Typed:
    said = {"metals": ["Pb=12.5", "Cd=0.4"], "stated": ["may_pollute_soil=yes"]} | more
    return Typed("107.5512,24.9812", "3212", "2017", "new", **said)


def request(given: Typed = NONE, sites: Path | None = None, **more: object) -> SiteRequest:
    return SiteRequest(PROJECT, given, sites, Basis.UNDECLARED, ReadOptions(), **more)


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Answered:
    folder = tmp_path_factory.mktemp("site")
    extracts = tuple(folder / f"摘录.{kind}" for kind in ("json", "docx", "pdf"))
    return answer_sites(request(typed(), ranges=("soil=1000",), out=folder / "out", extracts=extracts))


@pytest.fixture(scope="module")
def in_english(tmp_path_factory: pytest.TempPathFactory) -> Answered:
    out = tmp_path_factory.mktemp("english") / "out"
    return answer_sites(request(typed(), ranges=("soil=1000",), out=out, language="en"))


@pytest.fixture
def results(answered: Answered) -> SitingResults:
    return answered.results


def cells(path: Path, sheet: str) -> list[list[str]]:
    return [[str(cell) for cell in row if cell != ""] for row in pages_of(path)[sheet].rows]


def test_all_four_say_the_same_in_the_same_order(answered: Answered, results: SitingResults) -> None:
    assert answered.folder is not None
    answer = results.dossiers[0].answer
    order = [clause.citation.rule_id for clause in answer.clauses]
    written = json.loads((answered.folder / "siting.json").read_text(encoding="utf-8"))
    assert written == json.loads(answered.json_text())
    told = written["sites"][0]
    assert [clause["rule_id"] for clause in told["clauses"]] == order
    findings = pq.read_table(answered.folder / "findings.parquet").to_pylist()
    assert [row["rule_id"] for row in findings] == order
    assert [row["measured"] for row in findings] == [clause["measured"] for clause in told["clauses"]]
    sheet = [row for row in cells(answered.folder / "siting.xlsx", "全部条款") if len(row) > 5][1:]
    assert [row[1] for row in sheet] == order
    assert [row[2] for row in sheet] == [clause["badge"] for clause in told["clauses"]]
    printed = "\n".join(answered.lines(every_clause=True))
    shown = [clause for clause in told["clauses"] if clause["verdict"] != "not_applicable"]
    places = [printed.index(f"【{clause['badge']}】") for clause in shown[:1]]
    assert places == sorted(places)
    assert all(clause["sentence"] in printed for clause in shown)
    assert told["header"] == siting_words.header(answer)
    assert told["header"] in printed


def test_an_extract_holds_each_clause_once_under_a_theme_that_is_untouched_only_where_all_is_clear(
    answered: Answered, results: SitingResults
) -> None:
    assert answered.folder is not None
    made = json.loads((answered.folder.parent / "摘录.json").read_text(encoding="utf-8"))
    jsonschema.validate(made, json.loads((DOCS / "extract.schema.json").read_text(encoding="utf-8")))
    assert made["schema"] == siting_words.SCHEMA
    rest = {name: value for name, value in made.items() if name != "extract_id"}
    text = json.dumps(rest, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert made["extract_id"].replace("-", "") == hashlib.sha256(text.encode()).hexdigest()[:16].upper()
    held = [clause for theme in made["themes"] for clause in theme["clauses"]]
    judged = {one.citation.rule_id: one.verdict.value for one in results.dossiers[0].answer.clauses}
    assert len(held) == len(judged)
    assert {one["rule_id"]: one["verdict"] for one in held} == judged
    for theme in made["themes"]:
        verdicts = {one["verdict"] for one in theme["clauses"]}
        assert (theme["state"] == "touched") == bool(verdicts & {"prohibited", "conditional", "listed"})
        if theme["state"] == "not_touched":
            assert "clear" in verdicts <= {"clear", "not_applicable"}
    states = {theme["theme"]: theme["state"] for theme in made["themes"]}
    assert states["sensitive_sites"] == "touched"  # a hospital within 500 m
    assert states["ecological_redline"] == "without_data"  # the project has no such layer


def test_word_and_pdf_bear_the_extract_s_id_and_quote_what_is_touched(answered: Answered) -> None:
    assert answered.folder is not None
    folder = answered.folder.parent
    made = json.loads((folder / "摘录.json").read_text(encoding="utf-8"))
    page = docx.Document(str(folder / "摘录.docx"))
    assert page.core_properties.identifier == made["extract_id"]
    assert len(page.inline_shapes) == 1  # the sketch, on the page of its caption
    (drawn,) = [one for one in page.paragraphs if one._p.xpath(".//pic:pic")]
    assert drawn.paragraph_format.keep_with_next
    (touched, open_) = (
        next(at for at, one in enumerate(page.paragraphs) if one.text.startswith(head))
        for head in ("触及的主题", "资料不足、未作判断的主题")
    )
    at = [one._p for one in page.paragraphs].index(drawn._p)
    assert touched + 2 < at < open_  # what is touched comes first, on the first page
    text = "\n".join(one.text for one in page.paragraphs)
    cells_told = {cell.text for table in page.tables for row in table.rows for cell in row.cells}
    assert made["extract_id"] in cells_told
    for theme in made["themes"]:
        for clause in theme["clauses"]:
            is_hit = clause["verdict"] in {"prohibited", "conditional", "listed"}
            assert (f"「{clause['quote']}」" in text) or not is_hit
    for said in (
        "触及的主题",
        "未触及的主题",
        "资料不足、未作判断的主题",
        "原文未收录或效力未核实的主题",
        "下一步",
        "名词",
    ):
        assert said in text
    assert "＊：所用数据的范围或完整性未申明，可能还有更近的" in text
    written = (folder / "摘录.pdf").read_bytes()
    assert written.count(b"/MediaBox") >= 3
    assert re.search(
        rb"<<(\s*/\w+ (\((\\.|[^\\()])*\)|/\w+))+\s*>>\s*endobj", written[written.index(b"/Trapped") - 400 :]
    )
    assert not re.search(rb"<<\s*\)", written)


def test_verify_tells_an_extract_that_was_changed_and_asks_the_question_again(
    answered: Answered, tmp_path: Path
) -> None:
    assert answered.folder is not None
    path = answered.folder.parent / "摘录.json"
    bare, again = verify_extract(path), verify_extract(path, PROJECT)
    assert [(one.sign, one.what) for one in bare] == [("√", "摘录编号"), ("？", "重跑")]
    assert [(one.sign, one.what) for one in again] == [("√", "摘录编号"), ("√", "输入"), ("√", "重跑")]
    made = json.loads(path.read_text(encoding="utf-8"))
    next(theme for theme in made["themes"] if theme["state"] == "touched")["clauses"][0]["measured"] = 5000.0
    (tmp_path / "x.json").write_text(json.dumps(made), encoding="utf-8")
    told = verify_extract(tmp_path / "x.json", PROJECT)
    assert [one.sign for one in told] == ["×"]
    assert "写出后改动过" in told[0].answer
    assert language_of(path) == "zh"
    del made["language"]
    (tmp_path / "z.json").write_text(json.dumps(made), encoding="utf-8")
    assert language_of(tmp_path / "z.json") == "zh"
    assert [check.sign for check in verify_extract(tmp_path / "z.json", PROJECT)] == ["×"]
    (tmp_path / "y.json").write_text("[]", encoding="utf-8")
    with pytest.raises(InputError, match="不是选址摘录"):
        verify_extract(tmp_path / "y.json")


def test_an_extract_of_a_format_nobody_knows_is_refused_before_anything_is_read() -> None:
    with pytest.raises(UsageError, match=r"--extract：写不成这种文件.*x\.doc.*允许：\.docx、\.pdf、\.json"):
        answer_sites(request(typed(), extracts=(Path("x.doc"),)))


def test_a_typed_point_is_hypothetical_and_its_digits_say_how_exact_it_is(results: SitingResults) -> None:
    answer = results.dossiers[0].answer
    assert answer.uncertainty_m == pytest.approx(7.5, abs=0.1)  # half of 0.0001 degree both ways
    first = siting_words.clause_document(answer.clauses[0], results)
    assert first["badge"] == "示例判定：触及禁止性规定"
    assert results.warnings == ("示例判定：拟建项目对照合成或示意数据，结论仅供软件演示。",)


def test_no_verdict_word_claims_more_than_a_screening_tool_may(answered: Answered) -> None:
    told = json.loads(answered.json_text())["sites"][0]
    badges = {clause["badge"].removeprefix("示例判定：") for clause in told["clauses"]}
    assert badges <= {verdict.zh for verdict in Verdict} | {"已量，现有数据未见", "要求未见满足"}
    unmet = next(clause for clause in told["clauses"] if clause["rule_id"] == "SIT-GX-PARK")
    assert (unmet["verdict"], unmet["badge"]) == ("prohibited", "示例判定：要求未见满足")
    assert not badges & FORBIDDEN_VERDICT_WORDS


CHINESE = re.compile(r"[\u3400-\u9fff]")


def own_words(results: SitingResults) -> list[str]:
    """Return names, words of texts and what users wrote, which stay in every language, the longest first."""
    found: set[str] = {*results.title.values.values()} if isinstance(results.title, Reason) else {results.title}
    found |= {"清城区"}  # a name in the title of a choice
    found |= {text for one in results.parameters for text in (one.by, one.reason)}
    found |= {layer.gates.coverage_name for layer in results.layers.values()}
    found |= {part for rule in load_book().rules for part in re.split("[（）]", rule.would_decide or "")}
    for dossier in results.dossiers:
        answer = dossier.answer
        found |= {answer.name, answer.place, siting_words.key_area_text(answer).partition("（")[0]}
        found |= {named.name for trade, named in trades().items() if trade == (2017, "3212")}
        found |= {text for table in dossier.targets for one in table.targets for text in (one.name, one.receptor_id)}
        for cited in (*(clause.citation for clause in answer.clauses), *answer.informs):
            found |= {cited.document, cited.document_number, cited.clause, cited.quote, cited.condition, cited.title}
            found |= {
                short_citation(cited),
                cited.authority,
                cited.decider,
                cited.note,
                *re.split("[（）]", cited.note),
            }
            found |= {cited.document.replace("（", " (").replace("）", ")")}
    return sorted(filter(CHINESE.search, filter(None, found)), key=len, reverse=True)


def test_no_cell_of_an_english_workbook_is_chinese_but_names_quotes_and_what_users_wrote(
    in_english: Answered, tmp_path: Path
) -> None:
    sites = tmp_path / "sites.csv"
    rows = ("P1,示例甲厂,107.5512,24.9812,3212,2017,新建", "P2,示例乙厂,107.60,24.99,3212,2017,改建")
    sites.write_text("\n".join(("项目编号,项目名称,经度,纬度,行业代码,行业分类版本,建设性质", *rows)), "utf-8")
    for answered in (in_english, answer_sites(request(sites=sites, out=tmp_path / "two", language="en"))):
        assert answered.folder is not None
        own, left = own_words(answered.results), {}
        for title, page in pages_of(answered.folder / "siting.xlsx").items():
            if title == phrases()["逐点摘要"]:  # lines of the terminal, names cut to its width
                continue
            assert page.printed
            for text in (title, *page.printed, *(cell for row in page.rows for cell in row if isinstance(cell, str))):
                rest = text
                for word in own:
                    rest = rest.replace(word, "")
                # names and words of a text in quotation marks; the text that a trade's default is taken from
                rest = re.sub(r'"[^"]*"|\(by 《[^)]*\)', "", rest)
                left |= {text: rest} if CHINESE.search(rest) else {}
        assert left == {}


def test_missing_data_name_the_layer_the_count_and_whom_to_ask(answered: Answered) -> None:
    told = json.loads(answered.json_text())["sites"][0]
    assert "未提供「永久基本农田集中区域」，相关 2 条未评估。请向自然资源部门获取。" in told["missing"]
    assert "未提供「污染地块」，相关 1 条未评估。请向生态环境部门获取。" in told["missing"]
    assert "未填报是否对水体污染严重，相关 1 条。" in told["open"]


def test_offsets_stand_both_ways_while_the_text_leaves_it_open(answered: Answered) -> None:
    told = json.loads(answered.json_text())["sites"][0]
    assert [(line["metal"], line["required_kg"]) for line in told["offsets"]] == [
        ("铅", 15.0),
        ("镉", 0.48),
        ("合计", 15.48),
    ]
    assert told["offset_notes"][0].startswith("条文未规定「减量替代按单一金属还是合计计算」")


def test_target_tables_name_their_standard_and_say_what_is_unset(answered: Answered) -> None:
    told = json.loads(answered.json_text())["sites"][0]
    by_element = {table["element"]: table for table in told["targets"]}
    assert by_element["大气"]["range_m"] is None
    assert by_element["大气"]["note"] == "依据 HJ 2.2（未核对原文）。评价范围随评价等级而定，未设定，本表未列。"
    risk = by_element["环境风险（500 m）"]
    assert risk["population"] == sum(target["population"] for target in risk["targets"])
    assert [target["distance_m"] for target in risk["targets"]] == sorted(
        target["distance_m"] for target in risk["targets"]
    )
    assert by_element["土壤"]["range_m"] == 1000.0


def test_the_sheet_holds_clause_quote_datum_caption_and_disclaimer(answered: Answered) -> None:
    assert answered.folder is not None
    rows = cells(answered.folder / "siting.xlsx", "选址条款研判表")
    text = "\n".join("｜".join(row) for row in rows)
    assert "《中华人民共和国土壤污染防治法》第三十二条" in text
    assert "环境管控单元｜未提供「环境管控单元」。请向生态环境部门获取。" in text
    assert "敏感目标（2024，合成（演示），完整性：未申明）" in text
    assert rows[-1] == [wording.DISCLAIMER]
    assert rows[-2][0].startswith("坐标系：2000国家大地坐标系｜资料来源：hmgeo 合成数据")


def test_the_folder_is_the_same_every_time(answered: Answered, tmp_path: Path) -> None:
    again = answer_sites(request(typed(), ranges=("soil=1000",), out=tmp_path / "again"))
    assert answered.folder is not None
    assert again.folder is not None
    for name in ("siting.xlsx", "siting.json", "findings.parquet", "ledger.csv"):
        first, second = (hashlib.sha256((one.folder / name).read_bytes()).hexdigest() for one in (answered, again))
        assert first == second, name


def test_a_word_file_of_many_extracts_under_a_long_title_is_written(answered: Answered, tmp_path: Path) -> None:
    assert answered.folder is not None
    made = json.loads((answered.folder.parent / "摘录.json").read_text(encoding="utf-8"))
    write_extract([made] * 13, [b""] * 13, tmp_path / "a.docx", title="长" * 300)
    told = docx.Document(str(tmp_path / "a.docx")).core_properties
    assert told.identifier.startswith(f"{made['extract_id']}；{made['extract_id']}；")
    assert (len(told.identifier), told.title) == (255, "长" * 254 + "…")


def test_a_list_of_projects_keeps_every_row(tmp_path: Path) -> None:
    table = tmp_path / "projects.csv"
    table.write_text(
        "项目编号,项目名称,建设性质,行业代码,行业分类版本,经度,纬度,坐标系,县(市、区),乡镇(街道),新增铅(kg/a),是否可能造成土壤污染\n"
        "P1,示例一,新建,3212,2017,107.5512,24.9812,CGCS2000,南丹县,城关镇,12.5,是\n"
        "P2,示例二,搬迁,3212,2017,107.6000,24.9000,CGCS2000,南丹县,,,\n"
        "P3,示例三,扩建,3360,2017,,,,南丹县,车河镇,3,否\n",
        encoding="utf-8",
    )
    found = answer_sites(request(sites=table, out=tmp_path / "out")).results
    answers = [dossier.answer for dossier in found.dossiers]
    assert [answer.site_id for answer in answers] == ["P1", "P2", "P3"]
    assert [answer.status for answer in answers] == ["assessed", "assessed", "not_located"]
    second = {clause.citation.rule_id: clause for clause in answers[1].clauses}
    assert second["SIT-GX-OFFSET-KEY"].verdict is Verdict.CONDITIONAL  # what is moved to a new place is new there
    third = {clause.citation.rule_id: clause for clause in answers[2].clauses}
    assert third["SIT-GX-OFFSET-KEY"].verdict is Verdict.CONDITIONAL  # the township's name is enough
    alone = open_desk(PROJECT).check(
        Site("Q", "", shapely.Point(107.5512, 24.9812), 7.4941, "3212", "2017", basis=Basis.UNDECLARED)
    )
    assert len(alone.clauses) == len(answers[0].clauses)


LISTED = (
    "项目编号,项目名称,类型,建设性质,行业代码,行业分类版本,经度,纬度,坐标系\n"
    "P1,示例一,,新建,3212,2017,107.5512,24.9812,CGCS2000\n"
    "P2,示例二,尾矿库,新建,,,107.6000,24.9000,CGCS2000\n"
    "P3,示例三,怪东西,新建,3212,2017,107.5600,24.9700,CGCS2000\n"
    "P4,示例四,,新建,3212,2017,108.9000,24.6000,CGCS2000\n"
)


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Answered:
    folder = tmp_path_factory.mktemp("listed")
    (folder / "list.csv").write_text(LISTED, encoding="utf-8")
    return answer_sites(request(sites=folder / "list.csv", out=folder / "out"))


def test_a_list_is_held_against_its_clauses_on_one_a3_and_then_site_by_site(listed: Answered) -> None:
    assert listed.folder is not None
    book = pages_of(listed.folder / "siting.xlsx")
    assert [*book][:3] == ["点位与条款对照", "逐点摘要", "汇总"]
    with zipfile.ZipFile(listed.folder / "siting.xlsx") as file:
        looks = file.read("xl/worksheets/sheet1.xml").decode()
    assert '<pageSetUpPr fitToPage="1"/>' in looks  # to one page: Excel leaves 1 and 1 out
    assert re.findall("<pageSetup (.*)/>", looks)[0].split() == ['paperSize="8"', 'orientation="landscape"']
    sheet = book["点位与条款对照"].rows
    rows = {str(row[0]).partition("　")[2]: row for row in sheet if row[0]}
    assert [str(cell).split("\n")[0] for cell in sheet[0][2:]] == ["P1", "P2", "P3", "P4"]
    signs = {"prohibited": "■", "conditional": "▲", "listed": "◆", "not_assessed": "？", "clear": "○"}
    for at, dossier in enumerate(listed.results.dossiers):
        for clause in dossier.answer.clauses:
            if clause.verdict is Verdict.NOT_APPLICABLE:
                continue
            shown = str(rows[clause.citation.rule_id][at + 2])
            assert shown[0] == ("□" if clause.is_unmet else signs[clause.verdict.value])
            if clause.measured.value is not None and clause.measured.unit == "m":
                assert shown.endswith(distance_text(clause.measured.value))
    blocks = [str(row[0]) for row in book["逐点摘要"].rows]
    assert not any(option in line for line in blocks for option in ("--all", "--sites"))  # no terminal here
    starts = [line.split("　")[0] for line in blocks if line.startswith("P")]
    assert starts == ["P1 示例一", "P2 示例二", "P3 示例三", "P4 示例四"]
    fourth = "".join(blocks[blocks.index(next(line for line in blocks if line.startswith("P4"))) :])
    assert "不在项目区域（南丹县）内" in fourth
    assert "不在项目区域" not in "".join(blocks[: blocks.index(next(line for line in blocks if line.startswith("P4")))])


def test_each_object_of_a_list_is_what_its_row_says(listed: Answered) -> None:
    by_id = {one.answer.site_id: one.answer for one in listed.results.dossiers}
    reach = {
        site_id: {clause.citation.rule_id for clause in answer.clauses if clause.verdict is not Verdict.NOT_APPLICABLE}
        for site_id, answer in by_id.items()
    }
    assert "SIT-GX-PARK" in reach["P1"]
    assert "SIT-GX-PARK" not in reach["P2"]  # a tailings pond is no smelter
    assert "类型所填「怪东西」看不懂，按建设项目研判" in "".join(by_id["P3"].notes)
    pond = {
        site_id: next(c for c in by_id[site_id].clauses if c.citation.rule_id == "TAIL-LAW-23") for site_id in by_id
    }
    assert pond["P2"].verdict is not Verdict.NOT_APPLICABLE
    assert pond["P3"].verdict is Verdict.NOT_ASSESSED  # whatever it is may be a pond
    assert pond["P1"].verdict is Verdict.NOT_APPLICABLE
    assert "看不懂" not in "".join((*by_id["P1"].notes, *by_id["P2"].notes))


@pytest.mark.parametrize(
    ("word", "trade", "work", "kind", "is_open"),
    [
        ("园区", "3212", "", "project_sites", True),
        ("重点区域", "", "新建", "project_sites", True),
        ("企业", "3212", "新建", "project_sites", True),
        ("园区", "", "", "industrial_parks", False),
        ("企业", "3212", "", "enterprises", False),
        ("企业", "3212", "扩建", "enterprises", False),
        ("尾矿库", "0912", "新建", "tailings_ponds", False),
    ],
)
def test_where_something_lies_is_not_what_it_is(
    tmp_path: Path, word: str, trade: str, work: str, kind: str, *, is_open: bool
) -> None:
    path = tmp_path / "list.csv"
    head = "项目编号,经度,纬度,坐标系,行业代码,行业分类版本,建设性质,类型"
    path.write_text(f"{head}\nP1,107.55,24.98,CGCS2000,{trade},2017,{work},{word}\n", encoding="utf-8")
    (site,), _ = read_sites(open_desk(PROJECT), path, basis=Basis.SYNTHETIC, options=ReadOptions())
    assert (site.kind, "kind" in site.doubts) == (kind, is_open)


def test_a_site_needs_no_list_of_enterprises_and_no_screening_rule(tmp_path: Path) -> None:
    layer = PROJECT.parent.parent / "synthetic" / "nandan" / "sensitive_sites.gpkg"
    (tmp_path / "project.yml").write_text(
        "schema: 1\ntitle: 只有敏感目标\nas_of: 2024-06-30\narea: {key_areas: [GX-ND]}\nlayers:\n"
        f"  sensitive_sites: {{path: '{layer}', layer: sensitive_sites, basis: synthetic, classification: 公开}}\n",
        encoding="utf-8",
    )
    asked = SiteRequest(tmp_path, typed(metals=(), stated=()), None, Basis.UNDECLARED, ReadOptions())
    lines = answer_sites(asked).lines()
    assert lines[0].startswith("拟建点位　南丹县")
    assert any("「敏感目标」" in line or "敏感目标 示例" in line for line in lines)


def test_everything_wrong_with_what_was_typed_is_told_at_once() -> None:
    wrong = Typed("107.55", "3212", "2013", "build", metals=["Pb"], stated=["may_pollute=yes", "closed=perhaps"])
    with pytest.raises(UsageError) as caught:
        answer_sites(request(wrong))
    assert [problem.what for problem in caught.value.problems] == [
        "点位看不懂",
        "建设性质看不懂",
        "行业分类版本看不懂",
        "新增排放量看不懂",
        "没有这一事实",
        "只能是 yes 或 no",
    ]
    assert caught.value.problems[4].remedy == "是否为「may_pollute_soil」"


def test_what_is_typed_twice_must_say_the_same() -> None:
    facts, both = ["may_pollute_soil=yes", "may_pollute_soil=yes"], "可能造成土壤污染=no"
    wrong = replace(typed(), metals=["Pb=10", "Pb=10", "Pb=0"], stated=[*facts, both])
    with pytest.raises(UsageError) as caught:
        answer_sites(request(wrong))
    assert [(problem.what, problem.found) for problem in caught.value.problems] == [
        ("同一金属写了两个数值", "Pb=0"),
        ("同一事实写了是又写了否", both),
    ]


def test_a_point_or_a_file_must_be_given_and_ranges_must_be_known() -> None:
    with pytest.raises(UsageError, match="须给出 --at 或 --sites 之一"):
        answer_sites(request())
    with pytest.raises(UsageError, match="评价范围看不懂"):
        open_desk(PROJECT, ranges_m=parse_ranges(["soils=3"]))
    with pytest.raises(UsageError, match="评价范围看不懂"):
        open_desk(PROJECT, ranges_m=parse_ranges(["soil=inf"]))
    with pytest.raises(UsageError, match="评价范围看不懂"):
        parse_ranges(["soil=near"])


def test_real_sites_are_not_held_against_invented_receptors(tmp_path: Path) -> None:
    table = tmp_path / "real.csv"
    table.write_text("项目编号,经度,纬度,坐标系\nP1,107.5512,24.9812,CGCS2000\n", encoding="utf-8")
    asked = SiteRequest(PROJECT, NONE, table, Basis.REAL, ReadOptions())
    with pytest.raises(UsageError, match="真实污染源不得对照合成或示意的受体数据"):
        answer_sites(asked)


def lines_of(answer: SiteAnswer, answered: Answered, language: str = "zh") -> list[str]:
    dossier = replace(answered.results.dossiers[0], answer=answer)
    lines = screen_lines(dossier, answered.results, language)
    assert len(lines) <= 30
    assert max(map(display_width, lines)) <= 100
    return lines


@pytest.mark.parametrize("language", ["zh", "en"])
def test_one_site_fits_one_screen_whatever_is_touched(answered: Answered, language: str) -> None:
    answer = answered.results.dossiers[0].answer
    assert lines_of(answer, answered, language) == screen_lines(
        answered.results.dossiers[0], answered.results, language
    )
    touched = tuple(replace(one, verdict=Verdict.PROHIBITED) for one in answer.clauses)
    assert len(touched) > 70
    lines_of(replace(answer, clauses=touched), answered, language)
    lines_of(replace(answer, clauses=()), answered, language)


def test_the_screen_says_where_how_sure_what_is_touched_and_what_is_near(answered: Answered) -> None:
    answer = answered.results.dossiers[0].answer
    lines = lines_of(answer, answered)
    text = "".join(line.strip() for line in lines)
    assert lines[0] == "拟建点位　南丹县城关镇　107.5512, 24.9812（±7 m、坐标给到小数点后 4 位）"
    assert lines[1].startswith("3212 铅锌冶炼（GB/T 4754—2017）｜新建｜新增重点重金属排放：铅 12.5 kg/a")
    ban = next(line for line in lines if line.startswith("■ 触及禁止性规定"))
    assert ban.endswith("土壤污染防治法 32")
    assert "限 500 m（非法定）" in text, "the office chose it; it must not read as the law's"
    unmet = [line for line in lines if line.startswith("■ 要求未见满足")]
    assert len(unmet) == 1
    assert "园区" in unmet[0]
    bans = answer.open_bans()
    assert f"？ 还不能排除的禁止 {len(bans)} 条" in text
    assert all(one.citation.effect == "ban" for one in bans)
    assert "自然资源部门取得" in text
    assert "永久基本农田" in text
    near = answered.results.dossiers[0].nearest
    assert {one.layer for one in near} == set(answered.results.layers) - {"elevation"}
    assert all(one.name in text for one in near)
    assert [one.distance_m for one in near] == sorted(one.distance_m for one in near)


def test_a_long_name_takes_no_distance_and_no_limit_off_the_screen(answered: Answered) -> None:
    answer = answered.results.dossiers[0].answer
    name = "广西壮族自治区河池市南丹县城关镇示例第三初级中学附属实验小学及教职工宿舍区"
    renamed = tuple(replace(one, measured=replace(one.measured, receptor_name=name)) for one in answer.clauses)
    lines = lines_of(replace(answer, clauses=renamed), answered)
    at = next(at for at, line in enumerate(lines) if line.startswith("■ 触及禁止性规定"))
    (ban,) = (one for one in answer.having(Verdict.PROHIBITED) if not one.is_unmet)
    assert ban.measured.text in "".join(lines[at : at + 2])
    assert "限 500 m（非法定）" in "".join(lines[at : at + 2])


def test_a_wide_code_is_told_as_open_not_as_a_place_that_may_be_nearer() -> None:
    """A park 18 km off was called 临界 for the trade's code."""
    answered = answer_sites(request(Typed("107.3566,25.0080", "3360", "2017", "new")))
    (park,) = (one for one in answered.results.dossiers[0].answer.clauses if one.citation.rule_id == "SIT-GX-PARK")
    assert siting_words.certainty_text(park) == "临界，待核实（资料未说清，已按较严一侧；补清后结论可能改变）"
    shown = "".join(line.strip() for line in answered.lines())
    assert "18.0 km，在东方向〔资料未说清，从严〕" in shown
    assert "临界" not in shown
    english = "".join(line.strip() for line in screen_lines(answered.results.dossiers[0], answered.results, "en"))
    assert "could flip" not in english


def test_no_count_of_0_stands_without_the_bans_that_are_open(answered: Answered) -> None:
    answer = answered.results.dossiers[0].answer
    calm = tuple(one for one in answer.clauses if one.verdict is not Verdict.PROHIBITED)
    lines = lines_of(replace(answer, clauses=calm), answered)
    assert next(line for line in lines if line.startswith("触及")).startswith(
        f"触及禁止性规定 0；还不能排除的禁止 {len(answer.open_bans())} 条｜有附加条件 2 条｜"
    )
    unmet = tuple(one for one in answer.clauses if one.verdict is not Verdict.PROHIBITED or one.is_unmet)
    lines = lines_of(replace(answer, clauses=unmet), answered)
    assert next(line for line in lines if line.startswith("触及")).startswith(
        f"触及禁止性规定 0；还不能排除的禁止 {len(answer.open_bans())} 条｜要求未见满足 1 条｜"
    )


def test_open_clauses_stand_by_what_settles_them_gravest_and_most_first() -> None:
    answer = bench().check(replace(SITE, attributes={}))
    groups = grouped(answer.having(Verdict.NOT_ASSESSED))
    effects = [min(_EFFECTS.index(one.citation.effect) for one in group.clauses) for group in groups]
    assert effects == sorted(effects)
    for one, following in pairwise(groups):
        if effects[groups.index(one)] == effects[groups.index(following)]:
            assert len(one.clauses) >= len(following.clauses)
    told = {one.settling: one.what for one in groups}
    assert told[Settling.LAYER]
    assert sum(len(one.clauses) for one in groups) == len(answer.having(Verdict.NOT_ASSESSED))


def test_articles_are_told_in_figures() -> None:
    cited = bench().check(SITE).clauses[0].citation
    said = {text: short_clause(replace(cited, clause=text)) for text in _CLAUSES}
    assert said == _CLAUSES


_EFFECTS = ["ban", "require", "restrict", "list"]
_CLAUSES = {
    "第三十二条": "32",
    "第五十条第二款": "50②",
    "第十条": "10",
    "第一百零二条第一款": "102①",
    "第二十五条(三)": "25(三)",
    "四（一）“严格环境准入管理”段": "四（一）",
    "": "原文未收录",
}


def test_english_has_the_same_order_and_numbers_and_quotes_as_written(answered: Answered, in_english: Answered) -> None:
    assert in_english.folder is not None
    zh, en = (json.loads(one.json_text())["sites"][0] for one in (answered, in_english))
    kept = (
        "rule_id",
        "verdict",
        "certainty",
        "standing",
        "measured",
        "limit_value",
        "quote",
        "document",
        "clause",
        "reason_codes",
        "reason_values",
    )
    assert [[one[name] for name in kept] for one in en["clauses"]] == [
        [one[name] for name in kept] for one in zh["clauses"]
    ]
    first = en["clauses"][0]
    assert first["note"].startswith('"sensitive sites" declares no coverage: results are lower bounds.')
    assert first["reason_values"][0] == {"code": "coverage_undeclared", "values": {"layer": "敏感目标"}}
    assert first["badge"] == "example only: touches a prohibition"
    assert first["legal_rank_text"] == "law"
    assert first["sentence"].startswith(
        "Lies within the spatial scope of a prohibition in 《中华人民共和国土壤污染防治法》"
    )
    assert en["header"].startswith("touches a prohibition 1 | requirement not seen to be met 1 | ")
    assert (en["facts"]["Action"], zh["facts"]["建设性质"]) == ("new", "新建")
    shown = "\n".join(in_english.lines(every_clause=True))
    assert "Measured: " in shown
    assert shown.endswith("decide.")
    assert [*pages_of(in_english.folder / "siting.xlsx")] == ["Siting, clause by clause", "All clauses"]
    page = cells(in_english.folder / "siting.xlsx", "Siting, clause by clause")
    assert ["1. The project"] in page
    assert ["No.", "Verdict", "Rank / authority", "Document, clause", "Quote", "Measured", "Judgement and reasons",
            "What would change it", "Data (vintage)", "Decider / standing"] in page  # fmt: skip
    assert any(row[0].startswith("8. Not assessed (") for row in page if row)


LONG_LIST = """项目编号,项目名称,类型,建设性质,行业代码,行业分类版本,经度,纬度,坐标系
P1,示例一,,新建,3212,2017,107.5512,24.9812,CGCS2000
P2,示例二,尾矿库,新建,,,107.6000,24.9000,CGCS2000
P3,示例三,怪东西,新建,3212,2017,107.5600,24.9700,CGCS2000
P4,示例四,,新建,3212,2017,108.9000,24.6000,CGCS2000
P5,没坐标,,新建,3212,2017,,,
P6,=1+1,,新建,3212,2017,107.55,24.99,CGCS2000
"""


@pytest.mark.parametrize("rows", [50_000, 40, 5])
def test_a_long_list_is_written_as_a_short_one(rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = PROJECT.parent.parent / "synthetic" / "nandan" / "sensitive_sites.gpkg"
    (tmp_path / "project.yml").write_text(
        "schema: 1\ntitle: 只有敏感目标\nas_of: 2024-06-30\narea: {key_areas: [GX-ND]}\nlayers:\n"
        f"  sensitive_sites: {{path: '{places}', layer: sensitive_sites, basis: synthetic, classification: 公开}}\n"
    )
    (tmp_path / "list.csv").write_text(LONG_LIST)
    monkeypatch.setattr(sites_files, "PRINTED_SITES", 3)
    for module in (sites_files, siting_sheets):
        monkeypatch.setattr(module, "DOSSIER_SHEETS", 3)
        monkeypatch.setattr(module, "LISTED_ROWS", rows)
    seen = []
    for extracts in ((tmp_path / "摘录.json",), ()):  # all of it held in memory; written as it comes
        out = tmp_path / str(len(extracts))
        listed = tmp_path / "list.csv"
        given = SiteRequest(tmp_path, NONE, listed, Basis.SYNTHETIC, ReadOptions(), out=out, extracts=extracts)
        answered = answer_sites(given)
        book = openpyxl.load_workbook(out / "siting.xlsx", read_only=True)
        cells = {
            sheet.title: [[cell.value and (cell.value, cell.font.b) for cell in row] for row in sheet.iter_rows()]
            for sheet in book
        }
        findings = pq.read_table(out / "findings.parquet")
        counts = [answered.count(verdict) for verdict in Verdict]
        lines = [line.replace(str(out), "out") for line in answered.lines()]
        written = json.loads((out / "siting.json").read_text(encoding="utf-8"))
        seen.append((cells, findings, (out / "ledger.csv").read_bytes(), counts, lines, written))
    assert sum(seen[0][3]) == seen[0][1].num_rows > 6
    assert seen[0] == seen[1]
    assert [line.split("　")[0] for line in seen[0][4] if line[0] == "P"] == ["P1 示例一", "P2 示例二", "P3 示例三"]
    assert seen[0][4][1].startswith("  触及禁止性规定 ")
    assert sum(line.startswith("  ■ 触及禁止性规定：土壤污染防治法 32") for line in seen[0][4]) == seen[0][3][0]
    assert seen[0][4][-2].startswith("另有 3 个项目未在此列出")
    assert seen[0][5]["warnings"][-1] == (
        "共 6 个项目，此处逐个只列计数，各条结论全部见 findings.parquet。"
        "区划、环境保护目标、总量替代和可改变结论的因素，用 --at 或不超过 3 个项目的清单可得。"
    )
    assert [list(site) for site in seen[0][5]["sites"]] == [["site_id", "name", "place", "counts"]] * 6
