"""Records: the engine's own dataclasses, which take a third of the time to define.

Every command defines about 80 of them.  For a frozen dataclass, Python compiles six methods, which
takes 0.5 ms: together more than a tenth of the start of a run.  A record has the same methods, but
only ``__init__`` is compiled.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["public_record", "record"]

if TYPE_CHECKING:
    from dataclasses import dataclass as public_record
    from dataclasses import dataclass as record
else:

    def record(cls: type | None = None, /, *, frozen: bool = False, kw_only: bool = False) -> Any:
        """Make a class a dataclass, as ``dataclasses.dataclass`` does.

        A frozen record can be hashed.  That nothing changes it is checked by mypy only.  So what
        plugins use, all of ``dcmconv.plugin``, consists of ordinary dataclasses instead, and what
        users of ``dcmconv.run`` get consists of public records.
        """
        return _maker(cls, frozen=frozen, kw_only=kw_only, refuses=False)

    def public_record(cls: type | None = None, /, *, frozen: bool, kw_only: bool = False) -> Any:
        """Make a class a record; assigning to a field of a frozen one raises."""
        return _maker(cls, frozen=frozen, kw_only=kw_only, refuses=frozen)

    def _maker(cls: type | None, *, frozen: bool, kw_only: bool, refuses: bool) -> Any:
        def made(cls: type) -> type:
            dataclasses.dataclass(repr=False, eq=False, frozen=refuses, kw_only=kw_only)(cls)
            compared = [field.name for field in dataclasses.fields(cls) if field.compare]
            values = attrgetter(*compared) if compared else type
            cls.__repr__ = _repr
            cls.__eq__ = _equality(values)
            cls.__hash__ = (lambda self: hash(values(self))) if frozen else None
            return cls

        return made if cls is None else made(cls)


def _repr(self: Any) -> str:
    shown = (
        f"{field.name}={getattr(self, field.name)!r}"
        for field in dataclasses.fields(self)
        if field.repr
    )
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _equality(values: Callable[[Any], Any]) -> Callable[[Any, object], Any]:
    def is_equal(self: Any, other: object) -> Any:
        return values(self) == values(other) if type(other) is type(self) else NotImplemented

    return is_equal
