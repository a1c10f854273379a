"""The notebooks run from top to bottom, ask first, show last, and what is stored in them is what comes out.

One kernel runs them one after the other, each with no names but its own, so that libraries are imported once; `make
notebooks` gives each its own.
"""

from __future__ import annotations

import asyncio
import json
import pickle
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from hmgeo.results.results import Results

with warnings.catch_warnings():  # what the notebook libraries deprecate among themselves is not ours
    warnings.simplefilter("ignore")
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
NOTEBOOKS = ["01_screening.ipynb", "02_siting.ipynb", "03_water.ipynb", "04_two_million.ipynb", "05_own_rule.ipynb"]
FORGET = "import matplotlib\nmatplotlib.rc_file_defaults()\n%reset -f"
"""Run before a notebook: no name and no choice for drawings is left by the one before."""
HELD = """
import hmgeo, pickle
def held(path, hmgeo=hmgeo, ask=hmgeo.project_results, load=pickle.load):
    assert path == hmgeo.demo_projects()[0]
    hmgeo.project_results = ask
    with open({!r}, "rb") as file:
        return load(file)
hmgeo.project_results = held
"""
"""Run first: the first notebook is handed what the run of its project found, which takes ten seconds to find again."""


def read(name: str) -> Any:  # noqa: ANN401 - nbformat has no types
    return nbformat.read(FOLDER / name, as_version=4)


def executed(names: list[str], folder: Path, first: str = "") -> dict[str, list[Any]]:
    """Run notebooks in a fresh kernel, in an empty folder, after some code; return their cells.

    Of several, each runs whatever failed before it.
    """
    cells = {name: read(name).cells for name in names}
    whole = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(first)])
    for each in cells.values():
        whole.cells += [nbformat.v4.new_code_cell(FORGET), *each]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        where = {"metadata": {"path": str(folder)}}
        client = nbclient.NotebookClient(
            whole,
            timeout=300,
            resources=where,
            record_timing=False,
            coalesce_streams=True,
            allow_errors=len(names) > 1,
        )
        with asyncio.Runner() as runner:
            runner.run(client.async_execute())
    return cells


def outputs_of(cells: list[Any]) -> list[Any]:
    return [output for cell in cells if cell.cell_type == "code" for output in cell.outputs]


def texts_of(cells: list[Any]) -> list[str]:
    """Return what is printed and shown, cell by cell; a picture's text names only its size."""
    told = ((one.get("text"), one.get("data", {}).get("text/plain")) for one in outputs_of(cells))
    return [printed or shown for printed, shown in told]


def test_every_notebook_is_named() -> None:
    assert sorted(path.name for path in FOLDER.glob("*.ipynb")) == NOTEBOOKS


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_question_comes_first_and_the_picture_last(name: str) -> None:
    cells = read(name).cells
    assert cells[0].cell_type == "markdown"
    assert cells[0].source.splitlines()[0].endswith("？")
    assert (cells[-1].cell_type, "plt.show()" in cells[-1].source) == ("code", True)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_what_is_stored_is_small_and_tells_nothing_of_a_machine(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert len(text) < 150_000
    ours = (str(Path.home()), str(FOLDER.parent), tempfile.gettempdir(), "iopub")
    assert [word for word in ours if word in text] == []
    cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))


@pytest.fixture(scope="module")
def qingcheng(shipped_results: Callable[[str], Results]) -> Results:
    return shipped_results("qingcheng")


@pytest.fixture(scope="module")
def made(qingcheng: Results, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """Return the cells of all notebooks with what came out."""
    held, empty = tmp_path_factory.mktemp("held") / "qingcheng", tmp_path_factory.mktemp("empty")
    held.write_bytes(pickle.dumps(qingcheng))
    cells = executed(NOTEBOOKS, empty, HELD.format(str(held)))
    assert list(empty.iterdir()) == []
    return cells


def as_stored(name: str, cells: list[Any]) -> None:
    assert [one.evalue for one in outputs_of(cells) if one.output_type == "error"] == []
    assert [one.text for one in outputs_of(cells) if one.get("name") == "stderr"] == []
    assert texts_of(cells) == texts_of(read(name).cells)
    pictures = [one for one in cells[-1].outputs if "image/png" in one.get("data", {})]
    assert len(pictures) == 1
    assert len(pictures[0].data["image/png"]) > 10_000


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_what_is_stored_is_what_comes_out(name: str, made: dict[str, list[Any]]) -> None:
    as_stored(name, made[name])


def test_the_first_tells_what_the_run_of_its_project_found(made: dict[str, list[Any]], qingcheng: Results) -> None:
    said = "".join(one.text for one in outputs_of(made[NOTEBOOKS[0]]) if one.output_type == "stream")
    assert f"各状态行数： {qingcheng.status_counts()}" in said
    listed = qingcheng.sources["verdict"].to_pylist().count("listed")
    assert f"listed {listed}" in " ".join(said.split())
    assert "2021年底前完成耕地周边" in said
    assert [warning for warning in qingcheng.warnings if warning not in said] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_each_comes_out_by_itself(name: str, tmp_path: Path) -> None:
    """With a kernel of its own, and the first asks for itself."""
    as_stored(name, executed([name], tmp_path)[name])
    assert list(tmp_path.iterdir()) == []


if __name__ == "__main__":  # `make notebooks`
    for each in NOTEBOOKS:
        notebook = read(each)
        with tempfile.TemporaryDirectory() as empty:
            notebook.cells = executed([each], Path(empty))[each]
        for number, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), 1):
            cell.execution_count = number
            for one in cell.outputs:
                if "execution_count" in one:
                    one.execution_count = number
        notebook.metadata["language_info"] = {"name": "python"}
        nbformat.write(notebook, FOLDER / each)
