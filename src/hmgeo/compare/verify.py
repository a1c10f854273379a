"""A run held against itself: are its inputs what they were, its outputs untouched, and does it come out again?

Asked years later it may be another version that answers: then the same findings will do, and what differs is told.
"""

import csv
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from hmgeo.errors import HmgeoError, InputError, OutputError, Place, Problem, raise_problems
from hmgeo.intake.catalog import file_sha256
from hmgeo.intake.columns import ReadOptions
from hmgeo.outputs.tables import unguarded
from hmgeo.project.bare import Progress, silent
from hmgeo.project.folder import MANIFEST_NAME, RUN_MANIFEST, Wish, entry_of, folder_files, said_words
from hmgeo.project.run import run_project
from hmgeo.project.sites.files import SiteRequest, answer_sites
from hmgeo.project.sites.given import Typed
from hmgeo.project.spec import FILE_NAME, OUTSIDE, VALIDITY_FILE, pack_files_of, read_spec
from hmgeo.results.columns import FINDINGS_SCHEMA
from hmgeo.vocabulary import Basis, Certainty, Standing, Status, Verdict
from hmgeo.words import Reason, render, say

JUDGED = (
    "verdict", "verdict_other", "certainty", "standing", "measured", "measured_low", "measured_high", "limit_value",
)  # fmt: skip
"""Columns of a finding that make it the same finding."""
_NAMED = 5
_LEVELS_UP = 3
"""A run lies in runs/<day> of its project."""
_RUN, _SCREEN = "run", "screen"


SAME, DIFFERS, OPEN, NOTE = "√", "×", "？", "·"
"""How a check came out; open where it was asked and couldn't be answered; a note asks nothing."""
_RERUN, _SETTINGS, _INPUTS = say("verify.rerun"), say("verify.settings"), say("verify.inputs")
_OUTPUTS, _EXTRACT = say("verify.outputs"), say("verify.extract")
_OF_INPUTS = frozenset({"verify.inputs", "verify.inputs_added", "verify.inputs_of"})


class Check(NamedTuple):
    """One thing that was asked of a run, and how it came out: `SAME`, `DIFFERS`, `OPEN` or `NOTE`."""

    sign: str
    what: Reason
    answer: Reason
    remedy: str = ""

    @property
    def is_of_inputs(self) -> bool:
        """Whether it asks of what went in."""
        return self.what.code in _OF_INPUTS

    def line(self, language: str = "zh") -> str:
        """Return it in one line in `language`."""
        line = say("verify.line", sign=self.sign, what=self.what, answer=self.answer)
        return render(say("verify.line_remedy", line=line, remedy=self.remedy) if self.remedy else line, language)

    def in_language(self, language: str) -> dict[str, str]:
        """Return its parts by name, each in `language`."""
        return {name: render(text, language) for name, text in self._asdict().items()}


def holds(checks: Sequence[Check]) -> bool:
    """Tell whether a run holds by its `checks`: all that was asked of it was answered, and with yes.

    What couldn't be asked is no yes; but settings of which no sum was kept are answered by the same result again.
    """
    comes_again = any(check.what.code == _RERUN.code and check.sign == SAME for check in checks)
    return all(check.sign in {SAME, NOTE} or (check.what.code == _SETTINGS.code and comes_again) for check in checks)


def read_manifest(folder: Path) -> tuple[dict[str, Any], Path]:
    """Return the manifest of a run folder, of this schema or the older one, and where it lies.

    `InputError`: the folder holds none that can be read.
    """
    record = next((folder / name for name in (RUN_MANIFEST, MANIFEST_NAME) if (folder / name).is_file()), None)
    place = Place(file=folder.name)
    if record is None:
        remedy = f"写 hmgeo run 或 hmgeo screen 的结果文件夹，其中有 {RUN_MANIFEST}"
        raise InputError(Problem("这里没有运行记录", place, remedy=remedy))
    try:
        manifest = json.loads(record.read_text(encoding="utf-8"))
    except ValueError:
        manifest = None
    if not _is_ours(manifest):
        raise InputError(Problem("运行记录读不出", Place(file=f"{folder.name}/{record.name}"), remedy=_FROM_BACKUP))
    return manifest, record


