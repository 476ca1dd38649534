"""LinkedIn Lead Sync: the webhook's challenge, its signature, and a lead form response as a submission.

Facts used (LinkedIn's API guide): the challenge is answered with the hex HMAC-SHA-256 of the code under the
client secret; a notification's `X-LI-Signature` is that of `hmacsha256=` followed by the raw body. A
notification only names a response, which is then fetched from `leadFormResponses`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from attrs import frozen

from leadflow.errors import InvalidValueError, SignatureError
from leadflow.model.time import to_datetime

FIELDS: Final = {
    "EMAIL": "email",
    "WORK_EMAIL": "email",
    "FIRST_NAME": "first_name",
    "LAST_NAME": "last_name",
    "PHONE_NUMBER": "phone",
    "WORK_PHONE_NUMBER": "phone",
    "JOB_TITLE": "title",
    "COMPANY_NAME": "company",
    "COMPANY_SIZE": "company_size",
    "INDUSTRY": "industry",
    "CITY": "city",
    "STATE": "region",
    "COUNTRY": "country",
    "ZIP_CODE": "postcode",
}
"""Our names of LinkedIn's predefined questions; any other is its name in lower case."""

_ADAPTER = "linkedin"
_PREFIX = b"hmacsha256="
_CODE = re.compile(r"[0-9A-Za-z-]{8,128}")
_HEX = re.compile(r"[0-9a-f]{64}")
_FORM_URN = re.compile(r"urn:li:leadGenForm:(\d{1,32})")
_EARLIEST_MS, _LATEST_MS = 946_684_800_000, 253_402_300_799_999
_MAX_ANSWERS = 200


def challenge_response(code: str, secret: str) -> str:
    """The answer to the webhook's challenge.

    Only letters, digits and hyphens are answered: whoever could have other text signed could have a
    notification signed too. Errors: SignatureError without a secret, InvalidValueError for another code.

    >>> challenge_response("890e4665-4dfe-4ab1-b689-ed553bceeed0", "secret")[:16]
    '9585d359e64d6a20'
    """
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise InvalidValueError("challengeCode: not a LinkedIn challenge", code="invalid_challenge")
    return _digest(code.encode("ascii"), secret)


def verify(body: bytes, signature: str | None, secret: str) -> None:
    """Make sure that a notification comes from LinkedIn: `signature` is the header X-LI-Signature, `body` the
    raw bytes.

    The comparison takes the same time whatever differs. Errors: SignatureError for a missing or wrong
    signature, and always when no secret is set.

    >>> verify(b"{}", None, "secret")
    Traceback (most recent call last):
    leadflow.errors.SignatureError: X-LI-Signature is missing or is not that of this body; answer 401 and drop it
    """
    expected = _digest(_PREFIX + body, secret)
    given = (signature or "").strip().removeprefix(_PREFIX.decode()).lower()
    if not _HEX.fullmatch(given) or not hmac.compare_digest(given, expected):
        raise SignatureError(
            "X-LI-Signature is missing or is not that of this body",
            adapter=_ADAPTER,
            operation="verify",
            hint="answer 401 and drop it",
        )


def _digest(text: bytes, secret: str) -> str:
    if not secret:
        raise SignatureError(
            "no client secret is set",
            adapter=_ADAPTER,
            operation="verify",
            hint="set the client secret of the LinkedIn application",
        )
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


@frozen(kw_only=True)
class Notice:
    """A notification: which response to fetch, and whether it was made or deleted."""

    response_id: str
    action: str
    form: str | None = None


def notice(payload: Mapping[str, Any]) -> Notice:
    """Read the body of a verified notification. Errors: InvalidValueError that names the field.

    >>> notice({"type": "LEAD_ACTION", "leadAction": "CREATED",
    ...         "leadGenFormResponse": "urn:li:leadGenFormResponse:1-5"}).response_id
    '1-5'
    """
    if payload.get("type") != "LEAD_ACTION":
        raise _wrong("type", "not LEAD_ACTION")
    response = _text(payload, "leadGenFormResponse").rpartition(":")[2]
    form = _FORM_URN.search(str(payload.get("leadGenForm", "")))
    return Notice(response_id=response, action=_text(payload, "leadAction"), form=form[1] if form else None)


