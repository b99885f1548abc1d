"""Bugs in the steps that move computations and copy data."""

from tests.power.planting import Bug, Room

_HERE = "tvmlab.schedule.primitives"
_NEST = "tvmlab.schedule.nest"
_COMPUTE_AT = f"{_HERE}.compute_at"
_REVERSE = f"{_HERE}.reverse_compute_at"
_ROOT = f"{_HERE}.compute_root"
_REVERSE_INLINE = f"{_HERE}.reverse_compute_inline"
_INLINE = f"{_HERE}.compute_inline"
_CACHE_READ = f"{_HERE}.cache_read"
_CACHE_WRITE = f"{_HERE}.cache_write"
_DECOMPOSE = f"{_HERE}.decompose_reduction"
_SKIP = f"{_HERE}.skip_zeros"
_TOO_SMALL = "tuple(s and type(s)(s.start, max(s.extent - 1, 1)) for s in box or ())"

PLACES = Room(
    "places",
    ("tests/schedule",),
    (
        Bug(
            "zeros are skipped beside factors that may be infinite",
            _SKIP,
            "    return isinstance(e, Load) and e.buffer.finite",
            "    return True",
        ),
        Bug(
            "what is finite stays so in a narrower dtype",
            _SKIP,
            "return is_wider and _keeps_zero(e.value)",
            "return _keeps_zero(e.value)",
        ),
        Bug(
            "zeros are skipped after a product that may be infinite",
            _SKIP,
            "if at > 1 and dtypes.is_float",
            "if False and dtypes.is_float",
        ),
        Bug(
            "a skipped factor leaves out those after it",
            _SKIP,
            "[*factors[:at], choice.a, *factors[at + 1 :]]",
            "[*factors[:at], choice.a, *factors[at + 1 : at + 2]]",
        ),
        Bug(
            "sums of parts are added without being rescaled",
            f"{_HERE}.rescale",
            "s * factor(m) + r * factor(n)",
            "s + r * factor(n)",
        ),
        Bug(
            "a part that is masked is less than nothing",
            f"{_HERE}.rescale",
            "maker.replace(init=stores([made], (lowest,), maker.name))",
            "maker.replace()",
        ),
        Bug(
            "a part of a sum is made anew as all of it",
            _REVERSE,
            "            self.require_only_writer(program, site.block, region.buffer)\n",
            "            pass\n",
        ),
        Bug(
            "a window counts as an element where another index is a variable",
            _REVERSE,
            "if loose or len(set(found)) < len(found):",
            "if len(set(found)) < len(found):",
        ),
        Bug(
            "a new nest computes one element too few",
            _NEST,
            "total if span is None else span.extent, block)",
            "total if span is None else max(span.extent - 1, 1), block)",
        ),
        Bug(
            "a new nest is not clipped above",
            _NEST,
            "if interval(start - total, known)[1] >= 0:",
            "if False:",
        ),
        Bug(
            "a new nest is not clipped below",
            _NEST,
            "if interval(start, known)[0] < 0:",
            "if False:",
        ),
        Bug(
            "compute_at moves an output",
            _COMPUTE_AT,
            "if target in program.params:",
            "if False:",
        ),
        Bug(
            "compute_at forgets readers outside the loop",
            _COMPUTE_AT,
            "if read is not None and other.block.name not in inside:",
            "if False:",
        ),
        Bug(
            "compute_at computes after the reader",
            _COMPUTE_AT,
            "Seq([*parts[:n], nest, *parts[n:]])",
            "Seq([*parts[: n + 1], nest, *parts[n + 1 :]])",
        ),
        Bug(
            "reverse_compute_at uses unfinished elements",
            _REVERSE,
            "if it.is_reduce and carried:",
            "if False:",
        ),
        Bug(
            "reverse_compute_at takes any shape for a box",
            _REVERSE,
            "        self._require_box(producer, loop, region.buffer)\n",
            "",
        ),
        Bug(
            "reverse_compute_at folds over what is not all written",
            _REVERSE,
            "if point is not None and point.var in folded and not is_whole:",
            "if False:",
        ),
        Bug(
            "reverse_compute_at forgets a shift",
            _REVERSE,
            "Linear({}, -point.shift)",
            "Linear({}, 0)",
        ),
        Bug(
            "reverse_compute_at computes before the producer",
            _REVERSE,
            "[*body.stmts, nest] if isinstance(body, Seq) else [body, nest]",
            "[nest, *body.stmts] if isinstance(body, Seq) else [nest, body]",
        ),
        Bug(
            "reverse_compute_at overtakes another producer",
            _REVERSE,
            "        self._require_ready(program, site.block, producer, loop)\n",
            "",
        ),
        Bug(
            "compute_root puts a producer after its readers",
            _ROOT,
            "after=not is_read_there",
            "after=True",
        ),
        Bug(
            "compute_root moves what reads and is read",
            _ROOT,
            "if reader is not None and writer is not None:",
            "if False:",
        ),
        Bug(
            "reverse_compute_inline forgets what is not read",
            _REVERSE_INLINE,
            'where = binary("and", producer.block.where, read_by_some)',
            "where = producer.block.where",
        ),
        Bug(
            "reverse_compute_inline forgets the producer's predicate",
            _REVERSE_INLINE,
            'where = binary("and", producer.block.where, read_by_some)',
            "where = read_by_some",
        ),
        Bug(
            "reverse_compute_inline leaves the padding out",
            _REVERSE_INLINE,
            "if interval(index, ranges)[0] < 0 or interval(index - extents[of], ranges)[1] >= 0:",
            "if False:",
        ),
        Bug(
            "reverse_compute_inline forgets other readers",
            _REVERSE_INLINE,
            "if reads and other.block is not site.block:",
            "if False:",
        ),
        Bug(
            "reverse_compute_inline forgets the shift of an index",
            "tvmlab.schedule.inverse",
            "e - o if o else e for e, o",
            "e for e, o",
        ),
        Bug(
            "compute_inline exchanges indices",
            _INLINE,
            "zip(order, e.indices, strict=True)",
            "zip(order, e.indices[::-1], strict=True)",
        ),
        Bug(
            "compute_inline takes a fold for an expression",
            "tvmlab.schedule.definition",
            "if block.init is not None or folded:",
            "if False:",
        ),
        Bug(
            "cache_read copies one element too few",
            _CACHE_READ,
            "copy_nest(name, source, copy, box)",
            f"copy_nest(name, source, copy, {_TOO_SMALL} or None)",
        ),
        Bug(
            "cache_read copies what is not yet written",
            _CACHE_READ,
            "if writer is not None:",
            "if False:",
        ),
        Bug(
            "cache_write stores one element too few",
            _CACHE_WRITE,
            "own, target, box)",
            f"own, target, {_TOO_SMALL} or None)",
        ),
        Bug("cache_write stores before it computes", _CACHE_WRITE, "after=True", "after=False"),
        Bug(
            "cache_write forgets readers in the same loops",
            _CACHE_WRITE,
            "if others:",
            "if False:",
        ),
        Bug(
            "decompose_reduction initialises afterwards",
            _DECOMPOSE,
            "Seq([nest, loop])",
            "Seq([loop, nest])",
        ),
        Bug(
            "decompose_reduction initialises in every round",
            _DECOMPOSE,
            "if _feeds(site.block, outer, reduce=True):",
            "if False:",
        ),
        Bug(
            "decompose_reduction drops a repeating loop",
            _DECOMPOSE,
            "if repeats and not same_extent(inner.extent, 1):",
            "if False:",
        ),
    ),
)

ROOMS = (PLACES,)
