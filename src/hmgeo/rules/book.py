"""The book of rules: packaged files and a user's packs in an order that no file order changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from importlib import resources
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from hmgeo.errors import Place, Problem, RuleError, raise_problems
from hmgeo.reference.machine import kept
from hmgeo.rules.kinds import KINDS, layers_of, parameters_of
from hmgeo.rules.model import WHITESPACE, DatedValue, Rule, Runs, Test, Validity
from hmgeo.rules.nodes import decoded, near
from hmgeo.rules.parameters import FILE as PARAMETERS_FILE
from hmgeo.rules.read import RuleFile, load_rules
from hmgeo.rules.standing import codes_of_place, standing_of
from hmgeo.rules.words import ATTRIBUTES, BASINS, LAYERS, SOURCE_KINDS

SUFFIXES = (".yml", ".yaml")
_DECIDING = {".py", ".csv", ".tsv", *SUFFIXES}
"""What the packaged rules are read from, and with."""
_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
_SAME_LEAST = 6
"""So many signs tell where in a text a quote stands."""


class RuleBook(Struct, frozen=True):
    """All rules, ordered by id.

    `packs`: name and version of each pack, ordered by name.
    """

    rules: tuple[Rule, ...]
    packs: tuple[tuple[str, str], ...]

    def get(self, rule_id: str) -> Rule:
        """Return the rule that `rule_id` names.

        `RuleError` where there is none; names the nearest id.

        >>> load_book().get("SCR-JY-10KM").latest.value
        10000.0
        """
        rule_found = next((rule for rule in self.rules if rule.id == rule_id), None)
        if rule_found is None:
            nearest = near(rule_id, self.ids)
            remedy = f"是否为「{nearest}」" if nearest else "用 hmgeo rules list 查看全部编号"
            raise RuleError(Problem("规则库中没有这一规则", Place(), found=rule_id, remedy=remedy))
        return rule_found

    def checked(self, checks: Iterable[Validity], file: str) -> RuleBook:
        """Return the book with the checks `checks` in an office's `file` beside its clauses; a clause's own goes first.

        `RuleError` with every check whose clause or text isn't in the book, or that stands twice.
        """
        documents = {value.document for rule in self.rules for value in rule.history}
        known = {*self.ids, *documents}
        own = {rule.id: {value.document for value in rule.history} for rule in self.rules}
        by_subject: dict[str, Validity] = {}
        problems = []
        for check in checks:
            place = Place(file=file, line=check.line, key=check.subject)
            if check.subject in by_subject:
                problems.append(Problem("同一条款或文件核实了两次", place, check.subject, remedy="只保留一次"))
            elif check.subject not in known:
                nearest = near(check.subject, known)
                remedy = f"是否为「{nearest}」" if nearest else "用 hmgeo rules list 查看编号，文件名照规则库写"
                problems.append(Problem("规则库中没有这一条款或文件", place, check.subject, remedy=remedy))
            elif check.followed_by == check.subject or check.followed_by in own.get(check.subject, ()):
                remedy = "改为接续它的文件；它自己仍执行的写 state: 仍执行"
                problems.append(Problem("接续文件就是它自己", place, check.followed_by, remedy=remedy))
            by_subject[check.subject] = check
        raise_problems(RuleError, problems)
        pairs = [(rule, by_subject.get(rule.id) or by_subject.get(rule.latest.document)) for rule in self.rules]
        return replace(
            self, rules=tuple(rule if check is None else self._with_check(rule, check) for rule, check in pairs)
        )

    def _with_check(self, rule: Rule, check: Validity) -> Rule:
        """Return a rule with the office's check, and whether a text that is judged in all its places follows it.

        A stub, the plan of another place, or a text that began later judges nothing in its stead.
        """
        until = check.since or check.on
        heirs = (
            heir
            for heir in self.rules
            if heir.gives_findings
            and heir.runs.state is Runs.YES
            and any(
                value.document == check.followed_by and value.in_force_from is not None and value.in_force_from <= until
                for value in heir.history
            )
            and all(set(heir.territory) & codes_of_place(code) for code in rule.territory)
            and heir.basin in {"", rule.basin}
        )
        return replace(rule, validity=replace(check, is_held=any(heirs)))

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all rules, in order."""
        return tuple(rule.id for rule in self.rules)


