"""The first use on a machine: what is compiled ahead is what is used, and a user is told once."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from strategies import layer_of, positions_of

from hmgeo.commands import options
from hmgeo.proximity import elsewhere, search, tally
from hmgeo.proximity.measure import measure_proximity
from hmgeo.reference import machine
from hmgeo.reference.compiled import compiled
from hmgeo.reference.machine import code_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


class _Child:
    """Stands for a process."""

    def __init__(self, command: list[str], **_: object) -> None:
        self.command, self.waited = command, False

    def wait(self) -> int:
        self.waited = True
        return 0


@pytest.fixture
def children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[_Child]]:
    made: list[_Child] = []

    def start(command: list[str], **said: object) -> _Child:
        made.append(_Child(command, **said))
        return made[-1]

    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(machine.subprocess, "Popen", start)
    monkeypatch.setattr(machine, "_started", [])
    code_folder.cache_clear()
    yield made
    machine.wait()
    code_folder.cache_clear()


def test_nothing_kept_is_compiled_by_two_processes_once(children: list[_Child]) -> None:
    assert options.begin_compiling()
    assert options.begin_compiling()
    parts = [child.command[-1].split("compile_part(")[1].splitlines()[0] for child in children]
    assert parts == ["'search')", "'boxes')"]
    assert all(child.command[1] == "-P" for child in children)
    machine.wait()
    assert all(child.waited for child in children)


def test_what_is_kept_starts_nothing(children: list[_Child], tmp_path: Path) -> None:
    assert code_folder().is_relative_to(tmp_path)
    for name in ("proximity.search.search", "intake.places.sound._find_sound"):
        assert options.begin_compiling()
        (code_folder() / f"hmgeo.{name}-0.code").touch()
        children.clear()
    assert not options.begin_compiling()
    assert children == []


def test_a_process_that_compiles_ends_well_and_keeps_its_part(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-c", options.COMPILING.format(part="boxes")]
    told = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "not there yet")}
    done = subprocess.run(command, capture_output=True, env=told, check=False)  # noqa: S603 -- own code
    assert (done.returncode, done.stderr) == (0, b"")
    kept = {path.name.split("-")[0].removeprefix("hmgeo.proximity.") for path in tmp_path.rglob("*.code")}
    assert kept == {"search._fill_boxes", "search._walk", "tally._add", "hmgeo.intake.places.sound._find_sound"}


def test_what_is_compiled_ahead_is_what_is_used() -> None:
    for part in options.ENGINE_PARTS:
        elsewhere.compile_part(part)
    functions = (search.search, search._fill_boxes, tally._add, search._walk)
    before = [set(function.ready) for function in functions]
    square = shapely.box(113.0, 23.0, 113.001, 23.001)
    measured = measure_proximity(positions_of([shapely.Point(113.0, 23.01)]), layer_of([square]), radii_m=[2_000.0])
    assert measured.counts["count"].to_pylist()[0] == 1
    assert [set(function.ready) for function in functions] == before


def test_other_code_is_compiled_as_ever_after_ours(children: list[_Child]) -> None:
    assert not children

    def largest(count: int) -> float:
        values = np.full(count, 2.0)
        values[:] += np.arange(count)
        return max(values.max(), 1.0)

    assert compiled(largest)(3) == 4.0
    assert import_module("numba").njit(largest)(5) == 6.0
    assert compiled(largest)(7) == 8.0


def test_kept_code_is_called_without_numba() -> None:
    measured = "\n".join(f"elsewhere.compile_part({part!r})" for part in options.ENGINE_PARTS)
    for told in ("True", "False"):
        code = f"import sys\nfrom hmgeo.proximity import elsewhere\n{measured}\nprint('numba' in sys.modules)"
        command = [sys.executable, "-c", code if told == "False" else f"import numba\n{code}"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 -- own code
        assert done.stdout.strip() == told


def test_kept_code_that_calls_functions_of_numbas_own_is_called_in_a_new_process(tmp_path: Path) -> None:
    asked = (
        "import numpy as np; from hmgeo.geo.drainage import edge_of, fill; "
        "steps = np.array([[3, 3, 3], [2, 1, 3], [3, 3, 3]], np.int32); "
        "fill(steps, np.zeros(9, bool), np.flatnonzero(edge_of(steps))); print(steps.tolist())"
    )
    told = [
        subprocess.run(  # noqa: S603 -- our own words
            [sys.executable, "-c", asked],
            env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in ("compiled", "kept")
    ]
    assert told == ["[[3, 3, 3], [2, 2, 3], [3, 3, 3]]\n"] * 2


def test_compiled_functions_hand_out_numbers_and_arrays(children: list[_Child]) -> None:
    assert not children
    for _ in range(2):  # compiled, then kept

        @compiled
        def made(count: int, scale: np.float32, is_kept: bool) -> tuple[NDArray[np.float64], int, bool]:  # noqa: FBT001
            return np.full((count, 2), scale * 2.0), count, not is_kept

        for count, is_kept in ((0, True), (3, False)):
            rows, again, is_dropped = made(count, np.float32(1.5), is_kept)
            assert rows.tolist() == [[3.0, 3.0]] * count
            assert (again, is_dropped) == (count, not is_kept)


def test_numbers_that_lie_askew_have_machine_code_of_their_own(children: list[_Child]) -> None:
    assert not children

    @compiled
    def total(numbers: NDArray[np.float64]) -> float:
        return numbers.sum()  # type: ignore[no-any-return]

    straight = np.array([1.0, 2.0, 4.0])
    askew = np.frombuffer(b"?" + straight.tobytes(), "<f8", offset=1)
    assert [total(straight), total(askew)] == [7.0, 7.0]
    assert len(total.ready) == len([straight, askew])


def test_a_number_too_large_for_c_is_refused(children: list[_Child]) -> None:
    assert not children

    @compiled
    def same(number: int) -> int:
        return number

    assert same(2**63 - 1) == 2**63 - 1
    with pytest.raises(OverflowError, match=str(2**64 + 5)):
        same(2**64 + 5)


@pytest.mark.skipif(sys.platform != "linux", reason="peaks are kB on Linux alone")
def test_memory_of_arrays_is_given_back_when_code_without_arrays_was_loaded_first() -> None:
    asked = f"""
