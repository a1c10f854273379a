"""What a run folder says of itself: 阅读说明.txt for people, dictionary.csv for whoever reads the tables."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from hmgeo.outputs import wording
from hmgeo.outputs.english import in_language
from hmgeo.outputs.tables import OWN_PREFIX, write_rows
from hmgeo.outputs.wording import TEXTS, Text
from hmgeo.records import TOLD
from hmgeo.results.columns import EMPTY, REASONS, column_of
from hmgeo.results.results import Presentation, Results
from hmgeo.results.text import radius_text
from hmgeo.vocabulary import Standing, Status
from hmgeo.words import say, table_rows

GUIDE_NAME = "阅读说明.txt"

_FOR_WHOM = tuple((name, Text(zh, en)) for name, zh, en in table_rows("hmgeo.outputs", "guide.tsv"))
HEADER = ("文件", "列", "类型", "单位", "中文", "English", "空值的意思", "null means")
_TYPES = {
    str(TOLD): "text",
    str(REASONS): "reasons",
    "string": "text",
    "double": "number",
    "int64": "integer",
    "bool": "boolean",
    "binary": "geometry",
}


def write_guide(results: Results, presentation: Presentation, path: Path, files: Collection[str]) -> None:
    """Write to `path` in the language of `presentation` which file is for whom and how `results` came about.

    `files`: names of the files of the folder; only these are spoken of.
    """
    lines = "\r\n".join(_guide(results, presentation.language, files))
    path.write_text(f"{lines}\r\n", encoding="utf-8-sig", newline="")


def _guide(results: Results, language: str, files: Collection[str]) -> Iterator[str]:
    yield results.title
    yield in_language(say("as_of_day", day=results.as_of.isoformat() if results.as_of else "未设基准日"), language)
    yield in_language(say("classified_as", mark=wording.classification_word(results)), language)
    yield wording.basis_banner(results.basis, language)
    yield from ("", TEXTS["for_whom"].say(language))
    named = {name for name, _ in _FOR_WHOM}
    for name, words in _FOR_WHOM:
        if name in files:
            yield f"  {name:<22}{words.say(language)}"
    if any(name.startswith("data/") and name not in named for name in files):
        other = TEXTS["other_tables"].say(language)
        yield f"  {'data/':<22}{other}"
    yield from ("", TEXTS["how_made"].say(language))
    yield from (f"  {number}. {line}" for number, line in enumerate(_how(results, language), start=1))
    if results.warnings:
        yield from ("", TEXTS["please_note"].say(language))
        yield from (f"  - {in_language(warning, language)}" for warning in results.warnings)
    yield from ("", wording.disclaimer(language))


def _how(results: Results, language: str) -> Iterator[str]:
    statuses = results.status_counts()
    words = [f"{wording.status_word(status.value, language)} {statuses.get(status.value, 0)}" for status in Status]
    sign = "，" if language == "zh" else ", "
    yield TEXTS["rows_read"].say(language, count=str(results.sources.num_rows), statuses=sign.join(words))
    rule = next((used for used in results.rules if used.rule_id == results.screening_rule_id), None)
    if rule is None or not rule.document:
        yield TEXTS["no_rule"].say(language)
    else:
        cited = wording.citation({"document": rule.document, "clause": rule.clause})
        standing = wording.standing_word(rule.standing, language, rule.verified) or Standing.IN_FORCE.zh
        yield TEXTS["by_rule"].say(language, rule=rule.rule_id, citation=cited, standing=standing)
    yield TEXTS["by_distance"].say(language, radius=radius_text(results.radius_m))
    yield TEXTS["counted"].say(
        language,
        counts=wording.verdict_header(results.verdict_counts(), results.unassessed_counts(), language).rstrip("。."),
    )
    yield TEXTS["left_to_people"].say(language)


def write_dictionary(columns: Mapping[str, Sequence[str]], path: Path) -> None:
    """Write every column of every table that was written, in both languages, to `path` (csv).

    `columns`: their names by table; a table of the GeoPackage is named `findings.gpkg/NAME`.
    """
    write_rows(path, HEADER, (described(table, name) for table, names in columns.items() for name in names))


def described(table: str, name: str) -> list[str]:
    """Return what is said of a column: table, name, type, unit, Chinese, English, what null means in both."""
    if name.startswith(OWN_PREFIX):
        return [table, name, "text", "", name.removeprefix(OWN_PREFIX), "column of the input", *EMPTY["unstated"]]
    column = column_of(table.removeprefix("findings.gpkg/"), name)
    kind = _TYPES[str(column.type)]
    return [table, name, kind, column.measured_in, column.zh, column.en, *column.null]
