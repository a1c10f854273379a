"""Draw the house anew from its imports: `python tools/architecture.py` rewrites the picture in docs/architecture.md."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "hmgeo"
PAGE = ROOT / "docs" / "architecture.md"
OPEN, CLOSE = "<!-- picture: tools/architecture.py -->\n", "<!-- end of picture -->"
FRONT_DOOR = "hmgeo"


def room_of(module: str) -> str:
    """Return the room of a module of ours; names of the package's own `__init__` are a room of their own."""
    inside = PACKAGE / module.split(".")[1]
    return inside.name if inside.is_dir() or inside.with_suffix(".py").exists() else FRONT_DOOR


def imports() -> dict[str, set[str]]:
    """Return, for each room, the other rooms that its modules import."""
    rooms: dict[str, set[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        inside = path.relative_to(PACKAGE).with_suffix("").parts
        room = FRONT_DOOR if inside == ("__init__",) else inside[0]
        reached = rooms.setdefault(room, set())
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "hmgeo":
                names = [f"{node.module}.{alias.name}" for alias in node.names]
                reached |= {room_of(name) for name in names}
        reached.discard(room)
    return rooms


def picture() -> str:
    """Return the rooms and their arrows as Mermaid text; an arrow that a longer way implies is left out."""
    rooms = imports()

    def below(room: str) -> set[str]:
        return rooms[room].union(*(below(other) for other in rooms[room]))

    lines = ["```mermaid", "flowchart TD"]
    for room in sorted(rooms):
        implied = set[str]().union(*(below(other) for other in rooms[room]))
        lines += [f"    {room} --> {other}" for other in sorted(rooms[room] - implied)]
    return "\n".join([*lines, "```\n"])


def page(text: str) -> str:
    """Return the page's text with the picture as the imports are now."""
    head, rest = text.split(OPEN)
    return head + OPEN + picture() + CLOSE + rest.split(CLOSE)[1]


if __name__ == "__main__":
    drawn = page(PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(drawn, encoding="utf-8")
    sys.stdout.write(picture())
