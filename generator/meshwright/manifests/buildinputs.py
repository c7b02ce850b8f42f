"""What a build reads, and the faults that are visible before kustomize runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from meshwright.errors import Position
from meshwright.finding import Finding


@dataclass
class BuildInputs:
    """What a build reads, transitively."""

    folders: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    # Contents of the files under configurations and crds: they determine which references a rename updates.
    settings: set[str] = field(default_factory=set)
    renames: bool = False
    findings: list[Finding] = field(default_factory=list)
    remote: list[tuple[str, Position]] = field(default_factory=list)
    # Entries that are valid but not passed to kustomize: the entry, the reason and the position.
    withheld: list[tuple[str, str, Position]] = field(default_factory=list)
    helm: list[tuple[str, Position]] = field(default_factory=list)
    uses_vars: bool = False
    # Nothing of it can be built: it is a cycle, or what it starts from cannot be read.
    blocked: bool = False

    @property
    def buildable(self) -> bool:
        """Whether kustomize can build all of it offline and without Helm."""
        return not (self.has_gaps or self.helm)

    @property
    def has_gaps(self) -> bool:
        """Whether something that it refers to is missing, on the network or not passed to kustomize."""
        return bool(self.findings or self.remote or self.withheld)

    def absorb(self, other: BuildInputs) -> None:
        """Add the inputs and findings of ``other``."""
        self.folders |= other.folders
        self.files |= other.files
        self.settings |= other.settings
        self.uses_vars |= other.uses_vars
        self.renames |= other.renames
        self.blocked |= other.blocked
        self.findings.extend(item for item in other.findings if item not in self.findings)
        self.remote.extend(item for item in other.remote if item not in self.remote)
        self.withheld.extend(item for item in other.withheld if item not in self.withheld)
        self.helm.extend(item for item in other.helm if item not in self.helm)
