"""Safe reading of YAML into nodes that remember their lines.

No tags, few aliases, capped size and depth, UTF-8 only. Nothing is turned into Python objects here; `Reader` collects
every fault with its file and line, and the callers raise once.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from enum import StrEnum
from typing import TypeVar

import yaml

from hmgeo.errors import HmgeoError, Place, Problem, RuleError, raise_problems, without_passwords

Member = TypeVar("Member", bound="StrEnum")
Nodes = yaml.Node | Mapping[str, yaml.Node] | None

LOADER: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The fast safe loader where libyaml is there, else the plain safe one; both build nodes only."""

MAX_BYTES = 1_000_000
MAX_DEPTH = 24
MAX_ALIASES = 20

_STR, _INT, _FLOAT, _BOOL, _DATE, _NULL = (
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "timestamp", "null")
)
_PLAIN_NUMBER = re.compile(r"[-+]?((0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?|\.inf)$")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}$")
_OPENING = (
    yaml.BlockMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.FlowSequenceStartToken,
)
_CLOSING = (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)


_ACCOUNT = "写有口令，未读入"


def near(word: str, known: Iterable[str]) -> str:
    """Return the nearest known word, empty where none is near.

    >>> near("titel", ["title", "test"])
    'title'
    """
    matches = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else ""


