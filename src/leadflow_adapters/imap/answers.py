"""Replies of people, and replies of programs, which are none. Pure."""

from __future__ import annotations

from email.message import Message
from typing import Final

from leadflow_adapters.imap.parts import header, kind_of, parameter, subject_of

_HEADERS: Final = (
    "x-autoreply", "x-autorespond", "x-autoresponse", "x-autoreply-from", "x-mail-autoreply", "x-vacation",
)  # fmt: skip
_PRECEDENCE: Final = ("bulk", "junk", "auto_reply", "auto-reply")
"""Not "list": a group address puts it, and List-Id, on what people write too."""
_SENDERS: Final = ("mailer-daemon", "postmaster", "noreply", "no-reply", "donotreply", "do-not-reply", "autoresponder")
_SUBJECTS: Final = (
    # English, German, French, Spanish, Italian, Portuguese, Dutch
    "out of office", "out of the office", "out-of-office", "automatic reply", "automated reply", "auto reply", "auto-reply",
    "autoreply", "auto response", "auto-response", "autoresponse", "automatic response", "auto:", "vacation reply",
    "on vacation", "away from my mail", "i am out of", "i'm out of", "i am away",
    "automatische antwort", "abwesenheitsnotiz", "abwesenheit", "automatische rückmeldung", "nicht im büro", "urlaub:",
    "réponse automatique", "reponse automatique", "absence du bureau", "absent du bureau", "message d'absence",
    "respuesta automática", "respuesta automatica", "fuera de la oficina", "fuera de oficina", "ausencia",
    "risposta automatica", "fuori sede", "fuori ufficio", "assente dall'ufficio",
    "resposta automática", "resposta automatica", "fora do escritório", "ausência",
    "automatisch antwoord", "automatisch bericht", "afwezig", "niet aanwezig",
    # Nordic, Baltic and Slavic languages, Hungarian, Greek, Turkish
    "autosvar", "automatisk svar", "automatiskt svar", "frånvaro", "fravær", "ikke til stede",
    "automaattinen vastaus", "poissaoloilmoitus", "poissa", "automaatne vastus", "kontorist väljas",
    "automātiskā atbilde", "automatinis atsakymas",
    "automatyczna odpowiedź", "odpowiedź automatyczna", "autoodpowiedź", "poza biurem", "nieobecność",
    "automatická odpověď", "automatická odpoveď", "mimo kancelář", "mimo kancelárie",
    "samodejni odgovor", "samodejno sporočilo", "odsoten", "odsotna", "odsotnost", "automatski odgovor", "odsutan",
    "автоответ", "автоматический ответ", "автоматична відповідь", "автоматичен отговор", "вне офиса",
    "automatikus válasz", "házon kívül", "răspuns automat", "αυτόματη απάντηση", "εκτός γραφείου",
    "otomatik yanıt", "otomatik cevap", "ofis dışında", "ofiste değilim",
    # Arabic, Hebrew, Chinese, Japanese, Korean, Vietnamese
    "رد تلقائي", "תשובה אוטומטית", "自动回复", "自動回覆", "自动答复", "自動応答", "自動返信", "不在通知", "자동 회신",
    "자동 응답", "부재중", "trả lời tự động",
)  # fmt: skip


def is_automatic(message: Message) -> bool:
    """Whether a program wrote a message (RFC 3834 and older habits): out of office, receipts, newsletters, notices."""
    submitted = header(message, "auto-submitted").lower().partition(";")[0].strip()
    if submitted and submitted != "no":
        return True
    if any(header(message, name) for name in _HEADERS):
        return True
    if header(message, "precedence").lower() in _PRECEDENCE or header(message, "x-precedence").lower() in _PRECEDENCE:
        return True
    if header(message, "return-path") == "<>":
        return True
    if kind_of(message) == "multipart/report" or parameter(message, "report-type"):
        return True
    sender = header(message, "from").lower()
    if any(name in sender for name in _SENDERS):
        return True
    return subject_of(message).startswith(_SUBJECTS)
