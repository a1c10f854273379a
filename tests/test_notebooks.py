"""The notebooks run from top to bottom, ask first, show last, and carry no outputs of someone's machine."""

from __future__ import annotations

import asyncio
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hmgeo.project.run import Run

with warnings.catch_warnings():  # what the notebook libraries deprecate among themselves is not ours
    warnings.simplefilter("ignore")
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
NOTEBOOKS = sorted(path.name for path in FOLDER.glob("*.ipynb"))


def read(name: str) -> Any:  # noqa: ANN401 - nbformat has no types
    return nbformat.read(FOLDER / name, as_version=4)


def executed(name: str, folder: Path) -> Any:  # noqa: ANN401 - nbformat has no types
    """Run a notebook in a fresh kernel, in an empty folder."""
    notebook = read(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        client = nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}})
        with asyncio.Runner() as runner:
            runner.run(client.async_execute())
    return notebook


def test_there_is_a_notebook() -> None:
    assert "01_screening.ipynb" in NOTEBOOKS


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_outputs_are_stripped(name: str) -> None:
    cells = [cell for cell in read(name).cells if cell.cell_type == "code"]
    assert [(cell.outputs, cell.execution_count) for cell in cells] == [([], None)] * len(cells)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_question_comes_first_and_the_picture_last(name: str) -> None:
    cells = read(name).cells
    assert cells[0].cell_type == "markdown"
    assert cells[0].source.splitlines()[0].endswith("？")
    assert (cells[-1].cell_type, "plt.show()" in cells[-1].source) == ("code", True)


def test_screening_tells_what_the_demo_tells(demo_runs: dict[str, Run], tmp_path: Path) -> None:
    notebook = executed("01_screening.ipynb", tmp_path)
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []
    said = "".join(output.text for output in outputs if output.output_type == "stream")
    results = demo_runs["qingcheng"].results
    assert f"各状态行数： {results.status_counts()}" in said
    listed = results.sources["verdict"].to_pylist().count("listed")
    assert f"listed {listed}" in " ".join(said.split())
    assert "2021年底前完成耕地周边" in said
    assert [warning for warning in results.warnings if warning not in said] == []
    pictures = [output for output in notebook.cells[-1].outputs if "image/png" in output.get("data", {})]
    assert len(pictures) == 1
    assert len(pictures[0].data["image/png"]) > 50_000
    assert list(tmp_path.iterdir()) == []
