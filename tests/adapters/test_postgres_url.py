"""What a URL says, and what an error says of it: never a password. No server is needed."""

from __future__ import annotations

import pytest

from leadflow.errors import InvalidInputError, StoreError
from leadflow_adapters.postgres.address import read_address
from leadflow_adapters.postgres.plugin import opened

pytestmark = pytest.mark.extra
CANARY = "s3cret-canary"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://h/db?schema=Acme",
        "postgresql://h/db?schema=a%22b",
        "postgresql://h/db?schema=",
        "postgresql://h/db?schema=a&schema=b",
        "postgresql://h/db?schema=pg_catalog",
        f"postgresql://h/db?schema={'x' * 64}",
        f"postgresql://ana:{CANARY}@[h/db",
        f"mysql://ana:{CANARY}@h/db",
        f"postgresql:ana:{CANARY}@h/db",
        f"postgresql://ana:{CANARY}/x@h/db",
        f"postgresql://ana:{CANARY}?x@h/db",
        f"postgresql://ana:{CANARY}#x@h/db",
    ],
)
def test_a_url_that_names_no_store_is_refused(url: str) -> None:
    """The schema's name is written into SQL, so it is a plain name or nothing."""
    with pytest.raises(InvalidInputError) as caught:
        read_address(url)
    assert CANARY not in f"{caught.value} {caught.value.__cause__!r}"
    assert caught.value.hint


@pytest.mark.parametrize(
    ("url", "kind", "code"),
    [
        (f"postgresql://ana:{CANARY}@127.0.0.1:1/db", StoreError, "store_unreachable"),
        (f"postgresql://ana@127.0.0.1:1/db?password={CANARY}", StoreError, "store_unreachable"),
        (f"postgresql://ana:{CANARY}@127.0.0.1:port/db", StoreError, "store_unreachable"),
        (f"postgresql://ana:{CANARY}@127.0.0.1:1/db?no_such_setting=1", InvalidInputError, "unknown_store"),
        (f"postgresql:///db?host=/no/such/folder&password={CANARY}", StoreError, "store_unreachable"),
    ],
)
def test_a_server_that_cannot_be_reached_is_told_without_the_password(url: str, kind: type, code: str) -> None:
    """The place, the reason and the way out; no password, and no error of the driver's."""
    with pytest.raises(kind) as caught:
        opened(url, ())
    error = caught.value
    assert error.code == code
    assert error.hint
    assert CANARY not in f"{error} {error.details} {error.__cause__!r}"
    assert error.__suppress_context__
