"""Bugs in where data lives: elements that share a place, or are looked for where they are not."""

from tests.power.planting import Bug, Room

_HERE = "tvmlab.schedule.primitives"
_MAP = "tvmlab.arith.index_map"
_RELOCATE = "tvmlab.schedule.relocate"

LAYOUT = Room(
    "layout",
    (
        "tests/schedule/test_transform_layout.py",
        "tests/schedule/test_refusals.py",
        "tests/arith/test_index_map.py",
    ),
    (
        Bug(
            "digits of an index need not be all of it",
            _MAP,
            "if reached < _size(source, self._sizes):",
            "if False:",
        ),
        Bug(
            "digits of an index may overlap",
            _MAP,
            "if digit.lower != reached:",
            "if False:",
        ),
        Bug(
            "a layout that does not divide is rounded down",
            _MAP,
            "-(-digit.extent // low))",
            "max(digit.extent // low, 1))",
        ),
        Bug(
            "a limited digit is divided as if it were the highest",
            _MAP,
            "is_whole = digit.lower * digit.extent >= _size(digit.source, self.sizes)",
            "is_whole = True",
        ),
        Bug(
            "stores stay where they were",
            _RELOCATE,
            "return Store(new, moved(s.indices), s.value, s.source)",
            "return Store(new, (moved(s.indices)[-1],) * len(new.shape), s.value, s.source)",
        ),
        Bug(
            "a buffer of an instruction is laid out anew",
            f"{_HERE}.transform_layout",
            "require_free(self, program, buffer)",
            "pass",
        ),
        Bug(
            "a copy reads the padding",
            "tvmlab.analysis.places",
            "return bool(written) and sum(written) < prod(buffer.extents)",
            "return False",
        ),
    ),
)

_ROLLING = f"{_HERE}.rolling_buffer"

WINDOWS = Room(
    "windows",
    (
        "tests/schedule/test_rolling_buffer.py",
        "tests/schedule/test_refusals.py",
        "tests/schedule/test_kept.py",
    ),
    (
        Bug(
            "a window keeps one element too few",
            _ROLLING,
            "return tuple(i % size if n",
            "return tuple(i % max(size - 1, 1) if n",
        ),
        Bug(
            "a window is begun with one element too few",
            _ROLLING,
            "first = window.part(Linear(begin, start.constant), size - step)",
            "first = window.part(Linear(begin, start.constant), max(size - step - 1, 1))",
        ),
        Bug(
            "a window begins where it would in a later iteration",
            _ROLLING,
            "if atom is not loop.var}",
            "if True}",
        ),
        Bug(
            "an iteration computes the oldest elements of its window",
            _ROLLING,
            "new = window.part(start.plus(Linear({}, size - step)), step)",
            "new = window.part(start, step)",
        ),
        Bug(
            "a window's readers outside the loop are forgotten",
            _ROLLING,
            "if other.name not in inside and target in",
            "if False and target in",
        ),
        Bug(
            "what a window is made of may come too late",
            _ROLLING,
            "if made is not None and other is not block:",
            "if False:",
        ),
        Bug(
            "who reads a window may move",
            "tvmlab.analysis.places",
            "return bool(written) and max(written) > prod(buffer.extents)",
            "return False",
        ),
        Bug(
            "a nest made anew loses any condition",
            "tvmlab.schedule.step",
            "if not acts_in_whole_domain(block):",
            "if False:",
        ),
        Bug(
            "threads share a window",
            "tvmlab.lower.storage",
            "shape = [*(origin.count for _, origin in leads), *shape]",
            "shape = [*(1 for _ in leads), *shape]",
        ),
    ),
)

_REINDEX = f"{_HERE}.reindex"

PLACES = Room(
    "places",
    (
        "tests/schedule/test_reindex.py",
        "tests/schedule/test_transform_block_layout.py",
        "tests/schedule/test_storage.py",
        "tests/schedule/test_refusals.py",
        "tests/ops/test_packing.py",
    ),
    (
        Bug(
            "a copy in another order leaves the accumulator where it was",
            _REINDEX,
            "if isinstance(e, Load) and e.buffer is old else None",
            "if False else None",
        ),
        Bug(
            "a result in another order is copied before it is there",
            _REINDEX,
            "nest_over(copy, {}, {}, ()), after=is_written)",
            "nest_over(copy, {}, {}, ()), after=False)",
        ),
        Bug(
            "a guarded place is copied without its guard",
            _REINDEX,
            "if is_data or low < 0 or",
            "if is_data or",
        ),
        Bug(
            "instances that there are none of are run",
            f"{_HERE}.transform_block_layout",
            "if layout.is_padded:",
            "if False:",
        ),
        Bug(
            "terms of a fold are told apart as results are",
            f"{_HERE}.transform_block_layout",
            'iters = [Iter(Var(f"vp{n}"), extent, kind) for',
            'iters = [Iter(Var(f"vp{n}"), extent) for',
        ),
        Bug(
            "a value at one element depends on a variable that is gone",
            "tvmlab.schedule.definition",
            "extent == 1 and var not in used for",
            "True for",
        ),
        Bug(
            "rows are aligned along the wrong dimension",
            "tvmlab.lower.storage",
            "a._replace(axis=a.axis + len(leads))",
            "a._replace(axis=a.axis)",
        ),
        Bug(
            "rows come as far apart as a line too few",
            "tvmlab.arith.pitch",
            "if extent * below % factor == offset:",
            "if extent * below % factor == 0:",
        ),
        Bug(
            "memory of a thread is handed to others",
            f"{_HERE}.set_scope",
            "if apart is not None:",
            "if False:",
        ),
        Bug(
            "a scope is forgotten where a program is read",
            "tvmlab.ir.parse",
            "memory = str(keyword.value.value)",
            'memory = "global"',
        ),
        Bug(
            "the left operand is packed by the width of the right",
            "tvmlab.ops.matmul",
            'width = config["tile"][axis]',
            'width = config["tile"][1]',
        ),
        Bug(
            "packed weights leave the last panel out",
            "tvmlab.ops.dense",
            "whole[:, :n] = weights",
            "whole[:, : n // panel * panel] = weights[:, : n // panel * panel]",
        ),
        Bug(
            "sums in parts are planned as whole ones",
            "tvmlab.ops.dense",
            'if plan.k > config["depth"]:',
            'if plan.k < config["depth"]:',
        ),
    ),
)

ROOMS = (LAYOUT, WINDOWS, PLACES)
