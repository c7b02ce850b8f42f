"""Texts that somebody might put into a repository so that more than text comes out, and what may come out."""

from __future__ import annotations

import re

from hypothesis import strategies as st

HOSTILE = {
    "title": "\x1b]0;pwned\x07",
    "colour": "\x1b[31mred",
    "clear": "\x1b[2J\x1b[H",
    "C1": "\x9b31m\x85\x90",
    "DEL and BEL": "\x7f\x07\b",
    "return": "good\rbad",
    "lines": "a\n::error file=x,line=1::pwned\nb",
    "command": "::error file=x::pwned",
    "indented command": "  ::set-output name=a::b",
    "other white space": "\u00a0\u2003::error::pwned",
    "old command": "x ##[error]pwned",
    "three marks": "###[add-path]/tmp",
    "other systems": "##vso[task.setvariable]x ##teamcity[x]",
    "bidi": "\u202eabc\u2066\u2069",
    "zero width": "a\u200b\u200d\ufeff\u2060b",
    "not seen": "\u3164\u115f\ufe0f\U000e0101\U000e0041",
    "separators": "a\u2028::error::b\u2029\u0085c",
    "half": "a\udcffb",
    "no character": "\ufffe\uffff\ufdd0",
    "emoji": "\U0001f600",
    "markdown": "a|b\\|c `x` ``y`` @team #1 GH-1 o/r#2 [a](https://e.example) ![b](x) **c** ~~d~~",
    "links": "https://e.example www.e.example a@e.example",
    "html": "</code></td></details><script>alert(1)</script><!-- x --><img src=x>&lt;&#124;",
    "xml": "]]><!DOCTYPE x [<!ENTITY a 'b'>]>&a;<?x?>",
    "rich": "[bold red]x[/] [link=https://e.example]y[/link]",
    "long": "x" * 3000,
}
_COMMAND = re.compile(r"^\s*::|##[a-z]*\[", re.MULTILINE)
_UNSEEN = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"

words = st.sampled_from(list(HOSTILE.values())) | st.text(
    st.characters(codec=None) | st.sampled_from("#[:|`\\<@\n\r\x1b\u202e\udc80"), max_size=8
)


def what_is_obeyed(text: str) -> list[str]:
    """Everything in an output that is more than text to a terminal or a log, however it is encoded."""
    found = [
        repr(char)
        for char in text
        if not (char.isprintable() or char in "\n\t")
        or char in _UNSEEN
        or "\ufe00" <= char <= "\ufe0f"
        or "\U000e0100" <= char <= "\U000e01ef"
    ]
    return found + _COMMAND.findall(text)