def fingerprint(node: yaml.Node, without: str) -> str:
    """Return a sum of what `node` says but for keys `without`; comments, lines and the order of keys don't count."""

    def said(node: yaml.Node) -> object:
        if isinstance(node, yaml.MappingNode):
            return {str(key.value): said(value) for key, value in node.value if key.value != without}
        return [said(item) for item in node.value] if isinstance(node, yaml.SequenceNode) else node.value

    text = json.dumps(said(node), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def line_of(node: yaml.Node) -> int:
    """Return the node's line, counted from 1."""
    return int(node.start_mark.line) + 1


def decoded(content: bytes, file: str, noun: str = "规则文件", error: type[HmgeoError] = RuleError) -> str:
    """Return UTF-8 text; raise the given error where a file is GBK or too large."""
    if len(content) > MAX_BYTES:
        what = f"{noun}过大，未读入"
        found = f"{len(content)} 字节"
        allowed = f"不超过 {MAX_BYTES} 字节"
        raise error(Problem(what, Place(file=file), found=found, allowed=allowed, remedy="拆分为多个文件"))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = content[: fault.start].count(b"\n") + 1
        what = f"{noun}不是 UTF-8 编码{_gbk_hint(content)}"
        remedy = "在编辑器中另存为 UTF-8 后重试"
        raise error(Problem(what, Place(file=file, line=line), allowed="UTF-8", remedy=remedy)) from None


def _gbk_hint(content: bytes) -> str:
    try:
        content.decode("gb18030")
    except UnicodeDecodeError:
        return ""
    return "，疑为 GBK（GB18030）"


def compose(content: bytes, file: str, noun: str = "规则文件", error: type[HmgeoError] = RuleError) -> yaml.Node:
    """Return the root node of a YAML text.

    `content`: UTF-8 bytes.
    `file`, `noun`: its name, and what such a file is called in messages.
    `HmgeoError`: of the given kind, where the text is empty, isn't YAML, holds a password or tags, or goes beyond the
    caps on size, depth and aliases.
    """
    text = decoded(content, file, noun, error)
    try:
        raise_problems(error, _unsafe(text, file))
        root = yaml.compose(text, Loader=LOADER)
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 0
        detail = getattr(fault, "problem", None) or "?"
        raise error(
            Problem("不是合法的 YAML", Place(file=file, line=line), found=str(detail), remedy="检查缩进、冒号和引号")
        ) from None
    if root is None:
        raise error(Problem(f"{noun}为空", Place(file=file), remedy="写入内容或删除该文件"))
    return root


def _unsafe(text: str, file: str) -> list[Problem]:
    """Return what a rule file must not hold, found from the tokens before anything is built."""
    problems = [
        Problem(
            _ACCOUNT, Place(file=file, line=n), line.strip(), remedy="去掉账号和口令再试；它会随结果、地图和案卷传出去"
        )
        for n, line in enumerate(text.splitlines(), 1)
        if without_passwords(line) != line
    ]
    depth = aliases = 0

    def at(token: yaml.Token) -> Place:
        return Place(file=file, line=int(token.start_mark.line) + 1)

    for token in yaml.scan(text, Loader=LOADER):
        if isinstance(token, yaml.TagToken):
            problems.append(Problem("不允许 YAML 标签", at(token), found="!", remedy="删去感叹号开头的标签"))
        elif isinstance(token, yaml.AliasToken):
            aliases += 1
        elif isinstance(token, _OPENING):
            depth += 1
            if depth > MAX_DEPTH:
                return [*problems, Problem("嵌套过深", at(token), allowed=f"不超过 {MAX_DEPTH} 层", remedy="减少嵌套")]
        elif isinstance(token, _CLOSING):
            depth -= 1
    if aliases > MAX_ALIASES:
        problems.append(
            Problem(
                "YAML 别名过多",
                Place(file=file),
                found=str(aliases),
                allowed=f"不超过 {MAX_ALIASES} 个",
                remedy="直接写出内容",
            )
        )
    return problems


class Reader:
    """Reads values from nodes and collects faults instead of raising.

    Every method returns a usable stand-in where a value is wrong, so that reading goes on and all faults of a file are
    found at once. `nodes` is the node itself (None: missing), or the entries of a mapping, of which the one is read
    that `of` names, by what stands behind its last dot.

    `takes_quoted_days`: whether a day may stand in quotes, as people write it; rule files keep to one form.
    """

    def __init__(self, file: str, *, takes_quoted_days: bool = False) -> None:
        self.file = file
        self.takes_quoted_days = takes_quoted_days
        self.problems: list[Problem] = []

    def fault(self, node: yaml.Node | int, what: str, *, found: str = "", allowed: str = "", remedy: str = "") -> None:
        """Add a problem (`what`, `found`, `allowed`, `remedy` as in `Problem`) at a `node` or line."""
        line = node if isinstance(node, int) else line_of(node)
        self.problems.append(Problem(what, Place(file=self.file, line=line), found, allowed, remedy))

    def mapping(
        self, node: yaml.Node | None, known: Sequence[str], required: Sequence[str], of: str
    ) -> dict[str, yaml.Node]:
        """Return the entries of `node`, a mapping called `of`, by key; none of a missing one.

        Faults for repeated, unknown (not `known`) and missing (`required`) keys.
        """
        if node is None:
            return {}
        if not isinstance(node, yaml.MappingNode):
            self.fault(node, f"{of}应为键值表", remedy=f"写成「键: 值」，键为 {'、'.join(known)}")
            return {}
        entries: dict[str, yaml.Node] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
            if key in entries:
                self.fault(key_node, f"{of}的键重复", found=key, remedy="只保留一个")
            elif key not in known:
                self._unknown(key_node, f"{of}有未知的键", key, known)
            else:
                entries[key] = value_node
        for key in required:
            if key not in entries or _is_null(entries[key]):
                self.fault(node, f"{of}缺少 {key}", remedy=f"补写 {key}")
        return {key: value for key, value in entries.items() if not _is_null(value)}

    def free_mapping(self, node: yaml.Node | None, of: str) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """Return key and value nodes of a mapping (`node`, called `of`) whose keys the caller checks, if any."""
        if node is None:
            return {}
        if not isinstance(node, yaml.MappingNode):
            self.fault(node, f"{of}应为键值表", remedy="写成「键: 值」")
            return {}
        entries: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
            if key in entries:
                self.fault(key_node, f"{of}的键重复", found=key, remedy="只保留一个")
            entries[key] = (key_node, value_node)
        return entries

    def items(self, nodes: Nodes, of: str) -> list[yaml.Node]:
        """Return the items of a list (`nodes`, called `of`); a missing node is an empty list."""
        node = _picked(nodes, of)
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            self.fault(node, f"{of}应为列表", remedy="写成 [甲, 乙] 或逐行以「- 」开头")
            return []
        return list(node.value)

    def text(self, nodes: Nodes, of: str) -> str:
        """Return the text of `nodes`, called `of`.

        A bare number, date or truth is a fault: codes lose their zeros that way.
        """
        node = _picked(nodes, of)
        if node is None:
            return ""
        if not isinstance(node, yaml.ScalarNode):
            self.fault(node, f"{of}应为文字", remedy="写成一段文字")
            return ""
        if node.tag != _STR:
            self.fault(node, f"{of}应为文字", found=str(node.value), remedy="加英文引号")
            return ""
        text = str(node.value).strip()
        if not text:
            self.fault(node, f"{of}为空", remedy="补写文字")
        return text

    def texts(self, nodes: Nodes, of: str) -> tuple[str, ...]:
        """Return the list of texts of `nodes`, called `of`."""
        return tuple(self.text(item, of) for item in self.items(nodes, of))

    def word(self, nodes: Nodes, of: str, allowed: Sequence[str] | Mapping[str, object]) -> str:
        """Return the word of `nodes`, called `of`; a fault and empty where it isn't among those `allowed`."""
        node = _picked(nodes, of)
        if node is None:
            return ""
        word = str(node.value) if isinstance(node, yaml.ScalarNode) else "?"
        if word in allowed:
            return word
        self._unknown(node, f"{of}不是允许的词", word, allowed)
        return ""

    def words(self, nodes: Nodes, of: str, allowed: Sequence[str] | Mapping[str, object]) -> tuple[str, ...]:
        """Return the list of words of `nodes`, called `of`; a fault for each that isn't `allowed`, and without it."""
        read = (self.word(item, of, allowed) for item in self.items(nodes, of))
        return tuple(word for word in read if word)

    def member(self, nodes: Nodes, of: str, members: type[Member], otherwise: Member) -> Member:
        """Return the one of `members` that `nodes` (called `of`) names, `otherwise` where it's missing or wrong."""
        value = self.word(nodes, of, [member.value for member in members])
        return next((member for member in members if member.value == value), otherwise)

    def number(self, nodes: Nodes, of: str) -> float | None:
        """Return the decimal number of `nodes`, called `of`; NaN with a fault where it is none.

        `.inf` is allowed, leading zeros, octal numbers and `.nan` aren't.
        """
        node = _picked(nodes, of)
        if node is None:
            return None
        if isinstance(node, yaml.ScalarNode) and node.tag in {_INT, _FLOAT} and _PLAIN_NUMBER.match(str(node.value)):
            return float(str(node.value).replace(".inf", "inf"))
        self.fault(node, f"{of}应为数字", found=str(node.value)[:40], remedy="写不带引号和单位的数字")
        return math.nan

    def integer(self, nodes: Nodes, of: str) -> int | None:
        """Return the whole number of `nodes`, called `of`; None where it is missing or a fault."""
        node = _picked(nodes, of)
        number = self.number(node, of)
        if number is None or node is None or math.isnan(number):
            return None
        if math.isfinite(number) and number == int(number):
            return int(number)
        self.fault(node, f"{of}应为整数", found=str(node.value))
        return None

    def truth(self, nodes: Nodes, of: str) -> bool:
        """Return true or false of `nodes`, called `of`; a missing node is false."""
        node = _picked(nodes, of)
        if node is None:
            return False
        if isinstance(node, yaml.ScalarNode) and str(node.value) in {"true", "false"} and node.tag == _BOOL:
            return bool(node.value == "true")
        self.fault(node, f"{of}应为 true 或 false", found=str(node.value)[:40])
        return False

    def day(self, nodes: Nodes, of: str) -> date | None:
        """Return the day that `nodes`, called `of`, writes as YYYY-MM-DD; None where it is missing or a fault."""
        node = _picked(nodes, of)
        if node is None:
            return None
        remedy = "核对日期"
        if isinstance(node, yaml.ScalarNode) and _DAY.match(str(node.value)):
            with suppress(ValueError):
                day = date.fromisoformat(str(node.value))
                if node.tag == _DATE or self.takes_quoted_days:
                    return day
                remedy = "去掉日期两边的引号"
        self.fault(node, f"{of}应为日期", found=str(node.value)[:40], allowed="YYYY-MM-DD", remedy=remedy)
        return None

    def _unknown(self, node: yaml.Node, what: str, word: str, known: Iterable[str]) -> None:
        nearest = near(word, known)
        remedy = f"是否为「{nearest}」" if nearest else "改用允许的写法"
        self.fault(node, what, found=word, allowed="、".join(known), remedy=remedy)


def _picked(nodes: Nodes, of: str) -> yaml.Node | None:
    return nodes.get(of.rpartition(".")[2]) if isinstance(nodes, Mapping) else nodes


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == _NULL
