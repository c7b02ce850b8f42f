"""``python -m scripts.sbom FOLDER``: write meshwright.cdx.json, the packages that a release depends on.

The format is CycloneDX 1.5, made by uv from uv.lock: each package with its version, its hashes and what it
depends on. The same lock gives the same bytes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAME = "meshwright.cdx.json"
_EXPORT = ("export", "--frozen", "--quiet", "--no-default-groups", "--format", "cyclonedx1.5")


def sbom() -> str:
    """The text of the SBOM. Raises CalledProcessError when uv cannot read the lock."""
    command: list[str | Path] = [Path(sys.executable).parent / "uv", *_EXPORT]
    made = subprocess.run(
        [*command, "--preview-features", "sbom-export"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    content = json.loads(made.stdout)
    # Both are new in each export, and optional in the format.
    del content["serialNumber"], content["metadata"]["timestamp"]
    component = content["metadata"]["component"]
    component["purl"] = f"pkg:pypi/{component['name']}@{component['version']}"
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the file into the folder that the command line names."""
    if len(sys.argv) != 2:
        print("usage: python -m scripts.sbom FOLDER", file=sys.stderr)
        return 2
    (Path(sys.argv[1]) / NAME).write_text(sbom(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
