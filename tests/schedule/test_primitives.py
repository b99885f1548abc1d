"""Every primitive: its docstring's before and after, its goldens, its JSON and Python forms."""

from __future__ import annotations

import ast
import re
import textwrap

import pytest

import tvmlab as t
import tvmlab.intrin
from tests.schedule.weights import sum_in_parts
from tvmlab.ir import equal, text
from tvmlab.schedule import STEPS, State, parse_document, replay_python, steps_of
from tvmlab.schedule.find import sites
from tvmlab.schedule.step import Step
from tvmlab.te.tensor import Tensor


def _section(doc: str, title: str) -> tuple[str, str]:
    """The words after `title` on its line, and the indented code below it."""
    match = re.search(rf"^{title}((?:.+\n)*?.*):\n\n((?:    .*\n|\n)+)", doc + "\n", re.MULTILINE)
    assert match, f"the docstring has no {title!r} section"
    return " ".join(match[1].split()), textwrap.dedent(match[2]).strip()


def _expression(before: str) -> Tensor:
    """The chain of computations that a docstring's `before` shows, one for each block."""
    if "A[vk, vy] * B[vk, vx]" in before:
        return _matmul(8, 8, 8)
    if "* W[vk]" in before:
        return _masked()
    if "M_partial" in before:
        return sum_in_parts()
    tensor: Tensor | None = None
    for nest in re.findall(r"^for (?:.|\n(?!for))*", before, re.MULTILINE):
        names, extents = zip(*re.findall(r"for (\w+) in range\((\d+)\)", nest), strict=True)
        shape = [int(e) for e in extents]
        name = re.search(r'block\("(\w+)"', nest)
        assert name
        source = tensor if tensor is not None else t.placeholder(shape, name="A")
        folded = nest.count("reduce(")
        k = [
            t.reduce_axis((0, e), name=n)
            for n, e in list(zip(names, shape, strict=True))[len(names) - folded :]
        ]
        spatial = len(shape) - folded
        element = _window(source) if "vi + 2" in nest else _function(names[:spatial], source, k)
        tensor = t.compute(shape[:spatial], element, name=name[1])
    assert tensor is not None
    return tensor


def _masked() -> Tensor:
    """Sums of products of which those beside the eight elements are zero."""
    a, w = t.placeholder((8,), name="A"), t.placeholder((3,), name="W", finite=True)
    k = t.reduce_axis((0, 3), name="k")
    return t.compute(
        (8,), lambda i: t.sum(t.select(i + k < 8, a[i + k], 0.0) * w[k], axis=k), name="B"
    )


def _window(source: Tensor) -> object:
    """The sum of three neighbours in `source`."""
    return lambda i: source[i] + source[i + 1] + source[i + 2]


def _function(names: tuple[str, ...], source: Tensor, k: list[object]) -> object:
    """`lambda i, j: source[i, j] + 1.0`, or the sum of `source` over `k`, with those names."""
    inside = f"source[{', '.join(names)}] + 1.0"
    if k:
        inside = f"t.sum(source[{', '.join(names)}, *k], axis=k)"
    return eval(f"lambda {', '.join(names)}: {inside}", {"source": source, "k": k, "t": t})


def _body(state: State) -> str:
    return textwrap.dedent("\n".join(text(state.program).splitlines()[1:]))


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_docstring_shows_what_the_step_does(step: type[Step]) -> None:
    doc = __import__(step.__module__, fromlist=["x"]).__doc__
    before = _section(doc, "Before")[1]
    call, after = _section(doc, "After")
    state = State.start(_expression(before))
    assert _body(state) == before
    assert _body(replay_python(state, call.strip("`"))) == after


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_doc_summary_and_fields_are_there_for_a_form(step: type[Step]) -> None:
    import dataclasses

    assert step.__doc__
    assert step.summary
    assert step.name in STEPS
    for field in dataclasses.fields(step)[1:]:
        assert field.metadata["kind"] in {"loop", "loops", "factors", "name", "value"}
        assert field.metadata["doc"]


def _matmul(m: int = 64, n: int = 64, k: int = 64) -> Tensor:
    a = t.placeholder((k, m), name="A")
    b = t.placeholder((k, n), name="B")
    r = t.reduce_axis((0, k), name="k")
    return t.compute((m, n), lambda y, x: t.sum(a[r, y] * b[r, x], axis=r), name="C")


def _pair() -> Tensor:
    a = t.placeholder((4, 8), name="A")
    d = t.compute((4, 8), lambda y, x: a[y, x] + 1.0, name="D")
    return t.compute((4, 8), lambda y, x: d[y, x] * 2.0, name="E")


