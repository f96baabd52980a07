"""The flags of ``dcmconv run`` that say how the work is done, and what is tolerated."""

from __future__ import annotations

from dcmconv.cli.completion import plugin_names, words_from
from dcmconv.cli.flags import Flag

__all__ = ["HOW"]

WORK = "The work"

HOW = (
    Flag("workers", str, ("--workers",), "Worker processes.", "N|auto", WORK, "auto"),
    Flag("timeout", str, ("--timeout",), "Time for one input.", "SECONDS", WORK, "60"),
    Flag(
        "memory",
        str,
        ("--memory",),
        "Memory for one worker.",
        "MIB",
        WORK,
        "a fair share, at least 2048",
    ),
    Flag(
        "policy",
        str,
        ("--policy",),
        "What is tolerated: strict, default, or salvage: what is left of damaged files as well.",
        "WORD",
        WORK,
        "default",
        complete=words_from("strict", "default", "salvage"),
    ),
    Flag(
        "on_error",
        str,
        ("--on-error",),
        "When an input fails: continue or stop.",
        "WORD",
        WORK,
        "continue",
        complete=words_from("continue", "stop"),
    ),
    Flag(
        "max_failures",
        str,
        ("--max-failures",),
        "Stop when more inputs than this have failed.",
        "N|P%",
        WORK,
        "no limit",
    ),
    Flag(
        "retry_failed",
        bool,
        ("--retry-failed",),
        "Try again what failed in an earlier run, though nothing has changed.",
        "",
        WORK,
    ),
    Flag(
        "verify",
        bool,
        ("--verify",),
        "Hash the pictures of earlier runs and make damaged ones again; the exit code is then 6.",
        "",
        WORK,
    ),
    Flag(
        "durable",
        bool,
        ("--durable",),
        "Have every picture on the disk before its line in the journal; slower.",
        "",
        WORK,
    ),
    Flag(
        "tracebacks",
        bool,
        ("--tracebacks",),
        "Write the tracebacks of unexpected errors to OUT/.dcmconv/tracebacks.log.",
        "",
        WORK,
    ),
    Flag(
        "no_plugin",
        list[str],
        ("--no-plugin",),
        "Leave out a plugin or a whole distribution.",
        "NAME",
        WORK,
        complete=plugin_names,
    ),
    Flag(
        "dry_run",
        bool,
        ("--dry-run",),
        "Show the chain and count the inputs; write nothing.",
        "",
        WORK,
    ),
)
