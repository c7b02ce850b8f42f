"""The difference as a comment on a pull request: a summary, and a collapsed table per root."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from meshwright.difference.formatting import (
    EFFECTS,
    SIGNS,
    both,
    by_move,
    moved,
    remarks,
    schema_lines,
    summary,
)
from meshwright.difference.model import ChangeKind, Difference, Field, ObjectDifference, RootDifference
from meshwright.inert import printable
from meshwright.words import plural

# A workflow finds its own comment by this marker.
MARK = "<!-- meshwright diff -->"
# GitHub accepts 65,536 characters; the rest is for text that a workflow adds.
LIMIT = 60_000
_ENDING = 400
_WIDTH = 160
_SCHEMA_FIELDS = 8
_FIELDS = 40
_NOT_COMPARED = 20


def render(difference: Difference, old: str = "", new: str = "", limit: int = LIMIT) -> str:
    """The comment, ending with a line break and never longer than ``limit`` bytes.

    Objects that do not fit are counted at the end. ``old`` and ``new`` name the compared states.
    """
    comment = _Comment(limit - _ENDING)
    comment.add(f"{MARK}\n**What this changes in the cluster:** {summary(difference)}\n")
    comment.add(f"\n{_code(old or 'old')} → {_code(new or 'work tree')}\n")
    if difference.notes:
        comment.add("\n" + "".join(f"- {_code(note)}\n" for note in difference.notes))
    _add_restarts(comment, difference)
    _add_not_compared(comment, difference)
    shown = 0
    for root in difference.roots:
        shown += _add_root(comment, root)
        if comment.is_full:
            break
    total = sum(len(root.objects) for root in difference.roots)
    if shown < total:
        comment.end(f"\n**{plural(total - shown, 'more object')}** not shown: run `meshwright diff`.\n")
    return comment.text


class _Comment:
    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[str] = []
        self._size = 0
        self.is_full = False

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def add(self, part: str, reserve: int = 0) -> bool:
        """Add a part if it fits with ``reserve`` bytes to spare; after the first that does not, add none."""
        size = len(part.encode())
        if self.is_full or self._size + size + reserve > self._limit:
            self.is_full = True
            return False
        self.end(part)
        return True

    def end(self, part: str) -> None:
        """Add a part for which space is reserved."""
        self._parts.append(part)
        self._size += len(part.encode())


def _add_restarts(comment: _Comment, difference: Difference) -> None:
    titles = difference.restarts
    if titles:
        more = f" and {len(titles) - 10} more" if len(titles) > 10 else ""
        comment.add(f"\nPods restart: {', '.join(_code(title) for title in titles[:10])}{more}\n")


def _add_not_compared(comment: _Comment, difference: Difference) -> None:
    items = difference.not_compared
    if not items:
        return
    comment.add("\n**Not compared:**\n\n")
    for item in items[:_NOT_COMPARED]:
        comment.add(f"- {_code(item.subject)} ({item.side}): {_code(item.reason[:400])}\n")
    if len(items) > _NOT_COMPARED:
        comment.add(f"- and {len(items) - _NOT_COMPARED} more\n")


_CLOSE = "\n</details>\n"


def _add_root(comment: _Comment, root: RootDifference) -> int:
    """Add the block of one root; return how many of its objects fit."""
    counts = ", ".join(f"{root.count(change)} {change.value}" for change in ChangeKind if root.count(change))
    where = f" in {_html(root.cluster)}" if root.cluster else ""
    word = "" if root.change is ChangeKind.CHANGED else f" <b>{root.change.value}</b>"
    head = f"<details><summary>{_html(root.title)}{where}{word}: {counts}</summary>\n\n"
    rows = "| object | field | old | new |\n|---|---|---|---|\n"
    blocks = list(_blocks(root))
    if not comment.add(head + rows + blocks[0][1], len(_CLOSE)):
        return 0
    shown = blocks[0][0]
    for count, block in blocks[1:]:
        if not comment.add(block, len(_CLOSE)):
            break
        shown += count
    comment.end(_CLOSE)
    return shown


def _blocks(root: RootDifference) -> Iterator[tuple[int, str]]:
    """Rows that belong together, with the number of objects that they describe."""
    for source, items in by_move(root.objects):
        if source:
            title = _code(f"> {plural(len(items), 'object')}")
            yield len(items), f"| {title} | {_code(moved(source, items))} | | |\n"
        else:
            yield from ((1, "".join(_rows(item))) for item in items)


def _rows(item: ObjectDifference) -> Iterator[str]:
    said = "; ".join(remarks(item))
    lines = [*schema_lines(item.schemas, _SCHEMA_FIELDS)]
    for follower in item.followers:
        effect = f", which {EFFECTS[follower.effect]}" if follower.effect else ""
        lines.append(f"followed by {follower.title}{effect}")
    about = " ".join(_code(text) for text in (said, *lines) if text)
    yield f"| {_code(f'{SIGNS[item.change]} {item.title}')} | {about} | | |\n"
    for field in item.fields[:_FIELDS]:
        yield _field(field)
    if len(item.fields) > _FIELDS:
        yield f"| | and {plural(len(item.fields) - _FIELDS, 'more field')} | | |\n"


def _field(field: Field) -> str:
    old, new = both(field, _WIDTH)
    shown_old = "" if field.change is ChangeKind.ADDED or field.layout else _code(old)
    shown_new = "" if field.change is ChangeKind.REMOVED else _code(new)
    return f"| | {_code(field.title)} | {shown_old} | {shown_new} |\n"


def _html(text: str) -> str:
    """Escape a text where GitHub reads HTML instead of Markdown."""
    return f"<code>{html.escape(printable(text))}</code>"


def _code(text: str) -> str:
    """Escape a text as a code span, which prevents links, mentions and HTML; pipes do not end the cell."""
    text = printable(" ".join(text.split())) or " "
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    # Double the backslashes before a pipe, or they would cancel the added one.
    inner = re.sub(r"(?<!\\)(\\*)\|", r"\1\1\\|", text)
    padded = f" {inner} " if inner[0] in "` " or inner[-1] in "` " else inner
    return f"{fence}{padded}{fence}"
