"""JSON that servers might send, for property tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

ANY_TEXT = st.text(st.characters() | st.characters(categories=["Cs"]), max_size=12)
"""Text with halves of surrogate pairs, alone and in pairs."""

_NAMES = """
    id model created system_fingerprint object choices usage index delta message finish_reason
    logprobs content role reasoning reasoning_content reasoning_details refusal tool_calls
    function_call images function name arguments type text error code detail loc msg errors param
    prompt_tokens completion_tokens total_tokens prompt_tokens_details cached_tokens
    completion_tokens_details reasoning_tokens cost total_cost signature data context_length
    max_output_length pricing prompt completion input_cache_read supported_sampling_parameters
    supported_features input_modalities
"""
_FIELDS = _NAMES.split()

_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-2, 3)
    | st.sampled_from([10**400, -(10**30), 429, 1.5, -0.0, 1e300])
    | st.sampled_from(["", "²", "429", "stop", "error", "nan", "1e999", "0.000002"])
    | ANY_TEXT
)


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    fields = st.dictionaries(st.sampled_from(_FIELDS) | ANY_TEXT, inner, max_size=5)
    return fields | st.lists(inner, max_size=4)


ANY_JSON: st.SearchStrategy[Any] = st.recursive(_LEAVES, _nested, max_leaves=15)
"""Any JSON value; its objects have the fields of the API, with values of any type."""

ANY_OBJECT: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(_FIELDS), ANY_JSON, max_size=6
)
"""An object with fields of the API, and values of any type."""
