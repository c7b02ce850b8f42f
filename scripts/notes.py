"""``python -m scripts.notes VERSION``: the section of CHANGELOG.md about a release, for its page."""

from __future__ import annotations

import re
import sys
from pathlib import Path


def notes(changelog: str, version: str) -> str:
    """The text below the heading ``## <version>``, with or without a date behind the version.

    Raises ``ValueError`` if the section is missing or empty.
    """
    sections = re.split(r"^## ", changelog, flags=re.MULTILINE)[1:]
    for section in sections:
        heading, _, body = section.partition("\n")
        if heading.split()[:1] == [version]:
            if not body.strip():
                raise ValueError(f"CHANGELOG.md: section {version} is empty")
            return body.strip() + "\n"
    named = ", ".join(section.partition("\n")[0] for section in sections)
    raise ValueError(f"CHANGELOG.md has no section {version}; it has: {named}")


def main() -> int:
    """Print the notes; exit 1 with the reason if there are none."""
    if len(sys.argv) != 2:
        print("usage: python -m scripts.notes VERSION", file=sys.stderr)
        return 2
    changelog = Path(__file__).parent.parent / "CHANGELOG.md"
    try:
        print(notes(changelog.read_text(encoding="utf-8"), sys.argv[1].removeprefix("v")), end="")
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
