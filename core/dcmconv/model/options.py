"""Options, declared once.

A component is a frozen dataclass, and its fields *are* its options.  The ``Opt`` in a field's
annotation says what the option means; the command line, the YAML form, validation, the JSON Schema
and the reference pages all read this one declaration.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from dcmconv.model.records import record

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema

__all__ = ["Component", "Opt", "OptionField", "fixed_values", "option_fields"]


@dataclass(frozen=True)
class Opt:
    """What an option means, and which values it accepts.

    Parameters
    ----------
    help : str
        One sentence without the final period; attribute names as in the standard.
    unit : str
        Unit of a number, such as ``"modality units"``.
    ge, gt, le, lt : float, optional
        Bounds of a number (of each number, if the option is a list).
    examples : tuple
        Values worth showing in the reference.
    positional : bool
        An argument of a command rather than a flag.
    flag : str
        A short flag on ``dcmconv run``, such as ``"--overlays"``, in addition to the dotted one.
        Its text is used unchanged, and it may be repeated if the option is a list.  If ``run`` has
        a flag of the same name, that one wins.
    metavar : str
        What the value is called in ``--help``, such as ``"N|P%"``; by default the type's name.
    panel : str
        The group of flags in ``--help``; run settings only.
    template : bool
        The text is a ``Template``: the attributes in its braces are checked before the first file
        is opened.  ``{frame}`` and ``{frames}`` are not attributes.
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
    metavar: str = ""
    panel: str = ""

    def bounds(self) -> dict[str, float]:
        """Return the bounds that are set, by the names pydantic gives them."""
        found = {"ge": self.ge, "gt": self.gt, "le": self.le, "lt": self.lt}
        return {name: bound for name, bound in found.items() if bound is not None}

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return handler.generate_schema(_bounded(source, self.bounds()))

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        schema = handler.resolve_ref_schema(handler(core_schema))
        unit = f" ({self.unit})" if self.unit else ""
        schema["description"] = f"{self.help}{unit}."
        if self.examples:
            schema["examples"] = list(self.examples)
        return schema


class Component:
    """Base of everything that a chain names: a frozen, keyword-only dataclass of options.

    Unknown options and non-finite numbers are rejected.  Rules that involve several fields go into
    ``__post_init__`` and raise ``ValueError``; the message is shown where the option was written.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "allow_inf_nan": False}

    shorthand: ClassVar[tuple[tuple[str, ...], ...]] = ()
    """The options that values without a name fill; their number chooses one of the forms.

    With ``(("name",), ("center", "width"))``, ``window:lung`` means ``window:name=lung``, and
    ``window:40,400`` means ``window:center=40,width=400``.
    """

    also_called: ClassVar[tuple[str, ...]] = ()
    """What other programs call it: ``--scale 512`` is answered with ``-s resize:512``."""

    @classmethod
    def short_forms(cls, name: str) -> tuple[str, ...]:
        """Return what can be typed, given the component's name: ``window:CENTER,WIDTH``."""
        return tuple(f"{name}:{','.join(form).upper()}" for form in cls.shorthand)

    @classmethod
    def summary(cls) -> str:
        """Return the first line of the docstring."""
        return (cls.__doc__ or "").strip().partition("\n")[0]

    def fingerprint(self) -> str:
        """Return what the pictures depend on besides the options: the digest of a file they name.

        Called once, in the main process.  A resumed run converts every input again if the
        fingerprint has changed.  Empty if the options determine everything.

        Raises
        ------
        UsageError
            If the file cannot be read.
        """
        return ""


@record(frozen=True)
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
    """Yield the options of a component class in declaration order.

    Raises
    ------
    TypeError
        If a field has no ``Opt``; the conformance kit reports it.
    """
    # Without include_extras, the hints would come without their Opt.
    hints: Mapping[str, Any] = typing.get_type_hints(component, include_extras=True)
    for field in dataclasses.fields(component):  # type: ignore[arg-type]
        hint = hints[field.name]
        opts = [extra for extra in getattr(hint, "__metadata__", ()) if isinstance(extra, Opt)]
        if not opts:
            raise TypeError(f"{component.__name__}.{field.name} has no Opt in its annotation")
        # For Annotated[T, ...], __origin__ is T, but typing.get_origin returns Annotated.
        yield OptionField(field.name, hint.__origin__, opts[0], _default_of(field))


def fixed_values(annotation: Any) -> list[Any]:
    """Return the values of every ``Literal`` in a type, such as ``auto`` in ``int | auto``."""
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is typing.Literal:
        return list(arguments)
    return [value for argument in arguments for value in fixed_values(argument)]


def _default_of(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _bounded(annotation: Any, bounds: dict[str, float]) -> Any:
    """Put the bounds on every number inside a type, and reject ``true`` where a number belongs."""
    # Imported here: only the main process validates, and a worker never loads pydantic.
    from pydantic import BeforeValidator, Field

    if annotation in (int, float):
        limits: Any = Field(**bounds)  # type: ignore[call-overload]
        # On its own, pydantic takes True as 1.
        return Annotated[annotation, limits, BeforeValidator(_reject_bool)]
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is typing.Literal:
        by_text = {str(choice): choice for choice in arguments if not isinstance(choice, str)}
        # Flags give text: "90" must select the choice 90.
        select = BeforeValidator(lambda value: _chosen(value, by_text))
        return Annotated[annotation, select] if by_text else annotation
    if not arguments:
        return annotation
    inner = tuple(item if item is ... else _bounded(item, bounds) for item in arguments)
    if isinstance(annotation, types.UnionType):
        return typing.Union[inner]  # noqa: UP007 - built from a tuple
    return typing.get_origin(annotation)[inner]


def _chosen(value: object, by_text: Mapping[str, Any]) -> object:
    return by_text.get(value, value) if isinstance(value, str) else value


def _reject_bool(value: object) -> object:
    if isinstance(value, bool):
        # The chain puts "expected" before the message.
        raise ValueError("a number, not true or false")  # noqa: TRY004 - pydantic wants ValueError
    return value
