"""The rules for plain scalars that are not strings, in Go's YAML readers and in others.

Kubernetes tools read YAML with Go libraries: booleans are true and false, numbers are those of YAML 1.2 with
Go's float syntax, and dates and base-60 numbers do not exist. Python's reader follows YAML 1.1, so a file can
have two meanings. Reading only uses Go's rules; writing quotes strings that either reader would misread.
"""

from __future__ import annotations

import re

BOOL = re.compile(r"^(?:true|True|TRUE|false|False|FALSE)\Z")
NULL = re.compile(r"^(?:~|null|Null|NULL|)\Z")
INT = re.compile(r"^(?:[-+]?[0-9]+|[-+]?0x[0-9a-fA-F]+|[-+]?0o[0-7]+|[-+]?0b[01]+)\Z")
FLOAT = re.compile(
    r"^(?:[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
)

# Strings that a reader of YAML 1.1 or 1.2 may read as a number, boolean, null or date.
AMBIGUOUS = re.compile(
    r"""^(?:
        [yYnN] | yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF
      | true|True|TRUE|false|False|FALSE
      | ~ | null|Null|NULL
      | [-+]?[0-9][0-9_]* | [-+]?0[xX][0-9a-fA-F_]+ | [-+]?0[oO]?[0-7_]+ | [-+]?0[bB][01_]+
      | [-+]?[0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?
      | [-+]?(?:[0-9][0-9_]*)(?::[0-5]?[0-9])+(?:\.[0-9_]*)?
      | [-+]?\.?(?:inf|Inf|INF|nan|NaN|NAN|infinity|Infinity)
      | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*
      | = | <<
    )\Z""",
    re.VERBOSE,
)

MERGE = re.compile(r"^<<\Z")
