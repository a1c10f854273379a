"""What hmgeo needs, directly and through others.

    python tools/dependencies.py licences   docs/licences.md: each with its licence (`make pages`)
    python tools/dependencies.py lock       .ci/lock.txt: each with its version, by which the check runs (`make lock`)
    python tools/dependencies.py oldest     the lowest versions that pyproject.toml allows (`make test-oldest`)

The first two are read from the metadata of what is installed.
"""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HEAD = """# 依赖与许可 · Dependencies and their licences

Made by `tools/dependencies.py` from the metadata of the installed packages (`make pages`); versions are those of
`.ci/lock.txt`, by which the check runs. hmgeo itself is Apache-2.0; fonts, scripts and data that lie inside it are
listed with their licences in `NOTICE` and `layers/`. No package here forbids use inside an office, or asks that hmgeo
be given away under its own licence; those under LGPL or MPL are used as they come, unchanged and apart.

"""
PARTS = (
    ("Needed to run", ()),
    ("For work on several machines: `hmgeo[dask]`", ("dask",)),
    ("For notebooks: `hmgeo[notebook]`", ("notebook",)),
    ("For tests alone: `hmgeo[test]`", ("test",)),
)
_LONGEST = 60
_UNKNOWN = "not said"
_NO_NAME = re.compile(r"unknown|copyright|^\W*$", re.IGNORECASE)


def licence_of(found: Distribution) -> str:
    """Return the licence as a package tells it: the expression, a short text, or its classifiers."""
    told = found.metadata.get_all
    expression = (told("License-Expression") or [""])[0]
    lines = [line.strip() for line in (told("License") or [""])[0].splitlines() if line.strip()]
    text = lines[0] if lines and len(lines[0]) <= _LONGEST and not _NO_NAME.search(lines[0]) else ""
    classes = [one.rpartition(" :: ")[2] for one in told("Classifier") or () if one.startswith("License ::")]
    return re.sub(r"\s+", " ", expression or text or ", ".join(classes) or _UNKNOWN)


def needed(name: str, extras: tuple[str, ...], into: dict[str, set[str]], by: str = "") -> None:
    """Add a package and all that it needs here to `into`, each with those that ask for it."""
    key = canonicalize_name(name)
    is_new = key not in into
    into.setdefault(key, set()).update({by} - {""})
    try:
        requires = distribution(name).requires or ()
    except PackageNotFoundError:
        del into[key]
        return
    if not is_new and not extras:
        return
    for one in map(Requirement, requires):
        if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            needed(one.name, tuple(one.extras), into, key)


def page() -> str:
    """Return the page."""
    text, seen = HEAD, {"hmgeo"}
    for title, extras in PARTS:
        into: dict[str, set[str]] = {}
        needed("hmgeo", extras, into)
        text += f"## {title}\n\n| package | version | licence | asked for by |\n|---|---|---|---|\n"
        for key in sorted(set(into) - seen):
            found = distribution(key)
            by = ", ".join(sorted(into[key]))
            text += f"| {found.metadata['Name']} | {found.version} | {licence_of(found)} | {by} |\n"
        text += "\n"
        seen |= set(into)
    return text.rstrip("\n") + "\n"


def lock() -> str:
    """Return a line for each package, tests' included, with the version that is installed."""
    into: dict[str, set[str]] = {}
    needed("hmgeo", ("test", "dask", "notebook"), into)
    return "".join(f"{key}=={distribution(key).version}\n" for key in sorted(set(into) - {"hmgeo"}))


def oldest() -> str:
    """Return a line for each package that hmgeo asks for itself, with the lowest version that it takes."""
    told = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    return "".join(f"{one.replace('>=', '==')}\n" for one in told["project"]["dependencies"])


if __name__ == "__main__":
    print({"licences": page, "lock": lock, "oldest": oldest}[sys.argv[1]](), end="")