_FROM_BACKUP = "用备份的结果文件夹核对，或重新运行"
_LISTS = {
    "inputs": ("path", "kind", "sha256", "basis", "coverage", "completeness", "vintage"),
    "rules": ("rule_id",),
    "parameters": ("name", "value", "unit", "by", "on", "reason"),
}


def _is_ours(manifest: object) -> bool:
    """Tell whether a manifest has the form of ours, as far as it is read here."""
    if not isinstance(manifest, dict) or "schema" not in manifest:
        return False
    texts = (*(manifest.get(name) for name in ("versions", "outputs")), manifest.get("settings", {}))
    lists = {name: manifest.get(name) for name in _LISTS}
    return (
        all(isinstance(text, dict) for text in texts)
        and all(isinstance(entry, dict) and "sha256" in entry for entry in manifest["outputs"].values())
        and all(isinstance(list_, list) for list_ in lists.values())
        and all(isinstance(row, dict) and {*_LISTS[name]} <= row.keys() for name in lists for row in manifest[name])
    )


class Tables(NamedTuple):
    """What a run folder says: its findings without shapes, its sources and its ledger, as rows."""

    findings: list[dict[str, Any]]
    sources: list[dict[str, str]]
    ledger: list[dict[str, str]]


def read_tables(folder: Path, record: Path) -> Tables:
    """Read the tables of the run `folder` that say why.

    `record`: the run's manifest, which lies beside them.

    `InputError`, naming every file that is missing, damaged or not ours.
    """
    readers = {"findings.parquet": _read_findings, "sources.csv": _read_csv, "ledger.csv": _read_csv}
    tables, problems = [], []
    for name, reader in readers.items():
        place = Place(file=f"{folder.name}/{name}")
        try:
            tables.append(reader(record.parent / name))
        except FileNotFoundError:
            problems.append(Problem("结果文件缺失", place, remedy=_FROM_BACKUP))
        except (OSError, ValueError, csv.Error, pa.ArrowException) as error:
            message = str(error).partition("\n")[0]
            problems.append(Problem("结果文件损坏，或不是 hmgeo 写出的", place, message, remedy=_FROM_BACKUP))
    raise_problems(InputError, problems)
    return Tables(*tables)


_READ = (
    "finding_id", "source_id", "rule_id", *JUDGED, "basis", "unit", "margin", "measured_text", "receptor_id",
    "receptor_name", "bearing_deg", "as_of", "legal_rank", "document", "clause", "quote", "decider", "note",
)  # fmt: skip
_WORDS = {"verdict": Verdict, "certainty": Certainty, "standing": Standing}


def _read_findings(path: Path) -> list[dict[str, Any]]:
    table = pq.read_table(path)
    lacking = [name for name in _READ if name not in table.column_names]
    if lacking:
        msg = f"缺列 {_names(lacking)}"
        raise ValueError(msg)
    for name, words in _WORDS.items():
        _refuse_strange(name, table[name].to_pylist(), {"", None, *(word.value for word in words)})
    return findings_rows(table)


def findings_rows(table: pa.Table) -> list[dict[str, Any]]:
    """Return findings, a `table` with all columns of ours, as rows of what is compared; texts are never None."""
    rows = table.select(_READ).cast(pa.schema([FINDINGS_SCHEMA.field(name) for name in _READ])).to_pylist()
    texts = {name for name in _READ if pa.types.is_string(FINDINGS_SCHEMA.field(name).type)}
    return [{name: "" if value is None and name in texts else value for name, value in row.items()} for row in rows]


def _read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, restval="", strict=True)
        needed = {"sources.csv": ("name", "status", "lon", "lat", "position_kind", "position_uncertainty_m")}
        wanted = ("source_id", *needed.get(path.name, ("event", "reason", "action", "field", "value")))
        lacking = [name for name in wanted if name not in (reader.fieldnames or ())]
        if lacking:
            msg = f"缺列 {_names(lacking)}"
            raise ValueError(msg)
        rows = list(reader)
    if any(None in row for row in rows):
        msg = "有的行比表头长"
        raise ValueError(msg)
    rows = [{name: unguarded(text) for name, text in row.items()} for row in rows]
    if path.name == "sources.csv":
        _refuse_strange("status", [row["status"] for row in rows], {status.value for status in Status})
    return rows


