"""--lang en: every sheet speaks English but for data, quotes and names, and every number is the same."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

import docx
import pytest
from books import Page, pages_of
from small_results import data_of
from typer.testing import CliRunner

from hmgeo.cli import app
from hmgeo.outputs import wording
from hmgeo.outputs.english import in_english, phrases, written
from hmgeo.outputs.map.page import map_page
from hmgeo.outputs.sheets.report import write_report
from hmgeo.outputs.sheets.screening import write_workbook
from hmgeo.outputs.sheets.survey import write_survey_list
from hmgeo.outputs.tables import OUR_WORDS, write_data
from hmgeo.outputs.templates import FIX_SOURCE, fix_title, rows_to_fix, settling_lines, write_fixme
from hmgeo.project.run_files import told_by
from hmgeo.records import UnreadWord
from hmgeo.reference.tables import LINKS
from hmgeo.results.results import Presentation, Results
from hmgeo.rules.parameters import declared
from hmgeo.words import say, sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

CHINESE = re.compile(r"[\u3400-\u9fff]+")
PROJECTS = ("qingcheng", "qingyuan-annex")


@pytest.fixture(scope="module")
def books(
    shipped_results: Callable[[str], Results], tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], list[dict[str, Page]]]:
    folder = tmp_path_factory.mktemp("books")
    made = {}
    for project in PROJECTS:
        for language in ("zh", "en"):
            shown = Presentation(language=language, field_forms=2)
            write_workbook(shipped_results(project), shown, folder / "one.xlsx")
            write_survey_list(shipped_results(project), shown, folder / "two.xlsx")
            results = shipped_results(project)
            rows = rows_to_fix(results.ledger.entries)
            title = fix_title(results.title, len(rows))
            shown_in = {"title": title, "unread": results.unread, "language": language}
            write_fixme(rows, FIX_SOURCE, folder / "three.xlsx", **shown_in)
            names = ("one.xlsx", "two.xlsx", "three.xlsx")
            made[project, language] = [pages_of(folder / name) for name in names]
    return made


def own_words(results: Results) -> list[str]:
    """Return every text that is data, a name, or the words of a text or of the rule book."""
    found: set[str] = {results.title, results.area_name}
    tables = [results.sources, results.findings, results.receptors, results.bureau.attributes, results.bureau.reached]
    tables += [results.bureau.leads, results.bureau.townships, results.bureau.places]
    tables += [results.bureau.outlets] if results.bureau.outlets is not None else []
    water = results.water
    if water is not None:
        tables += [water.paths, water.met, water.catchments, water.chains, water.sampling, water.agreement]
    names = {
        "water", "intake_name", "district_name", "target_id", "target_name", "outlet_id",
        "name", "source_id", "county", "township", "receptor_id", "receptor_name", "document", "clause", "quote",
        "class", "neighbour", "place_name", "trade_name", "enterprise_id", "pollutant", "receiving_water",
        "deadline_text", "action_text", "nearest_site_id",
    }  # fmt: skip
    for table in tables:
        for column in table.column_names:
            if column in names or table is results.bureau.attributes:
                found |= {text for text in table[column].to_pylist() if isinstance(text, str)}
    for entry in results.ledger.entries:
        found |= {entry.value, entry.field, entry.sheet, entry.file}
    found |= {text for one in results.unread for text in (one.word, one.column, *one.allowed)}
    for rule in results.rules:
        found |= {
            rule.document,
            rule.clause,
            rule.quote,
            rule.note,
            rule.verified,
            *re.split("[。；，、（）]", rule.note),
        }
    found |= {text for one in results.parameters for text in (one.by, one.reason)}
    found |= {text for one in declared() for hint in one.hints for text in (hint.source, str(hint.value))}
    for layer in (*results.layers, *results.context):
        origin = getattr(layer, "provenance", layer)
        found |= {getattr(origin, name, "") for name in ("source", "credit", "licence", "path")}
        found |= {getattr(getattr(layer, "gates", None), "coverage_name", "")}
    found |= {part for area in results.area_name.split("、") for part in (area,)}
    texts = {piece for text in found for piece in CHINESE.findall(text or "")}
    texts |= {
        "清城区",
        "龙塘镇",
        "石角镇",
        "约三十米",
        "合成",
        *(f"{a}{b}" for a in ("清城区",) for b in ("示例气象站",)),
    }
    return sorted(texts, key=len, reverse=True)


@pytest.mark.parametrize("project", PROJECTS)
def test_an_english_workbook_holds_chinese_only_in_data_quotes_and_names(
    books: dict[tuple[str, str], list[dict[str, Page]]], shipped_results: Callable[[str], Results], project: str
) -> None:
    own = own_words(shipped_results(project))
    left: dict[str, str] = {}
    for book in books[project, "en"]:
        for title, page in book.items():
            assert not CHINESE.search(title)
            for cell in {cell for row in page.rows for cell in row if isinstance(cell, str)}:
                text = ours(cell, own)
                if CHINESE.search(text):
                    left.setdefault(f"{title}: {cell[:120]}", text)
            texts = [ours(text, own) for text in page.printed] + page.said
            left |= {f"{title} print or told": text for text in texts if CHINESE.search(text)}
    pages = [page for book in books[project, "en"] for page in book.values()]
    assert [any(one.printed for one in pages), any(one.said for one in pages)] == [True, True]
    assert left == {}


def ours(text: str, own: Iterable[str]) -> str:
    """Return what is left of a text without what is a list's own, which stands in quotation marks or is known."""
    text = re.sub('"[^"]*"', "", text)
    for word in own:
        text = text.replace(word, "")
    return text


