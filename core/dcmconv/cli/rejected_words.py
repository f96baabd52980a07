"""What the parser rejects, explained as everything else is, with what to type instead.

Users of other programs type the flags of those programs first.  A flag may be one of ours under
another name, a component, or an option of a component; each answer is derived from what is
declared, and only the names that other programs have for our flags are listed here.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcmconv.errors import DcmconvError, UsageError
from dcmconv.plugins.suggestions import did_you_mean, find_closest

if TYPE_CHECKING:
    from dcmconv.cli.flags import Flag
    from dcmconv.model.options import Component

__all__ = ["check_single_dashes", "explained", "is_of_parser", "unknown_command"]

ELSEWHERE = {
    "--out": "output o outdir out-dir output-dir output-folder output-directory dest destination",
    "--writer": "format output-format type to ext extension write encode codec",
    "--workers": "jobs j threads processes parallel n-jobs num-workers nproc cpus p",
    "--include": "glob pattern filter only match",
    "--exclude": "ignore skip",
    "--from-file": "files-from file-list filelist list input-list",
    "--from0": "null 0 print0 from-null",
    "--frames": "frame f-frame page pages slices",
    "--chain": "config config-file pipeline recipe",
    "--chain preset:": "preset profile",
    "--colormap": "cmap colourmap colour-map color-map palette lut pseudocolor",
    "--normalize": "normalise normalization norm normalizer scaling",
    "--step": "steps filter-complex vf transform",
    "--name": "template filename file-name naming rename name-template",
    "--tags": "metadata csv table tag-table header",
    "--tag": "attribute attributes keyword column columns",
    "--on-existing replace": "overwrite force y clobber yes-overwrite",
    "--on-existing skip": "skip-existing no-clobber keep-existing",
    "--quiet": "silent loglevel s-quiet no-progress",
    "--verbose": "debug log-level vv",
    "--dry-run": "dryrun simulate no-act just-print list-only",
    "--invert": "negate negative inverse inverse-plut",
    "--aspect": "aspect-ratio square-pixels",
    "--timeout": "time-limit max-time",
    "--json": "json-output as-json",
}
"""What other programs call our flags, by what to type instead; a preset is named after its
prefix."""

NOT_NEEDED = {
    "input i input-dir in src source inputs": "Name inputs without a flag: dcmconv run {}",
    "recursive recurse R scan-directories": (
        "Folders are always searched with everything below them; remove the flag."
    ),
    "anonymize anonymise deidentify de-identify strip-metadata": (
        "Pictures hold no attributes of the patient, and names and tables only those that --name "
        "and --tag ask for; text that is part of the pixels stays. Remove the flag."
    ),
    "f": "For the format: --writer jpg. To convert again what exists: --on-existing replace",
}
"""Flags of other programs that have no counterpart, and what to do."""

COMMANDS = {
    "run": "convert transform export render to-png to-jpg dcm2jpg dcm2png dcm2img start process",
    "info": "dump show inspect identify describe header dcmdump stat ls",
    "doctor": "check diagnose env version-info debug",
    "plugins list": "list plugin formats codecs",
}
"""What other programs call our commands."""

INSTEAD = "Write it as:"

_VALUE = re.compile(r"-?[0-9.]+([x,][0-9.]+)*")


def is_of_parser(error: BaseException) -> bool:
    """Say whether typer raised an error about the words of a command line."""
    from typer import BadParameter

    # The base of all of them, which typer does not export.
    return isinstance(error, BadParameter.__mro__[1])


def explained(error: Any, words: Sequence[str]) -> UsageError:
    """Return an error of the parser as one of ours.

    Parameters
    ----------
    error : exception
        One for which ``is_of_parser`` is true.
    words : sequence of str
        The words after the program's name.
    """
    context, option = error.ctx, getattr(error, "option_name", "")
    path = context.command_path if context else _path(words)
    see = f"See: {path} --help"
    if hasattr(error, "possibilities"):
        parameters = context.command.params
        known = [word for each in parameters for word in (*each.opts, *each.secondary_opts)]
        return _unknown_flag(option, words, path, known)
    if hasattr(error, "param_hint"):
        missing = _metavar(error.param)
        return UsageError(f"{missing} is missing.", hint=f"Write it as: {path} {missing}")
    if option and "does not take" in error.message:
        return UsageError(f"{option} takes no value.", hint=f"Write only {option}. {see}")
    if option:
        flag = _flag_of_run(option)
        value = flag.metavar if flag else "VALUE"
        return UsageError(f"{option} needs a value.", hint=f"Write it as: {option} {value}")
    commands = getattr(context.command, "commands", None) if context else None
    if commands:
        # The group is the first word.
        word = next((word for word in words[1:] if not word.startswith("-")), "")
        return unknown_command(word, commands, f"{path} ")
    return UsageError(f"{error.format_message().rstrip('.')}.", hint=see)


def unknown_command(word: str, known: Collection[str], group: str = "dcmconv ") -> UsageError:
    """Return the error for a command that does not exist, with what may have been meant."""
    listed = f"Commands: {', '.join(sorted(known))}. See: {group}--help"
    if not word:
        return UsageError(f"{group}needs a command.", hint=listed)
    advice = did_you_mean(word, known)
    if group == "dcmconv ":
        ours = next((name for name, others in COMMANDS.items() if word in others.split()), "")
        if Path(word).exists():
            return UsageError(
                f"Unknown command '{word}'; it is the name of a file or folder.",
                hint=f"To convert it: dcmconv run {shlex.quote(word)}",
            )
        if ours:
            advice = f"Write it as: dcmconv {ours}."
    return UsageError(f"Unknown command '{word}'.", hint=f"{advice} {listed}".lstrip())


def check_single_dashes(words: Sequence[str], flags: Collection[Flag]) -> None:
    """Raise ``UsageError`` for a long flag with one dash, such as ``-out`` or ``-resize``.

    The parser would read ``-out`` as ``-o ut``, and write into a folder of that name.
    """
    known = [spelling for flag in flags for spelling in flag.spellings()]
    for index, word in enumerate(words):
        if word == "--":
            return
        name = word[1:].partition("=")[0]
        if len(name) < 3 or not re.fullmatch(r"-[a-z][a-z-]+", f"-{name}") or word[:1] != "-":
            continue
        if f"--{name}" in known:
            raise UsageError(f"Unknown flag '-{name}'; did you mean '--{name}'?")
        if len(name) > 3 and _advice(name, words[index:], known):
            raise _unknown_flag(f"-{name}", words, "dcmconv run", known)


def _unknown_flag(flag: str, words: Sequence[str], path: str, known: Collection[str]) -> UsageError:
    if re.fullmatch("-[a-zA-Z]", flag):
        # As the parser reads -j4.
        words = [part for word in words for part in _parted(word, flag)]
    at = next((i for i, word in enumerate(words) if word.partition("=")[0] == flag), len(words))
    name, see = flag.lstrip("-"), f"All flags: {path} --help"
    if path == "dcmconv":
        from dcmconv.cli.run_flags import run_flags

        of_run = [spelling for each in run_flags() for spelling in each.spellings()]
        if flag in of_run or _advice(name, words[at:], of_run):
            # The command may have been typed after the flag.
            rest = [word for i, word in enumerate(words[at:]) if i == 0 or word != "run"]
            hint = f"Flags of a conversion follow the command: dcmconv run {shlex.join(rest)}"
            return UsageError(f"Unknown flag '{flag}'.", hint=hint)
    advice = _advice(name, words[at:], known) if path == "dcmconv run" else _ours(name, known)
    # Of the letters of two short words, half are the same by chance.
    closest = find_closest(flag, known, cutoff=0.7)
    meant = f"Did you mean '{closest}'? " if closest else ""
    return UsageError(f"Unknown flag '{flag}'.", hint=advice or f"{meant}{see}")


def _advice(name: str, words: Sequence[str], known: Collection[str]) -> str:
    """Return what to write instead of a flag of ``run``; ``words`` begin with it."""
    values = list(_values(words))
    shown = " ".join(map(shlex.quote, words[1:2])) or "INPUT"
    for names, advice in NOT_NEEDED.items():
        if name in names.split():
            return advice.format(shown)
    ours = _ours(name, known, values[0] if values else "")
    # Almost one of ours, such as --overlay for --overlays, is not the name of a component.
    return ours or (
        "" if find_closest(f"--{name}", known, cutoff=0.9) else _component(name, values)
    )


def _ours(name: str, known: Collection[str], value: str = "") -> str:
    for flag, names in ELSEWHERE.items():
        word, _, rest = flag.partition(" ")
        preset = (value or "NAME") if rest.endswith(":") else ""
        if name in names.split() and word in known:
            return f"{INSTEAD} {word} {rest}{preset}" if rest else _ours_with(word, value)
    return ""


def _ours_with(word: str, value: str) -> str:
    flag = _flag_of_run(word)
    if flag is None or flag.type is bool:
        return f"{INSTEAD} {word}"
    if flag.names_kind and value:
        from dcmconv.plugins.registry import Registry

        value = find_closest(value, Registry.discover().names(flag.names_kind)) or value
    return f"{INSTEAD} {word} {shlex.quote(value) if value else flag.metavar}"


def _flag_of_run(spelling: str) -> Flag | None:
    from dcmconv.cli.run_flags import run_flags

    return next((flag for flag in run_flags() if spelling in flag.spellings()), None)


def _component(name: str, values: list[str]) -> str:
    """Return how to write a component, or an option of one, that is taken for a flag."""
    option, found = name.replace("-", "_"), []
    for flag, offered, component in _components():
        if name in (offered, *component.also_called):
            given = f":{','.join(values)}" if _fits(component, values) else ""
            more = "" if given else f"; its options: dcmconv plugins show {offered}"
            return f"{INSTEAD} {flag} {offered}{given}{more}"
        if option in _options(component):
            is_usual = any(option in form for form in component.shorthand)
            value = values[0] if values else "VALUE"
            found.append((not is_usual, f"{flag} {offered}:{option}={value}"))
    # Those that a value alone can mean come first.
    shown = [text for _, text in sorted(found, key=lambda pair: pair[0])]
    return f"{INSTEAD} {', or '.join(shown[:3])}" if shown else ""


def _components() -> Iterator[tuple[str, str, type[Component]]]:
    """Yield each component that a flag of ``run`` names: that flag, its name and its class."""
    from dcmconv.cli.run_flags import run_flags
    from dcmconv.plugins.registry import Registry

    registry = Registry.discover()
    flags = {each.names_kind: each.words[0] for each in run_flags() if each.names_kind}
    for kind, flag in flags.items():
        for name in registry.names(kind):
            with suppress(DcmconvError):  # broken, or offered twice: not what is asked here
                yield flag, name, registry.load(kind, name)


def _fits(component: type[Component], values: list[str]) -> bool:
    """Say whether the values can be written without the names of their options."""
    form = next((form for form in component.shorthand if len(form) == len(values)), ())
    fixed = [_options(component)[name] for name in form]
    return bool(form) and all(
        not words or value in words for words, value in zip(fixed, values, strict=True)
    )


def _options(component: type[Component]) -> dict[str, list[str]]:
    """Return the names of the options, each with its fixed values, if it has no others."""
    from dcmconv.model.options import fixed_values, option_fields

    return {
        option.name: [str(value) for value in fixed_values(option.annotation)]
        for option in option_fields(component)
    }


def _values(words: Sequence[str]) -> Iterator[str]:
    """Yield what looks like the values of the first word: ``512x512`` and ``40 400`` are two."""
    _, equals, value = words[0].partition("=") if words else ("", "", "")
    following = [value] if equals else list(words[1:])
    for index, word in enumerate(following):
        if _VALUE.fullmatch(word):
            yield from re.split("[x,]", word)
        elif index == 0 and not word.startswith("-") and (equals or not Path(word).exists()):
            yield word
            return
        else:
            return


def _parted(word: str, flag: str) -> list[str]:
    return [flag, word[2:]] if word.startswith(flag) and len(word) > 2 else [word]


def _path(words: Sequence[str]) -> str:
    """Return the command that the words name; the parser says it only with some errors."""
    named = [word for word in words[:1] if not word.startswith("-")]
    return " ".join(["dcmconv", *named])


def _metavar(parameter: Any) -> str:
    return str(parameter.metavar or (parameter.name or "value").upper())