def load_book(packs: Sequence[Path] = ()) -> RuleBook:
    """Return the packaged rules and those of the user's packs.

    `packs`: rule files, or folders whose .yml files are read. `RuleError` with every fault of every file; nothing is
    loaded then.
    """
    return _assemble([*_packaged(), *_read_packs(packs)]) if packs else _packaged_book()


def read_into_book(path: Path) -> tuple[RuleBook, tuple[RuleFile, ...]]:
    """Return the book with `path`, a file or folder, read into it, and the files of rules that stand there.

    A packaged file stands in the book already: it is not read a second time.

    `RuleError` as `load_book`.
    """
    packaged = resources.files("hmgeo.rules").joinpath("data")
    folder = path if path.is_dir() else path.parent
    if isinstance(packaged, Path) and folder.resolve() == packaged.resolve() and path.name != PARAMETERS_FILE:
        return _packaged_book(), tuple(file for file in _packaged() if path.is_dir() or file.file == path.name)
    files = _read_packs([path])
    return _assemble([*_packaged(), *files]), files


def read_apart(path: Path) -> tuple[Rule, ...]:
    """Return the rules of `path`, a file or folder, by themselves, such as an older book, in order of id.

    `RuleError` as `load_book`.
    """
    return _assemble(_read_packs([path])).rules


def changed_lines(old: Rule, new: Rule) -> tuple[str, ...]:
    """Return the names of the lines of the printed page on which `old` and `new` differ, such as 对象、判定."""
    before, after = (rule_text(rule).splitlines() for rule in (old, new))
    names = [line[2:].partition("：")[0] if line.startswith("- ") else "引文或名称" for line in (*before, *after)]
    lines = zip(names, (*before, *after), strict=True)
    return tuple(dict.fromkeys(name for name, line in lines if line and (line in before) is not (line in after)))


def held_against(rules: Sequence[Rule], folder: Path) -> tuple[list[Problem], int, Counter[str]]:
    """Hold every quote of `rules` letter by letter against its text in `folder`, spaces and the width of signs apart.

    Returns the quotes that don't stand there, how many do, and how many could not be held, by the name of their text.

    `RuleError` where a text can't be read, or two are of one name.
    """
    if not folder.is_dir():
        raise RuleError(Problem("原文文件夹不存在", Place(key="--texts"), str(folder), remedy="核对路径"))
    paths = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in {".txt", ".md"}]
    names = Counter(path.stem for path in paths)
    twice = [path for path in paths if names[path.stem] > 1]
    remedy = "每份原文只留一个文件"
    raise_problems(RuleError, [Problem("原文同名", Place(file=str(path)), path.stem, remedy=remedy) for path in twice])
    texts = {path.stem: _text(path) for path in paths}
    quotes = [(rule, value.text, value.quote) for rule in rules for value in rule.history if value.quote]
    quotes += [(rule, rule.latest.text, exception.quote) for rule in rules for exception in rule.exceptions]
    missing = Counter(text for _, text, _ in quotes if text not in texts)
    wrong = [
        Problem(
            f"{rule.id} 的引文在原文「{text}」中没有",
            Place(file=rule.file, line=rule.line, key="quote"),
            quote,
            remedy=_first_other(quote, texts[text]),
        )
        for rule, text, quote in quotes
        if text in texts and _plain(quote) not in texts[text]
    ]
    return wrong, len(quotes) - missing.total() - len(wrong), missing


