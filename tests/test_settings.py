"""What a user can set for a kernel."""

from __future__ import annotations

from typing import Any

import pytest

from deepshi_jupyter.core.parameters import PARAMETERS
from deepshi_jupyter.errors import InvalidRequestError, OptionError
from deepshi_jupyter.settings import DISPLAYS, MODEL_VARIABLE, SETTING_NAMES, Settings


def settings(**texts: str) -> Settings:
    made = Settings()
    for name, text in texts.items():
        made.set(name, text)
    return made


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("base_url", "offline", "offline"),
        ("model", "deepshi-3.0", "deepshi-3.0"),
        ("system", "Be brief: {}", "Be brief: {}"),
        ("connect_timeout", "2.5", 2.5),
        ("idle_timeout", "30", 30.0),
        ("max_retries", "0", 0),
        ("allowed_models", "a, b,,", ("a", "b")),
        *(("display", name, name) for name in DISPLAYS),
    ],
)
def test_each_setting_is_read_from_its_text(name: str, text: str, value: Any) -> None:
    assert getattr(settings(**{name: text}), name) == value


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("temperature", "0.2", 0.2),
        ("max-tokens", "50", 50),
        ("seed", "7", 7),
        ("logprobs", "true", True),
        ("stop", "END", "END"),
        ("stop", '["a", "b"]', ["a", "b"]),
        ("stop", '"\\n"', "\n"),
        ("stop", "42", "42"),
        ("stop", "null", "null"),
        ("user", "42", "42"),
        ("user", "true", "true"),
        ("response_format", '{"type": "json_object"}', {"type": "json_object"}),
        ("tool_choice", "none", "none"),
    ],
)
def test_each_parameter_is_read_from_its_text(name: str, text: str, value: Any) -> None:
    assert settings(**{name: text}).parameters == {name.replace("-", "_"): value}


def test_every_setting_and_parameter_can_be_set_and_no_other() -> None:
    fields = set(Settings.__struct_fields__) - {"parameters", "layers"}
    assert set(SETTING_NAMES) == fields | set(PARAMETERS)


@pytest.mark.parametrize("name", [name for name in SETTING_NAMES if name != "mode"])
def test_auto_takes_a_setting_or_parameter_back(name: str) -> None:
    made = Settings()
    made.set(name, "auto")
    assert made == Settings()


def test_auto_is_a_mode_and_live_takes_it_back() -> None:
    made = settings(mode="auto")
    assert made.mode_of() == "auto"
    made.set("mode", "live")
    assert made.mode_of() == "live"


def test_a_run_in_replay_asks_nobody_whatever_its_cells_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DEEPSHI_MODE", "replay")
    assert settings(mode="live").mode_of("live") == "replay"


def test_a_question_s_mode_goes_before_the_settings_and_these_before_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DEEPSHI_MODE", "refresh")
    assert settings().mode_of() == "refresh"
    assert settings(mode="auto").mode_of() == "auto"
    assert settings(mode="auto").mode_of("live") == "live"


def test_auto_takes_back_one_parameter_and_leaves_the_others() -> None:
    made = settings(seed="7", temperature="1")
    made.set("seed", "auto")
    assert made.parameters == {"temperature": 1}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("idle_timeout", text) for text in ("0", "-1", "soon", "true", "NaN", "Infinity", "1e9")),
        ("connect_timeout", "1" + "0" * 400),
        *(("max_retries", text) for text in ("-1", "1.5", "many", "true")),
        ("display", "fancy"),
    ],
)
def test_a_value_that_a_setting_does_not_take_is_refused_and_the_old_one_stays(
    name: str, text: str
) -> None:
    made = Settings()
    with pytest.raises(OptionError, match=name):
        made.set(name, text)
    assert made == Settings()


def test_a_parameter_out_of_its_range_is_refused_and_the_old_one_stays() -> None:
    made = settings(temperature="1")
    with pytest.raises(InvalidRequestError, match="temperature is 3"):
        made.set("temperature", "3")
    assert made.parameters == {"temperature": 1}


def test_parameters_that_need_each_other_can_be_set_one_after_the_other() -> None:
    assert settings(logprobs="true", top_logprobs="3").parameters == {
        "logprobs": True,
        "top_logprobs": 3,
    }


def test_parameters_that_exclude_each_other_cannot() -> None:
    with pytest.raises(InvalidRequestError, match="two names of one limit"):
        settings(max_tokens="5", max_completion_tokens="5")


def test_an_unknown_setting_is_refused_with_the_near_ones() -> None:
    with pytest.raises(OptionError, match="no setting 'temprature'") as caught:
        settings(temprature="1")
    assert "Did you mean temperature?" in caught.value.todo


def test_a_key_is_no_setting_and_is_not_repeated() -> None:
    with pytest.raises(OptionError) as caught:
        settings(api_key="sk-bf-secret")
    assert "%deepshi login" in caught.value.todo
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("setting", "variable", "model"),
    [("a", "b", "a"), ("", " b ", "b"), ("", "", ""), ("a", None, "a"), ("", None, "")],
)
def test_the_model_is_the_setting_then_the_environment(
    setting: str, variable: str | None, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if variable is not None:
        monkeypatch.setenv(MODEL_VARIABLE, variable)
    assert Settings(model=setting).environment_model() == model


def test_two_sets_of_settings_share_nothing() -> None:
    settings(seed="7")
    assert Settings().parameters == {}
