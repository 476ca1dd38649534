"""Made-up people and companies. Every domain ends in .example, so that no mail can ever reach anybody."""

from __future__ import annotations

import unicodedata
from random import Random
from typing import Final

from attrs import frozen

_FIRST: Final = {
    "SI": (
        "Ana", "Luka", "Maja", "Žiga", "Nina", "Matej", "Katja", "Rok", "Špela", "Jan", "Barbara", "Gregor",
        "Tjaša", "Blaž", "Urška", "Anže", "Mojca", "Tadej",
    ),
    "PL": (
        "Zofia", "Jakub", "Agnieszka", "Paweł", "Hanna", "Michał", "Łucja", "Kamil", "Ewa", "Tomasz", "Joanna",
        "Piotr", "Kinga", "Szymon", "Iga", "Bartosz", "Danuta", "Rafał",
    ),
    "DE": (
        "Jürgen", "Lena", "Björn", "Sophie", "Max", "Greta", "Felix", "Käthe", "Jonas", "Mia", "Anke", "Uwe",
        "Heike", "Sönke", "Jutta", "Ralf", "Bärbel", "Lars",
    ),
    "TR": (
        "Ayşe", "Mehmet", "Elif", "Çağrı", "Zeynep", "Emre", "İpek", "Can", "Defne", "Kerem", "Gülay", "Burak",
        "Selin", "Ozan", "Nazlı", "Tolga", "Sevgi", "Umut",
    ),
    "EE": (
        "Kadri", "Märt", "Liis", "Rasmus", "Triin", "Jüri", "Piret", "Tanel", "Õnne", "Siim", "Helve", "Urmas",
        "Külli", "Priit", "Maarika", "Indrek", "Aino", "Veiko",
    ),
    "IT": (
        "Giulia", "Marco", "Chiara", "Luca", "Sara", "Nicolò", "Elena", "Paolo", "Marta", "Davide", "Ilaria",
        "Enrico", "Noemi", "Fabio", "Lucia", "Stefano", "Irene", "Ugo",
    ),
}  # fmt: skip
_LAST: Final = {
    "SI": (
        "Kos", "Novak", "Zupan", "Žagar", "Kralj", "Bizjak", "Oblak", "Pirc", "Šuštar", "Vidmar", "Golob",
        "Hribar", "Jereb", "Rupnik", "Turk", "Zajc", "Cerar", "Mlakar",
    ),
    "PL": (
        "Nowak", "Wójcik", "Kowalczyk", "Zieliński", "Lis", "Mazur", "Sikora", "Dąbrowska", "Bąk", "Król", "Wrona",
        "Gajda", "Pietrzak", "Urban", "Czerwińska", "Zając", "Kot", "Sowa",
    ),
    "DE": (
        "Müller", "Schmidt", "Weiß", "Fischer", "Wagner", "Becker", "Köhler", "Braun", "Jäger", "Vogel",
        "Hoffmann", "Lindner", "Pohl", "Seidel", "Kühn", "Ebert", "Roth", "Wirth",
    ),
    "TR": (
        "Yılmaz", "Kaya", "Demir", "Şahin", "Çelik", "Aydın", "Öztürk", "Arslan", "Doğan", "Koç", "Polat", "Erdem",
        "Güneş", "Taş", "Bulut", "Ünal", "Acar", "Sezer",
    ),
    "EE": (
        "Tamm", "Saar", "Sepp", "Mägi", "Kask", "Kukk", "Rebane", "Ilves", "Pärn", "Põder", "Luik", "Oja", "Kuusk",
        "Lepik", "Vaher", "Toom", "Raud", "Soosaar",
    ),
    "IT": (
        "Rossi", "Bianchi", "Ferrari", "Greco", "Conti", "Costa", "Marino", "Riva", "Fontana", "Longo", "Moretti",
        "Barbieri", "Sala", "Villa", "Neri", "Testa", "Grasso", "Piras",
    ),
}  # fmt: skip
_LEGAL: Final = {"SI": "d.o.o.", "PL": "sp. z o.o.", "DE": "GmbH", "TR": "A.Ş.", "EE": "OÜ", "IT": "S.r.l."}
_BEGIN: Final = (
    "Alpine", "Amber", "Baltic", "Blue", "Cedar", "Copper", "Delta", "Ever", "Green", "Harbour", "Iron", "Lumen",
    "Meridian", "Nord", "Oak", "Polar", "River", "Silver", "Terra", "Vista",
)  # fmt: skip
_END: Final = ("Logistics", "Foods", "Robotics", "Textile", "Energy", "Labs", "Optics", "Paper", "Tools", "Travel")
_PLAIN: Final = str.maketrans({"ı": "i", "ł": "l", "Ł": "l", "ß": "ss", "İ": "i"})
_JOBS: Final[dict[str | None, int]] = {"c-level": 9, "manager": 30, "specialist": 46, "student": 5, None: 10}


@frozen
class Company:
    """A made-up company."""

    name: str
    domain: str
    country: str
    employees: int


@frozen
class Person:
    """A made-up person."""

    first_name: str
    last_name: str
    email: str
    phone: str
    country: str
    job: str | None
    company: Company


def companies(random: Random, count: int) -> list[Company]:
    """So many companies, each with a name of its own."""
    names = random.sample([(begin, end) for begin in _BEGIN for end in _END], count)
    made = []
    for begin, end in names:
        country = random.choice(list(_LEGAL))
        size = round(8 * 10 ** random.uniform(0, 2.6))
        made.append(Company(f"{begin} {end} {_LEGAL[country]}", f"{begin}-{end}.example".lower(), country, size))
    return made


def people(random: Random, count: int, where: list[Company]) -> list[Person]:
    """So many people, each with a name of their own, at one of these companies."""
    made: dict[tuple[str, str], Person] = {}
    while len(made) < count:
        company = random.choice(where)
        country = company.country
        first, last = random.choice(_FIRST[country]), random.choice(_LAST[country])
        email = f"{ascii_of(first)}.{ascii_of(last)}@{company.domain}"
        phone = f"+386 1 555 {random.randrange(10_000):04d}"
        job = random.choices(list(_JOBS), list(_JOBS.values()))[0]
        made.setdefault((first, last), Person(first, last, email, phone, country, job, company))
    return list(made.values())


def ascii_of(name: str) -> str:
    """A name as it stands in an address.

    >>> ascii_of("Żółć"), ascii_of("Yılmaz")
    ('zolc', 'yilmaz')
    """
    plain = name.translate(_PLAIN)
    return unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode().lower()
