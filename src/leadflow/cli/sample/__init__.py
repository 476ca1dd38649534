"""The sample that ships with leadflow: ninety days of a made-up company's leads, the same on every machine.

>>> from leadflow.cli.sample import records
>>> everything = list(records())
>>> len(everything), everything[0]["type"]
(3142, 'user')
"""

from leadflow.cli.sample.story import END_US, records

__all__ = ["END_US", "records"]
