"""Go templates give what text/template gives, or say what is not evaluated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from meshwright.gotemplate import MissingKey, Unsupported, execute

CASES = yaml.safe_load(Path(__file__).with_name("gotemplates.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["template"][:40])
def test_template(case: dict[str, Any]) -> None:
    def run() -> str:
        return execute(case["template"], case["data"], strict=case.get("strict", False))

    if "text" in case:
        assert run() == case["text"]
    elif "missing" in case:
        with pytest.raises(MissingKey, match=case["missing"]):
            run()
    else:
        with pytest.raises(Unsupported) as raised:
            run()
        assert str(raised.value) == case["unsupported"]