def _refuse_strange(name: str, values: Sequence[object], known: set[object]) -> None:
    strange = next((value for value in values if value not in known), None)
    if strange is not None:
        msg = f"{name} 列有不认识的「{strange}」"
        raise ValueError(msg)


def verify_run(
    folder: Path,
    project: Path | None = None,
    words: Path | None = None,
    *,
    rerun: bool = True,
    progress: Progress = silent,
) -> tuple[Check, ...]:
    """Hold a run against its inputs, its outputs and itself; `progress` hears how far the new run is.

    Of the checks returned, `holds` tells whether the run holds.

    Parameters
    ----------
    project
        The project.yml or its folder; looked for above the run where nothing is said. Of a screening of bare files,
        the folder where these lie.
    words
        Where the file of words lies that the run was made with, where that isn't in the project's folder.
    rerun
        Run again, in a temporary folder that is dropped.
    """
    manifest, record = read_manifest(folder)
    home = home_of(folder, project, manifest)
    checks = [*outputs_checked(folder, manifest, record), *inputs_checked(home, manifest, words)]
    return (*checks, *(_reran(folder, manifest, home, words, checks, progress) if rerun else ()))


def _reran(
    folder: Path,
    manifest: Mapping[str, Any],
    home: Path | None,
    words: Path | None,
    checks: Sequence[Check],
    progress: Progress,
) -> Iterator[Check]:
    """Run again and tell whether it is the same; open where that can't be asked."""
    command = said_words(manifest)
    if command[1:2] != [_RUN]:
        remedy = say("verify.do_diff")
        yield Check(OPEN, _RERUN, say("verify.bare"), remedy)
        return
    unasked = {DIFFERS, OPEN}
    if home is None or any(check.sign in unasked for check in checks if check.is_of_inputs):
        yield Check(OPEN, _RERUN, say("verify.no_inputs"), say("verify.do_find_inputs"))
        return
    with tempfile.TemporaryDirectory() as temporary:
        again = Path(temporary) / folder.resolve().name
        file, accepts = home / project_name(manifest), ACCEPT in command
        meanings, decided = (file_told(manifest, home, option, words) for option in FILE_OPTIONS)
        try:
            run_project(
                file,
                again,
                accept_suggestions=accepts,
                words=meanings,
                overrides=decided,
                wish=wish_of(command),
                progress=progress,
            )
        except OutputError as error:  # of the folder for what is temporary: nothing was asked of the run
            yield Check(OPEN, _RERUN, say("verify.not_written", problems=tuple(map(str, error.problems))))
            return
        except HmgeoError as error:
            message = say("verify.cannot_run", problems=tuple(map(str, error.problems)))
            yield Check(DIFFERS, _RERUN, message, say("verify.do_old_version"))
            return
        yield from _again(folder, manifest, again)


ACCEPT, WORDS = "--accept-suggestions", "--words"
FILE_OPTIONS = {WORDS: say("verify.words_file"), "--with": say("verify.decisions_file")}


def file_told(
    manifest: Mapping[str, Any], home: Path | None, option: str = WORDS, words: Path | None = None
) -> Path | None:
    """Return the file that `option` of the command in `manifest` named; None without.

    It lies at `words` where it is that of words and this is told, else below `home`, the project's folder.
    """
    name = _after(said_words(manifest), option)
    elsewhere = words if option == WORDS else None
    return None if not name else elsewhere or (home or Path()) / name


def wish_of(words: Sequence[str]) -> Wish:
    """Return what the `words` of a command asked for besides the project."""
    return Wish(
        public="--public" in words,
        watermark=_after(words, "--watermark"),
        language=_after(words, "--lang") or "zh",
        evidence="--evidence" in words,
        also=tuple(filter(None, _after(words, "--also").split(","))),
    )


def _after(words: Sequence[str], option: str) -> str:
    """Return the word after an option; empty where it isn't there."""
    return words[words.index(option) + 1] if option in words[:-1] else ""


