"""The pace: gentle at first, quick where nothing limits it, just below the limit where one does."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nps_bot.delivery.rate_limiter import Pace, RateLimiter, changed_much
from nps_bot.delivery.rules import FIRST_RATE
from tests.delivery.limiter_model import Moody, TokenBucket, simulate

POST, UPDATE = "chat.postMessage", "chat.update"


class TestAgainstATokenBucket:
    @settings(max_examples=60, deadline=None)
    @given(
        rate=st.floats(0.5, 20),
        burst_seconds=st.floats(1, 100),
        in_flight=st.integers(1, 8),
        latency=st.floats(0.01, 0.3),
    )
    def test_uses_the_limit_and_hardly_ever_exceeds_it(
        self, rate: float, burst_seconds: float, in_flight: int, latency: float
    ) -> None:
        rate = min(rate, 0.8 * in_flight / latency)  # else the callers are the limit
        bucket = TokenBucket(rate, max(2.0, rate * burst_seconds))
        warm = 300 + 2 * burst_seconds
        run = simulate(Pace(), bucket, until=warm + 600, in_flight=in_flight, latency=latency)
        assert run.throughput(warm, warm + 600) >= 0.9 * rate
        assert run.refusals(warm) <= 0.04
        assert len([moment for moment in run.refused if moment < warm]) <= 40

    def test_a_first_wave_of_a_hundred_meets_few_refusals(self) -> None:
        run = simulate(Pace(), TokenBucket(5, 30), until=120, calls=100)
        assert len(run.accepted) == 100
        assert len(run.refused) <= 16  # the eight in flight, and a few to find the pace
        assert run.accepted[-1] < 100 / 5 * 1.2

    @pytest.mark.parametrize("rate", [75, 100, 165])
    @pytest.mark.parametrize("latency", [0.005, 0.02])
    def test_a_wave_of_ten_thousand_takes_hardly_longer_than_it_must(
        self, rate: float, latency: float
    ) -> None:
        """From a cold start, and from what each wave left to the next process."""
        calls, start, pace = 10_000, 0.0, Pace()
        bucket = TokenBucket(rate, 30)
        for most in (1.3, 1.05, 1.05, 1.05):
            run = simulate(
                pace, bucket, start=start, until=1e6, calls=calls, in_flight=8, latency=latency
            )
            ended = run.accepted[-1]
            assert ended - start <= most * (calls - 30) / rate
            pace, start = Pace(pace.good, pace.pause), ended + 60

    def test_a_limit_that_was_lifted_is_noticed(self) -> None:
        pace = Pace()
        simulate(pace, TokenBucket(1, 10), until=300)
        run = simulate(pace, TokenBucket(10, 10), start=300, until=1200)
        assert run.throughput(1100, 1200) >= 8

    def test_a_limit_that_sank_is_noticed(self) -> None:
        pace = Pace()
        simulate(pace, TokenBucket(10, 10), until=300)
        run = simulate(pace, TokenBucket(1, 10), start=300, until=600)
        assert run.throughput(400, 600) >= 0.9
        assert run.refusals(400) < 0.05

    @pytest.mark.parametrize(("share", "least"), [(0.01, 4.5), (0.05, 2.5), (0.1, 1.2)])
    def test_refusals_that_have_nothing_to_do_with_the_pace_do_not_end_in_standing_still(
        self, share: float, least: float
    ) -> None:
        """Each costs a second: of a limit of five calls a second, noise of a tenth leaves 3.3."""
        for seed in range(5):
            run = simulate(Pace(), Moody(TokenBucket(5, 30), share, seed), until=3600, latency=0.05)
            assert run.throughput(1800, 3600) >= least

    def test_a_quiet_night_is_not_taken_for_a_low_limit(self) -> None:
        bucket, pace = TokenBucket(5, 30), Pace()
        simulate(pace, bucket, until=300)
        for hour in range(1, 9):  # a few messages an hour, then a wave
            simulate(pace, bucket, start=hour * 3600, until=hour * 3600 + 60, calls=5)
        run = simulate(pace, bucket, start=9 * 3600, until=9 * 3600 + 600)
        assert run.throughput(9 * 3600 + 60, 9 * 3600 + 600) >= 0.9 * 5

    def test_what_was_learnt_spares_the_next_process_the_refusals(self) -> None:
        bucket, first = TokenBucket(5, 30), Pace()
        simulate(first, bucket, until=300)
        second = Pace(first.rate, first.pause)
        run = simulate(second, bucket, start=300, until=600)
        assert run.throughput(300, 600) >= 0.9 * 5
        assert len(run.refused) <= 8


class TestWithoutLimits:
    def test_climbs_until_it_is_no_bottleneck(self) -> None:
        run = simulate(Pace(), None, until=60, calls=5000, in_flight=8, latency=0.008)
        bare = 5000 / (8 / 0.008)
        assert bare / run.accepted[-1] >= 0.85

    def test_starts_gently(self) -> None:
        run = simulate(Pace(), None, until=60, calls=3, in_flight=1, latency=0.001)
        assert run.accepted[1] - run.accepted[0] > 1 / FIRST_RATE / 2

    def test_a_trickle_proves_nothing(self) -> None:
        pace = Pace()
        for second in range(0, 3600, 10):
            simulate(pace, None, start=second, until=second + 1, calls=1)
        assert pace.rate == FIRST_RATE


class TestAfterA429:
    def test_waits_as_told(self) -> None:
        pace = Pace()
        pace.begin(100)
        pace.limited(100.2, 7)
        assert pace.delay(100.2) == pytest.approx(7)
        assert pace.delay(107.2) == 0

    def test_calls_on_their_way_only_prolong_the_wait(self) -> None:
        pace = Pace(40)
        for call in range(4):
            pace.begin(100 + call / 40)
        pace.limited(101, 2)
        slowed = pace.rate
        assert slowed < 40
        for _ in range(3):
            pace.limited(101.5, 2)
        assert pace.rate == slowed
        assert pace.delay(101.5) == pytest.approx(2)

    def test_the_next_one_slows_down_again(self) -> None:
        pace = Pace(40)
        pace.begin(100)
        pace.limited(101, 2)
        slowed = pace.rate
        pace.begin(103)
        pace.limited(103.1, 2)
        assert pace.rate < slowed


class TestLane:
    def test_one_message_a_second_in_a_channel(self) -> None:
        lane = RateLimiter()
        lane.begin(POST, "C1", 100)
        assert lane.delay(POST, "C1", 100.25) == pytest.approx(0.75)
        assert lane.delay(POST, "C2", 100.25) == 0
        assert lane.delay(POST, "C1", 101) == 0

    def test_a_call_that_posts_nowhere_waits_for_no_channel(self) -> None:
        lane = RateLimiter()
        lane.begin(UPDATE, None, 100)
        assert lane.delay(UPDATE, None, 100.25) == 0

    def test_a_channel_used_again_is_spaced_from_the_last_time(self) -> None:
        lane = RateLimiter()
        for moment in (100, 101.5, 103):
            lane.begin(POST, "C1", moment)
            lane.begin(POST, "C2", moment + 0.5)
        assert lane.delay(POST, "C1", 103.5) == pytest.approx(0.5)
        assert lane.delay(POST, "C2", 103.5) == pytest.approx(1)

    def test_methods_do_not_slow_each_other_down(self) -> None:
        lane = RateLimiter()
        lane.begin(POST, "C1", 100)
        lane.limited(POST, 100.1, 30)
        assert lane.delay(POST, "C2", 110) == pytest.approx(20.1)
        assert lane.delay(UPDATE, None, 110) == 0

    def test_what_was_learnt_survives_as_json(self) -> None:
        lane = RateLimiter()
        lane.begin(POST, "C1", 100)
        lane.accepted(POST, 100.1)
        lane.begin(UPDATE, None, 100)
        lane.limited(UPDATE, 100.1, 30)
        state = json.loads(json.dumps(lane.state()))
        assert state[POST] == {"rate": FIRST_RATE, "pause": None}
        assert state[UPDATE]["pause"] == 30
        assert RateLimiter(state).state() == state

    def test_nothing_learnt_yet_is_a_beginning_too(self) -> None:
        assert RateLimiter(None).delay(POST, "C1", 0) == 0
        assert RateLimiter({}).state() == {}

    @pytest.mark.parametrize(
        ("before", "after", "much"),
        [
            ((10, None), (11, None), False),
            ((10, None), (13, None), True),
            ((10, 3), (8, 3), True),
            ((10, 3), (10, 5), False),
            ((10, None), (10, 3), True),
        ],
    )
    def test_what_changed_much_is_worth_being_remembered_at_once(
        self,
        before: tuple[float, float | None],
        after: tuple[float, float | None],
        much: bool,
    ) -> None:
        first, second = ({POST: {"rate": one[0], "pause": one[1]}} for one in (before, after))
        assert changed_much(first, second) is much
        assert changed_much({}, second)
        assert not changed_much(first, first)
