"""Write the pages of docs/reference/ that are made from code and data: python -m scripts.manual.reference"""

from __future__ import annotations

from pathlib import Path

from scripts.manual import commandpages, datapages, layerpage

FOLDER = Path(__file__).resolve().parents[2] / "docs/reference"


def pages() -> dict[str, str]:
    """The text of each page by its name."""
    return {"commands.md": commandpages.page(), "layers.md": layerpage.page(), **dict(datapages.pages())}


if __name__ == "__main__":
    for _name, _text in pages().items():
        (FOLDER / _name).write_text(_text, encoding="utf-8")
