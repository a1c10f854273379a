"""Every quote stands verbatim in the text it is taken from, under the heading that its citation names."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import pytest

from hmgeo.errors import RuleError
from hmgeo.project.start import check_rules
from hmgeo.rules.book import load_book, shipped_rule_files
from hmgeo.rules.model import DatedValue, Rule, Runs
from hmgeo.rules.parameters import OpenText, declared
from hmgeo.rules.read import load_rules

POLICY_TEXTS = Path(__file__).parent / "policy_texts"
DATA = shipped_rule_files()["law-soil-2019.yml"].parent
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(POLICY_TEXTS.glob("*.txt"))}
FIVE = (
    "guangxi-work-plan-2022",
    "jiyuan-campaign-plans-2021",
    "key-area-plan-outline-2015",
    "national-13th-fyp-excerpt",
    "qingyuan-action-plan-2018-2020",
)
QUOTED = [(rule, value) for rule in load_book().rules for value in rule.history if value.text]
NUMBERED = [
    (rule, value)
    for rule, value in QUOTED
    if value.text in {FIVE[0], FIVE[1], FIVE[4]} and not value.article.startswith("附表")
]
OPEN_TEXTS = [(one.name, text) for one in declared() for text in one.left_open_by if text.text]
HEADING = {
    "article": re.compile(r"^\s*(?:\[[^\]]*\])?([一二三四五六七八九十]+)、"),
    "paragraph": re.compile(r"^\s*(?:\[[^\]]*\])?(（[一二三四五六七八九十]+）)"),
    "item": re.compile(r"^\s*(\d+)[.．]"),
}


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def lines_of(value: DatedValue) -> list[str]:
    """The lines of one plan: the Jiyuan text holds four."""
    text = TEXTS[value.text]
    if value.text != "jiyuan-campaign-plans-2021":
        return text.splitlines()
    title = value.document.removeprefix("济源产城融合示范区")
    titles = [match.start() for match in re.finditer(r"(?m)^2021年\S+攻坚战实施方案$", text)]
    start = next(place for place in titles if text[place:].startswith(title))
    return text[start : next((place for place in titles if place > start), len(text))].splitlines()


def heading_above(lines: list[str], number: int) -> dict[str, str]:
    """The nearest heading of each rank above a line, as long as no heading of a higher rank comes between."""
    found: dict[str, str] = {}
    for line in reversed(lines[: number + 1]):
        for rank, pattern in HEADING.items():
            match = pattern.match(line)
            higher = {"article": (), "paragraph": ("article",), "item": ("article", "paragraph")}[rank]
            if match and rank not in found and not any(one in found for one in higher):
                found[rank] = match.group(1)
    return found


def test_the_five_texts_are_here() -> None:
    assert set(FIVE) <= set(TEXTS)


def test_every_quote_and_exception_is_verbatim() -> None:
    """Held by `rules check --texts`, and, so that it isn't believed for nothing, by plain search."""
    quotes = [(value.text, value.quote) for _, value in QUOTED]
    quotes += [(rule.latest.text, one.quote) for rule in load_book().rules for one in rule.exceptions]
    assert [quote for text, quote in quotes if squeezed(quote) not in squeezed(TEXTS[text])] == []
    assert min(len(squeezed(quote)) for _, quote in quotes) >= 6
    assert f"；引文 {len(quotes)} 处与原文逐字相符；" in check_rules(DATA, POLICY_TEXTS)


LAW = "law-soil-2019.yml"
SOIL_ART32 = "禁止在居民区和学校、医院、疗养院、养老院等单位周边新建、改建、扩建可能造成土壤污染的建设项目"


def changed_pack(folder: Path, old: str, new: str) -> Path:
    """Write the rules on soil as an office's own pack, under other ids, with one change; return its file."""
    text = (
        (DATA / LAW).read_text(encoding="utf-8").replace("- id: ", "- id: CITY-").replace("pack: hmgeo", "pack: city")
    )
    assert old in text
    content = load_rules(text.encode(), "city.yml").content
    sealed = re.sub("fingerprint: .*", f"fingerprint: 2026.3 {content}", text)
    path = folder / "city.yml"
    path.write_text(sealed.replace(old, new), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("new", "after"),
    [
        (SOIL_ART32.replace("等单位周边", "等单位附近"), "老院等单位」之后原文是「周边新建、改」"),
        (SOIL_ART32.replace("新建、改建", "新建,改建"), "「单位周边新建」之后原文是「、改建、扩建」"),
    ],
)
def test_a_quote_that_is_not_in_its_text_is_told_with_the_place_where_it_parts(
    tmp_path: Path, new: str, after: str
) -> None:
    path = changed_pack(tmp_path, SOIL_ART32, new)
    with pytest.raises(RuleError) as caught:
        check_rules(path, POLICY_TEXTS)
    told = next(problem for problem in caught.value.problems if "引文" in problem.what)
    assert told.what == "CITY-SIT-LAW-ART32 的引文在原文「law-articles」中没有"
    assert after in told.remedy


