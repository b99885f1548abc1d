"""What the host does, as text and read back."""

from __future__ import annotations

import pytest

from tvmlab.errors import TargetError
from tvmlab.targets.cfamily.plan import HostCall, Launch, Plan, Repeat, Workspace, read_plan


def launch(name: str, *numbers: str) -> Launch:
    return Launch(name, (4, 1, 1), (16, 2, 1), ("A", "T"), ("T",), 64, numbers)


PLAN = Plan(
    ("A", "C"),
    (Workspace("T", "float32", (4, 4)),),
    (
        launch("k0"),
        Repeat(
            "t", 3, (launch("k1", "t"), Repeat("u", 2, (launch("k2", "t", "u"),)), launch("k3"))
        ),
        HostCall("h0", "cpu", ("T", "C"), 1, "define void @h0()"),
        launch("k4"),
    ),
)


def test_a_plan_is_read_as_it_was_written() -> None:
    text = "\n".join([*PLAN.head(), "", "void k0() {}", "", *PLAN.tail()])
    assert read_plan(text) == PLAN
    assert [x.kernel for x in PLAN.launches] == ["k0", "k1", "k2", "k3", "k4"]
    assert [x.function for x in PLAN.host_calls] == ["h0"]


def test_a_text_without_a_plan_is_refused() -> None:
    with pytest.raises(TargetError, match="says nothing of launching its kernels"):
        read_plan("void k0() {}")
