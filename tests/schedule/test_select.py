"""Blocks and loops found by patterns, kinds and annotations; what is not found is said."""

from __future__ import annotations

import re
from typing import Any

import pytest

import tvmlab as t
from tvmlab.schedule import Loop, Schedule


def _schedule() -> Schedule:
    """A product cut in both dimensions, and a stage computed inside the loops of another."""
    a = t.placeholder((64, 64), name="A")
    b = t.placeholder((64, 64), name="B")
    k = t.reduce_axis((0, 64), name="k")
    c = t.compute((64, 64), lambda y, x: t.sum(a[y, k] * b[k, x], axis=k), name="C")
    d = t.compute((64, 64), lambda y, x: c[y, x] + 1.0, name="D_relu")
    s = t.create_schedule(d)
    yo, _xo, _yi, xi = s[d].tile("y", "x", 8, 16)
    s[d].vectorize(xi)
    s[d].parallel(yo)
    s[c].compute_at(d, "xo")
    return s


def _names(loops: list[Loop]) -> list[tuple[str, str]]:
    return [(loop.block, str(loop)) for loop in loops]


def test_loops_by_name() -> None:
    s = _schedule()
    assert _names(s.find("D*", "*i")) == [("D_relu", "yi"), ("D_relu", "xi")]
    assert _names(s.find(loop="[yx]o")) == [("C", "yo"), ("C", "xo")], "each loop once"
    assert _names(s.find("D_relu", re.compile("^y"))) == [("D_relu", "yo"), ("D_relu", "yi")]
    assert [str(x) for x in s.find("C")] == list(s["C"].loops)


def test_loops_by_kind_and_annotation() -> None:
    s = _schedule()
    assert _names(s.find(kind="reduce")) == [("C", "k")]
    assert _names(s.find(annotation="parallel")) == [("C", "yo")]
    assert _names(s.find(annotation="vectorized", kind="spatial")) == [("D_relu", "xi")]
    assert ("D_relu", "xi") not in _names(s.find(annotation="serial"))


def test_blocks_by_name_and_kind() -> None:
    s = _schedule()
    assert [b.name for b in s.find_blocks()] == ["C", "D_relu"]
    assert [b.name for b in s.find_blocks("*_relu")] == ["D_relu"]
    assert [b.name for b in s.find_blocks(kind="reduce")] == ["C"]
    assert [b.name for b in s.find_blocks(re.compile("re"))] == ["D_relu"]


def test_what_is_found_takes_steps() -> None:
    s = _schedule()
    for loop in s.find(kind="reduce"):
        s[loop.block].split(loop, 4)
    for stage in s.find_blocks("C"):
        stage.unroll("ki")
    assert s.trace.lines[-2:] == ('ko, ki = s["C"].split("k", 4)', 's["C"].unroll("ki")')


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"block": "Z*"}, r"no block matches 'Z\*'; the blocks are C \(reduce\), D_relu"),
        ({"loop": "z"}, r"no loop matches 'z' .*C: yo \(parallel spatial\), xo"),
        ({"loop": re.compile("^q")}, r"'/\^q/'"),
        ({"block": "D*", "kind": "reduce"}, "no reduce loop matches"),
        ({"annotation": "fast"}, "no fast loop .*annotations are serial, parallel"),
        ({"kind": "odd"}, "kind='odd'; use 'spatial' or 'reduce'"),
        ({"loop": 3}, "loop=3; give a glob"),
        ({"block": None}, "block=None; give a glob"),
    ],
)
def test_what_is_not_found_is_said(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(t.UsageError, match=words) as caught:
        _schedule().find(**asked)
    assert "\n" not in str(caught.value)


def test_no_block_of_a_kind() -> None:
    s = _schedule()
    with pytest.raises(t.UsageError, match="no reduce block matches 'D"):
        s.find_blocks("D*", kind="reduce")
