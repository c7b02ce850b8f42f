"""Argo CD: options and policies in lists and annotations, of which it ignores every one that it does not know."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.check.model.index import Item, Model
from meshwright.check.rules.rule import Engine, Hit, rule
from meshwright.flux.substitution import unresolved
from meshwright.words import closest, did_you_mean
from meshwright.yaml.pointer import Pointer

_GROUP = "argoproj.io"
_SYNC, _COMPARE = "argocd.argoproj.io/sync-options", "argocd.argoproj.io/compare-options"
_DELETION = "argocd.argoproj.io/hook-delete-policy"
_BOOLEAN = ("true", "false")
# source: argo-cd v3.5, gitops-engine pkg/sync/common/types.go and controller/sync.go.
_OPTIONS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            "ApplyOutOfSyncOnly",
            "ClientSideApplyMigration",
            "CreateNamespace",
            "FailOnSharedResource",
            "Force",
        ),
        _BOOLEAN,
    ),
    **dict.fromkeys(
        (
            "PruneLast",
            "Replace",
            "RespectIgnoreDifferences",
            "ServerSideApply",
            "SkipDryRunOnMissingResource",
        ),
        _BOOLEAN,
    ),
    "Validate": _BOOLEAN,
    "Delete": (*_BOOLEAN, "confirm"),
    "Prune": (*_BOOLEAN, "confirm"),
    "PrunePropagationPolicy": ("foreground", "background", "orphan"),
}
# source: argo-cd v3.5, controller/state.go.
_COMPARISONS: dict[str, tuple[str, ...]] = {
    "IgnoreExtraneous": (),
    "IncludeMutationWebhook": _BOOLEAN,
    "ServerSideDiff": _BOOLEAN,
}
_DELETIONS = ("HookSucceeded", "HookFailed", "BeforeHookCreation")


@rule(
    "MW817",
    "sync-option-unknown",
    "Argo CD does not know a sync option",
    why="Argo CD compares each option with the few that it knows, letter by letter, and ignores all others without "
    "a message. What the option should do does not happen.",
    fix="write the option as the message says, without spaces",
    source="argo-cd v3.5, SyncOptions.HasOption; controller/sync.go; gitops-engine pkg/sync/common/types.go",
    engine=Engine.ARGOCD,
)
def unknown_option(model: Model) -> Iterator[Hit]:
    for item, pointer, option in _options(model):
        if why := _fault(option, _OPTIONS):
            yield Hit(
                item.at(*pointer), f"{item.title} has sync option '{option}', {why}", subject=item.title
            )
    for item in model.all_items():
        for option in _separated(item.annotations.get(_COMPARE)):
            if why := _fault(option, _COMPARISONS):
                at = item.at("metadata", "annotations", _COMPARE)
                yield Hit(at, f"{item.title} has compare option '{option}', {why}", subject=item.title)


def _options(model: Model) -> Iterator[tuple[Item, Pointer, str]]:
    """Every sync option, of Applications, of the templates of ApplicationSets, and of single objects."""
    for kind, start in (("Application", ("spec",)), ("ApplicationSet", ("spec", "template", "spec"))):
        for item in model.items(kind, _GROUP):
            pointer: Pointer = (*start, "syncPolicy", "syncOptions")
            for number, option in enumerate(item.list(*pointer)):
                if isinstance(option, str):
                    yield item, (*pointer, number), option
    for item in model.all_items():
        for option in _separated(item.annotations.get(_SYNC)):
            yield item, ("metadata", "annotations", _SYNC), option


def _separated(value: object) -> list[str]:
    """The options of an annotation, which Argo CD reads without the spaces around each."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else []


def _fault(option: str, known: dict[str, tuple[str, ...]]) -> str:
    """Why Argo CD ignores an option; empty if it knows it, or if a version that is not known may."""
    name = option.partition("=")[0]
    if unresolved(option) or "{{" in option:
        return ""
    if option in _written(name, known):
        return ""
    near = name if name in known else closest(name.strip(), known, 0.8)
    return f"which Argo CD does not know; write {' or '.join(_written(near, known))}" if near else ""


def _written(name: str, known: dict[str, tuple[str, ...]]) -> list[str]:
    """All ways to write an option that Argo CD knows."""
    if name not in known:
        return []
    return [f"{name}={value}" for value in known[name]] or [name]


@rule(
    "MW818",
    "hook-delete-policy-unknown",
    "Argo CD does not know when to delete a hook",
    why="Argo CD ignores a policy that it does not know. If the hook has no other policy, Argo CD deletes it only before it "
    "creates it again.",
    fix="use HookSucceeded, HookFailed or BeforeHookCreation",
    source="argo-cd v3.5, gitops-engine pkg/sync/hook/delete_policy.go and pkg/sync/common/types.go",
    engine=Engine.ARGOCD,
)
def unknown_policy(model: Model) -> Iterator[Hit]:
    for item in model.all_items():
        for name in _separated(item.annotations.get(_DELETION)):
            if name not in _DELETIONS and not unresolved(name):
                at = item.at("metadata", "annotations", _DELETION)
                text = f"{item.title} has unknown hook-delete-policy '{name}'{did_you_mean(name, _DELETIONS)}"
                yield Hit(at, text, subject=item.title)