def _text(path: Path) -> str:
    """Return the text that `path` holds as `_plain` has it."""
    try:
        content = path.read_bytes()
    except OSError as error:
        what = Problem("原文读不出", Place(file=str(path)), error.strerror or "", remedy="核对路径和权限")
        raise RuleError(what) from error
    return _plain(decoded(content, str(path), "原文"))


def _plain(text: str) -> str:
    """Return a text without spaces, its signs all of one width."""
    return WHITESPACE.sub("", text).translate(_NARROW)


def _first_other(quote: str, text: str) -> str:
    """Say from which word on a quote is another than its text."""
    plain = _plain(quote)
    same = max(size for size in range(len(plain)) if plain[:size] in text)
    after = text[text.index(plain[:same]) + same :]
    if same < _SAME_LEAST:
        return "照原文抄写，或核对 text 写的是哪一份"
    return f"「{plain[:same][-_SAME_LEAST:]}」之后原文是「{after[:_SAME_LEAST]}」，照原文抄写"


@lru_cache(maxsize=1)
def _packaged_book() -> RuleBook:
    return _assemble(_packaged())


@lru_cache(maxsize=1)
def _packaged() -> tuple[RuleFile, ...]:
    """Read the packaged files, or what an earlier process kept of them: YAML takes half a second."""
    data = resources.files("hmgeo.rules").joinpath("data")
    names = sorted(entry.name for entry in data.iterdir() if entry.name.endswith(SUFFIXES))
    contents = [(name, data.joinpath(name).read_bytes()) for name in names if name != PARAMETERS_FILE]
    room = Path(__file__).parent
    decides = [
        room.parent / "vocabulary.py",
        *room.glob("*.*"),
        *(room.parent / "reference").rglob("*.*"),
        *room.glob("data/*"),
    ]
    sources = sorted(path for path in decides if path.suffix in _DECIDING)
    return kept("rules", room, sources, lambda: _read_all(contents))


def shipped_rule_files() -> dict[str, Path]:
    """Return the files of the packaged rule book by name, that of the parameters among them."""
    room = Path(__file__).parent / "data"
    return {path.name: path for path in sorted(room.iterdir()) if path.suffix in SUFFIXES}


def pack_files(pack: Path) -> list[Path]:
    """Return the files of rules that `pack` is: itself, or those in a folder."""
    inside = pack.iterdir() if pack.is_dir() else ()
    files = sorted(path for path in inside if path.suffix in SUFFIXES and path.name != PARAMETERS_FILE)
    return files if pack.is_dir() else [pack]


def _read_packs(packs: Sequence[Path]) -> tuple[RuleFile, ...]:
    contents: list[tuple[str, bytes]] = []
    problems: list[Problem] = []
    for pack in packs:
        files = pack_files(pack)
        if not files:
            problems.append(Problem("规则包内没有 .yml 文件", Place(file=str(pack)), remedy="核对 rule_packs 的路径"))
        for path in files:
            try:
                contents.append((str(path), path.read_bytes()))
            except OSError as error:
                problems.append(
                    Problem(
                        "规则文件读不出", Place(file=str(path)), found=error.strerror or "", remedy="核对路径和权限"
                    )
                )
    raise_problems(RuleError, problems)
    return _read_all(contents)


def _read_all(contents: Sequence[tuple[str, bytes]]) -> tuple[RuleFile, ...]:
    """Read every file before raising, so that all faults are seen at once."""
    files: list[RuleFile] = []
    problems: list[Problem] = []
    for name, content in contents:
        try:
            files.append(load_rules(content, name))
        except RuleError as error:
            problems.extend(error.problems)
    raise_problems(RuleError, problems)
    return tuple(files)


