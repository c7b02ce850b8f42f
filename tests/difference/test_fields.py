"""The fields that are reported are the whole difference: put into the old object they give the new one."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from meshwright.difference.fields import differences
from meshwright.difference.model import ChangeKind, Field, Key, Step
from meshwright.yaml.canonicaltext import identity

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 3), st.sampled_from(["", "a", "b", "1", "true"]), st.floats()
)
NAMES = st.sampled_from(["name", "containers", "ports", "containerPort", "protocol", "value", "dependsOn"])
ITEMS = st.fixed_dictionaries(
    {"name": st.sampled_from("abcd")}, optional={"value": SCALARS, "containerPort": st.integers(1, 3)}
)
PORTS = st.fixed_dictionaries(
    {"containerPort": st.integers(1, 4)},
    optional={"protocol": st.sampled_from(["TCP", "UDP"]), "name": SCALARS},
)
VALUES = st.recursive(
    SCALARS | st.lists(ITEMS, max_size=5) | st.lists(PORTS, max_size=4),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=25,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=5)


def key_of(item: Any, key: Key) -> bool:
    return isinstance(item, dict) and all(
        item.get(name, {"protocol": "TCP"}.get(name, "")) == value for name, value in key.fields
    )


def place_of(data: Any, step: Step) -> Any:
    """The index of a list or the key of a mapping that a step means."""
    if isinstance(step, Key):
        return next(number for number, item in enumerate(data) if key_of(item, step))
    return step


def apply(old: Any, fields: list[Field]) -> Any:
    """``old`` with the fields put into it one after the other, by no code of the package."""
    holder = {"": copy.deepcopy(old)}
    for field in fields:
        data: Any = holder
        for step in ("", *field.path)[:-1]:
            data = data[place_of(data, step)]
        last = ("", *field.path)[-1]
        if field.change is ChangeKind.REMOVED:
            del data[place_of(data, last)]
        elif field.change is ChangeKind.ADDED and isinstance(data, list):
            assert field.index is not None
            data.insert(field.index, field.new)
        elif field.change is ChangeKind.REORDERED:
            items = data[last]
            items[:] = [items[place_of(items, key)] for key in field.new]
        else:
            data[place_of(data, last)] = field.new
    return holder[""]


@given(OBJECTS)
def test_nothing_differs_from_itself(data: dict[str, Any]) -> None:
    assert list(differences(data, copy.deepcopy(data))) == []


@given(OBJECTS, OBJECTS)
def test_the_fields_lead_from_old_to_new(old: dict[str, Any], new: dict[str, Any]) -> None:
    before = identity(old)

    fields = list(differences(old, new))

    # 1 and 1.0 are one number to Kubernetes, and none of its texts.
    assert identity(_numbers(apply(old, fields))) == identity(_numbers(new))
    assert identity(old) == before, "the objects are shared and stay as they are"


def _numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def titles(old: Any, new: Any) -> list[str]:
    return [f"{field.change} {field.title}" for field in differences(old, new)]


def pod(*containers: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"containers": list(containers)}}


def test_containers_are_found_by_name() -> None:
    web = {"name": "web", "image": "web:1", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}
    log = {"name": "log", "image": "log:1"}
    newer = {**web, "env": [{"name": "B", "value": "3"}, {"name": "A", "value": "1"}]}

    assert titles(pod(web, log), pod(log, web)) == ["reordered spec.containers"]
    assert titles(pod(web, log), pod(log, {"name": "new"}, web)) == [
        "reordered spec.containers",
        "added spec.containers[new]",
    ]
    assert titles(pod(web, log), pod({"name": "new"}, web, log)) == ["added spec.containers[new]"]
    assert titles(pod(web), pod(newer)) == [
        "reordered spec.containers[web].env",
        "changed spec.containers[web].env[B].value",
    ]


def test_ports_are_found_by_number_and_protocol() -> None:
    old = {"ports": [{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53}]}
    new = {"ports": [{"containerPort": 53, "protocol": "UDP", "name": "dns"}, {"containerPort": 53}]}

    assert titles(old, new) == ["added ports[53/UDP].name"]
    assert titles({"ports": [{"port": 80}]}, {"ports": [{"port": 80, "protocol": "TCP"}]}) == [
        "added ports[80].protocol"
    ]


def test_a_list_without_keys_is_told_by_what_moved() -> None:
    old, new = {"args": ["serve", "--fast", "--port=1"]}, {"args": ["serve", "--port=1", "--new"]}

    assert titles(old, new) == ["removed args[1]", "added args[2]"]


def test_another_command_is_told_as_one() -> None:
    old = {"command": ["wget", "-q", "-T", "5", "http://127.0.0.1/ready"]}
    new = {"command": ["linkerd-await", "--timeout=10s"]}

    assert titles(old, new) == ["changed command"]
    assert titles({"command": ["a"]}, {"command": ["b", "c"]}) == ["added command[1]", "changed command[0]"]
    assert titles({"command": ["a", "b", "c"]}, {"command": []}) == [
        f"removed command[{number}]" for number in (2, 1, 0)
    ]


def test_alerts_and_records_of_a_group_are_found_by_name() -> None:
    old = {"rules": [{"record": "r", "expr": "1"}, {"alert": "A", "expr": "1"}, {"alert": "B", "expr": "1"}]}
    new = {"rules": [*old["rules"][:2], {"alert": "New", "expr": "2"}, {"alert": "B", "expr": "3"}]}

    assert titles(old, new) == ["added rules[New]", "changed rules[B].expr"]


def test_what_an_appproject_allows_is_found_by_what_it_is() -> None:
    old = {"destinations": [{"server": "s", "namespace": "!a"}, {"server": "s", "namespace": "*"}]}
    new = {"destinations": [{"server": "s", "namespace": "!b"}, *old["destinations"]]}

    assert titles(old, new) == ["added destinations[s/!b]"]

    old = {"clusterResourceWhitelist": [{"group": "*", "kind": "*"}]}
    new = {
        "clusterResourceWhitelist": [
            {"group": "", "kind": "Namespace"},
            {"group": "g", "kind": "ClusterRole", "name": "a"},
            {"group": "g", "kind": "ClusterRole", "name": "b"},
        ]
    }
    assert titles(old, new) == [
        "removed clusterResourceWhitelist[*/*]",
        "added clusterResourceWhitelist[Namespace]",
        "added clusterResourceWhitelist[g/ClusterRole/a]",
        "added clusterResourceWhitelist[g/ClusterRole/b]",
    ]


def test_items_without_a_name_are_told_by_their_place() -> None:
    assert titles({"routes": [{"a": 1}]}, {"routes": [{"a": 2}]}) == ["changed routes[0].a"]


def test_a_name_that_stands_twice_is_no_key() -> None:
    old = pod({"name": "a", "image": "1"}, {"name": "a", "image": "2"})
    new = pod({"name": "a", "image": "1"}, {"name": "a", "image": "3"})

    assert titles(old, new) == ["changed spec.containers[1].image"]


def test_true_is_not_one_and_a_text_is_no_number() -> None:
    assert titles({"a": True}, {"a": 1}) == ["changed a"]
    assert titles({"a": "1"}, {"a": 1}) == ["changed a"]
    assert titles({"a": 1.0}, {"a": 1}) == []


def test_keys_with_dots_stay_readable() -> None:
    old = {"metadata": {"labels": {"app.kubernetes.io/name": "a"}}}
    new = {"metadata": {"labels": {"app.kubernetes.io/name": "b"}}}

    assert titles(old, new) == ["changed metadata.labels['app.kubernetes.io/name']"]
