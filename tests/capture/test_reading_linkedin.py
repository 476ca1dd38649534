"""LinkedIn Lead Sync: challenge, signature, and a lead form response as a submission."""

import hashlib
import hmac
import json
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadflow.capture.reading import challenge_response, notice, submission, verify
from leadflow.errors import InvalidValueError, SignatureError

CLIENT = "client-secret"
BODY = b'{"type":"LEAD_ACTION","leadAction":"CREATED","leadGenFormResponse":"urn:li:leadGenFormResponse:1-5"}'
FORM = {
    "id": 7234246,
    "name": "Autumn fair",
    "creationLocale": {"country": "SI", "language": "sl"},
    "hiddenFields": [{"name": "utm_source", "value": "linkedin"}, {"name": "email", "value": "hidden@example.si"}],
    "content": {
        "questions": [
            {"questionId": 11, "name": "First name", "predefinedField": "FIRST_NAME"},
            {"questionId": 12, "name": "E-mail", "predefinedField": "EMAIL"},
            {"questionId": 13, "name": "Company size", "predefinedField": "COMPANY_SIZE"},
            {
                "questionId": 14,
                "name": "Interested in",
                "questionDetails": {
                    "multipleChoiceQuestionDetails": {
                        "options": [
                            {"id": 1, "text": {"localized": {"en_US": "Prices"}}},
                            {"id": 2, "text": {"localized": {"en_US": "A demo"}}},
                        ]
                    }
                },
            },
            {"questionId": 15, "name": "Membership no.", "predefinedField": "LOYALTY_ID"},
        ]
    },
}
RESPONSE = {
    "id": "249592fc-d272-44ba-a7db-c2bdce579507-6",
    "submittedAt": 1_700_000_000_123,
    "testLead": False,
    "leadType": "SPONSORED",
    "owner": {"sponsoredAccount": "urn:li:sponsoredAccount:522529623"},
    "submitter": "urn:li:person:MpGcnvaU_p",
    "versionedLeadGenFormUrn": "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:7234246,1)",
    "leadMetadata": {"sponsoredLeadMetadata": {"campaign": "urn:li:sponsoredCampaign:222157806"}},
    "associatedEntity": {"associatedCreative": "urn:li:sponsoredCreative:241257736"},
    "formResponse": {
        "consentResponses": [{"consentId": 4867394, "accepted": True}, {"consentId": 4867395, "accepted": False}],
        "answers": [
            {"questionId": 11, "answerDetails": {"textQuestionAnswer": {"answer": "Žiga"}}},
            {"questionId": 12, "answerDetails": {"textQuestionAnswer": {"answer": "ziga@example.si"}}},
            {"questionId": 14, "answerDetails": {"multipleChoiceAnswer": {"options": [2, 1]}}},
            {"questionId": 15, "answerDetails": {"textQuestionAnswer": {"answer": "00501"}}},
            {"questionId": 99, "answerDetails": {"textQuestionAnswer": {"answer": "?"}}},
        ],
    },
}


def signed(body, secret=CLIENT):
    return hmac.new(secret.encode(), b"hmacsha256=" + body, hashlib.sha256).hexdigest()


def test_a_response_becomes_a_submission():
    """S003-5, S003-6: a LinkedIn lead form as a source of contacts and leads."""
    assert submission(RESPONSE, form=FORM) == {
        "type": "submission",
        "key": "249592fc-d272-44ba-a7db-c2bdce579507-6",
        "form": "linkedin:7234246",
        "at": "2023-11-14T22:13:20.123000Z",
        "fields": {
            "first_name": "Žiga",
            "email": "ziga@example.si",
            "Interested in": "A demo; Prices",
            "loyalty_id": "00501",
            "question_99": "?",
            "utm_source": "linkedin",
        },
        "context": {
            "source": "linkedin",
            "lead_type": "SPONSORED",
            "campaign": "urn:li:sponsoredCampaign:222157806",
            "creative": "urn:li:sponsoredCreative:241257736",
            "owner": "urn:li:sponsoredAccount:522529623",
            "consents": [{"id": "4867394", "accepted": True}, {"id": "4867395", "accepted": False}],
        },
    }


def test_the_form_may_come_with_the_response():
    assert submission({**RESPONSE, "form": FORM}) == submission(RESPONSE, form=FORM)


def test_without_the_form_nothing_is_lost():
    fields = submission(RESPONSE)["fields"]
    assert fields["question_12"] == "ziga@example.si"
    assert fields["question_14"] == "2; 1"