def _assemble(files: Sequence[RuleFile]) -> RuleBook:
    """Join files into one book; an id may stand in one file only."""
    rules: dict[str, Rule] = {}
    problems: list[Problem] = []
    for rule in (rule for file in files for rule in file.rules):
        if rule.id in rules:
            first = rules[rule.id]
            problems.append(
                Problem(
                    "规则编号重复",
                    Place(file=rule.file, line=rule.line),
                    found=rule.id,
                    remedy=f"已在 {first.file} 第 {first.line} 行使用，改用新的编号",
                )
            )
        else:
            rules[rule.id] = rule
    raise_problems(RuleError, problems)
    packs = sorted({(file.pack, file.version) for file in files})
    return RuleBook(tuple(rules[rule_id] for rule_id in sorted(rules)), tuple(packs))


def rule_text(rule: Rule) -> str:
    """Return all that `rule` says, in lines of Markdown: its quotes, then a line for each thing by name."""
    lines = [f"### {rule.id} {rule.title.zh}\n"]
    lines += [line for value in rule.history for line in _value(value)]
    until = f"；所收录文本截至 {rule.verified.held_until}，此后的评估日为效力待核实" if rule.verified.held_until else ""
    lines += listed(
        ("效力", f"{rule.legal_rank.zh}；{rule.authority}；适用地域 {'、'.join(rule.territory)}"),
        ("流域", f"{BASINS[rule.basin]}的相关县级行政区域（名录见 basins.csv）" if rule.basin else ""),
        ("后果", f"{rule.effect.zh}{'；原则上（例外须有书面依据）' if rule.in_principle else ''}"),
        ("条件", rule.condition),
        ("对象", _subject(rule)),
        ("判定", "" if rule.test is None else _test(rule.test)),
        ("未判定的部分", rule.uncovered),
        ("除外", "；".join(exception.quote for exception in rule.exceptions)),
        ("所需图层", "" if rule.test is None else "、".join(LAYERS[code].zh for code in layers_of(rule.test))),
        ("须选定的参数", "、".join(rule.parameters)),
        ("由谁决定", f"{rule.matter}：{rule.decider}"),
        ("不判定的原因", f"{rule.runs.state.zh}：{rule.runs.why}" if rule.runs.why else ""),
        ("该文件会决定", rule.would_decide),
        ("说明", rule.note),
        ("核对", f"{rule.verified.state.zh}；{rule.verified.against}{until}"),
    )
    return "\n".join(lines) + "\n"


def _value(value: DatedValue) -> Iterable[str]:
    if value.quote:
        yield f"> {value.quote}\n"
    days = [f"自 {value.in_force_from}" if value.in_force_from else ""]
    if value.plan_period is not None:
        days.append(f"规划期 {value.plan_period.start} 至 {value.plan_period.end}")
    if value.target_year is not None:
        days.append(f"目标年 {value.target_year}")
    days += [f"任务期限 {due.on}（{due.task}）" for due in value.task_due]
    if value.repealed_on is not None:
        days.append(f"{value.repealed_on} 废止")
    top = "" if value.value_max is None else f" 至 {value.value_max:g}"
    number = "" if value.value is None else f"{value.value:g}{top} {value.unit}"
    place = f"{value.document_number} {value.clause}".strip()
    yield from listed(
        ("条款", place), ("日期", "；".join(filter(None, days))), ("数值", number), ("日期说明", value.note)
    )


def _subject(rule: Rule) -> str:
    applies = rule.applies_to
    words = ["、".join(SOURCE_KINDS[code] for code in applies.source_kinds)]
    if applies.actions:
        words.append("、".join(action.zh for action in applies.actions))
    if applies.trades.parameter:
        words.append(f"行业由参数 {applies.trades.parameter} 选定")
    words += [f"GB/T 4754-{trade.edition}：{'、'.join(trade.codes)}" for trade in applies.trades.lists]
    if applies.trades.parts:
        words.append(f"类宽于条款的，以是否{'、'.join(ATTRIBUTES[fact] for fact in applies.trades.parts)}为准")
    words += [
        f"{'' if condition.expected else '非'}{ATTRIBUTES[condition.attribute]}" for condition in applies.conditions
    ]
    words += ["已建成的"] if applies.is_existing else []
    if applies.trades.note:
        words.append(applies.trades.note.rstrip("。"))
    return "；".join(words)


