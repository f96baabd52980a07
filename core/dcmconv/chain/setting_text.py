"""Settings as text: the environment variable, ``--set``, and the flags of components."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dcmconv.chain.errors import InvalidChain, Location, chain_error
from dcmconv.chain.values import parse_value

__all__ = ["ENVIRONMENT", "Setting", "environment_settings", "flag_setting", "parse_setting"]

ENVIRONMENT = "DCMCONV_SET"
"""Settings with spaces between them, quoted as in a shell: ``jpg.quality=95 run.workers=4``."""

_HEAD = re.compile(r"\s*([A-Za-z0-9][\w-]*)\.([A-Za-z_]\w*)\s*=")


@dataclass(frozen=True)
class Setting:
    """One value for an option of the components that are known as ``head``.

    ``value`` is text, a list or None; text becomes what the option declares.
    """

    head: str
    key: str
    value: Any
    location: Location = field(default=Location(), compare=False)


def environment_settings(environment: Mapping[str, str]) -> list[Setting]:
    """Return what ``DCMCONV_SET`` says; raises ``ChainError`` as ``parse_setting`` does."""
    texts = _split(environment.get(ENVIRONMENT, ""))
    return [parse_setting(text, ENVIRONMENT) for text in texts]


def flag_setting(head: str, key: str, value: str | list[str], flag: str = "") -> Setting:
    """Return the setting of a flag of a component: ``--window.center 40``.

    The texts of a flag with a name of its own, ``flag``, are taken as they stand: the shell has
    taken the quotes off already.

    Raises
    ------
    ChainError
        If the text of a dotted flag has another form than a value has.
    """
    shown = value if isinstance(value, str) else " ".join(value)
    location = Location(f"{flag or f'--{head}.{key}'} {shown}", is_flag=True)
    is_verbatim = flag or isinstance(value, list)
    return Setting(head, key, value if is_verbatim else _value_of(str(value), location), location)


def parse_setting(text: str, source: str = "--set") -> Setting:
    """Read one setting: ``jpg.quality=95``, ``run.workers=4``; ``set_option`` says what it reaches.

    Raises
    ------
    ChainError
        If the text has another form.
    """
    location = Location(f"{source} {text}")
    found = _HEAD.match(text)
    if found is None:
        problem = InvalidChain(
            location, "This is no setting.", "Write ID.OPTION=VALUE, as in jpg.quality=95."
        )
        raise chain_error([problem.problem])
    return Setting(found[1], found[2], _value_of(text[found.end() :], location), location)


def _split(text: str) -> list[str]:
    lexer = shlex.shlex(text, posix=True, punctuation_chars=False)
    # A backslash is a part of a Windows path, and # of a color.
    lexer.whitespace_split, lexer.escape, lexer.commenters = True, "", ""
    try:
        return list(lexer)
    except ValueError as error:
        hint = f"Write it as a shell would: {ENVIRONMENT}='jpg.quality=95 run.workers=2'"
        problem = InvalidChain(Location(ENVIRONMENT), f"It cannot be read: {error}.", hint).problem
        raise chain_error([problem]) from None


def _value_of(text: str, location: Location) -> Any:
    try:
        return parse_value(text.strip(), location)
    except InvalidChain as invalid:
        raise chain_error([invalid.problem]) from None
