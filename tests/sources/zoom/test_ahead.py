"""Working ahead: in order, side by side, and waiting for nobody after a failure."""

import threading

import pytest

from zoomauto.sources.zoom.ahead import in_order


def test_results_come_in_order_whoever_is_ready_first():
    is_second_done = threading.Event()

    def work(item: int) -> int:
        if item == 1:
            is_second_done.wait()
        if item == 2:
            is_second_done.set()
        return item * 10

    assert list(in_order(work, [1, 2, 3, 4], at_once=2)) == [10, 20, 30, 40]


def test_no_more_than_so_many_are_begun_before_a_result_is_taken():
    begun: list[int] = []
    together = threading.Barrier(3)

    def work(item: int) -> int:
        begun.append(item)
        if item <= 3:
            together.wait()
        return item

    results = in_order(work, range(1, 9), at_once=3)
    assert next(results) == 1
    assert set(begun) <= {1, 2, 3, 4}


def test_a_failure_is_raised_in_its_place_without_waiting_for_those_behind():
    never = threading.Event()

    def work(item: int) -> int:
        if item == 2:
            raise ValueError("two")
        if item > 2:
            never.wait()
        return item

    results = in_order(work, range(1, 5), at_once=3)
    assert next(results) == 1
    with pytest.raises(ValueError, match="two"):
        next(results)
    never.set()