@pytest.mark.parametrize("project", PROJECTS)
def test_an_english_report_holds_chinese_only_in_data_quotes_and_names(
    shipped_results: Callable[[str], Results], tmp_path: Path, project: str
) -> None:
    results = shipped_results(project)
    own = own_words(results)
    pages = []
    for language in ("en", "zh"):
        shown = Presentation(language=language)
        write_report(told_by(results, shown, tmp_path), tmp_path / f"{language}.docx")
        pages.append(docx.Document(str(tmp_path / f"{language}.docx")))
    cells = [[[cell.text for row in one.rows for cell in row.cells] for one in page.tables] for page in pages]
    texts = [*(one.text for one in pages[0].paragraphs), *(text for table in cells[0] for text in table)]
    assert {text: left for text in texts if CHINESE.search(left := ours(text, own))} == {}
    assert [len(one) for one in cells[0]] == [len(one) for one in cells[1]]
    assert len(pages[0].paragraphs) == len(pages[1].paragraphs)
    assert "6. Clauses relied on" in texts


@pytest.mark.parametrize("project", PROJECTS)
def test_numbers_are_the_same_in_both_languages(
    books: dict[tuple[str, str], list[dict[str, Page]]], project: str
) -> None:
    for zh, en in zip(books[project, "zh"], books[project, "en"], strict=True):
        for one, other in zip(zh.values(), en.values(), strict=True):
            told = [[cell for row in page.rows for cell in row] for page in (one, other)]
            numbers = [[value for value in values if isinstance(value, int | float)] for values in told]
            assert numbers[0] == numbers[1]
            assert [*map(len, one.rows)] == [*map(len, other.rows)]


def test_words_not_understood_are_asked_for_in_english_with_the_words_that_may_be_written() -> None:
    lines = settling_lines([UnreadWord("类别", "重要设施", 2, ("居民区", "学校"), 3)], "en")
    assert lines[0].startswith("Words that aren't understood: write a line for each under words in project.yml ")
    assert lines[1:] == [
        "words:",
        '  "重要设施": {means: , by: , on: , reason: }  # Class, 2 rows, 3 findings wait for it; may be 居民区、学校',
    ]


def test_names_in_brackets_side_by_side_are_told_one_by_one() -> None:
    told = in_english(say("layers_unmarked", layers=("涉重金属企业", "耕地")))
    assert told == '"enterprises", "farmland" carries no classification: internal use only.'


def test_every_phrase_stands_once_and_holds_no_parts() -> None:
    zh = [one for one, _ in written()]
    assert len(zh) == len(set(zh))
    assert [one for one in written() if "{" in "".join(one)] == [], "what holds values is a code of words.tsv"
    assert [one for one, en in written() if not en or (en != en.rstrip() and not one.endswith("："))] == []
    assert phrases()["符合排查条件"] == "meets the survey condition"


@pytest.mark.parametrize(
    ("zh", "en"),
    [
        (
            sentences("没有坐标", say("place_unknown")),
            "No coordinates. No usable position; this clause was not judged.",
        ),
        (
            say(
                "summed_over_outlets",
                masses=say(
                    "listed",
                    parts=(
                        say("metal_mass", metal="镉", mass=1.2),
                        say("metal_mass", metal="铅", mass=8.5),
                    ),
                ),
            ),
            "Cd 1.2 kg/a, Pb 8.5 kg/a (sum of outlets)",
        ),
        (
            say(
                "receptors_are",
                parts=(
                    say(
                        "polluted_within_at_least",
                        radius="10 km",
                        held=(
                            say("class_area_of_many", word="严格管控类", area_ha=2.5),
                            say("class_area_of_many", word="安全利用类", area_ha=5.19),
                        ),
                    ),
                    say(
                        "irrigated_polluted",
                        held=(say("class_area_of_many", word="严格管控类", area_ha=1.0),),
                    ),
                ),
            ),
            (
                "receptors: within 10 km at least strictly controlled 2.50 ha, safe use 5.19 ha, "
                "irrigated parcels include strictly controlled 1.00 ha"
            ),
        ),
        ("龙塘镇、石角镇", "龙塘镇、石角镇"),
        ("禁止在河道管理范围内建设妨碍行洪的建筑物、构筑物", "禁止在河道管理范围内建设妨碍行洪的建筑物、构筑物"),
        ("", ""),
    ],
)
def test_known_phrases_are_put_into_english_and_everything_else_stays(zh: str, en: str) -> None:
    assert in_english(zh) == en


