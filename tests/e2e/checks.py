"""Assertions that say what they compared. Not `assert`: that is silent under python -O."""

import time


class Failed(AssertionError):
    pass


class Pending(Exception):
    """The test fails for a reason that is known and listed: counted by itself."""


def equal(actual, expected, what="value"):
    if actual != expected:
        raise Failed(f"{what}: expected {shorten(expected)}, got {shorten(actual)}")


def contains(text, part, what="text"):
    if part not in text:
        raise Failed(f"{what}: expected {part!r} in {shorten(text)}")


def lacks(text, part, what="text"):
    if part in text:
        raise Failed(f"{what}: did not expect {part!r} in {shorten(text)}")


def true(condition, what):
    if not condition:
        raise Failed(what)


def fails(kind, action, what="action"):
    """Runs the action, which must raise an exception of that kind; gives the exception."""
    try:
        action()
    except kind as error:
        return error
    raise Failed(f"{what}: expected {getattr(kind, '__name__', kind)}, but it succeeded")


def eventually(condition, what, seconds=10):
    """Waits for what other processes do in their own time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Failed(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def shorten(value, most=2000):
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= most else f"{text[:most]}... ({len(text)} characters)"
