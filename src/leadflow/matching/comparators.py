"""How alike two cleaned texts are: named, versioned, pure functions `(a, b) -> 0..1`.

Each is symmetric and 1 for equal texts. A comparator that can tell cheaply that two texts are too different carries a
`Prefilter`; one that is not in the base (rapidfuzz, a phonetic library) is passed in by the caller as a `Comparator`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from attrs import frozen

from leadflow.errors import PluginConflictError
from leadflow.matching.linkage import profiles
from leadflow.matching.linkage.nicknames import name_families

Similarity = Callable[[str, str], float]


@frozen
class Prefilter:
    """A cheap proof that two texts cannot be alike.

    `profile(text)` is (a set of marks as bits, a size of at least 1). Where the number of marks that two texts share,
    times the sum of 1 / size of both, is below `least(threshold)`, their similarity is below the threshold.
    """

    profile: Callable[[str], tuple[int, int]]
    least: Callable[[float], float]


@frozen
class Comparator:
    """A named and versioned similarity of two non-empty cleaned texts.

    >>> comparators = default_comparators()
    >>> round(comparators["jaro_winkler"].function("martha", "marhta"), 3)
    0.961
    """

    name: str
    version: str
    function: Similarity
    prefilter: Prefilter | None = None


def exact(a: str, b: str) -> float:
    """1 when equal, else 0."""
    return 1.0 if a == b else 0.0


def jaro_winkler(a: str, b: str) -> float:
    """Jaro-Winkler: common characters near the same place, with a bonus for a common start of up to four.

    >>> jaro_winkler("dwayne", "duane") == jaro_winkler("duane", "dwayne"), round(jaro_winkler("dwayne", "duane"), 2)
    (True, 0.84)
    """
    if a == b:
        return 1.0
    size, other = len(a), len(b)
    if size > other or (size == other and a > b):  # Jaro's greedy pairing depends on the side it starts from
        a, b, size, other = b, a, other, size
    if not size:
        return 0.0
    end = max((other >> 1) - 1, 0)
    start = -end
    rest, pairs = b, []
    for ch in a:
        end += 1
        at = rest.find(ch, start if start > 0 else 0, end)
        start += 1
        if at >= 0:
            rest = f"{rest[:at]}\0{rest[at + 1 :]}"
            pairs.append((at, ch))
    common = len(pairs)
    if not common:
        return 0.0
    moved = sum(x[1] != y[1] for x, y in zip(pairs, sorted(pairs), strict=True))
    alike = (common / size + common / other + (common - moved / 2) / common) / 3
    if alike > 0.7:
        alike += 0.1 * _common_start(a, b) * (1 - alike)
    return alike


def _common_start(a: str, b: str) -> int:
    count = 0
    for x, y in zip(a[:4], b[:4], strict=False):
        if x != y:
            break
        count += 1
    return count


def edit_distance(a: str, b: str) -> int:
    """Insertions, deletions, replacements and swaps of neighbours that turn one text into the other.

    No character is edited twice (optimal string alignment), counted for all rows of the table at once in the bits
    of one integer.

    >>> edit_distance("smith", "simth"), edit_distance("", "abc"), edit_distance("kitten", "sitting")
    (1, 3, 3)
    """
    if a == b:
        return 0
    if not a or not b:
        return len(a) or len(b)
    if a[0] == b[0] or a[-1] == b[-1]:
        a, b = _differing(a, b)
        if not a or not b:
            return len(a) or len(b)
    places: dict[str, int] = {}
    bit = 1
    for ch in a:
        places[ch] = places.get(ch, 0) | bit
        bit += bit
    full, last = bit - 1, bit >> 1
    up, down, diagonal, before, distance = full, 0, 0, 0, len(a)
    for ch in b:
        here = places.get(ch, 0)
        swapped = ((~diagonal & here) << 1) & before
        diagonal = (((here & up) + up) ^ up) | here | down | swapped
        right, left = down | ~(diagonal | up), diagonal & up
        if right & last:
            distance += 1
        elif left & last:
            distance -= 1
        right = right << 1 | 1
        up = ((left << 1) | ~(diagonal | right)) & full
        down = right & diagonal & full
        before = here
    return distance


def _differing(a: str, b: str) -> tuple[str, str]:
    """Both texts without their common start and end, which no edit touches."""
    start, most = 0, min(len(a), len(b))
    while start < most and a[start] == b[start]:
        start += 1
    end = 0
    while end < most - start and a[-1 - end] == b[-1 - end]:
        end += 1
    return a[start : len(a) - end], b[start : len(b) - end]


def damerau_levenshtein(a: str, b: str) -> float:
    """1 - edits / length of the longer text.

    >>> damerau_levenshtein("1234", "1243"), damerau_levenshtein("", "")
    (0.75, 1.0)
    """
    return 1.0 - edit_distance(a, b) / max(len(a), len(b)) if a != b else 1.0


def token_overlap(a: str, b: str) -> float:
    """Words in common: twice their number over the number of words (Dice).

    >>> token_overlap("acme trading", "trading acme group")
    0.8
    """
    if a == b:
        return 1.0
    left, right = frozenset(a.split()), frozenset(b.split())
    return 2 * len(left & right) / (len(left) + len(right)) if left and right else 0.0


def free_text(a: str, b: str) -> float:
    """1 - edits / length of what was written, blind to spaces and, where both share a word, to the order.

    >>> free_text("ains lie avenue", "ainslie avenue"), free_text("street 12", "12 street")
    (1.0, 1.0)
    """
    if a == b:
        return 1.0
    direct = damerau_levenshtein(a.replace(" ", ""), b.replace(" ", ""))
    if direct == 1.0 or " " not in a or " " not in b:
        return direct
    left, right = a.split(), b.split()
    if not any(word in right and left.index(word) != right.index(word) for word in left):
        return direct  # no word of both stands elsewhere
    return max(direct, damerau_levenshtein("".join(sorted(left)), "".join(sorted(right))))


def company_name(a: str, b: str) -> float:
    """Free text; a name whose words all stand in the other's counts at least 0.9.

    >>> company_name("acme", "acme trading"), round(company_name("acme tradng", "acme trading"), 2)
    (0.9, 0.91)
    """
    if a == b:
        return 1.0
    alike = free_text(a, b)
    if alike < 0.9:
        left, right = frozenset(a.split()), frozenset(b.split())
        if left and right and (left <= right or right <= left):
            return 0.9
    return alike


def calendar_date(a: str, b: str) -> float:
    """Two dates of eight digits: one wrong digit 0.9, day and month exchanged 0.88, two neighbours exchanged 0.87,
    two wrong digits 0.75, two of the three parts equal 0.6, the year alone 0.3. Other texts by edits, at most 0.9.

    >>> calendar_date("19800203", "19800302"), calendar_date("19800203", "19800213"), calendar_date("19800203", "19800219")
    (0.88, 0.9, 0.75)
    """
    if a == b:
        return 1.0
    if len(a) != 8 or len(b) != 8:
        return min(damerau_levenshtein(a, b), 0.9)
    wrong = [at for at in range(8) if a[at] != b[at]]
    if len(wrong) == 1:
        return 0.9
    year, month, day = a[:4] == b[:4], a[4:6] == b[4:6], a[6:] == b[6:]
    if year and a[4:6] == b[6:] and a[6:] == b[4:6]:
        return 0.88
    if len(wrong) == 2:
        x, y = wrong
        return 0.87 if y == x + 1 and a[x] == b[y] and a[y] == b[x] else 0.75
    if year + month + day == 2:
        return 0.6
    return 0.3 if year else 0.0


def numeric(a: str, b: str) -> float:
    """How near two numbers are: 1 - difference / the larger size; texts that are no numbers by equality.

    >>> numeric("100", "90"), numeric("7.0", "7"), numeric("-1", "1")
    (0.9, 1.0, 0.0)
    """
    if a == b:
        return 1.0
    try:
        x, y = float(a), float(b)
    except ValueError:
        return 0.0
    if x == y:
        return 1.0
    return max(0.0, 1.0 - abs(x - y) / max(abs(x), abs(y))) if x - x == 0.0 == y - y else 0.0


def email_address(a: str, b: str) -> float:
    """1 - edits / length of what stands before the @; where the domains differ, nine tenths of it.

    >>> email_address("ana@a.si", "ana@b.si"), round(email_address("ana.kos@a.si", "ana.ks@a.si"), 2)
    (0.9, 0.86)
    """
    if a == b:
        return 1.0
    left, _, left_domain = a.rpartition("@")
    right, _, right_domain = b.rpartition("@")
    alike = damerau_levenshtein(left or left_domain, right or right_domain)
    return alike if left_domain == right_domain else 0.9 * alike


def given_name(a: str, b: str, families: Mapping[str, int]) -> float:
    """Jaro-Winkler; two names of one family (Bob and Robert) count at least 0.93.

    >>> given_name("bob", "robert", {"bob": 1, "robert": 1})
    0.93
    """
    alike = jaro_winkler(a, b)
    if alike < 0.93:
        family = families.get(a)
        if family is not None and family == families.get(b):
            return 0.93
    return alike


def default_comparators() -> Mapping[str, Comparator]:
    """The comparators of the base, by name; `with_comparators` adds the caller's own."""
    families = name_families()
    found = (
        Comparator("exact", "1", exact, Prefilter(profiles.profile_text, lambda threshold: 2.0)),
        Comparator(
            "jaro_winkler", "1", jaro_winkler, Prefilter(profiles.profile_text, profiles.least_for_jaro_winkler)
        ),
        Comparator(
            "damerau_levenshtein", "1", damerau_levenshtein, Prefilter(profiles.profile_text, profiles.least_for_edits)
        ),
        Comparator("token_overlap", "1", token_overlap, Prefilter(profiles.profile_tokens, profiles.least_for_edits)),
        Comparator("free_text", "1", free_text, Prefilter(profiles.profile_free_text, profiles.least_for_edits)),
        Comparator("company_name", "1", company_name, Prefilter(profiles.profile_company, profiles.least_for_edits)),
        Comparator("calendar_date", "1", calendar_date, Prefilter(profiles.profile_date, profiles.least_for_dates)),
        Comparator("numeric", "1", numeric),
        Comparator("email_address", "1", email_address, Prefilter(profiles.profile_email, profiles.least_for_edits)),
        Comparator(
            "given_name",
            "1",
            lambda a, b: given_name(a, b, families),
            Prefilter(lambda text: profiles.profile_name(text, families), profiles.least_for_jaro_winkler),
        ),
    )
    return MappingProxyType({each.name: each for each in found})


def with_comparators(known: Mapping[str, Comparator], added: Iterable[Comparator]) -> Mapping[str, Comparator]:
    """A new registry with more comparators.

    Errors: PluginConflictError for a name that is taken.
    """
    merged = dict(known)
    for each in added:
        if each.name in merged:
            raise PluginConflictError(
                f"comparator '{each.name}' is registered twice", code="comparator_exists", hint="choose another name"
            )
        merged[each.name] = each
    return MappingProxyType(merged)
