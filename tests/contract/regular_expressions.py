"""The regular expressions in the product's source, the beginnings of its URLs, and long texts that may slow them down."""

import ast
import importlib
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from django.urls import URLPattern, URLResolver, get_resolver

from finance.statements import dates
from mingus import log_redaction

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ["mingus", "core", "users", "billing", "finance", "health", "career", "analytics", "system"]
FUNCTIONS = {"compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}
PARSER: Any = importlib.import_module("re._parser")
LETTERS = "a1 <_-.:/=\"'!A\n\t\\"


class Use(NamedTuple):
    """A pattern, where it is, and the one method that is called on it, or "" for any."""

    place: str
    pattern: re.Pattern[Any]
    method: str = ""

    def __str__(self) -> str:
        return f"{self.place} {self.pattern.pattern!r:.60}"

    def run(self, text: str) -> None:
        subject: Any = text.encode("latin-1", "ignore") if isinstance(self.pattern.pattern, bytes) else text
        if self.method != "fullmatch":
            for _ in self.pattern.finditer(subject):
                pass
        if self.method != "search":
            self.pattern.fullmatch(subject)


def _configured_secrets() -> list[Use]:
    found = log_redaction.configured_secrets()
    return [Use("log_redaction.configured_secrets", found)] if found else []


def _formats() -> list[Use]:
    """Return the patterns of dates in known formats and in those that a client could send to make them slow."""
    sent = [
        "%d %m %Y",
        " %d  %m \t %Y ",
        "%d%m%Y",
        "%d. %b %Y",
        "%B%d%y",
        "%d %m %Y %H:%M",
        "aaaa %d aaaa %m aaaa %Y aaaa",
        "%d\n%m\n%y",
    ]
    matches: list[Any] = [dates.DateReader(text)._match for text in (*dates.FORMATS, *sent)]
    return [Use("dates.DateReader", match.__self__, match.__name__) for match in matches]


# Patterns that are built from data, by the function that builds them
BUILT: dict[str, Callable[[], list[Use]]] = {
    "mingus.log_redaction.configured_secrets": _configured_secrets,
    "finance.statements.dates._pattern": _formats,
}


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Yield the name and syntax tree of each module that may use `re`."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts and "re." in (source := path.read_text()):
                name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
                yield name, ast.parse(source)


def _calls(tree: ast.AST, function: str = "", method: str = "") -> Iterator[tuple[str, ast.Call, str]]:
    """Yield calls of `re`, with the names of the function around them and of the method called on the result."""
    for node in ast.iter_child_nodes(tree):
        inside = node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else function
        if isinstance(node, ast.Call) and (called := _function_of_re(node.func)) in FUNCTIONS:
            yield inside, node, method if called == "compile" else called
        yield from _calls(node, inside, node.attr if isinstance(node, ast.Attribute) else "")


def _function_of_re(called: ast.expr) -> str:
    """Return the name of a function of `re`, or "" if something else is called."""
    is_in_re = isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id == "re"
    return called.attr if is_in_re else ""


@cache
def patterns_in_source() -> tuple[list[Use], set[str]]:
    """Return the patterns in the source, and the functions with a pattern that needs local variables."""
    found, built = [], set()
    for name, tree in modules():
        for function, call, method in _calls(tree):
            namespace = vars(importlib.import_module(name))
            flags = [argument for argument in call.args[1:] if "re." in ast.unparse(argument)]
            pattern = ast.Call(
                ast.Attribute(ast.Name("re", ast.Load()), "compile", ast.Load()), [call.args[0], *flags], call.keywords
            )
            expression = ast.fix_missing_locations(ast.Expression(pattern))
            try:
                found.append(Use(f"{name}:{call.lineno}", eval(compile(expression, name, "eval"), namespace), method))  # noqa: S307
            except NameError:
                built.add(f"{name}.{function}")
    return found, built


def beginnings_of_urls() -> list[str]:
    """Return the texts before the first parameter of each URL, and a URL without parameters."""
    return sorted({"/" + route.split("<")[0].removeprefix("^").rstrip("$") for route in _routes(get_resolver(), "")})


def _routes(entry: Any, before: str) -> Iterator[str]:
    route = before + str(entry.pattern).removeprefix("^/")
    if isinstance(entry, URLResolver):
        for child in entry.url_patterns:
            yield from _routes(child, route)
    elif isinstance(entry, URLPattern):
        yield route


@cache
def uses() -> list[Use]:
    """Return each pattern once."""
    found = [*patterns_in_source()[0], *(use for build in BUILT.values() for use in build())]
    return list({(use.pattern, use.method): use for use in found}.values())


# Texts that are repeated for every pattern
KINDS = [
    "a",
    "A",
    "1",
    " ",
    "\n",
    "\t",
    "a@",
    "a.",
    "1,",
    "1.",
    "-",
    "_",
    ".",
    ",",
    ":",
    "/",
    "<",
    ">",
    "<a",
    '"',
    "'",
    "\\",
    "(",
    "[",
]
KINDS += [
    "<a ",
    "=",
    "&",
    ";",
    "%",
    "é",
    "\x00",
    "a ",
    "1 ",
    "T",
    "0",
    "Ab1",
    "<!",
    "&#",
    "a=",
    "{",
    "\r\n",
    "://a:",
    "\ufeff",
    "()",
]


def texts_for(pattern: re.Pattern[Any]) -> Iterator[tuple[str, str, str]]:
    """Yield beginnings, texts to repeat after them, and ends: general ones, and ones derived from the pattern's repetitions."""
    parsed = PARSER.parse(pattern.pattern, pattern.flags)
    whole = _example(parsed)
    yield from (("", kind, end) for kind in KINDS for end in ("", "!"))
    yield from (("", whole, ""), ("", whole, "\x00!"), ("", whole[: len(whole) // 2 + 1], ""))
    for beginning, repeated in set(_repetitions(parsed)):
        if repeated:
            yield from ((beginning, repeated, end) for end in ("", "\x00", "!", "\n"))
            yield "", beginning + repeated, "\x00"
            yield from ((beginning, kind, "\x00") for kind in (" ", "a", "1", beginning[-1:], beginning[:1]) if kind)


def _repetitions(nodes: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """Yield the text before each repetition in a pattern, and the text that it repeats."""
    for kind, value in nodes:
        for part in _parts(kind, value):
            yield from _repetitions(part, before)
        if str(kind).endswith("_REPEAT"):
            yield before, _example(value[2])
        before += _example([(kind, value)])


def _parts(kind: Any, value: Any) -> list[Any]:
    if str(kind) == "BRANCH":
        return list(value[1])
    if str(kind) in ("SUBPATTERN", "ATOMIC_GROUP") or str(kind).endswith("_REPEAT"):
        return [value if str(kind) == "ATOMIC_GROUP" else value[-1]]
    if str(kind) == "GROUPREF_EXISTS":
        return [part for part in value[1:] if part]
    return [value[1]] if str(kind) == "ASSERT" else []


def _example(nodes: Any) -> str:
    """Return a text that the nodes of a parsed pattern match, apart from lookarounds and references."""
    return "".join(_example_of(str(kind), value) for kind, value in nodes)


def _example_of(kind: str, value: Any) -> str:
    if kind == "LITERAL":
        return chr(value)
    if kind in ("ANY", "NOT_LITERAL"):
        return next(letter for letter in LETTERS if kind == "ANY" or ord(letter) != value)
    if kind == "IN":
        return next((letter for letter in _candidates(value) if _is_in(value, letter)), "")
    if kind.endswith("_REPEAT"):
        return _example(value[2]) * max(value[0], min(1, value[1]))
    parts = _parts(kind, value) if kind != "ASSERT" else []
    return _example(parts[0]) if parts else ""


def _candidates(items: Any) -> str:
    own = [chr(value if str(kind) == "LITERAL" else value[0]) for kind, value in items if str(kind) in ("LITERAL", "RANGE")]
    return LETTERS + "".join(own)


def _is_in(items: Any, letter: str) -> bool:
    is_negated = str(items[0][0]) == "NEGATE"
    checks = [_is_one(str(kind), value, letter) for kind, value in items if str(kind) != "NEGATE"]
    return any(checks) is not is_negated


def _is_one(kind: str, value: Any, letter: str) -> bool:
    if kind == "CATEGORY":
        name = str(value).removeprefix("CATEGORY_")
        of_kind = {"DIGIT": letter.isdigit(), "SPACE": letter.isspace(), "WORD": letter.isalnum() or letter == "_"}
        return of_kind[name.removeprefix("NOT_")] is not name.startswith("NOT_")
    return ord(letter) == value if kind == "LITERAL" else value[0] <= ord(letter) <= value[1]