def language_of(path: Path) -> str:
    """Return the language that a run, or the extract of a site, was asked in.

    `path`: the run's folder, or the json file of the extract.
    """
    if path.is_file():
        try:
            return str(json.loads(path.read_text(encoding="utf-8"))["language"])
        except (ValueError, KeyError, TypeError):  # no extract, which is told where it is read
            return "zh"
    return wish_of(said_words(read_manifest(path)[0])).language


def home_of(folder: Path, project: Path | None, manifest: Mapping[str, Any]) -> Path | None:
    """Return the folder that the inputs' paths are relative to; None where it can't be found.

    That of `project` (its file or folder) where told, else one above `folder` that holds what `manifest` names; bare
    files have none.
    """
    if project is not None:
        return project.parent if project.is_file() else project
    if said_words(manifest)[1:2] == [_SCREEN]:
        return None
    above = folder.resolve().parents[:_LEVELS_UP]
    return next((parent for parent in above if (parent / project_name(manifest)).is_file()), None)


def project_name(manifest: Mapping[str, Any]) -> str:
    """Return what the project's own file is called by the settings of `manifest`."""
    return next(iter(manifest.get("settings", {})), FILE_NAME)


def verify_extract(path: Path, project: Path | None = None, *, progress: Progress = silent) -> tuple[Check, ...]:
    """Hold the extract of a site against its id, its project's layers, and the same question asked again (`progress`).

    `path`: the json file of an extract; Word and PDF bear its id.
    `project`: the project that it was asked of; without it only the id can be checked.
    `InputError` where the file is no extract.
    """
    from hmgeo.outputs.sheets.extract import KIND, extract_id  # noqa: PLC0415 -- what it draws with loads slowly

    place = Place(file=path.name)
    try:
        made = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        made = None
    if not isinstance(made, dict) or made.get("kind") != KIND:
        raise InputError(Problem("不是选址摘录", place, remedy="给出 hmgeo site --extract 写出的 .json，每次一个项目"))
    stated, worked_out = str(made.get("extract_id")), extract_id(made)
    same = Check(SAME, _EXTRACT, say("verify.id_holds", id=stated))
    changed = Check(
        DIFFERS, _EXTRACT, say("verify.id_differs", id=stated, worked_out=worked_out), say("verify.do_original")
    )
    checks = [same if stated == worked_out else changed]
    if stated != worked_out:
        return tuple(checks)  # what it asked may be changed too
    if project is None:
        return (*checks, Check(OPEN, _RERUN, say("verify.no_project"), say("verify.do_project")))
    return (*checks, *_asked_again(made, project, progress))


def _asked_again(made: Mapping[str, Any], project: Path, progress: Progress) -> Iterator[Check]:
    """Ask the question of an extract again and tell what differs; a list of sites or words of one's own can't be."""
    from hmgeo.outputs.sheets.extract import extract_document  # noqa: PLC0415 -- as above

    asked = made["asked"]
    if asked["sites"] or asked["words"]:
        yield Check(OPEN, _RERUN, say("verify.of_a_list"), say("verify.do_again"))
        return
    typed_values: dict[str, Any] = asked["typed"]
    listed: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in typed_values.items()
    }
    typed = Typed(**listed)
    day = date.fromisoformat(asked["as_of"]) if asked["as_of"] else None
    ranges = tuple(asked["ranges"])
    request = SiteRequest(project, typed, None, Basis.UNDECLARED, ReadOptions(), day, ranges, None, made["language"])
    try:
        results = answer_sites(request, progress=progress).results
    except HmgeoError as error:
        yield Check(
            DIFFERS,
            _RERUN,
            say("verify.cannot_ask", problems=tuple(map(str, error.problems))),
            say("verify.do_check_project"),
        )
        return
    again = json.loads(json.dumps(extract_document(results.dossiers[0], results, asked, made["language"])))
    sums = [{layer["kind"]: layer["sha256"] for layer in document["layers"]} for document in (made, again)]
    moved = [kind for kind in dict.fromkeys([*sums[0], *sums[1]]) if sums[0].get(kind) != sums[1].get(kind)]
    if moved:
        yield Check(DIFFERS, _INPUTS, say("verify.layers_changed", names=_names(moved)), say("verify.do_find_layers"))
    else:
        yield Check(SAME, _INPUTS, say("verify.layers_same", count=len(sums[0])))
    if again["extract_id"] == made["extract_id"]:
        yield Check(SAME, _RERUN, say("verify.id_again"))
        return
    verdicts = [
        {clause["rule_id"]: clause["verdict"] for theme in document["themes"] for clause in theme["clauses"]}
        for document in (made, again)
    ]
    other = [rule for rule in verdicts[0] | verdicts[1] if verdicts[0].get(rule) != verdicts[1].get(rule)]
    differs = say("verify.verdicts_differ", count=len(other), names=_names(other)) if other else None
    yield Check(DIFFERS, _RERUN, differs or say("verify.else_differs"), say("verify.do_check_all"))


