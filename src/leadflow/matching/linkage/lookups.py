"""Which keys to look rows up by, so that true pairs meet and few others do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, product

from attrs import frozen

from leadflow.matching.linkage.cleaning import Memo
from leadflow.matching.linkage.kinds import Kind, manners, part
from leadflow.matching.linkage.spec import BlockingKey, Row, SwapComparison

_MOST_KEYS = 20
_MOST_ALONE = 4.0
"""Candidates per row that one field alone may bring."""
_MOST_TOGETHER = 2.0
"""Candidates per row that two fields together may bring."""
_MOST_IN_ALL = 30.0


@frozen(kw_only=True)
class _View:
    """A view of a column, what it sees in each row, and how many other rows a row meets by it."""

    field: str
    kind: Kind
    general: int
    group: str
    seen: Sequence[str]
    meets: float


def keys_for(
    rows: Sequence[Row], kinds: Mapping[str, Kind], swaps: Iterable[SwapComparison], total: int
) -> tuple[BlockingKey, ...]:
    """Keys for `total` rows of which `rows` are a sample: each field alone by the most general view that is selective
    enough, then pairs of fields.
    """
    groups = {name: f"{swap.first}|{swap.second}" for swap in swaps for name in (swap.first, swap.second)}
    views = {name: _views(rows, name, kind, groups.get(name, name), total) for name, kind in kinds.items()}
    keys: dict[tuple[str, str], BlockingKey] = {}
    alone: dict[str, int] = {}
    spent = 0.0
    for each in _alone(views):
        if len(keys) < _MOST_KEYS // 2 and spent + each.meets <= _MOST_IN_ALL:
            spent += each.meets
            alone[each.field] = each.general
            keys[each.field, ""] = BlockingKey(each.group, (part(each.field, each.kind, each.general),))
    coarser = {  # a view alone already finds all that a finer one finds together with another field
        name: [view for view in each if view.general < alone.get(name, len(each))] for name, each in views.items()
    }
    used: Counter[str] = Counter()
    for cost, first, second in _together(coarser, len(rows), total):
        if len(keys) >= _MOST_KEYS or spent + cost > _MOST_IN_ALL:
            break
        if used[first.field] < 3 and used[second.field] < 3:
            used.update((first.field, second.field))
            spent += cost
            keys[first.field, second.field] = _key(first, second)
    return tuple(keys.values())


def _views(rows: Sequence[Row], name: str, kind: Kind, group: str, total: int) -> list[_View]:
    views = []
    for general in range(len(manners()[kind].views)):
        memo = Memo(part(name, kind, general).of)
        seen = [memo[row.get(name)] for row in rows]
        meets = _meets(Counter(seen), total)
        views.append(_View(field=name, kind=kind, general=general, group=group, seen=seen, meets=meets))
    return views


def _meets(seen: Counter[str], total: int) -> float:
    """Pairs per row that share a value, scaled from the sample to all rows."""
    rows = seen.total()
    pairs = sum(count * (count - 1) / 2 for value, count in seen.items() if value)
    return pairs / rows * (total / rows) if rows else 0.0


def _alone(views: Mapping[str, Sequence[_View]]) -> list[_View]:
    chosen = [next((view for view in each if view.meets <= _MOST_ALONE), None) for each in views.values()]
    return sorted((view for view in chosen if view is not None), key=lambda view: (view.meets, view.field))


def _together(views: Mapping[str, Sequence[_View]], sample: int, total: int) -> list[tuple[float, _View, _View]]:
    """For each two fields the most general views that are selective together, the best filled first."""
    found = []
    for first, second in combinations([name for name, each in views.items() if each], 2):
        options = sorted(product(views[first], views[second]), key=lambda pair: pair[0].general + pair[1].general)
        for a, b in options:
            if 2 * a.meets * b.meets / max(total, 1) > _MOST_TOGETHER:
                continue
            both = Counter(x and y and f"{x}\0{y}" for x, y in zip(a.seen, b.seen, strict=True))
            cost = _meets(both, total)
            if cost <= _MOST_TOGETHER:
                filled = 1 - both[""] / max(sample, 1)
                trust = filled * manners()[a.kind].usual * manners()[b.kind].usual
                found.append((trust, cost, a, b))
                break
    found.sort(key=lambda each: (-each[0], each[2].field, each[3].field))
    return [(cost, a, b) for _, cost, a, b in found]


def _key(first: _View, second: _View) -> BlockingKey:
    parts = tuple(part(each.field, each.kind, each.general) for each in (first, second))
    if first.group == second.group:
        return BlockingKey(first.group, parts, unordered=True)
    return BlockingKey(f"{first.group} {first.general}, {second.group} {second.general}", parts)
