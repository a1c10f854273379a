"""Cut the font of the static figures out of Noto Sans SC once, hold it to a lock, keep its licence.

    python tools/vendor_font.py            # fetch what the lock names, cut it, write it into the package
    python tools/vendor_font.py --check    # no network: the files in the package are still those of the lock
    python tools/vendor_font.py --relock   # accept the integrity that the registry gives (after a version change)

The cut holds GB 2312 and every further character in the shipped layers and in the package's own words: outlines only,
no hinting, no layout tables. Its name differs from the original's, since it is another font.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.ttLib import TTFont
from vendor_assets import pack, read_member

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDER = REPOSITORY / "src" / "hmgeo" / "outputs" / "figure" / "font"
LOCK = FOLDER / "lock.json"
PACKAGE, VERSION = "@expo-google-fonts/noto-sans-sc", "0.4.3"
REGULAR, LICENCE = "400Regular/NotoSansSC_400Regular.ttf", "LICENSE_FONT"
FAMILY = "hmgeo Sans SC"
FILE = "hmgeo-sans-sc.ttf"
TEXTS = ("src/hmgeo/**/*.py", "src/hmgeo/**/*.yml", "src/hmgeo/**/*.csv", "layers/**/*.csv", "layers/real/*.geojson")
NAMES_KEPT = (0, 1, 2, 3, 4, 5, 6, 13, 14)
DROPPED = ("vhea", "vmtx", "GPOS", "GSUB", "GDEF", "BASE", "STAT")
_FAMILY_NAMES = {1: FAMILY, 3: f"{FAMILY} Regular", 4: f"{FAMILY} Regular", 6: "hmgeoSansSC-Regular"}


def main() -> int:
    """Fetch, relock or check; return 0 when package and lock agree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--check", action="store_true", help="compare files with the lock, no network")
    parser.add_argument("--relock", action="store_true", help="accept a changed integrity")
    options = parser.parse_args()
    if options.check:
        wrong = changed_files()
        print("\n".join(wrong) or "the font agrees with its lock")
        return 1 if wrong else 0
    known = None if options.relock or not LOCK.exists() else json.loads(LOCK.read_text(encoding="utf-8"))["integrity"]
    font, licence, integrity = fetch(known)
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "OFL.txt").write_bytes(licence)
    (FOLDER / FILE).write_bytes(cut(font, wanted()))
    LOCK.write_text(json.dumps(lock(integrity), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{FILE}: {(FOLDER / FILE).stat().st_size:,} bytes")
    return 0


def fetch(known: str | None) -> tuple[bytes, bytes, str]:
    """Return the whole font, its licence and the integrity of the registry's tarball.

    Raises
    ------
    SystemExit
        Where the tarball isn't the one that the lock names.
    """
    with tempfile.TemporaryDirectory() as folder:
        tarball = pack(PACKAGE, VERSION, Path(folder))
        found = "sha512-" + base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
        if known and found != known:
            sys.exit(f"{PACKAGE}@{VERSION}: integrity {found}, the lock has {known}")
        with tarfile.open(tarball) as archive:
            return read_member(archive, REGULAR), read_member(archive, LICENCE), found


def wanted() -> set[int]:
    """Return the characters of GB 2312 and of the texts that figures can show."""
    rows = (bytes([high, low]) for high in range(0xA1, 0xF8) for low in range(0xA1, 0xFF))
    known = {ord(character) for pair in rows for character in pair.decode("gb2312", errors="ignore")}
    shown = {
        ord(character)
        for pattern in TEXTS
        for path in REPOSITORY.glob(pattern)
        for character in path.read_text(encoding="utf-8-sig")
    }
    return known | shown | set(range(0x20, 0x7F))


def cut(font: bytes, characters: set[int]) -> bytes:
    """Return the font with these characters alone, under another name, the same bytes every time."""
    whole = TTFont(io.BytesIO(font), recalcTimestamp=False)
    options = subset.Options(hinting=False, notdef_outline=True, name_IDs=list(NAMES_KEPT), recalc_timestamp=False)
    options.layout_features = []
    options.drop_tables += list(DROPPED)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=sorted(characters))
    cutter.subset(whole)
    for record in whole["name"].names:
        if record.nameID in _FAMILY_NAMES:
            record.string = _FAMILY_NAMES[record.nameID]
    made = io.BytesIO()
    whole.save(made)
    return made.getvalue()


def lock(integrity: str) -> dict[str, Any]:
    """Return what the lock says of the files now in the folder."""
    return {
        "schema": 1,
        "name": PACKAGE,
        "version": VERSION,
        "integrity": integrity,
        "licence": "OFL-1.1",
        "homepage": "https://fonts.google.com/noto/specimen/Noto+Sans+SC",
        "files": {name: digest(FOLDER / name) for name in (FILE, "OFL.txt")},
    }


def digest(path: Path) -> str:
    """Return the SHA-256 of a file; empty where it is missing."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def changed_files() -> list[str]:
    """Name every file that is missing or changed."""
    files: dict[str, str] = json.loads(LOCK.read_text(encoding="utf-8"))["files"]
    return [f"differs from the lock: {name}" for name, known in files.items() if digest(FOLDER / name) != known]


if __name__ == "__main__":
    raise SystemExit(main())
