"""Keeps what belongs to the rules: `python -m scripts.rules` writes docs/rules.md and a page per rule."""

from __future__ import annotations

from scripts.rulepages import write_pages


def main() -> None:
    write_pages()


if __name__ == "__main__":
    main()
