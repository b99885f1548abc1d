from __future__ import annotations

import gc
import sys
import threading

from tvmlab.ui.collecting import THRESHOLDS, seldom_collecting
from tvmlab.ui.giving_way import INTERVAL_S, giving_way


def test_the_last_to_leave_puts_the_setting_back() -> None:
    usual = gc.get_threshold()
    entered, leave = threading.Event(), threading.Event()

    @seldom_collecting
    def other() -> None:
        entered.set()
        leave.wait()

    thread = threading.Thread(target=other)
    with seldom_collecting:
        thread.start()
        entered.wait()
    assert gc.get_threshold() == THRESHOLDS != usual
    leave.set()
    thread.join()
    assert gc.get_threshold() == usual


def test_turns_change_quickly_meanwhile() -> None:
    usual_s = sys.getswitchinterval()
    with giving_way, giving_way:
        assert abs(sys.getswitchinterval() - INTERVAL_S) < 1e-6
    assert sys.getswitchinterval() == usual_s


def test_a_user_who_collects_nothing_or_seldom_is_left_alone() -> None:
    usual = gc.get_threshold()
    try:
        for own in ((0, 10, 10), (10**6, 100, 100)):
            gc.set_threshold(*own)
            with seldom_collecting:
                assert gc.get_threshold() == own
            assert gc.get_threshold() == own
    finally:
        gc.set_threshold(*usual)
