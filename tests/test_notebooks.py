"""The notebooks run from top to bottom, ask first, show last, and what is stored in them is what comes out."""

from __future__ import annotations

import asyncio
import json
import tempfile
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
NOTEBOOKS = ["01_screening.ipynb", "02_siting.ipynb", "03_water.ipynb", "04_two_million.ipynb", "05_own_rule.ipynb"]


def read(name: str) -> Any:  # noqa: ANN401 - nbformat has no types
    return nbformat.read(FOLDER / name, as_version=4)


def executed(name: str, folder: Path) -> Any:  # noqa: ANN401 - nbformat has no types
    """Run a notebook in a fresh kernel, in an empty folder."""
    notebook = read(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        where = {"metadata": {"path": str(folder)}}
        client = nbclient.NotebookClient(
            notebook, timeout=300, resources=where, record_timing=False, coalesce_streams=True
        )
        with asyncio.Runner() as runner:
            runner.run(client.async_execute())
    return notebook


def outputs_of(notebook: Any) -> list[Any]:  # noqa: ANN401 - nbformat has no types
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def texts_of(notebook: Any) -> list[str]:  # noqa: ANN401 - nbformat has no types
    """Return what is printed and shown, cell by cell; a picture's text names only its size."""
    told = ((one.get("text"), one.get("data", {}).get("text/plain")) for one in outputs_of(notebook))
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


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_what_is_stored_is_what_comes_out(name: str, demo_runs: dict[str, Run], tmp_path: Path) -> None:
    made = executed(name, tmp_path)
    assert [one.text for one in outputs_of(made) if one.get("name") == "stderr"] == []
    assert texts_of(made) == texts_of(read(name))
    pictures = [one for one in made.cells[-1].outputs if "image/png" in one.get("data", {})]
    assert len(pictures) == 1
    assert len(pictures[0].data["image/png"]) > 10_000
    assert list(tmp_path.iterdir()) == []
    if name == "01_screening.ipynb":
        said = "".join(one.text for one in outputs_of(made) if one.output_type == "stream")
        results = demo_runs["qingcheng"].results
        assert f"各状态行数： {results.status_counts()}" in said
        listed = results.sources["verdict"].to_pylist().count("listed")
        assert f"listed {listed}" in " ".join(said.split())
        assert "2021年底前完成耕地周边" in said
        assert [warning for warning in results.warnings if warning not in said] == []


if __name__ == "__main__":  # `make notebooks`
    for each in NOTEBOOKS:
        with tempfile.TemporaryDirectory() as empty:
            run = executed(each, Path(empty))
        run.metadata["language_info"] = {"name": "python"}
        nbformat.write(run, FOLDER / each)
