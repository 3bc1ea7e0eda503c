"""Where a value comes from, and what is said of values together."""

from __future__ import annotations

import pytest

from deepshi_jupyter.core.catalogue import Model
from deepshi_jupyter.core.parameters import PARAMETERS
from deepshi_jupyter.errors import InvalidRequestError
from deepshi_jupyter.settings import NotebookSettings, Settings
from deepshi_jupyter.sliders.control import CONTROLS, checked, controlled, uncontrolled
from deepshi_jupyter.sliders.layers import (
    Layer,
    Shown,
    default_layers,
    hint,
    ignored,
    sent,
    shown,
)


def test_ranges_are_those_of_the_one_table() -> None:
    for name, control in CONTROLS.items():
        assert control.parameter is PARAMETERS[name]
        if control.kind == "slider":
            assert control.parameter.low is not None
            assert control.parameter.high is not None


def test_every_start_of_a_control_is_a_value_that_the_api_takes() -> None:
    for name, control in CONTROLS.items():
        if control.start is not None:
            assert checked(name, control.start) == control.start


def test_the_cell_goes_before_the_conversation_and_that_before_the_notebook() -> None:
    cell = Layer("cell", {"seed": 1})
    conversation = Layer("conversation", {"seed": 2, "temperature": 0.2})
    notebook = Layer("notebook", {"temperature": 0.3, "n": 4})
    layers = (cell, conversation, notebook)
    assert shown("seed", layers) == Shown(1, "cell")
    assert shown("temperature", layers) == Shown(0.2, "conversation")
    assert shown("n", layers) == Shown(4, "notebook")
    assert shown("top_p", layers) == Shown()
    assert sent(layers) == {"temperature": 0.2, "seed": 1, "n": 4}


def test_the_source_is_told_in_words() -> None:
    words = [Shown(1, "cell").words, Shown(1, "conversation").words, Shown(1, "notebook").words]
    assert words == ["cell", "conversation", "notebook default"]
    assert Shown().words == "automatic"
    assert Shown(None, "cell").words == "automatic (cell)"


def test_automatic_in_the_cell_sends_nothing_whatever_the_default() -> None:
    layers = (Layer("cell", {"seed": None}), Layer("conversation", {"seed": 2}))
    assert shown("seed", layers).is_automatic
    assert sent(layers) == {}


def test_what_was_set_and_what_the_notebook_says_are_told_apart() -> None:
    settings = Settings()
    settings.take_notebook(NotebookSettings(parameters={"temperature": 0.3, "n": 2}))
    settings.set("n", "4")
    conversation, notebook = default_layers(settings)
    assert (conversation.values, notebook.values) == ({"n": 4}, {"temperature": 0.3})


def test_temperature_and_top_p_together_give_a_hint() -> None:
    both = (Layer("cell", {"top_p": 0.5}), Layer("conversation", {"temperature": 1}))
    assert hint(both).startswith("temperature and top_p are both set")
    assert hint(both[:1]) == ""


def test_a_parameter_is_ignored_only_where_the_catalogue_says_so() -> None:
    plain, rich = Model("a"), Model("a", sampling_parameters=frozenset({"seed"}))
    assert ignored("temperature", None) == ignored("temperature", plain) == ""
    assert ignored("seed", rich) == ""
    assert ignored("temperature", rich).startswith("a ignores temperature")


def test_the_alias_of_a_limit_is_the_same_control() -> None:
    given = {"max_completion_tokens": 5, "stop": "a", "temperature": 1.0, "user": "x"}
    assert controlled(given) == {"temperature": 1, "max_tokens": 5, "stop": ["a"]}
    assert uncontrolled(given) == {"user": "x"}


def test_a_value_that_the_api_refuses_is_refused() -> None:
    for name, value in (("temperature", 2.1), ("n", 0), ("seed", "x"), ("stop", ["a"] * 5)):
        with pytest.raises(InvalidRequestError, match=f"{name} is"):
            checked(name, value)