def _chain() -> Tensor:
    c = _matmul()
    d = t.compute((64, 64), lambda y, x: c[y, x] + 1.0, name="D")
    e = t.compute((64, 64), lambda y, x: d[y, x] * 2.0, name="E")
    f = t.compute((62, 64), lambda y, x: e[y, x] + e[y + 2, x], name="F")
    return t.compute((62, 64), lambda y, x: f[y, x] * 0.5, name="G")


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_every_move_is_legal_and_survives_json_and_python(step: type[Step]) -> None:
    steps = 's["C"].tile("y", "x", "k", 8, 8, 8); s["D"].annotate("y", "unroll", 4)'
    steps += '; s["E"].compute_at("F", "y")'
    starts = [replay_python(State.start(_chain()), steps), State.start(_matmul(6, 5, 3))]
    starts += [State.start(_masked()), State.start(sum_in_parts())]
    shared = 's["D"].compute_at("E", "y"); s["D"].set_scope("D", "shared")'
    starts.append(replay_python(State.start(_pair()), shared))
    threads = 's["C"].bind("y", "blockIdx.x"); s["C"].bind("x", "threadIdx.x")'
    starts.append(replay_python(State.start(_matmul()), threads))
    moves = [
        (start, move)
        for start in starts
        for site in sites(start.program)
        for loop in site.names()
        for move in step.moves(start.program, site.block.name, loop)
    ]
    assert moves
    for start, move in moves:
        after = start.apply(move)
        assert type(move).from_json(move.to_json()) == move
        again = replay_python(start, move.line(start.program))
        assert again is after, "the same step from the same state is the same state"
        assert after.step is move or after.step == move


def test_headline_tile_and_reorder_print_the_expected_nest() -> None:
    s = t.create_schedule(_matmul(1024, 1024, 1024))
    stage = s["C"]
    yo, xo, yi, xi = stage.tile("y", "x", 32, 32)
    stage.reorder(yo, xo, "k", yi, xi)
    assert str(s).splitlines()[1:] == [
        "    for yo in range(32):",
        "        for xo in range(32):",
        "            for k in range(1024):",
        "                for yi in range(32):",
        "                    for xi in range(32):",
        '                        with block("C", vy=yo * 32 + yi, vx=xo * 32 + xi, vk=reduce(k)):',
        "                            with init():",
        "                                C[vy, vx] = 0.0",
        "                            C[vy, vx] = C[vy, vx] + A[vk, vy] * B[vk, vx]",
    ]


def test_split_into_several_loops_infers_one_factor() -> None:
    s = t.create_schedule(_matmul())
    assert s["C"].split("k", factors=[None, 4, 2]) == ("k0", "k1", "k2")
    assert [loop.extent for loop in _loops(s)][2:] == [8, 4, 2]


def test_split_that_divides_leaves_no_predicate_and_one_that_does_not_does() -> None:
    s = t.create_schedule(_matmul())
    s["C"].split("y", 16)
    assert "where" not in str(s)
    s["C"].split("x", 24)
    assert "where=xo * 24 + xi < 64" in str(s)


def test_split_by_nparts_gives_the_outer_extent() -> None:
    s = t.create_schedule(_matmul())
    s["C"].split("y", nparts=4)
    assert [loop.extent for loop in _loops(s)][:2] == [4, 16]
    assert s.trace.lines == ('yo, yi = s["C"].split("y", nparts=4)',)


def test_split_then_fuse_is_the_identity_up_to_names() -> None:
    s = t.create_schedule(_matmul())
    before = s.mod
    s["C"].split("y", 16)
    s["C"].fuse("yo", "yi")
    assert equal(s.mod, before)


def test_reorder_twice_restores() -> None:
    s = t.create_schedule(_matmul())
    before = s.mod
    s["C"].reorder("k", "y", "x")
    s["C"].reorder("y", "x", "k")
    assert equal(s.mod, before)


def test_reorder_leaves_other_loops_where_they_are() -> None:
    s = t.create_schedule(_matmul())
    s["C"].reorder("k", "y")
    assert [loop.var.name for loop in _loops(s)] == ["k", "x", "y"]


def test_names_stay_unlike_each_other_when_steps_make_the_same() -> None:
    a = t.placeholder((8, 8), name="A")
    c = t.compute((8, 8), lambda y, yo: a[y, yo] * 2.0, name="C")
    s = t.create_schedule(c)
    assert s["C"].split("y", 2) == ("yo_1", "yi")
    names = [loop.var.name for loop in _loops(s)]
    assert len(set(names)) == len(names)


def test_trace_json_and_python_replay_to_an_equal_program() -> None:
    tensor = _matmul(100, 60, 36)
    s = t.create_schedule(tensor)
    s["C"].tile("y", "x", 32, 16)
    s["C"].split("k", factors=[None, 3, 2])
    s["C"].reorder("yo", "xo", "k0", "k1", "yi", "k2", "xi")
    s["C"].vectorize("xi")
    s["C"].unroll("k2")
    s["C"].parallel("yo")
    start = State.start(tensor)
    assert equal(start.replay(steps_of(parse_document(s.trace.to_json()))).program, s.mod)
    assert equal(replay_python(start, s.trace.to_python()).program, s.mod)
    ast.parse(s.trace.to_python())


def _loops(s: t.Schedule) -> tuple:
    from tvmlab.schedule.find import find_site

    site = find_site(s.mod, "C")
    assert site is not None
    return site.loops
