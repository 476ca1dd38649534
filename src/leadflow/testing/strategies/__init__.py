"""Hypothesis strategies for every value of leadflow: plural nouns whose options fix or narrow any field.

Values are plausible, small and readable, and shrink to small readable examples. What comes in (`submissions`,
`interactions`, `orders`, `deals`, `entries`, `commands`, `histories`) are the dicts that `flow.ingest` and `flow.do` take;
the rest are the values themselves.

Where leadflow is installed, `st.from_type(Contact)` and all its kin work too, whatever has been imported.

>>> from hypothesis import find, strategies as st
>>> lead = find(leads(page=st.just("pricing")), lambda lead: lead.sales_ready)
>>> lead.id, lead.state, lead.page, lead.owner_id
('l_1', 'open', 'pricing', None)
"""

from __future__ import annotations

from leadflow.testing.strategies.basics import (
    AROUND,
    COMPANIES,
    DAMAGED_EMAILS,
    EMAILS,
    KEYS,
    PAGES,
    USERS,
    VISITORS,
    durations,
    instants,
)
from leadflow.testing.strategies.handing import (
    assignment_entries,
    assignment_rules,
    leaves,
    list_views,
    members,
    pools,
    product_lines,
    queues,
    schedules,
    slas,
    territories,
)
from leadflow.testing.strategies.histories import histories
from leadflow.testing.strategies.nouns import (
    accounts,
    amounts,
    contacts,
    leads,
    opportunities,
    products,
    teams,
    users,
)
from leadflow.testing.strategies.playbooks import playbooks
from leadflow.testing.strategies.records import (
    FORMS,
    KINDS,
    commands,
    deals,
    entries,
    interactions,
    orders,
    references,
    submissions,
)
from leadflow.testing.strategies.rules import (
    attributes,
    capture_rules,
    conditions,
    forms,
    matching_rules,
    matching_strategies,
    scoring,
    scoring_models,
    scoring_rules,
)
from leadflow.testing.strategies.ways import actions, process_rules, process_steps, processes, stages

__all__ = [
    "AROUND",
    "COMPANIES",
    "DAMAGED_EMAILS",
    "EMAILS",
    "FORMS",
    "KEYS",
    "KINDS",
    "PAGES",
    "USERS",
    "VISITORS",
    "accounts",
    "actions",
    "amounts",
    "assignment_entries",
    "assignment_rules",
    "attributes",
    "capture_rules",
    "commands",
    "conditions",
    "contacts",
    "deals",
    "durations",
    "entries",
    "forms",
    "histories",
    "instants",
    "interactions",
    "leads",
    "leaves",
    "list_views",
    "matching_rules",
    "matching_strategies",
    "members",
    "opportunities",
    "orders",
    "playbooks",
    "pools",
    "process_rules",
    "process_steps",
    "processes",
    "product_lines",
    "products",
    "queues",
    "references",
    "schedules",
    "scoring",
    "scoring_models",
    "scoring_rules",
    "slas",
    "stages",
    "submissions",
    "teams",
    "territories",
    "users",
]
