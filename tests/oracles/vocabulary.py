"""What the cases for the oracles are put together from."""

# ruff: noqa: RUF001

# fmt: off
# Names of files and folders.
NAMES = [
    "a", "b", "c", "ab", "abc", "app", "x.y", "a.yaml", "b.yml", ".x", "A", "é", "a b", "!a", "#a", "a.jpg",
]
# Names of files that Flux treats in their own way.
FILES = [
    "k.yaml", "a.yaml", "x.y", "a.jpg", ".flux.yaml", ".gitignore", ".sops.yaml", "t.tar.gz", "README.md",
]
# Parts of a line of .sourceignore, between slashes.
LINE_PARTS = [
    "a", "b", "c", "ab", "*", "**", "?", "[ab]", "[^a]", "[!a]", "a*", "*a", "*.yaml", "*.jpg", "x.y",
    "\\a", "\\*", "[a-c]", "[", "[]a]", "a**", "é", '\\', "[\\]a]", "app", ".x", "", "a b", "*b*",
]
# Whole lines of .sourceignore.
LINES = [
    "!", '\\', '**\\', "#a", "\\#a", "\\!a", " ", "", "/", "//", "!/", "*", "!*", "/*", "**", "/**", "a\\ ",
    "!*/", "*/", "**/", "/**/", "a/**", "**/a", "*.yaml", "!a", "a ", " a", "\ta", "a\t", "!!a", "[", "a\r",
]
# Parts of a pattern of Argo CD, plausible and odd.
GLOB_PARTS = [
    "a", "b", "c", "/", "*", "*", "**", "?", ".yaml", "[ab]", "[!a]", "[a-c]", "[!a-c]", "{a,b}", "{a,b*}",
    "é", "ab", "{*,a}", "-", ".", "https://",
]
GLOB_ODD = [
    "[", "]", "{", "}", ",", '\\', "!", "[]", "[a", "{a", "[c-a]", "[^a]", "[a-]", "[ab-c]", "{}", "{,a}",
    "{a,{b,c}}", "\\*", "\\{", "***", "[*]", "[\\]]", "^",
]
# Parts of a pattern of Go's path.Match.
PATH_PARTS = [
    "a", "b", "apps", "/", "/", "*", "*", "?", "[ab]", "[^a]", "[a-c]", "é", "**", "-", ".",
]
PATH_ODD = [
    "[", "]", '\\', "[]a]", "[a", "[c-a]", "[a-]", "[^]", "\\*", "[\\]]", "[!a]", "{a,b}", "[-a]",
]
# Parts of a regular expression, and what is none in some language.
REGEX_PARTS = [
    "a", "b", "web", "app", ".*", ".+", ".", "[ab]", "[^a]", "(a|b)", "(?:a|web)", "a*", "b?", "-", "\\.",
    "|", "a{1,2}", "\\w+", "\\d*", "[[:alpha:]]", "é", "(?i)A", "^", "$", "\\b", "\\pL", "(?P<n>a)",
]
REGEX_ODD = [
    "(", ")", "[", "*", "+", "?", '\\', "{", "}", "(?=a)", "(?<!a)", "\\1", "(?#a)", "\\Z", "\\z", "\\A",
    "++", "a{2,1}", "a{1001}", "[b-a]", "\\Qa.b\\E", "(?<n>a)", "(?s).", "(?m)^a$", "(?x) a", "\\h",
    "\\x41", "\n", "(?U)a+", "\\p{Greek}", "\\p{Nope}", "(?i:É)", "a**", "[[:nope:]]", "\\x{10FFFF}",
    "\\u0041", "\\cA", "\\C",
]
# What a scalar of YAML looks like in manifests, and what it may look like.
SCALARS = [
    "a", "web", "true", "false", "1", "0", "1.5", "null", "~", "", '"q"', "'q'", "80", "100m", "1Gi",
    "0644", "on", "yes", "no", "y", "2024-01-01", "12:30:45", "1e3", "1_000", "0x1F", "é", "-1", "<<", "*x",
    "&x a", "&x {a: 1, b: 2}", "*x", "08", "+1", ".5", "off", "a b",
]
ODD_SCALARS = [
    "a", "web", "true", "false", "1", "0", "-1", "1.5", "null", "~", "", '"q"', "'q'", "80", "100m", "1Gi",
    "0644", "a: b", "- x", "on", "off", "yes", "no", "y", "n", "2024-01-01", "2024-01-01T00:00:00Z",
    "12:30:45", "1e3", "1_000", "0x1F", "0b11", "0o17", "08", "+1", "1e400", "9223372036854775808",
    "18446744073709551616", ".5", "1.", ".inf", "-.inf", ".nan", "<<", "=", "*a", "&a b", "*missing",
    "!!str 1", "!!int '1'", "!!int x", "!!binary YQ==", "!!binary x", "!foo bar", "!!foo bar",
    "!<tag:yaml.org,2002:str> 1", "! 1", "!!null x", "!!bool yes", "!!float 1", "!!timestamp 2024-01-01",
    "!!map {}", "!!seq []", "!!set {a}", "!!omap [a: 1]", "!!merge x", "!!float x", "!!str", "@a", "`a`",
    "%a", "a#b", "a #b", "#", ": a", "a:", "?", "? a", "|", ">", "-", "--- a", "...", "{", "}", "[", "]",
    "'it''s'", '"\\u00e9\\n"', '"\\x"', "é", "☃", "\xa0", "a\u2028b", "\ufeff", "\t", "a\tb", '"a\\\n  b"',
    "0.1e1", "-0", "-0.0", "0.0", "1.0", "1e21", "1e20", "123456789012345678", "1.7976931348623157e309",
    "+.inf", "0x", "1__0", "_1", "0_7", "-0x1F", "-0b1", "0xFFFFFFFFFFFFFFFFF", "07_7", "1e", "e1", "Yes",
    "YES", "NULL", "Null", "nULL", "TRUE", "!!str ~", "!!str on", "&x 1", "*x", "1.5e+3", "1.5E3",
    "685_230.15", "190:20:30", "0.1", "100000000000000000000000",
]
# Keys of YAML, the first eight common.
KEYS = [
    "a", "b", "c", "name", "kind", "data", "a", "b", "1", "true", "~", "null", "on", "1.5", "<<", "''",
    "0x1", "2024-01-01", "? a", "[a]", "{a: b}", "? [a]", "*x", "!!str 1", "1e3", ".inf", "1_0",
    "!!binary YQ==", "y", '"1"', "é", "'<<'", "-0", "9223372036854775808", "1.0", "=", "!!null x", "0o7",
    "-1",
]
# Texts that YAML may have to quote.
WORDS = [
    "a", "web", "", "on", "yes", "no", "null", "~", "1", "1.5", "0x1", "1e3", "a: b", "a #b", "#a", "- a",
    "-", "a\nb", "a\n", "\na", "a\n\nb\n\n", " a", "a ", "\ta", "a\tb", "é", "☃", "😀", "{a}", "[a]", "*a",
    "&a", "!a", "|", ">", "%a", "@a", "`a`", '"a"', "'a'", "it's", "a'b: c", '\\', "a\\nb", "2024-01-01",
    "12:30:45", "0777", "<<", "=", "---", "--- a", "...", "? a", ": a", "a:", ",", "\xa0", "\u2028", "\x7f",
    "\x85", "a\u2028b", "\ufeff", "a, b", "true", "off", "1_000", ".5", "+1", "  a\nb", "a\n  b", "a\r\nb",
    "a \nb", "a\n ", "\n", "\n\n", " ", "\x01", "1.0", "-.inf", ".nan", "y", "N", "0o7", "08", "1e400",
    "::", "a::b",
]
# Names of variables, arguments of their operators, and values.
VARIABLES = [
    "A", "B", "C", "D_1",
]
ARGUMENTS = [
    "a", "b", "*", "?", "a*", "*b", "[ab]", "[^a]", "é", "${B}", "${C:-x}", "x y", "1", "-1", "2", "0",
    '\\', ".", "/",
]
VALUES = [
    "", "a", "aaab", "abc", "a/b/c", "éaé", "1", "yes", "x y", "ab.cd.ef", "ÀB", "ß", "*", "[a]", "a*b",
    "ıi", "ééé",
]
WORDS += ["x" * 200, ("word " * 40).strip()]
# fmt: on

# What YAML holds only in double quotes, or not at all.
_UNPRINTABLE = set("\x01\x7f\x85\u2028\ufeff")
PLAIN_WORDS = [word for word in WORDS if not _UNPRINTABLE & set(word)]
