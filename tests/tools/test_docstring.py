from __future__ import annotations

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepshi_jupyter.tools.docstring import read_docstring

GOOGLE = """Look up the rain
    in a city.

    Longer talk, with a colon: this is no parameter.

    Args:
        city (str): The city, with its
            country.
        unit (Literal["mm", "in"], optional): The unit: ``mm`` or ``in``.
        **options: More.
        bare:
            On the next line.

    Returns:
        rain: The rain.
    """
NUMPY = """Look up the rain
    in a city.

    Parameters
    ----------
    city : str
        The city, with its
        country.
    unit : {"mm", "in"}, optional
        The unit: ``mm`` or ``in``.
    bare
        On the next line.
    lat, lon : float
        The place.

    Returns
    -------
    rain : float
        The rain.
    """
SPHINX = """Look up the rain
    in a city.

    :param city: The city, with its
        country.
    :param str unit: The unit: ``mm`` or ``in``.
    :type city: str
    :param bare:
        On the next line.
    :returns: The rain.
    """


@pytest.mark.parametrize("docstring", [GOOGLE, NUMPY, SPHINX], ids=["google", "numpy", "sphinx"])
def test_the_three_conventions_are_read(docstring: str) -> None:
    read = read_docstring(docstring)
    assert read.summary == "Look up the rain in a city."
    assert read.parameters["city"] == "The city, with its country."
    assert read.parameters["unit"] == "The unit: ``mm`` or ``in``."
    assert read.parameters["bare"] == "On the next line."
    assert read.parameters.keys() <= {"city", "unit", "bare", "options", "lat", "lon"}


def test_names_that_share_a_description_both_get_it() -> None:
    parameters = read_docstring(NUMPY).parameters
    assert parameters["lat"] == parameters["lon"] == "The place."


@pytest.mark.parametrize("docstring", [None, "", "   ", "Args:\n    x: A number."])
def test_a_docstring_may_lack_a_first_paragraph(docstring: str | None) -> None:
    assert read_docstring(docstring).summary == ""


def test_the_first_paragraph_ends_where_a_section_begins() -> None:
    assert read_docstring("Add.\n:param x: A number.").summary == "Add."
    assert read_docstring("Add.\nArgs:\n    x: A number.").summary == "Add."
    assert read_docstring("Parameters\n----------\nx\n    A number.").summary == ""
    assert read_docstring("Note: it adds.").summary == "Note: it adds."


@given(st.text("Args:\n -x()ParmetsReturn,*", max_size=80))
def test_any_text_is_read(text: str) -> None:
    read = read_docstring(text)
    assert all(name.isidentifier() for name in read.parameters)
    assert "\n" not in read.summary


def test_our_own_docstrings_are_read() -> None:
    from deepshi_jupyter.tools import run_call

    assert (
        read_docstring(run_call.__doc__).parameters.keys()
        == inspect.signature(run_call).parameters.keys()
    )
