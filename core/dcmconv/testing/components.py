"""What every component must satisfy, whatever its kind: a frozen value made of its options."""

from __future__ import annotations

import dataclasses
import inspect
import pickle
import re
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from dcmconv.chain.spec import COMPONENT_KEYS
from dcmconv.model.components import Command
from dcmconv.model.options import Component, option_fields
from dcmconv.plugins.references import ComponentRef

__all__ = ["CommandConformance", "ComponentConformance", "has_message_and_hint"]

RESERVED = COMPONENT_KEYS | {"when", "note", "shorthand", "also_called"}
"""Keys of a chain file, and what a class declares; no option may have one of these names."""

NEEDS_HINT = "the error needs a message and a hint"

FLAG = re.compile(r"--[a-z][a-z0-9-]*")


def has_message_and_hint(error: Exception) -> bool:
    """Say whether an error has both lines: what was found, and what to do about it."""
    return bool(getattr(error, "message", "")) and bool(getattr(error, "hint", ""))


class ComponentConformance:
    """Base of the conformance classes; a subclass sets ``component``."""

    component: Component
    reserved: ClassVar[frozenset[str]] = RESERVED

    @property
    def options(self) -> Mapping[str, Any]:
        """The component's options and their current values."""
        fields = dataclasses.fields(self.component)  # type: ignore[arg-type]
        return {field.name: getattr(self.component, field.name) for field in fields}

    def test_it_is_a_frozen_keyword_only_dataclass(self) -> None:
        kind = type(self.component)
        assert dataclasses.is_dataclass(kind), f"{kind.__name__} is not a dataclass"
        # is_dataclass is true for a subclass of a dataclass as well.
        assert "__dataclass_params__" in vars(kind), f"{kind.__name__} needs its own @dataclass"
        assert vars(kind)["__dataclass_params__"].frozen, (
            "use @dataclass(frozen=True, kw_only=True)"
        )
        positional = [field.name for field in dataclasses.fields(kind) if not field.kw_only]
        assert positional == [], "these options are not keyword-only; use kw_only=True"

    def test_the_docstring_starts_with_a_one_line_summary(self) -> None:
        kind = type(self.component)
        assert not kind.summary().startswith(f"{kind.__name__}("), "the class has no docstring"
        assert kind.summary().endswith("."), "the first line must end with a period"
        assert len(kind.summary()) <= 100, "the first line must have at most 100 characters"

    def test_every_option_has_a_help_text(self) -> None:
        for option in option_fields(type(self.component)):
            assert option.opt.help, f"the Opt of '{option.name}' has no help text"
            assert not option.opt.help.endswith("."), (
                f"the help of '{option.name}' must not end with a period"
            )

    def test_no_option_uses_a_reserved_word(self) -> None:
        assert sorted(self.reserved & set(self.options)) == []

    def test_no_option_hides_a_method(self) -> None:
        # An option of the same name would replace the method.
        bases = type(self.component).__mro__[1:]
        methods = {
            name for base in bases for name in vars(base) if inspect.isroutine(getattr(base, name))
        }
        assert sorted(methods & set(self.options)) == []

    def test_option_names_are_valid_flags(self) -> None:
        assert [name for name in self.options if not name.islower() or name.startswith("_")] == []

    def test_short_flags_are_valid(self) -> None:
        flags = [option.opt.flag for option in option_fields(type(self.component))]
        assert [flag for flag in flags if flag and not FLAG.fullmatch(flag)] == []

    def test_values_without_a_name_fill_options(self) -> None:
        forms = type(self.component).shorthand
        unknown = {name for form in forms for name in form} - set(self.options)
        assert sorted(unknown) == [], "shorthand names options that the component does not have"
        assert all(len(form) == len(set(form)) > 0 for form in forms), (
            "each form of shorthand names at least one option, and each of them once"
        )
        lengths = [len(form) for form in forms]
        assert len(lengths) == len(set(lengths)), (
            "the number of values chooses the form: no two forms of shorthand may have the same"
        )

    def test_the_fingerprint_is_text_and_stable(self) -> None:
        fingerprint = self.component.fingerprint()
        assert isinstance(fingerprint, str)
        assert type(self.component)(**self.options).fingerprint() == fingerprint

    def test_its_options_have_a_json_schema(self) -> None:
        from pydantic import TypeAdapter

        schema = TypeAdapter(type(self.component)).json_schema()
        assert set(schema.get("properties", {})) == set(self.options)

    def test_its_options_survive_a_json_round_trip(self) -> None:
        from pydantic import TypeAdapter

        adapter = TypeAdapter(type(self.component))
        assert adapter.validate_json(adapter.dump_json(self.component)) == self.component

    def test_an_unknown_option_is_rejected(self) -> None:
        from pydantic import TypeAdapter, ValidationError

        with pytest.raises(ValidationError, match="no_such_option"):
            TypeAdapter(type(self.component)).validate_python({**self.options, "no_such_option": 1})

    def test_it_can_be_loaded_from_a_reference(self) -> None:
        kind = type(self.component)
        target = f"{kind.__module__}:{kind.__qualname__}"
        made = ComponentRef("any", kind.__name__, target, self.options).load()
        assert made == self.component

    def test_it_survives_pickling(self) -> None:
        assert pickle.loads(pickle.dumps(self.component)) == self.component  # noqa: S301

    def test_it_is_hashable(self) -> None:
        assert hash(self.component) == hash(type(self.component)(**self.options))


class CommandConformance(ComponentConformance):
    """The contract of a command before it runs: its options are declared."""

    component: Command
    reserved: ClassVar[frozenset[str]] = RESERVED | {"help", "json", "as_json"}