def outputs_checked(folder: Path, manifest: Mapping[str, Any], record: Path) -> Iterator[Check]:
    """Hold the files in `folder` against those that `manifest` says were written, but for `record`, itself."""
    listed: Mapping[str, Mapping[str, Any]] = manifest["outputs"]
    gone = [name for name in listed if not (folder / name).is_file()]
    edited = [
        name for name in listed if name not in gone and entry_of(folder / name)["sha256"] != listed[name]["sha256"]
    ]
    if gone:
        yield Check(DIFFERS, _OUTPUTS, say("verify.missing", names=_names(gone)), say("verify.do_backup"))
    if edited:
        message = say("verify.edited", names=_names(edited))
        yield Check(DIFFERS, _OUTPUTS, message, say("verify.do_save"))
    if not gone and not edited:
        yield Check(SAME, _OUTPUTS, say("verify.outputs_same", count=len(listed)))
    more = [name for name in folder_files(folder) if name not in listed and folder / name != record]
    if more:
        yield Check(NOTE, say("verify.other_files"), say("verify.foreign", names=_names(more)))


def _names(names: Sequence[str]) -> Reason:
    if len(names) <= _NAMED:
        return say("verify.names", names=tuple(names))
    return say("verify.names_of", names=tuple(names[:_NAMED]), count=len(names))


def inputs_checked(home: Path | None, manifest: Mapping[str, Any], words: Path | None = None) -> Iterator[Check]:
    """Hold the inputs below `home` (None: not found), the file of `words` where told, against sums in `manifest`."""
    if home is None:
        remedy = say("verify.do_name_project")
        yield Check(OPEN, _INPUTS, say("verify.no_project_file"), remedy)
        return
    sums = recorded_files(manifest)
    paths = {name: home / name for name in sums}
    for option in FILE_OPTIONS:
        asked, paths = _file_asked(home, manifest, paths, option, words)
        yield from asked
    gone = [name for name, path in paths.items() if not path.exists()]
    changed = [name for name, path in paths.items() if name not in gone and file_sha256(path) != sums[name]]
    if gone:
        yield Check(DIFFERS, _INPUTS, say("verify.missing", names=_names(gone)), say("verify.do_put_back"))
    if changed:
        remedy = say("verify.do_old_files")
        yield Check(DIFFERS, _INPUTS, say("verify.changed", names=_names(changed)), remedy)
    added = added_settings(home, manifest)
    if added:
        message = say("verify.added", names=_names(added))
        yield Check(DIFFERS, ADDED, message, say("verify.do_move"))
    if not gone and not changed:
        yield Check(SAME, _INPUTS, say("verify.inputs_same", count=len(paths)))
    if "settings" not in manifest:
        message = say("verify.no_sum")
        yield Check(OPEN, _SETTINGS, message)


