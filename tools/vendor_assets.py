"""Fetch the browser libraries of the map page once, hold them to a lock, keep their licences.

    python tools/vendor_assets.py            # fetch what the lock names and write it into the package
    python tools/vendor_assets.py --check    # no network: the files in the package are still those of the lock
    python tools/vendor_assets.py --relock   # accept the integrity that the registry gives (after a version change)

Versions change in `PACKAGES`; everything else follows.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

ASSETS = Path(__file__).resolve().parents[1] / "src" / "hmgeo" / "outputs" / "map" / "assets"
LOCK = ASSETS / "lock.json"

PACKAGES: dict[tuple[str, str], list[str]] = {
    ("leaflet", "1.9.4"): [
        "LICENSE",
        "dist/leaflet.js",
        "dist/leaflet.css",
        "dist/images/layers.png",
        "dist/images/layers-2x.png",
        "dist/images/marker-icon.png",
    ],
    ("fflate", "0.8.3"): ["LICENSE", "umd/index.js"],
    ("leaflet.control.layers.tree", "1.2.0"): ["LICENSE", "L.Control.Layers.Tree.js", "L.Control.Layers.Tree.css"],
}


def main() -> int:
    """Fetch, relock or check; return 0 when package and lock agree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--check", action="store_true", help="compare files with the lock, no network")
    parser.add_argument("--relock", action="store_true", help="accept a changed integrity")
    options = parser.parse_args()
    if options.check:
        wrong = changed_files()
        print("\n".join(wrong) or "vendored files agree with the lock")
        return 1 if wrong else 0
    known = {} if options.relock or not LOCK.exists() else {p["name"]: p["integrity"] for p in read_lock()}
    packages = [fetch(name, version, files, known.get(name)) for (name, version), files in PACKAGES.items()]
    text = json.dumps({"schema": 1, "packages": packages}, indent=2, ensure_ascii=False)
    LOCK.write_text(text + "\n", encoding="utf-8")
    print(f"{LOCK.name}: {len(packages)} packages")
    return 0


def fetch(name: str, version: str, files: list[str], integrity: str | None) -> dict[str, Any]:
    """Pack `name@version` from the registry, check it, write `files`, return its lock entry.

    Raises
    ------
    SystemExit
        Where the tarball isn't the one that the lock names.
    """
    with tempfile.TemporaryDirectory() as folder:
        tarball = pack(name, version, Path(folder))
        found = "sha512-" + base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
        if integrity and found != integrity:
            sys.exit(f"{name}@{version}: integrity {found}, the lock has {integrity}")
        with tarfile.open(tarball) as archive:
            package = json.loads(read_member(archive, "package.json"))
            target = ASSETS / "vendor" / name
            shutil.rmtree(target, ignore_errors=True)
            entries = [write(target, path, read_member(archive, path), name, version) for path in files]
    return {
        "name": name,
        "version": version,
        "integrity": found,
        "licence": package["license"],
        "homepage": package.get("homepage", ""),
        "files": entries,
    }


def pack(name: str, version: str, folder: Path) -> Path:
    """Download the registry's tarball into `folder`."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm not found: install Node.js, or run with --check")
    command = [npm, "pack", f"{name}@{version}", "--silent", "--pack-destination", str(folder)]
    subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)  # noqa: S603 - names and versions above
    return next(folder.glob("*.tgz"))


def read_member(archive: tarfile.TarFile, path: str) -> bytes:
    """Return the bytes of one file of an npm tarball."""
    stream = archive.extractfile(f"package/{path}")
    if stream is None:
        sys.exit(f"not a file: {path}")
    return stream.read()


def write(target: Path, path: str, content: bytes, name: str, version: str) -> dict[str, str]:
    """Write one file without its build folder; return its lock entry with the address that pages link it by."""
    relative = path.removeprefix("dist/")
    place = target / relative
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    return {
        "path": f"vendor/{name}/{relative}",
        "url": f"https://cdn.jsdelivr.net/npm/{name}@{version}/{path}",
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def read_lock() -> list[dict[str, Any]]:
    """Return the packages of the lock."""
    packages: list[dict[str, Any]] = json.loads(LOCK.read_text(encoding="utf-8"))["packages"]
    return packages


def changed_files() -> list[str]:
    """Name every vendored file that is missing, changed, or not in the lock."""
    locked = {entry["path"]: entry["sha256"] for package in read_lock() for entry in package["files"]}
    present = {
        path.relative_to(ASSETS).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((ASSETS / "vendor").rglob("*"))
        if path.is_file()
    }
    paths = sorted(locked | present)
    return [f"differs from the lock: {path}" for path in paths if locked.get(path) != present.get(path)]


if __name__ == "__main__":
    raise SystemExit(main())