def submission(payload: Mapping[str, Any], *, form: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A lead form response as our record of type submission, ready for `ingest`.

    `payload` is one element of `leadFormResponses`; `form` is its form (from `leadForms`), unless the
    response came with it: it says which question asks what. An unknown question is kept as `question_<id>`.
    The response's id is the key, so that reading it again changes nothing. Hidden fields are fields too; an
    answer of the same name wins. The context has campaign, creative, owner and consents as LinkedIn names
    them, and `test` for a test lead.
    Errors: InvalidValueError that names the field.

    >>> record = submission({
    ...     "id": "1-5", "submittedAt": 1700000000000, "leadType": "SPONSORED",
    ...     "versionedLeadGenFormUrn": "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:72,1)",
    ...     "formResponse": {"answers": [
    ...         {"questionId": 7, "answerDetails": {"textQuestionAnswer": {"answer": "ana@example.si"}}}]},
    ...     "form": {"content": {"questions": [{"questionId": 7, "predefinedField": "EMAIL"}]}}})
    >>> record["key"], record["form"], record["at"], record["fields"]
    ('1-5', 'linkedin:72', '2023-11-14T22:13:20Z', {'email': 'ana@example.si'})
    """
    if not isinstance(payload, Mapping):
        raise _wrong("payload", "not an object")
    form = form or _mapping(payload.get("form"))
    response = payload.get("formResponse")
    if not isinstance(response, Mapping):
        raise _wrong("formResponse", "missing")
    questions = {str(each.get("questionId")): each for each in _questions(form)}
    fields: dict[str, Any] = {}
    for answer in _several(response.get("answers"), "formResponse.answers"):
        question = questions.get(str(answer.get("questionId")), {})
        fields.setdefault(_field_name(answer, question), _answer(answer, question))
    for hidden in _several(form.get("hiddenFields"), "form.hiddenFields"):
        if hidden.get("name"):
            fields.setdefault(str(hidden["name"]), str(hidden.get("value", "")))
    return {
        "type": "submission",
        "key": _text(payload, "id"),
        "form": f"linkedin:{_form_id(payload, form)}",
        "at": _instant(payload.get("submittedAt")),
        "fields": fields,
        "context": _context(payload, response),
    }


def _context(payload: Mapping[str, Any], response: Mapping[str, Any]) -> dict[str, Any]:
    sponsored = _mapping(_mapping(payload.get("leadMetadata")).get("sponsoredLeadMetadata"))
    owner = _mapping(payload.get("owner"))
    entity = _mapping(payload.get("associatedEntity"))
    context: dict[str, Any] = {
        "source": _ADAPTER,
        "lead_type": payload.get("leadType"),
        "campaign": sponsored.get("campaign"),
        "creative": entity.get("associatedCreative"),
        "event": entity.get("event"),
        "owner": owner.get("sponsoredAccount") or owner.get("organization"),
        "consents": [
            {"id": str(each.get("consentId")), "accepted": each.get("accepted") is True}
            for each in _several(response.get("consentResponses"), "formResponse.consentResponses")
        ],
        "test": payload.get("testLead") is True,
    }
    return {name: value for name, value in context.items() if value not in (None, [], False)}


def _questions(form: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return _several(_mapping(form.get("content")).get("questions"), "form.content.questions")


def _field_name(answer: Mapping[str, Any], question: Mapping[str, Any]) -> str:
    predefined = answer.get("predefinedField") or question.get("predefinedField")
    if predefined:
        return FIELDS.get(str(predefined), str(predefined).lower())
    return str(question.get("name") or f"question_{answer.get('questionId')}")


def _answer(answer: Mapping[str, Any], question: Mapping[str, Any]) -> str:
    details = _mapping(answer.get("answerDetails"))
    if "textQuestionAnswer" in details:
        return str(_mapping(details["textQuestionAnswer"]).get("answer") or "")
    chosen = _mapping(details.get("multipleChoiceAnswer")).get("options") or []
    asked = _mapping(_mapping(question.get("questionDetails")).get("multipleChoiceQuestionDetails"))
    labels = {str(each.get("id")): _label(each) for each in _several(asked.get("options"), "form option")}
    return "; ".join(labels.get(str(each), str(each)) for each in chosen) if isinstance(chosen, list) else str(chosen)


def _label(option: Mapping[str, Any]) -> str:
    localized = _mapping(_mapping(option.get("text")).get("localized"))
    return str(next(iter(localized.values()), option.get("id")))


def _form_id(payload: Mapping[str, Any], form: Mapping[str, Any]) -> str:
    found = _FORM_URN.search(str(payload.get("versionedLeadGenFormUrn", "")))
    if found:
        return found[1]
    if form.get("id"):
        return str(form["id"])
    raise _wrong("versionedLeadGenFormUrn", "missing")


def _instant(submitted_ms: object) -> str:
    if not isinstance(submitted_ms, int) or isinstance(submitted_ms, bool):
        raise _wrong("submittedAt", "not a number of milliseconds")
    if not _EARLIEST_MS <= submitted_ms <= _LATEST_MS:
        raise _wrong("submittedAt", "out of range; it must be milliseconds since 1970")
    return to_datetime(submitted_ms * 1_000).isoformat().replace("+00:00", "Z")


def _text(payload: Mapping[str, Any], name: str) -> str:
    value = payload.get(name)
    if not isinstance(value, str) or not value.strip():
        raise _wrong(name, "missing")
    return value


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _several(value: object, name: str) -> list[Mapping[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > _MAX_ANSWERS:
        raise _wrong(name, f"not a list of at most {_MAX_ANSWERS}")
    return [_mapping(each) for each in value]


def _wrong(name: str, what: str) -> InvalidValueError:
    return InvalidValueError(f"LinkedIn's {name}: {what}", code="invalid_payload")