def recorded_files(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the SHA-256 of every input and setting in `manifest`, by path from the project's folder."""
    sums: dict[str, str] = {layer["path"]: layer["sha256"] for layer in manifest["inputs"] if layer.get("sha256")}
    return {**sums, **manifest.get("settings", {})}


ADDED = say("verify.inputs_added")


def added_settings(home: Path, manifest: Mapping[str, Any]) -> list[str]:
    """Return files in `home` that a run reads now and the run of `manifest` didn't; none if unrecorded."""
    recorded, file = manifest.get("settings", {}), home / project_name(manifest)
    if file.name not in recorded or not file.is_file():
        return []
    names = [VALIDITY_FILE] if (home / VALIDITY_FILE).is_file() else []
    with suppress(HmgeoError):  # the project's own file is another now, which its sum tells
        names += pack_files_of(home, read_spec(file).rule_packs)
    return [name for name in names if name not in recorded]


def _file_asked(
    home: Path, manifest: Mapping[str, Any], paths: Mapping[str, Path], option: str, words: Path | None
) -> tuple[list[Check], dict[str, Path]]:
    """Return what can't be asked of an option's file, and where the files lie that can be held against their sums."""
    name, what = _after(said_words(manifest), option), FILE_OPTIONS[option]
    path = file_told(manifest, home, option, words)
    if path is None:
        return [], dict(paths)
    shown = PurePosixPath(name).name if name.startswith(f"{OUTSIDE}/") else name
    is_told = option == WORDS and words is not None
    if not path.is_file() and (is_told or name not in paths or name != shown):
        rest = {key: place for key, place in paths.items() if key != name}
        remedy = say("verify.do_name_file", option=option) if option == WORDS else say("verify.do_put_in")
        return [Check(OPEN, say("verify.inputs_of", what=what), say("verify.not_found", name=shown), remedy)], rest
    if name in paths:
        return [], {**paths, name: path}
    return [Check(OPEN, _SETTINGS, say("verify.no_sum_of", what=what, name=shown))], dict(paths)


def _again(folder: Path, manifest: Mapping[str, Any], again: Path) -> Iterator[Check]:
    """Tell whether a run came out again: byte for byte, or finding for finding under other versions."""
    new, _ = read_manifest(again)
    before = {name: entry["sha256"] for name, entry in manifest["outputs"].items()}
    after = {name: entry["sha256"] for name, entry in new["outputs"].items()}
    differ = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    versions = other_versions(manifest, new)
    if not differ:
        yield Check(SAME, _RERUN, say("verify.bytes_same", count=len(after)))
        return
    changed = _changed_findings(folder, again)
    if changed is None:
        yield Check(DIFFERS, _RERUN, say("verify.unreadable"), say("verify.do_restore"))
    elif changed:
        remedy = say("verify.do_changelog")
        other = say("verify.versions_too", versions=tuple(versions)) if versions else ""
        message = say("verify.findings_differ", count=len(changed), names=_names(changed), other=other)
        yield Check(DIFFERS, _RERUN, message, remedy)
    elif versions:
        message = say("verify.findings_same", versions=tuple(versions), names=_names(differ))
        yield Check(SAME, _RERUN, message)
    else:
        message = say("verify.bytes_differ", names=_names(differ))
        yield Check(DIFFERS, _RERUN, message, say("verify.do_report"))


def other_versions(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return which versions of programs and rule books differ between two manifests, as name before→after."""
    both = [
        manifest["versions"] | {say("verify.rule_book", name=k): v for k, v in manifest.get("rule_book", {}).items()}
        for manifest in (before, after)
    ]
    names = sorted(both[0].keys() | both[1].keys())
    absent = say("verify.absent")
    changes = ((name, both[0].get(name, absent), both[1].get(name, absent)) for name in names)
    return [say("verify.version", name=name, old=old, new=new) for name, old, new in changes if old != new]


def _changed_findings(folder: Path, again: Path) -> list[str] | None:
    """Return the findings that are not the same in both; None where the older ones can't be read."""
    try:
        before, after = (_findings(run) for run in (folder, again))
    except (OSError, ValueError, KeyError):
        return None
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def _findings(folder: Path) -> dict[str, tuple[object, ...]]:
    table = pq.read_table(read_manifest(folder)[1].with_name("findings.parquet"))
    names = [name for name in JUDGED if name in table.column_names]
    columns = [table[name].to_pylist() for name in names]
    return dict(zip(table["finding_id"].to_pylist(), zip(*columns, strict=True), strict=True))
