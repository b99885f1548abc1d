"""Which loops the features of a cost model are about."""

from __future__ import annotations

import pytest

import tvmlab as t
from tvmlab.ops.vector_unit import VectorUnit
from tvmlab.te.serial import to_json
from tvmlab.tune.features import FEATURES
from tvmlab.tune.painting import loops_of
from tvmlab.tune.setup import Setup
from tvmlab.tune.setup_space import space_of, template_name


def space(name: str) -> tuple[t.tune.space.Space, dict]:  # type: ignore[type-arg]
    outputs = t.ops.matmul(64, 64, 64).tensors
    chosen = template_name(outputs, name, "cpu", VectorUnit(16, 256))
    found, first = space_of(Setup(to_json(outputs), chosen))
    return found, dict(first[0])


@pytest.mark.parametrize("kind", ["template", "sketch"])
def test_a_knob_speaks_of_the_loops_it_shapes(kind: str) -> None:
    found, config = space(kind)
    columns = [column.name for column in FEATURES["knob"](found).columns]
    loops = loops_of(found, config, [*columns, "nothing known"])
    assert loops["nothing known"] == []
    assert list(loops) == [*columns, "nothing known"]
    named = {loop for each in loops.values() for loop in each}
    program = found.program(config)
    assert named
    for block, loop in named:
        assert f"for {loop} in" in str(program), (block, loop)


def test_a_column_of_a_program_names_its_loop() -> None:
    found, config = space("template")
    columns = [column.name for column in FEATURES["itervar"](found).columns]
    loops = loops_of(found, config, columns)
    innermost = loops["statement 0 loop 0 length"]
    assert len(innermost) == 1
    assert loops["statement 0 loop 0 depth"] == innermost != loops["statement 0 loop 1 length"]
    assert loops["statement 2 loop 9 length"] == []
