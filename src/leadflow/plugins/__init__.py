"""Plugins: loaded explicitly, in a fixed order, each for itself; what they give is checked at the border."""

from leadflow.plugins.border import SLOW_S, policies_of, sources_of
from leadflow.plugins.loading import (
    CONTRACTS,
    HOOKS,
    KINDS,
    LIMIT_S,
    POLICIES,
    Plugin,
    Plugins,
    Registration,
    load,
)

__all__ = [
    "CONTRACTS",
    "HOOKS",
    "KINDS",
    "LIMIT_S",
    "POLICIES",
    "SLOW_S",
    "Plugin",
    "Plugins",
    "Registration",
    "load",
    "policies_of",
    "sources_of",
]