def test_a_test_lead_and_an_organic_lead():
    assert submission({**RESPONSE, "testLead": True})["context"]["test"] is True
    organic = {**RESPONSE, "leadType": "EVENT", "owner": {"organization": "urn:li:organization:1"}, "leadMetadata": {}}
    organic["associatedEntity"] = {"event": "urn:li:event:2"}
    context = submission(organic)["context"]
    assert (context["owner"], context["event"]) == ("urn:li:organization:1", "urn:li:event:2")
    assert "campaign" not in context
    assert "test" not in context


def test_no_consent_is_invented():
    """G78: only a plain true accepts."""
    payload = deepcopy(RESPONSE)
    payload["formResponse"]["consentResponses"] = [{"consentId": 1, "accepted": "yes"}, {"consentId": 2}]
    assert [each["accepted"] for each in submission(payload)["context"]["consents"]] == [False, False]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"id": None}, "id"),
        ({"id": ""}, "id"),
        ({"submittedAt": None}, "submittedAt"),
        ({"submittedAt": "2023"}, "submittedAt"),
        ({"submittedAt": 1_700_000_000}, "submittedAt"),
        ({"submittedAt": True}, "submittedAt"),
        ({"formResponse": None}, "formResponse"),
        ({"formResponse": {"answers": "x"}}, "answers"),
        ({"formResponse": {"answers": [{}] * 201}}, "answers"),
        ({"versionedLeadGenFormUrn": None}, "versionedLeadGenFormUrn"),
    ],
)
def test_a_wrong_payload_names_the_field(change, named):
    with pytest.raises(InvalidValueError, match=named) as caught:
        submission({**RESPONSE, **change})
    assert "ziga" not in str(caught.value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda each: (
        st.lists(each, max_size=3)
        | st.dictionaries(st.sampled_from([*RESPONSE, *FORM, "answers", "x"]), each, max_size=4)
    ),
    max_leaves=10,
)


@given(payload=json_values, form=json_values, at=st.sampled_from(list(RESPONSE)), value=json_values)
def test_any_payload_is_a_submission_or_a_typed_error(payload, form, at, value):
    for each in (payload, {**RESPONSE, at: value}, {**RESPONSE, "form": form}):
        try:
            record = submission(each)
        except InvalidValueError:
            continue
        assert record["type"] == "submission"
        json.dumps(record)


def test_the_challenge():
    code = "890e4665-4dfe-4ab1-b689-ed553bceeed0"
    assert challenge_response(code, CLIENT) == hmac.new(CLIENT.encode(), code.encode(), hashlib.sha256).hexdigest()
    with pytest.raises(SignatureError, match="no client secret"):
        challenge_response(code, "")


@given(body=st.text(max_size=60).map(str.encode) | st.just(BODY))
def test_nobody_gets_a_notification_signed_by_asking_the_challenge(body):
    """The challenge signs what a stranger sends, so it must never answer with a valid signature."""
    for prefix in (b"", b"hmacsha256="):
        try:
            forged = challenge_response((prefix + body).decode(), CLIENT)
        except InvalidValueError:
            continue
        with pytest.raises(SignatureError):
            verify(body, forged, CLIENT)


@given(body=st.binary(max_size=40))
def test_a_right_signature_passes_and_any_other_fails(body):
    verify(body, signed(body), CLIENT)
    verify(body, "hmacsha256=" + signed(body).upper(), CLIENT)
    for given_signature in (signed(body + b" "), signed(body, "other"), signed(body)[:-1], ""):
        with pytest.raises(SignatureError):
            verify(body, given_signature, CLIENT)


@pytest.mark.parametrize("position", range(0, 64, 7))
def test_each_digit_counts(position):
    """F62."""
    signature = signed(BODY)
    other = signature[:position] + ("0" if signature[position] != "0" else "1") + signature[position + 1 :]
    with pytest.raises(SignatureError):
        verify(BODY, other, CLIENT)


@pytest.mark.parametrize("signature", [None, "", "ž" * 64, "0" * 64, signed(BODY) + "\n0"])
def test_wrong_or_missing_signatures_are_refused(signature):
    with pytest.raises(SignatureError):
        verify(BODY, signature, CLIENT)


def test_without_a_secret_everything_is_refused():
    """Security table, webhook in: fails closed when no secret is set."""
    for signature in (None, signed(BODY, ""), signed(BODY)):
        with pytest.raises(SignatureError, match="no client secret"):
            verify(BODY, signature, "")


def test_a_notification_names_the_response_to_fetch():
    found = notice({**json.loads(BODY), "leadGenForm": "urn:li:leadGenForm:72"})
    assert (found.response_id, found.action, found.form) == ("1-5", "CREATED", "72")
    for wrong in ({}, {"type": "OTHER"}, {"type": "LEAD_ACTION", "leadAction": "CREATED"}):
        with pytest.raises(InvalidValueError):
            notice(wrong)