import resource, sys
import numpy as np
from hmgeo.proximity import elsewhere
for part in {options.ENGINE_PARTS}:
    elsewhere.compile_part(part)
from hmgeo.geo.drainage import edge_of, fill
before = 0
steps = np.full((1000, 1000), 3, np.int32)
steps[50:950, 50:950] = 1
for turn in range(int(sys.argv[1])):
    if turn == 1:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    fill(steps.copy(), np.zeros(steps.size, bool), np.flatnonzero(edge_of(steps)))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    for turns in ("1", "21"):  # whatever isn't kept yet is compiled in the first
        command = [sys.executable, "-c", asked, turns]
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 -- own
    assert int(done.stdout) < 50 << 10  # kB; more than twice as much where each turn keeps its arrays


def test_a_user_is_told_once(children: list[_Child], capsys: pytest.CaptureFixture[str]) -> None:
    options.ready_engine()
    assert "首次使用：先编译测算程序" in capsys.readouterr().err
    assert len(children) == len(options.ENGINE_PARTS)


def test_a_process_that_cannot_start_is_no_error(children: list[_Child], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError

    monkeypatch.setattr(machine.subprocess, "Popen", refuse)
    assert options.begin_compiling()
    machine.wait()
    assert children == []


def test_a_signal_while_waiting_leaves_no_process_unknown(
    children: list[_Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_: _Child) -> int:
        raise SystemExit(143)

    options.begin_compiling()
    with monkeypatch.context() as patched:
        patched.setattr(_Child, "wait", stop)
        with pytest.raises(SystemExit):
            machine.wait()
    machine.wait()
    assert all(child.waited for child in children)


_TWO = """
from hmgeo.reference.compiled import compiled

@compiled
def half(number: float) -> float:
    return number / 2

@compiled
def quarter(number: float) -> float:
    return half(number) / 2
"""


def test_code_kept_of_an_older_module_is_not_taken_for_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    read = Path.read_bytes
    folders = set()
    for older in ("", "search.py", "compiled.py", "ellipsoid.py", "sound.py"):
        monkeypatch.setattr(Path, "read_bytes", lambda path, older=older: read(path) + b"#" * (path.name == older))
        code_folder.cache_clear()
        folders.add(code_folder())
    code_folder.cache_clear()
    assert len(folders) == 5


def test_kept_code_is_put_into_a_function_compiled_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "two_of_them.py").write_text(_TWO)
    code_folder.cache_clear()
    kept = []
    for asked in ("half", "half", "quarter", "quarter"):
        sys.modules.pop("two_of_them", None)
        assert getattr(import_module("two_of_them"), asked)(3.0) == {"half": 1.5, "quarter": 0.75}[asked]
        kept.append(len(list(tmp_path.rglob("*.code"))))
    code_folder.cache_clear()
    assert kept == [1, 1, 2, 2]
