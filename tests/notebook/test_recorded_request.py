from __future__ import annotations

import msgspec

from deepshi_jupyter.notebook.notebook_file import cell_views
from deepshi_jupyter.notebook.recorded_request import RecordedRequest, recorded_requests
from tests.notebook.study import Study, answer_output, hashed


def found(study: Study) -> list[RecordedRequest]:
    return recorded_requests(cell_views(study.notebook)[0])


def problems(study: Study) -> list[str]:
    return [request.problem for request in found(study)]


def contents(request: RecordedRequest) -> list[str]:
    return [message["content"] for message in request.messages]


def test_a_request_holds_all_that_was_sent() -> None:
    study = Study(system="Be brief.")
    study.ask("One?", answer="1")
    study.ask("Apart?", "--once")
    study.loop(["a", "b"])
    study.ask("Other?", "--chat other", system="")
    requests = found(study)
    assert [request.problem for request in requests[:4]] == [""] * 4
    assert contents(requests[0]) == ["Be brief.", "One?"]
    assert contents(requests[1]) == ["Be brief.", "Apart?"]
    assert contents(requests[3]) == ["Be brief.", "One?", "1", "a", "Yes to a", "b"]
    for request in requests[:4]:
        call = request.call
        assert request.key(request.record.endpoint, call.sample) == call.request_key


def test_repairs_are_part_of_the_last_request() -> None:
    study = Study()
    wrong = {"role": "assistant", "content": "wrong"}
    correction = {"role": "user", "content": "Answer again."}
    study.ask("One?")
    record = study.ask("Two?")
    call = msgspec.structs.replace(record.call, repairs=2, request_key="")
    repaired = msgspec.structs.replace(record, repairs=(wrong, correction), calls=(call,))
    study.cells[1]["outputs"] = [answer_output(hashed(repaired))]
    request = found(study)[1]
    assert request.problem == ""
    assert contents(request) == ["One?", "Yes.", "Two?", "wrong", "Answer again."]


def test_what_stands_above_must_be_what_was_sent() -> None:
    study = Study()
    study.ask("One?")
    study.ask("Two?")
    study.ask("Three?", "--new")
    study.rerun(0, "Another answer.")
    assert problems(study) == ["", "what stands above is not what was sent", ""]


def test_an_edited_answer_is_compared_as_it_came() -> None:
    study = Study()
    record = study.ask("One?", answer="As it came.")
    study.cells[0]["outputs"][0]["data"]["text/plain"] = "As a human has it."
    (request,) = found(study)
    assert (request.problem, request.record.text) == ("", record.text)


def test_a_picked_version_is_the_one_that_is_asked_again() -> None:
    study = Study()
    old = study.ask("One?", answer="old")
    new = study.rerun(0, "new")
    study.pick(new, old)
    study.ask("Two?")
    first, second = found(study)
    assert (first.record.text, first.problem) == ("old", "")
    assert contents(second) == ["One?", "old", "Two?"]


def test_what_cannot_be_asked_again_says_why() -> None:
    study = Study()
    record = study.ask("One?")
    study.cells.append({**study.cells[0], "id": "copy"})
    study.ask("Cut?", answer="Hal", status="truncated")
    other = msgspec.structs.replace(record, id="01OTHER", parameters={"seed": 1})
    study.code("%%deepshi\nOne?", [answer_output(other)])
    assert problems(study)[:3] == [
        "",
        "it is a copy of a turn further up",
        "its answer broke off",
    ]


def test_a_record_whose_key_does_not_fit_is_not_trusted() -> None:
    study = Study()
    record = study.ask("One?")
    changed = msgspec.structs.replace(record, parameters={"seed": 1})
    study.cells[0]["outputs"] = [answer_output(changed)]
    assert problems(study) == ["its key is not that of what is recorded"]
    redacted = msgspec.structs.replace(changed, redacted=1)
    study.cells[0]["outputs"] = [answer_output(redacted)]
    assert "secrets were taken out" in problems(study)[0]
    unasked = msgspec.structs.replace(
        record, calls=(msgspec.structs.replace(record.call, request_key=""),)
    )
    study.cells[0]["outputs"] = [answer_output(unasked)]
    assert problems(study) == ["nothing is recorded of its context or request"]
