from __future__ import annotations

import argparse

import pytest

from deepshi_jupyter.cli.parameter_options import add_parameters, extra_of, parameters_of
from deepshi_jupyter.core.parameters import PARAMETERS
from deepshi_jupyter.errors import OptionError


@pytest.fixture
def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    add_parameters(parser)
    return parser


def test_every_parameter_that_a_word_can_give_has_an_option(
    parser: argparse.ArgumentParser,
) -> None:
    page = parser.format_help()
    for parameter in PARAMETERS.values():
        has_option = f"--{parameter.name.replace('_', '-')} " in page.replace(",", " ")
        assert has_option == (parameter.kind not in ("object", "array", "any")), parameter.name


def test_values_have_the_types_of_the_api(parser: argparse.ArgumentParser) -> None:
    words = [
        "-t",
        "0",
        "--top-p",
        "0.5",
        "--max-tokens",
        "9",
        "--stop",
        "A",
        "--stop",
        "B",
        "--logprobs",
        "--user",
        "7",
        "-n",
        "2",
    ]
    assert parameters_of(parser.parse_args(words)) == {
        "temperature": 0,
        "top_p": 0.5,
        "max_tokens": 9,
        "stop": ["A", "B"],
        "logprobs": True,
        "user": "7",
        "n": 2,
    }


def test_nothing_given_is_nothing_sent(parser: argparse.ArgumentParser) -> None:
    options = parser.parse_args([])
    assert parameters_of(options) == {}
    assert extra_of(options) == {}


def test_any_other_field_goes_through_param(parser: argparse.ArgumentParser) -> None:
    words = ["--param", "top_k=40", "--param", 'response_format={"type": "json_object"}']
    words += ["--param", "route=fast"]
    options = parser.parse_args(words)
    assert parameters_of(options) == {"response_format": {"type": "json_object"}}
    assert extra_of(options) == {"top_k": 40, "route": "fast"}


@pytest.mark.parametrize("words", ["-t 9", "-t warm", "--max-tokens 0", "--top-logprobs 3"])
def test_a_value_that_is_not_taken_is_wrong_usage(
    parser: argparse.ArgumentParser, words: str
) -> None:
    with pytest.raises(OptionError):
        parameters_of(parser.parse_args(words.split()))


def test_param_without_a_name_is_wrong_usage(
    parser: argparse.ArgumentParser, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        parser.parse_args(["--param", "=1"])
    assert stopped.value.code == 2
    assert "is not NAME=JSON" in capsys.readouterr().err
