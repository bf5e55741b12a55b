"""The sums of the bench: medians, ratios, gates, and telling two clocks apart."""

from random import Random

import pytest

from bench.arithmetic import Spread, Verdict, differ, rank_chance, ratios, spread_of, verdict_of


def test_a_spread_names_the_quarters_of_an_odd_list():
    assert spread_of([5, 1, 3, 2, 4]) == Spread(1, 2, 3, 4, 5)


def test_a_spread_interpolates_between_neighbours():
    assert spread_of([1, 2]) == Spread(1, 1.25, 1.5, 1.75, 2)


def test_a_spread_of_one_value_is_that_value():
    assert spread_of([7.0]) == Spread(7.0, 7.0, 7.0, 7.0, 7.0)


def test_ratios_are_of_the_same_round():
    # The machine was half as fast in the second round, for both.
    assert ratios([80, 40], [100, 50]) == [0.8, 0.8]


def test_rounds_without_a_partner_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        ratios([1, 2], [1])


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (0.80, Verdict.GOAL),
        (0.75, Verdict.GOAL),
        (0.60, Verdict.PASSED),
        (0.55, Verdict.PASSED),
        (0.54, Verdict.MISSED),
    ],
)
def test_a_ratio_is_better_the_higher_it_is(value, verdict):
    assert verdict_of(value, goal=0.75, gate=0.55) is verdict


@pytest.mark.parametrize(
    ("value", "verdict"), [(79, Verdict.GOAL), (80, Verdict.GOAL), (120, Verdict.PASSED), (121, Verdict.MISSED)]
)
def test_a_weight_is_better_the_lower_it_is(value, verdict):
    assert verdict_of(value, goal=80, gate=120, lower_is_better=True) is verdict


def test_a_line_without_a_gate_is_only_reported():
    assert verdict_of(0.01, goal=None, gate=None) is Verdict.REPORTED


def test_ranks_that_chance_explains_and_ranks_that_it_does_not():
    assert rank_chance([1, 2, 3, 4], [1, 2, 3, 4]) == 1.0
    assert rank_chance([5.0] * 30, [5.0] * 30) == 1.0
    assert rank_chance(range(30), range(100, 130)) < 1e-9


def test_the_same_clock_is_not_told_apart():
    drawn = Random(1)
    some, others = ([drawn.gauss(25, 1) for _ in range(200)] for _ in range(2))

    assert not differ(some, others)


def test_a_tenth_more_work_is_told_apart():
    drawn = Random(1)
    some, others = ([drawn.gauss(mean, 1) for _ in range(200)] for mean in (25, 27.5))

    assert differ(some, others)


def test_a_difference_that_no_network_lets_through_does_not_count():
    drawn = Random(1)
    some, others = ([drawn.gauss(mean, 0.1) for _ in range(200)] for mean in (25, 25.2))

    assert rank_chance(some, others) < 0.001
    assert not differ(some, others)
