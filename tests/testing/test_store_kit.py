"""The kit catches a store that lies: each planted fault fails a test that names it, and an honest store none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from leadflow.testing import StoreConformance

PLANTED = {
    "SaysCommittedAndIsNot": "test_what_is_committed_is_there",
    "DropsOneUpdateOfABatch": "test_every_row_of_a_batch_is_written",
    "IgnoresWhatIsExpected": "test_a_change_planned_on_old_rows_is_refused",
    "IgnoresColumns": "test_rows_under_a_column_are_expected_too",
    "TakesAbsenceForAnything": "test_absence_is_a_version",
    "LosesTheOrderOfInputs": "test_inputs_and_decisions_keep_their_order",
    "SkipsEqualValues": "test_pages_neither_skip_nor_repeat",
    "RepeatsTheLastRow": "test_pages_neither_skip_nor_repeat",
    "WritesHalfOnFailure": "test_an_input_is_kept_once",
    "ReturnsStaleRows": "test_what_is_read_after_a_write_is_not_stale",
    "LetsAnInputInTwice": "test_an_input_is_kept_once",
    "LoadsAtTwoMoments": "test_a_load_sees_one_moment",
    "LeavesNoneOut": "test_what_is_not_there_is_none_or_empty",
    "TakesEmptyForNone": "test_texts_are_kept_as_they_are",
    "KeepsMoneyAsFloat": "test_decimals_keep_their_digits",
    "CutsTexts": "test_texts_are_kept_as_they_are",
    "FindsMovedRowsWhereTheyWere": "test_a_row_that_moved_is_found_where_it_is_now",
    "IgnoresCase": "test_texts_are_keys_as_they_are",
    "OrdersByLanguage": "test_texts_are_ordered_by_their_characters",
    "TellsAddresses": "test_conflicts_carry_no_personal_data",
    "ClosesOnce": "test_closing_twice_is_harmless",
    "LetsThreadsRace": "test_threads_lose_nothing",
    "SwallowsFaults": "test_a_fault_is_told",
    "StopsHalfWay": "test_a_fault_at_any_write_leaves_all_or_nothing",
    "HoldsNothing": "test_nobody_claims_what_another_holds",
    "LetsClaimersRace": "test_work_is_shared_and_each_row_done_once",
    "KeepsLeasesForEver": "test_a_lease_that_ran_out_can_be_claimed_again",
    "KeepsLeasesForAMoment": "test_a_lease_that_ran_out_can_be_claimed_again",
    "GivesNothingBack": "test_what_is_given_back_can_be_claimed_again",
    "GivesBackForOthers": "test_nobody_gives_back_what_another_holds",
    "TakesLateWork": "test_who_held_a_row_before_is_refused",
    "NeverLooksAtClaims": "test_what_was_given_back_is_not_finished",
    "KeepsWhatIsDone": "test_a_claim_ends_with_its_change",
    "ClaimsOfOneTableOnly": "test_claims_go_over_several_tables_in_one_order",
    "ClaimsWhatDoesNotFit": "test_what_is_claimed_is_what_is_listed",
    "LocksWhatIsClaimed": "test_a_claim_is_no_lock",
    "ClaimsForgottenOnConflict": "test_a_claim_is_no_lock",
    "IgnoresClaims": "test_claims_that_are_not_claimed_are_refused",
    "ClaimsAndHasNone": "test_what_is_claimed_is_what_is_listed",
    "ForgetsOnClose": "test_what_was_committed_outlives_its_handle",
    "IgnoresAFaultItDoesNotKnow": "test_what_is_not_claimed_is_refused",
    "ClaimsWithoutAMethod": "test_what_is_not_claimed_is_refused",
    "ClaimsWhatNobodyKnows": "test_what_is_not_claimed_is_refused",
}
"""The fault, and the test that is there to find it."""

HONEST = ("Honest", "Sharing", "WritesDownWhatItLacks")


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The tests that failed, by class: planted stores run the test that is there for them, honest ones the whole kit."""
    told = tmp_path_factory.mktemp("kit") / "told.xml"
    options = ["-q", "-n0", "-p", "no:cacheprovider", "--no-header", "--tb=no", f"--junitxml={told}"]
    path = Path(__file__).with_name("planted_stores.py")
    tests = [f"{path}::Test{name}" for name in HONEST] + [
        f"{path}::Test{name}::{test}" for name, test in PLANTED.items()
    ]
    run = [sys.executable, "-m", "pytest", *options, *tests]
    done = subprocess.run(run, capture_output=True, text=True, timeout=540, check=False)
    assert done.returncode == 1, done.stdout[-2000:] + done.stderr[-2000:]
    found: dict[str, set[str]] = {}
    for case in ElementTree.parse(told).iter("testcase"):  # noqa: S314 - written by our own child
        name = case.attrib["classname"].rpartition(".Test")[2]
        found.setdefault(name, set())
        if case.find("failure") is not None or case.find("error") is not None:
            found[name].add(case.attrib["name"].partition("[")[0])
    return found


@pytest.mark.parametrize("fault", sorted(PLANTED))
def test_a_planted_fault_is_caught_by_the_test_for_it(failed: dict[str, set[str]], fault: str) -> None:
    assert PLANTED[fault] in failed[fault]


@pytest.mark.parametrize("store", HONEST)
def test_an_honest_store_fails_nothing(failed: dict[str, set[str]], store: str) -> None:
    assert failed[store] == set()


def test_make_says_what_is_missing() -> None:
    with pytest.raises(NotImplementedError, match="write make"):
        StoreConformance().make(())
