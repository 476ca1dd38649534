"""Generated people and companies with known doubles: typing errors, exchanged fields, nicknames, moved houses, gaps.

Everything follows from the seed. Names are built from syllables, common ones far more often than rare ones; some
different people live in one household or work in one company, so that shared values alone prove nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable

Record = dict[str, str | None]
Pairs = set[tuple[int, int]]


def _words(text: str) -> list[str]:
    return text.split()


_STARTS = _words("b br c ch d dr f fr g gr h j k kl l m n p pr r s st t tr v w z")
_VOWELS = _words("a e i o u ai ea oo")
_ENDS = _words("n l r s t m ck nd rt ll ng ns")
_GIVEN = [
    "robert",
    "william",
    "james",
    "john",
    "david",
    "michael",
    "thomas",
    "charles",
    "joseph",
    "daniel",
    "matthew",
    "anthony",
    "steven",
    "andrew",
    "kenneth",
    "edward",
    "ronald",
    "timothy",
    "jeffrey",
    "jacob",
    "nicholas",
    "jonathan",
    "stephen",
    "benjamin",
    "samuel",
    "gregory",
    "patrick",
    "alexander",
    "raymond",
    "dennis",
    "mary",
    "patricia",
    "jennifer",
    "elizabeth",
    "barbara",
    "susan",
    "jessica",
    "sarah",
    "margaret",
    "deborah",
    "rebecca",
    "cynthia",
    "kathleen",
    "pamela",
    "christine",
    "rachel",
    "catherine",
    "samantha",
    "victoria",
    "abigail",
    "judith",
    "olivia",
    "megan",
    "hannah",
    "nora",
    "irena",
    "maja",
    "petra",
    "urska",
    "zala",
]
_NICKNAMES = {
    "robert": "bob", "william": "bill", "james": "jim", "john": "jack", "david": "dave", "michael": "mike",
    "thomas": "tom", "charles": "chuck", "joseph": "joe", "daniel": "dan", "anthony": "tony", "andrew": "drew",
    "elizabeth": "liz", "margaret": "peggy", "deborah": "deb", "rebecca": "becky", "catherine": "kate",
    "susan": "sue", "patricia": "trish", "jennifer": "jen",
}  # fmt: skip
_WORDS = _words("street road avenue lane court drive place close")
_TRADES = _words("trading systems logistics foods energy media partners consulting design works labs textiles")
_FORMS = _words("ltd inc llc gmbh d.o.o. s.a. oy ag")
_STATES = _words("north south east west central coast highland")
_KEYS = "qwertyuiop asdfghjkl zxcvbnm"


class Maker:
    """Draws values for records from one seed."""

    def __init__(self, seed: int, vocabulary: int = 3000) -> None:
        self.chance = random.Random(seed)
        self.words = [self._word() for _ in range(vocabulary)]

    def _word(self) -> str:
        draw = self.chance.choice
        return "".join(draw(_STARTS) + draw(_VOWELS) for _ in range(self.chance.choice((1, 2, 2, 3)))) + draw(_ENDS)

    def common(self, words: list[str]) -> str:
        """One of the words, the first ones far more often."""
        return words[int(len(words) * self.chance.random() ** 2.5)]

    def digits(self, count: int) -> str:
        return "".join(self.chance.choice("0123456789") for _ in range(count))

    def date(self) -> str:
        draw = self.chance.randint
        return f"{draw(1930, 2005)}-{draw(1, 12):02}-{draw(1, 28):02}"

    def typo(self, text: str) -> str:
        """One slip: a letter or digit replaced, left out, doubled or exchanged with its neighbour, or a stray space."""
        if not text:
            return text
        at, kind = self.chance.randrange(len(text)), self.chance.random()
        if kind < 0.3:
            return text[:at] + self._neighbour(text[at]) + text[at + 1 :]
        if kind < 0.5 and len(text) > 2:
            return text[:at] + text[at + 1 :]
        if kind < 0.7:
            return text[:at] + self._neighbour(text[at]) + text[at:]
        if kind < 0.9 and at + 1 < len(text):
            return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        return text if text.isdigit() else f"{text[:at]} {text[at:]}"

    def _neighbour(self, letter: str) -> str:
        if letter.isdigit():
            return self.chance.choice("0123456789")
        row = next((row for row in _KEYS.split() if letter.lower() in row), "etaoin")
        return self.chance.choice(row)


def people(count: int, seed: int, *, doubles: float = 0.5, most: int = 3, slips: int = 4) -> tuple[list[Record], Pairs]:
    """Persons with postal addresses: `count` persons, about `doubles` extra records per person, up to `most` of one.

    Returns the shuffled records and the true pairs of their places.
    """
    maker = Maker(seed)
    towns = [
        (maker.common(maker.words) + maker.chance.choice(("ton", "ville", "burg")), maker.digits(4)) for _ in range(400)
    ]
    base: list[Record] = []
    while len(base) < count:
        town, postcode = towns[int(len(towns) * maker.chance.random() ** 1.5)]
        home: Record = {
            "surname": maker.common(maker.words),
            "street_number": str(int(120 * maker.chance.random() ** 2) + 1),
            "address_1": f"{maker.common(maker.words)} {maker.chance.choice(_WORDS)}",
            "address_2": maker.common(maker.words) if maker.chance.random() < 0.6 else None,
            "suburb": town,
            "postcode": postcode,
            "state": maker.common(_STATES),
        }
        for _ in range(maker.chance.choice((1, 1, 1, 1, 2, 3))):
            person = {"given_name": maker.common(_GIVEN), **home, "date_of_birth": maker.date().replace("-", "")}
            base.append({**person, "soc_sec_id": maker.digits(7)})
    return _with_doubles(maker, base[:count], doubles, most, lambda row: _worsen_person(maker, row, slips))


def contacts(count: int, seed: int, *, doubles: float = 0.3, most: int = 3) -> tuple[list[Record], Pairs]:
    """Business contacts: several people per company, some fields often empty."""
    maker = Maker(seed)
    base: list[Record] = []
    while len(base) < count:
        company = f"{maker.common(maker.words)} {maker.chance.choice(_TRADES)}"
        domain, city = company.replace(" ", "") + ".com", maker.common(maker.words[:600]) + "ville"
        office, postcode = f"0{maker.digits(8)}", maker.digits(4)
        for _ in range(maker.chance.choice((1, 1, 2, 3, 6))):
            first, last = maker.common(_GIVEN), maker.common(maker.words)
            base.append(
                {
                    "first_name": first.title(),
                    "last_name": last.title(),
                    "email": f"{first}.{last}@{domain}" if maker.chance.random() < 0.8 else None,
                    "phone": office if maker.chance.random() < 0.3 else f"0{maker.digits(8)}",
                    "company": f"{company.title()} {maker.common(_FORMS)}",
                    "city": city.title(),
                    "postcode": postcode if maker.chance.random() < 0.8 else None,
                    "birth_date": maker.date() if maker.chance.random() < 0.3 else None,
                }
            )
    return _with_doubles(maker, base[:count], doubles, most, lambda row: _worsen_contact(maker, row))


def companies(count: int, seed: int, *, doubles: float = 0.4, most: int = 3) -> tuple[list[Record], Pairs]:
    """Companies, some of one group with like names in other towns."""
    maker = Maker(seed)
    base: list[Record] = []
    taken: set[str] = set()
    while len(base) < count:
        name = f"{maker.common(maker.words)} {maker.chance.choice(_TRADES)}"
        while name in taken:
            name = f"{maker.common(maker.words)} {name}"
        taken.add(name)
        for branch in range(maker.chance.choice((1, 1, 1, 1, 2))):
            town = maker.common(maker.words[:600])
            base.append(
                {
                    "name": f"{name.title()} {town.title() if branch else ''} {maker.common(_FORMS)}".replace(
                        "  ", " "
                    ),
                    "domain": f"{name.replace(' ', '')}{branch or ''}.com" if maker.chance.random() < 0.8 else None,
                    "phone": maker.digits(9) if maker.chance.random() < 0.7 else None,
                    "city": f"{town.title()}ville",
                    "postcode": maker.digits(4),
                    "country": maker.common(["SI", "DE", "AT", "IT", "HR", "FR"]),
                }
            )
    return _with_doubles(maker, base[:count], doubles, most, lambda row: _worsen_company(maker, row))


def _with_doubles(
    maker: Maker, base: list[Record], doubles: float, most: int, worsen: Callable[[Record], Record]
) -> tuple[list[Record], Pairs]:
    owned = [(owner, row) for owner, row in enumerate(base)]
    extra = {}
    while sum(extra.values()) < doubles * len(base):
        owner = maker.chance.randrange(len(base))
        extra[owner] = min(most, extra.get(owner, 0) + maker.chance.randint(1, most))
    owned += [(owner, worsen(dict(base[owner]))) for owner, count in extra.items() for _ in range(count)]
    maker.chance.shuffle(owned)
    places: dict[int, list[int]] = {}
    for place, (owner, _) in enumerate(owned):
        places.setdefault(owner, []).append(place)
    pairs = {(a, b) for same in places.values() for a in same for b in same if a < b}
    return [row for _, row in owned], pairs


def _slip(maker: Maker, row: Record, slips: int) -> None:
    names = list(row)
    for _ in range(maker.chance.randint(1, slips)):
        name = maker.chance.choice(names)
        value = row[name]
        if value:
            row[name] = maker.typo(value) if maker.chance.random() < 0.85 else None


def _worsen_person(maker: Maker, row: Record, slips: int) -> Record:
    kind = maker.chance.random()
    if kind < 0.06:
        row["given_name"], row["surname"] = row["surname"], row["given_name"]
    elif kind < 0.10:
        row["address_1"], row["address_2"] = row["address_2"], row["address_1"]
    elif kind < 0.16:
        row["given_name"] = _NICKNAMES.get(row["given_name"] or "", row["given_name"])
    elif kind < 0.20:  # married
        row["surname"] = maker.common(maker.words)
    elif kind < 0.26:  # moved
        row["street_number"], row["address_2"] = maker.digits(2).lstrip("0") or "1", None
        row["address_1"] = f"{maker.common(maker.words)} {maker.chance.choice(_WORDS)}"
        row["postcode"], row["suburb"] = maker.digits(4), maker.common(maker.words) + "ton"
    _slip(maker, row, slips)
    return row


def _worsen_contact(maker: Maker, row: Record) -> Record:
    kind = maker.chance.random()
    first = (row["first_name"] or "").lower()
    if kind < 0.2:
        row["first_name"] = _NICKNAMES.get(first, first).title()
    elif kind < 0.3:  # changed the job
        row["company"], row["city"], row["postcode"] = f"{maker.common(maker.words)} group", None, None
        row["email"] = f"{first}.{row['last_name']}@gmail.com".lower()
    elif kind < 0.35:
        row["first_name"], row["last_name"] = row["last_name"], row["first_name"]
    elif kind < 0.5 and row["phone"]:
        row["phone"] = f"+386 {row['phone'][1:3]} {row['phone'][3:]}"
    if maker.chance.random() < 0.2:
        row["company"] = (row["company"] or "").rpartition(" ")[0] or row["company"]
    _slip(maker, row, 3)
    return row


def _worsen_company(maker: Maker, row: Record) -> Record:
    kind = maker.chance.random()
    name, _, form = (row["name"] or "").rpartition(" ")
    if kind < 0.3:
        row["name"] = name
    elif kind < 0.5:
        row["name"] = f"{name} {maker.common(_FORMS)}"
    elif kind < 0.6:
        row["name"] = f"{name.upper()}, {form.upper()}"
    elif kind < 0.7 and row["domain"]:
        row["domain"] = f"https://www.{row['domain']}/about"
    if maker.chance.random() < 0.15:
        row["city"], row["postcode"] = maker.common(maker.words).title(), maker.digits(4)
    _slip(maker, row, 2)
    return row
