"""Names of months in several languages."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Final

# A language up to each semicolon, January first; "|" separates other names of the same month.
_MONTHS: Final = """
january february march april may june july august september october november december ;
jan feb mar apr may jun jul aug sep|sept oct nov dec ;
januar|jänner|jan februar|feber märz|mär|mrz april mai juni juli august september oktober|okt november
dezember|dez ;
januari|jan februari|feb maart|mrt april mei juni juli augustus|aug september oktober|okt november december ;
janvier|janv février|févr mars avril|avr mai juin juillet|juil août septembre octobre novembre décembre|déc ;
enero|ene febrero marzo abril|abr mayo junio julio agosto|ago septiembre|setiembre octubre noviembre
diciembre|dic ;
gennaio|gen febbraio marzo aprile maggio|mag giugno|giu luglio|lug agosto settembre|set ottobre|ott novembre
dicembre ;
janeiro fevereiro|fev março abril maio|mai junho julho agosto setembro outubro|out novembro dezembro|dez ;
januar|januarja februar|februarja marec|marca april|aprila maj|maja junij|junija julij|julija avgust|avgusta|avg
september|septembra oktober|oktobra november|novembra december|decembra ;
siječnja|siječanj veljače|veljača ožujka|ožujak travnja|travanj svibnja|svibanj lipnja|lipanj srpnja|srpanj
kolovoza|kolovoz rujna|rujan listopada|listopad studenoga|studeni prosinca|prosinac ;
stycznia|styczeń|sty lutego|luty marca|marzec kwietnia|kwiecień|kwi maja|maj czerwca|czerwiec|cze
lipca|lipiec|lip sierpnia|sierpień|sie września|wrzesień|wrz października|październik|paź listopad|listopada
grudnia|grudzień|gru ;
ledna|leden února|únor března|březen dubna|duben května|květen června|červen července|červenec srpna|srpen září
října|říjen listopadu prosince|prosinec ;
január február március április május június július augusztus szeptember október november december ;
ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie ;
januari februari mars april maj juni juli augusti september oktober november december ;
januar februar marts april maj juni juli august september oktober november december ;
tammikuuta|tammikuu helmikuuta|helmikuu maaliskuuta|maaliskuu huhtikuuta|huhtikuu toukokuuta|toukokuu
kesäkuuta|kesäkuu heinäkuuta|heinäkuu elokuuta|elokuu syyskuuta|syyskuu lokakuuta|lokakuu marraskuuta|marraskuu
joulukuuta|joulukuu ;
ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık ;
января|янв февраля|фев марта|мар апреля|апр мая|май июня|июн июля|июл августа|авг сентября|сен октября|окт
ноября|ноя декабря|дек ;
січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня ;
"""


def month_number(name: str) -> int | None:
    """1..12 for a month's name or usual abbreviation, with or without its dot; None for anything else.

    A name that means different months in different languages (listopad) is none.

    >>> month_number("Dez."), month_number("AOÛT"), month_number("декабря"), month_number("listopad")
    (12, 8, 12, None)
    """
    return _numbers().get(_folded(name.rstrip(".")))


def _folded(name: str) -> str:
    plain = unicodedata.normalize("NFD", name.casefold())
    return "".join(char for char in plain if not unicodedata.combining(char)).replace("ı", "i")


@cache
def _numbers() -> dict[str, int]:
    found: dict[str, int] = {}
    ambiguous: set[str] = set()
    for language in _MONTHS.split(";"):
        for number, names in enumerate(language.split(), 1):
            for name in map(_folded, names.split("|")):
                if found.setdefault(name, number) != number:
                    ambiguous.add(name)
    return {name: number for name, number in found.items() if name not in ambiguous}
