"""The playbook: all rules together as one value."""

from leadflow.playbook.playbook import Attribute, Playbook

__all__ = ["Attribute", "Playbook"]
