"""What every component promises, whatever its kind: it is a frozen value made of its options."""

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

__all__ = ["CommandConformance", "ComponentConformance", "explained"]

RESERVED = COMPONENT_KEYS | {"when", "note"}
"""Words of a chain; no option may take one."""

FLAG = re.compile(r"--[a-z][a-z0-9-]*")


def explained(error: Exception) -> bool:
    """Say whether an error has both lines: what was found, and what to do next."""
    return bool(getattr(error, "message", "")) and bool(getattr(error, "hint", ""))


class ComponentConformance:
    """Base of the conformance classes; a subclass sets ``component``."""

    component: Component
    reserved: ClassVar[frozenset[str]] = RESERVED

    @property
    def options(self) -> Mapping[str, Any]:
        """The component's options as they are."""
        fields = dataclasses.fields(self.component)  # type: ignore[arg-type]
        return {field.name: getattr(self.component, field.name) for field in fields}

    def test_it_is_a_frozen_keyword_only_dataclass(self) -> None:
        kind = type(self.component)
        assert dataclasses.is_dataclass(kind), f"{kind.__name__} is no dataclass"
        assert "__dataclass_params__" in vars(kind), f"{kind.__name__} lacks its own @dataclass"
        assert vars(kind)["__dataclass_params__"].frozen, (
            "say @dataclass(frozen=True, kw_only=True)"
        )
        positional = [field.name for field in dataclasses.fields(kind) if not field.kw_only]
        assert positional == [], "these options are not keyword-only"

    def test_the_docstring_begins_with_a_summary_of_one_line(self) -> None:
        kind = type(self.component)
        assert not kind.summary().startswith(f"{kind.__name__}("), "it has no docstring of its own"
        assert kind.summary().endswith("."), "the first line is a sentence with its full stop"
        assert len(kind.summary()) <= 100, "the first line fits into a list"

    def test_every_option_says_what_it_means(self) -> None:
        for option in option_fields(type(self.component)):
            assert option.opt.help, f"Opt of '{option.name}' has no help"
            assert not option.opt.help.endswith("."), (
                f"help of '{option.name}' ends with a full stop"
            )

    def test_no_option_takes_a_word_of_the_chain(self) -> None:
        assert sorted(self.reserved & set(self.options)) == []

    def test_no_option_hides_a_method(self) -> None:
        bases = type(self.component).__mro__[1:]
        methods = {
            name for base in bases for name in vars(base) if inspect.isroutine(getattr(base, name))
        }
        assert sorted(methods & set(self.options)) == []

    def test_option_names_can_be_typed_as_flags(self) -> None:
        assert [name for name in self.options if not name.islower() or name.startswith("_")] == []

    def test_flags_of_their_own_can_be_typed(self) -> None:
        flags = [option.opt.flag for option in option_fields(type(self.component))]
        assert [flag for flag in flags if flag and not FLAG.fullmatch(flag)] == []

    def test_its_fingerprint_is_text_and_stays(self) -> None:
        fingerprint = self.component.fingerprint()
        assert isinstance(fingerprint, str)
        assert type(self.component)(**self.options).fingerprint() == fingerprint

    def test_its_options_have_a_schema(self) -> None:
        from pydantic import TypeAdapter

        schema = TypeAdapter(type(self.component)).json_schema()
        assert set(schema.get("properties", {})) == set(self.options)

    def test_its_options_travel_as_json(self) -> None:
        from pydantic import TypeAdapter

        adapter = TypeAdapter(type(self.component))
        assert adapter.validate_json(adapter.dump_json(self.component)) == self.component

    def test_an_unknown_option_is_refused(self) -> None:
        from pydantic import TypeAdapter, ValidationError

        with pytest.raises(ValidationError, match="no_such_option"):
            TypeAdapter(type(self.component)).validate_python({**self.options, "no_such_option": 1})

    def test_it_is_made_again_from_a_reference(self) -> None:
        kind = type(self.component)
        target = f"{kind.__module__}:{kind.__qualname__}"
        made = ComponentRef("any", kind.__name__, target, self.options).load()
        assert made == self.component

    def test_it_pickles_by_reference(self) -> None:
        assert pickle.loads(pickle.dumps(self.component)) == self.component  # noqa: S301

    def test_it_is_hashable(self) -> None:
        assert hash(self.component) == hash(type(self.component)(**self.options))


class CommandConformance(ComponentConformance):
    """What a command promises before it is run: declared options, and ``run`` is lazy."""

    component: Command
    reserved: ClassVar[frozenset[str]] = RESERVED | {"help", "json", "as_json"}