def test_width_and_blanks_part_no_quote_from_its_text_and_what_has_none_is_counted(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    path = changed_pack(tmp_path, SOIL_ART32, SOIL_ART32)
    text = path.read_text(encoding="utf-8")
    count = len(re.findall(r"quote: ", text))
    assert f"没有原文可核对的：law-articles {count} 处；" in check_rules(path, tmp_path / "texts")
    wide = (POLICY_TEXTS / "law-articles.txt").read_text(encoding="utf-8").replace("，", ", ").replace("；", ";\n")
    (tmp_path / "texts" / "law-articles.md").write_text(wide, encoding="utf-8")
    assert f"引文 {count} 处与原文逐字相符；" in check_rules(path, tmp_path / "texts")
    (tmp_path / "texts" / "law-articles.md").rename(tmp_path / "texts" / "law-articles.TXT")
    assert f"引文 {count} 处与原文逐字相符；" in check_rules(path, tmp_path / "texts")
    (tmp_path / "texts" / "law-articles.md").write_text("别的原文", encoding="utf-8")
    with pytest.raises(RuleError) as caught:
        check_rules(path, tmp_path / "texts")
    assert [(one.what, Path(one.where.file).name, one.remedy) for one in caught.value.problems] == [
        ("原文同名", name, "每份原文只留一个文件") for name in ("law-articles.TXT", "law-articles.md")
    ]
    (tmp_path / "texts" / "law-articles.md").unlink()
    (tmp_path / "texts" / "gbk.txt").write_bytes("禁止".encode("gbk"))
    with pytest.raises(RuleError, match=r"gbk\.txt，第 1 行：原文不是 UTF-8 编码，疑为 GBK（GB18030）"):
        check_rules(path, tmp_path / "texts")
    (tmp_path / "texts" / "gbk.txt").unlink()
    (tmp_path / "texts" / "folder.txt").mkdir()
    with pytest.raises(RuleError, match=r"folder\.txt：原文读不出"):
        check_rules(path, tmp_path / "texts")
    with pytest.raises(RuleError, match="原文文件夹不存在"):
        check_rules(path, tmp_path / "none")


def test_rules_that_change_without_their_version_are_told(tmp_path: Path) -> None:
    path = changed_pack(tmp_path, "effect: ban", "effect: list")
    with pytest.raises(RuleError) as caught:
        check_rules(path)
    told = caught.value.problems[0]
    assert (told.what, told.remedy) == (
        "规则的内容与版本 2026.3 的指纹不符：内容改了，版本没有改",
        "提高 version，再检查一次，照提示改写指纹；无意改动的改回原样",
    )
    path.write_text(
        path.read_text(encoding="utf-8").replace('version: "2026.3"', 'version: "2026.4"'), encoding="utf-8"
    )
    with pytest.raises(RuleError) as caught:
        check_rules(path)
    told = caught.value.problems[0]
    assert told.what == "版本已是 2026.4，指纹还不是它的"
    line = told.remedy.removeprefix("核对改动，写 ")
    path.write_text(re.sub("fingerprint: .*", line, path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(RuleError) as caught:
        check_rules(path)
    assert all("算例" in problem.what for problem in caught.value.problems)


def test_cases_comments_and_order_of_keys_leave_a_version_as_it_is(tmp_path: Path) -> None:
    path = changed_pack(tmp_path, SOIL_ART32, SOIL_ART32)
    text = path.read_text(encoding="utf-8")
    rank, territory = "  legal_rank: law\n", "  territory: [CN]\n"
    moved = text.replace(rank, "", 1).replace(territory, f"  territory: [CN]  # 全国\n{rank}", 1)
    first_case = next(line for line in text.splitlines() if line.startswith("  - {id: "))
    path.write_text(moved.replace(first_case + "\n", "", 1), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != text
    assert check_rules(path).startswith("没有发现错误：")
    (tmp_path / "more.yml").write_text(
        re.sub("fingerprint: .*\n", "", text).replace("CITY-", "TOWN-").replace("2026.3", "2026.4"), encoding="utf-8"
    )
    with pytest.raises(RuleError, match=r"more\.yml，键 version：规则包 city 的文件版本不同（现为「2026\.4」）"):
        check_rules(tmp_path)


@pytest.mark.parametrize(("name", "open_text"), OPEN_TEXTS)
def test_open_point_is_verbatim(name: str, open_text: OpenText) -> None:
    assert open_text.quote, name
    assert squeezed(open_text.quote) in squeezed(TEXTS[open_text.text])


@pytest.mark.parametrize(("rule", "value"), NUMBERED, ids=lambda one: getattr(one, "id", ""))
def test_citation_names_the_heading_above_the_quote(rule: Rule, value: DatedValue) -> None:
    lines = lines_of(value)
    places = [number for number, line in enumerate(lines) if squeezed(value.quote) in squeezed(line)]
    assert places, rule.id
    above = heading_above(lines, places[0])
    assert above["article"] == value.article
    assert above.get("paragraph", "") == value.paragraph
    numbered = re.match(r"\d+", value.item)
    assert above.get("item", "") == (numbered.group() if numbered else "")


@pytest.mark.parametrize(
    ("rule", "value"),
    [(rule, value) for rule, value in NUMBERED if "第" in value.item and value.item.endswith("段")],
    ids=lambda one: getattr(one, "id", ""),
)
def test_citation_counts_the_paragraph_under_the_item(rule: Rule, value: DatedValue) -> None:
    lines = [line for line in lines_of(value) if line.strip()]
    place = next(number for number, line in enumerate(lines) if squeezed(value.quote) in squeezed(line))
    start = next(number for number in range(place, -1, -1) if HEADING["item"].match(lines[number]))
    # an item whose number stands alone with a short title has its first paragraph on the next line
    first = start if lines[start].rstrip().endswith("）") else start + 1
    assert value.item.endswith(f"第{place - first + 1}段"), rule.id


@pytest.mark.parametrize(
    ("rule", "value"),
    [(rule, value) for rule, value in QUOTED if value.text == "guangxi-work-plan-2022" and "“" in value.item],
    ids=lambda one: getattr(one, "id", ""),
)
def test_citation_names_the_lead_words_of_the_paragraph(rule: Rule, value: DatedValue) -> None:
    line = next(line for line in lines_of(value) if squeezed(value.quote) in squeezed(line))
    lead = re.match(r"“(.+?)”段", value.item).group(1)
    assert squeezed(line).startswith(lead), rule.id


@pytest.mark.parametrize(
    ("rule", "value"), [one for one in QUOTED if one[1].text == "law-articles"], ids=lambda one: getattr(one, "id", "")
)
def test_law_citation_names_article_and_paragraph(rule: Rule, value: DatedValue) -> None:
    text = TEXTS["law-articles"]
    law = text[text.index(value.document) :]
    start = law.index(f"\n{value.article} ")
    paragraphs = law[start:].strip().split("\n\n")
    following = next((n for n, one in enumerate(paragraphs) if n and re.match(r"第\S+条 |中华人民共和国", one)), None)
    # items in brackets belong to the paragraph above them
    is_item = [bool(re.match(r"[（(][一二三四五六七八九十]+[)）]", one)) for one in paragraphs[:following]]
    held = [n for n, one in enumerate(paragraphs[:following]) if squeezed(value.quote) in squeezed(one)]
    numbers = [n + 1 - sum(is_item[: n + 1]) for n in held]
    assert numbers, rule.id
    assert [paragraphs[n].startswith(value.item) for n in held] == [True]
    words = "一二三四五"
    stated = words.index(value.paragraph[1]) + 1 if value.paragraph else 1
    assert numbers == [stated]


def test_every_held_rule_names_its_text() -> None:
    without = [rule.id for rule in load_book().rules for value in rule.history if not value.text]
    assert without == [rule.id for rule in load_book().rules if rule.runs.state is Runs.TEXT_NOT_HELD]


def test_quote_hash_ignores_whitespace() -> None:
    spaced = DatedValue(None, "文件", quote="禁止 新建\n")
    assert spaced.quote_sha256 == DatedValue(None, "文件", quote="禁止新建").quote_sha256
    assert spaced.quote_sha256 == "2e639e515de0bea01ecb7b3317a3c5485c3a43cf8e8ea80788d8517053a2f991"


TOOL = Path(__file__).resolve().parent.parent / "tools" / "raise_version.py"


def raised(folder: Path, monkeypatch: pytest.MonkeyPatch, typed: list[str]) -> tuple[object, str]:
    """Return what the tool ends with and what it leaves of a file of rules."""
    path = folder / LAW
    path.write_bytes((DATA / LAW).read_bytes())
    monkeypatch.setattr("hmgeo.rules.book.shipped_rule_files", lambda: {LAW: path})
    monkeypatch.setattr(sys, "argv", [str(TOOL), *typed])
    try:
        runpy.run_path(str(TOOL), run_name="__main__")
    except SystemExit as ended:
        return ended.code, path.read_text(encoding="utf-8")
    return 0, path.read_text(encoding="utf-8")


@pytest.mark.parametrize("typed", [[], ["--help"], ["2026"], ["2026.4\n"], ["2026.4", "-x"], ["２０２６.4"]])
def test_what_is_no_version_is_written_into_no_rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: list[str]
) -> None:
    told = "Type the version as year.number: python tools/raise_version.py 2026.4"
    assert raised(tmp_path, monkeypatch, typed) == (told, (DATA / LAW).read_text(encoding="utf-8"))


def test_a_version_is_written_with_the_content_that_it_is_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = load_rules((DATA / LAW).read_bytes(), LAW).content
    code, text = raised(tmp_path, monkeypatch, ["2026.40"])
    assert code == 0
    assert f'\nversion: "2026.40"\nfingerprint: 2026.40 {content}\n' in text
