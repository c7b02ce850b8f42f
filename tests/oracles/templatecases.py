"""Go templates as ApplicationSets have them, and what a typing error or another function makes of one."""

from __future__ import annotations

from random import Random
from typing import Any

_DATA: tuple[dict[str, Any], ...] = (
    {
        "name": "prod-east",
        "server": "https://10.0.0.1:6443",
        "metadata": {"labels": {"env": "prod", "a.b/c": "x"}},
    },
    {
        "path": {"path": "apps/team-a/Shop_Web", "basename": "Shop_Web", "basenameNormalized": "shop-web"},
        "name": "a",
    },
    {
        "name": "",
        "replicas": 3,
        "port": 8080,
        "big": 1234567,
        "half": 0.5,
        "on": True,
        "off": False,
        "none": None,
    },
    {
        "values": {"tags": ["b", "a", "c"], "nested": {"deep": {"x": 1}}, "empty": []},
        "name": " padded ",
        "n": -2,
    },
    {"name": "ünïcode🚀", "text": 'line "one"\n  two\t', "number": "42", "list": [1, 2.5, "x", True, None]},
    {
        "path": {"segments": ["apps", "team-a", "web"], "filename": "config.json"},
        "name": "x",
        "env": "staging",
    },
)
_FIELDS = (
    *(
        ".name",
        ".server",
        ".metadata.labels.env",
        ".metadata",
        ".path.path",
        ".path.basename",
        ".path.segments",
    ),
    *(".replicas", ".port", ".big", ".half", ".on", ".off", ".none", ".values.tags", ".values.nested", ".n"),
    *(
        ".values.empty",
        ".text",
        ".number",
        ".list",
        ".env",
        ".missing",
        ".missing.deeper",
        ".name.deeper",
        "$.name",
    ),
)
_CONSTANTS = ('"prod"', '"-"', '"a"', "3", "0", "-1", "1.5", "true", "false", "`raw`", '""', '"x\\ty"', "nil")
_ONE = (
    *(
        "lower",
        "upper",
        "trim",
        "quote",
        "squote",
        "toString",
        "int",
        "empty",
        "not",
        "len",
        "first",
        "last",
        "rest",
    ),
    *(
        "base",
        "dir",
        "clean",
        "ext",
        "b64enc",
        "b64dec",
        "toJson",
        "toYaml",
        "normalize",
        "nospace",
        "title",
        "initial",
    ),
    *(
        "untitle",
        "trimall",
        "sha256sum",
        "kebabcase",
        "snakecase",
        "camelcase",
        "reverse",
        "uniq",
        "sortAlpha",
        "keys",
    ),
    *(
        "values",
        "float64",
        "toStrings",
        "fromYaml",
        "fromJson",
        "compact",
        "kindOf",
        "atoi",
        "int64",
        "html",
        "js",
    ),
    *(
        "print",
        "println",
        "printf",
        "urlquery",
        "abbrev 5",
        "adler32sum",
        "ceil",
        "floor",
        "isAbs",
        "osBase",
        "swapcase",
    ),
)
_TWO = (
    *(
        "default",
        "trimPrefix",
        "trimSuffix",
        "trimAll",
        "contains",
        "hasPrefix",
        "hasSuffix",
        "trunc",
        "splitList",
    ),
    *(
        "split",
        "join",
        "indent",
        "nindent",
        "has",
        "add",
        "sub",
        "mul",
        "div",
        "mod",
        "max",
        "min",
        "eq",
        "ne",
        "lt",
    ),
    *(
        "gt",
        "le",
        "ge",
        "and",
        "or",
        "coalesce",
        "index",
        "get",
        "hasKey",
        "list",
        "repeat",
        "cat",
        "append",
        "prepend",
    ),
    *(
        "without",
        "concat",
        "regexMatch",
        "regexFind",
        "printf",
        "print",
        "dict",
        "pluck",
        "semverCompare",
        "slice",
    ),
    *(
        "substr 0",
        "until",
        "untilStep 0 4",
        "ternary 1",
        'replace "-"',
        'regexReplaceAll "[a-z]"',
        'regexSplit "-"',
    ),
)
_BLOCKS = (
    "{{ if %s }}y{{ else }}n{{ end }}",
    "{{ if %s }}y{{ else if %s }}z{{ end }}",
    "{{ with %s }}{{ . }}{{ else }}none{{ end }}",
    "{{ range %s }}[{{ . }}]{{ else }}none{{ end }}",
    "{{ range $i, $v := %s }}{{ $i }}={{ $v }};{{ end }}",
    '{{ range $v := %s }}{{ $v }}{{ if eq $v "a" }}{{ break }}{{ end }},{{ end }}',
    "{{ $x := %s }}{{ $x }}",
    "{{ $x := 1 }}{{ if %s }}{{ $x = 2 }}{{ end }}{{ $x }}",
    "a {{- %s -}} b",
    " {{ %s -}} \n c",
    "{{/* note */}}{{ %s }}",
    '{{ %s | printf "%%s-%%v" "x" }}',
    '{{ printf "%%d %%05d %%q" 7 8 %s }}',
    '{{ printf "%%-5s|%%5v|" %s %s }}',
    '{{ define "t" }}[{{ . }}]{{ end }}{{ template "t" %s }}',
    '{{ block "b" %s }}<{{ . }}>{{ end }}',
    '{{ dig "nested" "deep" "none" %s }}',
    "{{ index %s 0 }}",
    '{{ index .metadata.labels "a.b/c" }}{{ %s }}',
    "{{ (%s) }}",
    "{{ (index .path.segments 1) }}-{{ %s }}",
    '{{ $d := dict "a" %s }}{{ $d.a }}{{ $d }}',
    '{{ ternary "yes" "no" (eq %s "prod") }}',
    '{{ list %s %s | join "," }}',
    '{{ eq %s "prod" "staging" }}',
    "{{ len (%s) }}",
    "{{ %s",
    "{{ if %s }}open",
    "{{ unknownFunction %s }}",
)


def template_case(random: Random) -> dict[str, Any]:
    """A template with its data."""
    data = dict(random.choice(_DATA))
    if random.random() < 0.3:
        data |= random.choice(_DATA)
    kind = random.choice((*_BLOCKS, "{{ %s }}", "{{ %s }}", "{{%s}}-{{ %s }}"))
    count = kind.replace("%%", "").count("%s")
    return {
        "text": kind % tuple(_pipeline(random) for _ in range(count)),
        "object": data,
        "strict": random.random() < 0.4,
    }


def _pipeline(random: Random) -> str:
    shape = random.random()
    if shape < 0.35:
        return random.choice(_FIELDS)
    if shape < 0.6:
        return f"{random.choice(_FIELDS)} | {random.choice(_ONE)}"
    if shape < 0.9:
        return f"{random.choice(_FIELDS)} | {random.choice(_TWO)} {random.choice(_CONSTANTS)}"
    return (
        f"{random.choice(_TWO)} {random.choice(_CONSTANTS)} {random.choice(_FIELDS)} | {random.choice(_ONE)}"
    )
