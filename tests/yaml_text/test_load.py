"""Reading YAML that calls things what they are not."""

from __future__ import annotations

import pytest

from meshwright.yaml import YamlFault, parse


@pytest.mark.parametrize("value", ["[b]", "[[b, c]]", "b", ""])
def test_a_tag_that_calls_something_a_mapping(value: str) -> None:
    with pytest.raises(YamlFault, match="1:4: expected a mapping"):
        parse(f"a: !!map {value}")