def _test(test: Test) -> str:
    if test.parts:
        return f"{KINDS[test.kind].zh}（{'；'.join(_test(part) for part in test.parts)}）"
    layer = test.text("layer")
    words = [KINDS[test.kind].zh, LAYERS[layer].zh if layer else "", "、".join(test.texts("classes"))]
    return " ".join(filter(None, words))


def listed(*pairs: tuple[str, str]) -> list[str]:
    """Return `pairs` of name and text as lines of a list in Markdown, empty texts left out."""
    return [f"- {name}：{text}" for name, text in pairs if text]


class Coverage(Struct, frozen=True):
    """One rule of the book, as `hmgeo rules coverage --json` prints it.

    Parameters
    ----------
    standing
        On the day and place asked about; empty where none was asked.
    runs
        yes, inform, not_spatial or text_not_held; `why_not` says why where it isn't yes.
    verified
        State, text and day of the last check of the quote.
    """

    id: str
    effect: str
    standing: str
    runs: str
    why_not: str
    layers: tuple[str, ...]
    parameters: tuple[str, ...]
    cases: int
    verified: str


def rules_coverage(packs: Sequence[Path] = (), *, as_of: date | None = None, area: str = "") -> tuple[Coverage, ...]:
    """Return every rule of the book in order of id, with what it needs.

    `packs`: user packs beside the packaged rules.
    `as_of`, `area`: day and administrative code to give the standing for; both or none.
    `RuleError` with every fault of every rule file.
    """
    return tuple(_coverage(rule, as_of, area) for rule in load_book(packs).rules)


def _coverage(rule: Rule, as_of: date | None, area: str) -> Coverage:
    layers = layers_of(rule.test) if rule.test else ()
    read = dict.fromkeys((*rule.parameters, *(parameters_of(rule.test) if rule.test else ())))
    standing = ""
    if as_of is not None:
        stands = standing_of(rule, as_of=as_of, place_codes=codes_of_place(area), adopted=False)
        standing = stands.standing.value
    verified = " ".join(filter(None, (rule.verified.state.value, rule.verified.against, str(rule.verified.on or ""))))
    return Coverage(
        rule.id,
        rule.effect.value,
        standing,
        rule.runs.state.value,
        rule.runs.why,
        layers,
        tuple(read),
        len(rule.cases),
        verified,
    )


def rule_card(rule: Rule) -> tuple[tuple[str, str], ...]:
    """Return what `hmgeo rules show` prints of `rule`: name and value, in reading order."""
    cards = [
        ("编号", rule.id),
        ("名称", rule.title.zh),
        ("效力层级", rule.legal_rank.zh),
        ("制定机关", rule.authority),
        ("适用地域", "、".join(rule.territory)),
        ("作用", rule.effect.zh),
        ("可否判定", f"{rule.runs.state.zh}{'：' + rule.runs.why if rule.runs.why else ''}"),
        ("参数", "、".join(rule.parameters)),
        ("认定部门", f"{rule.decider}（{rule.matter}）"),
        ("核对", f"{rule.verified.state.zh}（{rule.verified.against}，{rule.verified.on or '未注明日期'}）"),
        ("文本截至", str(rule.verified.held_until or "")),
        ("说明", rule.note),
    ]
    for value in rule.history:
        limit = "" if value.value is None else f"，数值 {value.value:g} {value.unit}"
        cards.append((f"自 {value.in_force_from or '不详'}", f"《{value.document}》{value.clause}{limit}"))
        cards.append(("原文", f"“{value.quote}”" if value.quote else "未收录"))
    return tuple((name, text) for name, text in cards if text)
