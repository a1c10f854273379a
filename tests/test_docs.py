"""What is written is true as far as a machine can tell: commands parse, links lead somewhere, pages are in the site."""

from __future__ import annotations

import ast
import re
import runpy
import shlex
import subprocess
import sys
import tomllib
import warnings
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer
import yaml
from PIL import Image

from hmgeo import cli

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
OTHERS = [ROOT / name for name in ("README.md", "README.zh.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")]
WRITTEN = [*OTHERS, *PAGES, ROOT / "conformance" / "README.md", ROOT / "benchmarks" / "README.md"]
names = [str(page.relative_to(ROOT)) for page in WRITTEN]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(hmgeo [^`]+)`")
LINK = re.compile(r"!?\[[^\]\n]*\]\(([^)\s]+)\)")
GROUP = typer.main.get_command(cli.app)


def commands_in(text: str) -> list[str]:
    """Return what is to be typed: the lines of fences that call hmgeo."""
    fenced = "\n".join(body.replace("\\\n", " ") for _, body in FENCE.findall(text))
    lines = [re.sub(r"^\s*(?:\$ )?(?:\S*/)?hmgeo ", "hmgeo ", line) for line in fenced.splitlines()]
    return [line for line in lines if line.startswith("hmgeo ")]


def fault_of(line: str) -> str:
    """Return why the command line does not take a line, empty where it does; nothing is run."""
    words = shlex.split(line, comments=True)[1:]
    context, command = GROUP.make_context("hmgeo", list(words), resilient_parsing=True), GROUP
    while hasattr(command, "commands"):
        name = words.pop(0)
        if name.startswith("--"):
            return ""  # --help, --version
        if name not in command.commands:
            return f"no command {name}"
        command = command.commands[name]
    try:
        command.make_context(command.name, words, parent=context)
    except Exception as error:  # noqa: BLE001 - typer keeps its click, and so its errors, to itself
        return str(getattr(error, "message", "") or error)
    return ""


@pytest.mark.parametrize("page", WRITTEN, ids=names)
def test_options_named_in_running_text_are_those_of_their_command(page: Path) -> None:
    named = INLINE.findall(FENCE.sub("", page.read_text(encoding="utf-8")))
    unknown = []
    for line in named:
        command, words = GROUP, re.split(r"[ \[\]|]+", line)[1:]
        while words and hasattr(command, "commands") and words[0] in command.commands:
            command = command.commands[words.pop(0)]
        if command is not GROUP and not hasattr(command, "commands"):
            known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | {"--help"}
            unknown += [f"{line}: {word}" for word in words if re.match(r"--[a-z]", word) and word not in known]
    assert unknown == []


@pytest.mark.parametrize("page", WRITTEN, ids=names)
def test_every_command_that_is_shown_can_be_typed(page: Path) -> None:
    wrong = {line: fault_of(line) for line in commands_in(page.read_text(encoding="utf-8"))}
    assert {line: fault for line, fault in wrong.items() if fault} == {}


def test_a_command_that_cannot_be_typed_is_seen() -> None:
    assert fault_of("hmgeo screen --sources a.csv --farmland b.gpkg --out c   # a word") == ""
    assert fault_of("hmgeo screen --source a.csv --farmland b.gpkg --out c").startswith("No such option: --source")
    assert fault_of("hmgeo scren --sources a.csv") == "no command scren"
    assert len(commands_in((ROOT / "README.md").read_text(encoding="utf-8"))) >= 12


@pytest.mark.parametrize("page", WRITTEN, ids=names)
def test_links_lead_somewhere(page: Path) -> None:
    targets = [target.partition("#")[0] for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8")))]
    paths = [target for target in targets if target and "://" not in target]
    assert [target for target in paths if not (page.parent / target).exists()] == []


def test_every_page_is_in_the_site() -> None:
    def leaves(node: object) -> list[str]:
        if isinstance(node, str):
            return [node]
        inner = node.values() if isinstance(node, dict) else node
        return [leaf for one in inner for leaf in leaves(one)]  # type: ignore[attr-defined]

    nav = leaves(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"])
    assert sorted(one for one in nav if not one.startswith("outside/")) == [
        page.relative_to(DOCS).as_posix() for page in PAGES
    ]


EXAMPLES = sorted((DOCS / "gallery").glob("*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_an_example_draws_its_picture(example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mpl, plt = import_module("matplotlib"), import_module("matplotlib.pyplot")  # slow, and asked for here alone
    mpl.use("Agg")
    monkeypatch.setattr(sys, "argv", [str(example), str(tmp_path / "made.png")])
    with warnings.catch_warnings():  # a machine without a Chinese font draws boxes, and says so
        warnings.simplefilter("ignore")
        with mpl.rc_context():
            runpy.run_path(str(example))
    plt.close("all")
    with Image.open(tmp_path / "made.png") as made, Image.open(example.with_suffix(".png")) as kept:
        assert made.size == kept.size
        assert len(made.convert("RGB").getcolors(made.width * made.height) or ()) > 20
    assert len(example.read_text(encoding="utf-8").splitlines()) <= 40
    told = (ast.get_docstring(ast.parse(example.read_text(encoding="utf-8"))) or "").rstrip("。")
    assert f"![{told}]({example.stem}.png)" in (DOCS / "gallery" / "index.md").read_text(encoding="utf-8")


def test_there_are_fifteen_examples() -> None:
    assert len(EXAMPLES) == 15


@pytest.mark.skipif(find_spec("material") is None, reason="needs hmgeo[docs]")
def test_the_site_is_built_without_a_warning_and_asks_nothing_of_the_network(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603 - ours
    asked = re.compile(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=\"(?:https?:)?//[^\"]*\"")
    assert [hit for page in tmp_path.rglob("*.html") for hit in asked.findall(page.read_text(encoding="utf-8"))] == []


def test_every_package_that_is_asked_for_is_locked_and_its_licence_told() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [
        *told["dependencies"],
        *(one for group in ("dask", "notebook") for one in told["optional-dependencies"][group]),
    ]
    needed = {re.split(r"[>=<]", one)[0].casefold() for one in asked}
    page = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("| ")]
    licences = {row[0].casefold(): row[2] for row in rows}
    locked = dict(line.split("==") for line in (ROOT / ".ci" / "lock.txt").read_text(encoding="utf-8").split())
    assert needed <= set(licences)
    assert needed <= set(locked)
    assert "not said" not in licences.values()
    assert {row[0].casefold().replace("_", "-"): row[1] for row in rows if row[1] != "version"} == locked
