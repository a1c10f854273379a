"""Two of each input and their runs, made once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from bench import make_world

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    make_world(folder)
    return folder
