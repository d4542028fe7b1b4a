"""``column IN (many values)`` with one parameter for all values: the statement stays the same.

SQLAlchemy's own ``in_`` writes one parameter per value: a new statement for every number of values,
which SQLAlchemy expands, the driver reads and PostgreSQL plans each time anew. For the few hundred
values of a busy bot that took an eighth of its time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Dialect, String, Text, TypeDecorator, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine


class _Texts(TypeDecorator[list[str]]):
    """Several texts in one parameter: an array, or JSON where the database has no arrays."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return an array of texts where there are arrays."""
        return ARRAY(String()) if dialect.name == "postgresql" else Text()

    def process_bind_param(self, value: Iterable[str] | None, dialect: Dialect) -> Any:
        """Return what the driver takes."""
        texts = list(value or ())
        return texts if dialect.name == "postgresql" else json.dumps(texts)


class _Among(FunctionElement[bool]):
    inherit_cache = True  # no Boolean: SQLite would read "... IN (...) = 1", and no index


def any_of(column: InstrumentedAttribute[Any], name: str) -> ColumnElement[bool]:
    """Return the condition that a text column holds one of the values in parameter ``name``."""
    return _Among(column, bindparam(name, type_=_Texts()))


@compiles(_Among, "postgresql")
def _any(element: _Among, compiler: SQLCompiler, **kw: Any) -> str:
    column, values = element.clauses
    return f"{compiler.process(column, **kw)} = ANY ({compiler.process(values, **kw)})"


@compiles(_Among, "sqlite")
def _each(element: _Among, compiler: SQLCompiler, **kw: Any) -> str:
    column, values = element.clauses
    each = f"(SELECT value FROM json_each({compiler.process(values, **kw)}))"  # noqa: S608  # ours
    return f"{compiler.process(column, **kw)} IN {each}"