def test_csv_notes_follow_the_language_and_codes_stay(
    shipped_results: Callable[[str], Results], tmp_path: Path
) -> None:
    results = shipped_results("qingcheng")
    rows = {}
    for language in ("zh", "en"):
        write_data(results, tmp_path, language)
        with (tmp_path / "sources.csv").open(encoding="utf-8-sig", newline="") as file:
            rows[language] = list(csv.DictReader(file))
    for zh, en in zip(rows["zh"], rows["en"], strict=True):
        assert {key: text for key, text in zh.items() if key not in OUR_WORDS} == {
            key: text for key, text in en.items() if key not in OUR_WORDS
        }
    assert any("Known only to lie in" in row["note"] for row in rows["en"])


def test_one_of_a_kind_is_told_in_the_singular_and_names_stay() -> None:
    """The terminal said 1 rows, and 1 are not."""
    lost = {
        "layer": "灌溉取水口",
        "rows": 1,
        "column": "灌区编号",
        "target": "灌区",
        "joined": 0,
        "lost": 1,
        "which": "G9",
    }
    assert in_english(say("links_lost", **lost)) == (
        '"irrigation intakes": 1 row names a row of "district" in "District id", 0 are linked, 1 is not ("G9"): '
        "see the ledger."
    )
    told = in_english(say("rows_disputed", count=1))
    assert told.startswith("1 row states what other data contradict")
    assert in_english(say("rows_disputed", count=2)).startswith("2 rows state what")
    assert in_english(say("rows_disputed", count=11)).startswith("11 rows state what")
    assert in_english(say("site.more_in_files", rest="1")) == "1 more site is in the files."
    assert wording.TEXTS["rows_read"].say("en", count="1", statuses="x").startswith("1 row of sources: x.")
    assert in_english(say("diff.differs", name="1")) == "1 differs"
    assert in_english("现有数据未遇耕地") == "no farmland met in the data at hand"


def test_every_column_that_joins_lists_has_an_english_name() -> None:
    links = ("enterprise", "water", "intake", "district", "park", "zone")
    assert [in_english(LINKS[link][0]) for link in links] == [
        "Enterprise id", "Receiving water", "Intake id", "District id", "Park id", "Water source id",
    ]  # fmt: skip


def test_the_map_tells_in_english_why_a_source_is_visited(shipped_results: Callable[[str], Results]) -> None:
    """「最近耕地处于下风向的时间」 stayed in the popup of an English page."""
    data = data_of(map_page(shipped_results("qingcheng"), Presentation(language="en")))
    told = [fact[1:] for source in data["sources"] for fact in source["facts"] if fact[0] == "visit"]
    downwind = [english for chinese, english in told if "最近耕地处于下风向" in chinese]
    assert downwind
    assert all(re.search(r", nearest farmland downwind [\d.]+% of the time", english) for english in downwind)
    assert all(re.match(r"(I|II|III|IV), [\d≤<>–-]", english) for english in downwind)


def test_the_command_speaks_english_and_opens_the_page_in_it(tmp_path: Path) -> None:
    points = tmp_path / "points.csv"
    points.write_text("id,name,lon,lat\nA,Site,113.05,23.60\n", encoding="utf-8")
    land = tmp_path / "land.geojson"
    ring = "[[[113.05,23.61],[113.051,23.61],[113.051,23.611],[113.05,23.61]]]"
    land.write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":"P1"},'
        f'"geometry":{{"type":"Polygon","coordinates":{ring}}}}}]}}',
        encoding="utf-8",
    )
    command = ["screen", "--sources", str(points), "--farmland", str(land), "--out", str(tmp_path / "out")]
    told = CliRunner().invoke(app, [*command, "--lang", "en"])
    assert told.exit_code == 0, told.output
    assert "1 source (assessed 1, not located 0, returned for correction 0)" in told.output
    assert '<html lang="en">' in (tmp_path / "out/map.html").read_text(encoding="utf-8")
    assert next(iter(pages_of(tmp_path / "out/screening.xlsx"))) == "Contents"
    refused = CliRunner().invoke(app, [*command, "--lang", "fr"])
    assert refused.exit_code == 2
