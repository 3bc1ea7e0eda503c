"""The error tree, and how an error shows."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest

from deepshi_jupyter import errors
from deepshi_jupyter.core.reply import Attempt, Choice, Reply
from deepshi_jupyter.errors import (
    CallError,
    DeepshiError,
    DeepshiWarning,
    InputError,
    MissingKeyError,
    RateLimitError,
)

CLASSES = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if cls.__module__ == errors.__name__]  # fmt: skip  # noqa: E501
ERRORS = [cls for cls in CLASSES if issubclass(cls, DeepshiError)]
by_class = pytest.mark.parametrize("cls", ERRORS, ids=lambda cls: cls.__name__)


def drawn_tree() -> dict[str, int]:
    """Each name of the tree in the module's docstring, and how deep it stands."""
    drawing = (errors.__doc__ or "").split("::")[1].split("The classes follow")[0]
    lines = [line for line in drawing.splitlines() if "Error" in line]
    depths = {}
    for line in lines:
        name = next(word for word in line.split() if word.endswith("Error"))
        depths[name] = (line.index(name) - 4) // 4
    return depths


def test_the_tree_that_is_drawn_is_the_tree() -> None:
    tree = {cls.__name__: len(cls.__mro__) - len(DeepshiError.__mro__) for cls in ERRORS}
    assert drawn_tree() == tree


def test_every_error_is_yours_to_mend_or_came_of_a_call() -> None:
    for cls in ERRORS:
        assert cls is DeepshiError or issubclass(cls, InputError) != issubclass(cls, CallError)


def test_warnings_can_be_filtered_as_user_warnings() -> None:
    assert issubclass(DeepshiWarning, UserWarning)


@by_class
def test_an_error_says_what_happened_and_what_to_do_in_two_lines(cls: type[DeepshiError]) -> None:
    error = cls("It broke.", "Mend it.")
    assert (error.what, error.todo, str(error)) == ("It broke.", "Mend it.", "It broke. Mend it.")
    assert error._render_traceback_() == [f"{cls.__name__}: It broke.", "→ Mend it."]


def test_an_error_with_nothing_to_do_is_one_line() -> None:
    error = DeepshiError("It broke.")
    assert (str(error), error._render_traceback_()) == ("It broke.", ["DeepshiError: It broke."])


def test_a_switch_shows_the_whole_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DeepshiError, "full_traceback", True)
    with pytest.raises(MissingKeyError) as caught:
        raise MissingKeyError("No key.", "Set one.")
    shown = "".join(caught.value._render_traceback_())
    assert shown.startswith("Traceback")
    assert "raise MissingKeyError" in shown
    assert shown.endswith("MissingKeyError: No key. Set one.\n")


def full_error() -> RateLimitError:
    attempts = (Attempt(1, 429, "busy", 0.0, 1.0),)
    partial = Reply(choices=(Choice(text="Hi"),))
    return RateLimitError(
        "Busy.", "Wait.", status=429, code="c", request_id="r", attempts=attempts, partial=partial
    )


@pytest.mark.parametrize("twin", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy])
def test_an_error_keeps_its_data_on_its_way_to_another_process(twin: object) -> None:
    error = full_error()
    same = twin(error)  # type: ignore[operator]
    assert type(same) is RateLimitError
    assert (str(same), vars(same)) == (str(error), vars(error))


def test_a_call_error_without_data_says_none() -> None:
    error = CallError("It broke.")
    assert (error.status, error.code, error.request_id, error.attempts, error.partial) == (
        None,
        None,
        None,
        (),
        None,
    )
