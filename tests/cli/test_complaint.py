from __future__ import annotations

from deepshi_jupyter.cli.complaint import complaint
from deepshi_jupyter.errors import (
    AuthenticationError,
    DeepshiError,
    InputError,
    MissingKeyError,
)


def test_an_error_is_two_lines() -> None:
    assert complaint(DeepshiError("It broke.", "Mend it.")) == [
        "DeepshiError: It broke.",
        "→ Mend it.",
    ]


def test_an_error_without_advice_is_one_line() -> None:
    assert complaint(InputError("It broke.")) == ["InputError: It broke."]


def test_a_missing_key_offers_what_works_without_one() -> None:
    todo = complaint(MissingKeyError("No key.", "`%deepshi login`"))[1]
    assert "--base-url offline" in todo
    assert "%deepshi" not in todo


def test_the_advice_is_in_the_words_of_a_terminal() -> None:
    advice = "Set it before Jupyter starts, or `%deepshi login`. `%deepshi models` lists them."
    assert complaint(AuthenticationError("No.", advice))[1] == (
        "→ Set it. `deepshi-jupyter models` lists them."
    )


def test_a_services_words_stay_on_their_line_and_cannot_drive_the_terminal() -> None:
    assert complaint(InputError("\x1b[2Jgone\nfaked line")) == ["InputError: [2Jgone faked line"]
