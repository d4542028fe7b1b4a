"""YAML text -> values, as plain as they stand: texts, lists and groups of keys.

YAML 1.1 reads ``on:`` as true, ``18:00`` as 1080 and ``1_0`` as ten. Nothing of this is meant in a
survey file, so no scalar is interpreted here: every one is a text, and the fields parse it. A key
with nothing behind it counts as not written.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

_BARE = re.compile(r"[\[:,-]\s*[#@]\w")
"""A name of a channel or group without quotes, the usual reason why a file cannot be read."""


class _Loader(yaml.SafeLoader):
    """A loader that keeps texts as they are and notices keys that are written twice."""

    yaml_implicit_resolvers = {  # noqa: RUF012 (PyYAML reads it from the class)
        first: [("tag:yaml.org,2002:null", pattern)]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
        for tag, pattern in resolvers
        if tag == "tag:yaml.org,2002:null"
    }

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.problems: list[str] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return the mapping without keys that have no value."""
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = key_node.value
            if isinstance(key, str) and key in seen:
                line = key_node.start_mark.line + 1
                self.problems.append(
                    f"line {line}: key '{key}' was written before; keep one of them"
                )
            elif isinstance(key, str):
                seen.add(key)
        mapping = super().construct_mapping(node, deep=deep)
        return {key: value for key, value in mapping.items() if value is not None}


def read_yaml(path: Path) -> tuple[dict[str, Any], list[str]]:
    """Return what stands in the file, and what is wrong with its form.

    Args:
        path: the file, UTF-8.

    Returns:
        The values (empty where the file could not be read at all), and the problems, each the rest
        of a sentence that begins with the file.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        return {}, [f"cannot be read: {error.strerror}"]
    except UnicodeDecodeError as error:
        return {}, [f"must be UTF-8, but byte {error.start + 1} is not"]
    try:
        loader = _Loader(text)
        values = loader.get_single_data()
    except (yaml.YAMLError, RecursionError) as error:
        return {}, [_broken(error, text)]
    if not values:
        return {}, ["is empty; docs/surveys.md says what a survey needs"]
    if not isinstance(values, dict):
        return {}, ["must be a group of keys, such as 'key: customer'"]
    return values, loader.problems


def _broken(error: yaml.YAMLError | RecursionError, text: str) -> str:
    """Return why a file is no YAML, and where."""
    match error:
        case yaml.reader.ReaderError():
            return f"line {text.count(chr(10), 0, error.position) + 1}: holds a control character"
        case yaml.MarkedYAMLError(problem_mark=yaml.Mark() as mark):
            hint = "; a text that begins with # or @ needs quotes" if _BARE.search(text) else ""
            return f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}{hint}"
        case _:
            return "is nested too deeply to be a survey"
