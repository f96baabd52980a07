"""Options, declared once.

A component is a frozen dataclass, and its fields *are* its options.  ``Opt`` beside a field's type
says what the option means; the command line, the YAML form, validation, the JSON Schema and the
reference pages all read this one declaration.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema

__all__ = ["Component", "Opt", "OptionField", "option_fields"]


@dataclass(frozen=True)
class Opt:
    """What an option means, and what values it takes.

    Parameters
    ----------
    help : str
        One sentence without a full stop at its end; attribute names as in the standard.
    unit : str
        Unit of a number, such as ``"modality units"``.
    ge, gt, le, lt : float, optional
        Bounds of a number (of each number, where the option is a list).
    examples : tuple
        Values worth showing in the reference.
    positional : bool
        An argument of a command rather than a flag.
    flag : str
        A flag of its own on ``dcmconv run``, such as ``"--overlays"``, beside the dotted one; its
        text is taken as it stands, and it may be repeated where the option is a list.  A flag that
        ``run`` itself has goes first.
    template : bool
        A text with fields in braces, for ``Template``: the attributes that it asks for are checked
        before the first file is opened.  ``{frame}`` and ``{frames}`` are no attributes.
    """

    help: str
    unit: str = ""
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    examples: tuple[Any, ...] = ()
    positional: bool = False
    flag: str = ""
    template: bool = False

    def bounds(self) -> dict[str, float]:
        """Return the bounds that are set, by the names pydantic gives them."""
        found = {"ge": self.ge, "gt": self.gt, "le": self.le, "lt": self.lt}
        return {name: bound for name, bound in found.items() if bound is not None}

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        # Called by pydantic alone, in the main process; a worker never imports pydantic.
        from dcmconv.model.validation import bounded_schema

        return bounded_schema(source, handler, self)

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        from dcmconv.model.validation import described_schema

        return described_schema(core_schema, handler, self)


class Component:
    """Base of everything that a chain names: a frozen, keyword-only dataclass of options.

    Unknown options and non-finite numbers are refused.  Rules across fields go into
    ``__post_init__`` and raise ``ValueError``; the message is shown where the option was written.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "allow_inf_nan": False}

    @classmethod
    def summary(cls) -> str:
        """Return the first line of the docstring."""
        return (cls.__doc__ or "").strip().partition("\n")[0]

    def fingerprint(self) -> str:
        """Return what decides the pictures beside the options: a digest of a file that they name.

        Asked for once in the main process; a run that goes on makes every picture anew whose
        fingerprint has changed.  Empty where the options say everything.

        Raises
        ------
        UsageError
            If the file cannot be read.
        """
        return ""


@dataclass(frozen=True)
class OptionField:
    """One option of a component, as declared."""

    name: str
    annotation: Any
    opt: Opt
    default: Any

    @property
    def required(self) -> bool:
        """Whether the option has no default."""
        return self.default is dataclasses.MISSING


def option_fields(component: type[Component]) -> Iterator[OptionField]:
    """Yield the options of a component class in the order of their declaration.

    Raises
    ------
    TypeError
        If a field carries no ``Opt``; the conformance kit reports it.
    """
    hints: Mapping[str, Any] = typing.get_type_hints(component, include_extras=True)
    for field in dataclasses.fields(component):  # type: ignore[arg-type]
        hint = hints[field.name]
        opts = [extra for extra in getattr(hint, "__metadata__", ()) if isinstance(extra, Opt)]
        if not opts:
            raise TypeError(f"{component.__name__}.{field.name} has no Opt in its annotation")
        yield OptionField(field.name, hint.__origin__, opts[0], _default_of(field))


def _default_of(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default
