"""Random tensor expressions: what a user may write, small enough for the interpreter.

Shapes are primes, ones and a few powers of two; dtypes mix. Every access is inside its tensor or
guarded, nothing is divided by zero, and no integer or condition hangs on a rounded float, so that
integers must come out exactly.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import tvmlab.te as te
from tests.fuzz.externs import random_extern
from tests.fuzz.folds import random_fold, random_several
from tests.fuzz.recurrences import random_recurrence
from tvmlab.ir import dtypes
from tvmlab.ir.buffer import Load
from tvmlab.ir.expr import Cast, Expr, cast, const, maximum, minimum, select
from tvmlab.ir.walk import exprs
from tvmlab.te.reduction import Axis
from tvmlab.te.tensor import Tensor

EXTENTS = (1, 2, 3, 4, 5, 7, 8, 11, 13)
FLOATS = ("float32", "float32", "float32", "float64", "float16", "bfloat16")
INTEGERS = ("int8", "int32", "uint8", "int64")
MAX_POINTS = 3000
"""Points of one computation, those it folds over included."""


def random_expression(rng: random.Random) -> Tensor:
    """A tensor of one to three computations, all of which it needs."""
    family = rng.choice(FAMILIES)
    return family(rng)


def random_chain(rng: random.Random) -> Tensor:
    """Computations that each read the one before and a placeholder or two."""
    writer = Writer(rng)
    tensor = writer.stage(None)
    for _ in range(rng.randint(0, 2)):
        tensor = writer.stage(tensor)
    return tensor


def random_product(rng: random.Random) -> Tensor:
    """A sum of products: operands transposed or not, batched or not, of one dtype or cast."""
    m, n, k = (rng.choice(EXTENTS) for _ in range(3))
    source = rng.choice((*FLOATS, "int8", "uint8", "int32"))
    wide = {"int8": "int32", "uint8": "int32"}.get(source, source)
    if source == "float16" and rng.random() < 0.5:
        wide = "float32"
    batch = rng.choice((0, 0, 1, 3))
    a_transposed, b_transposed = rng.random() < 0.5, rng.random() < 0.5
    lead = (batch,) if batch else ()
    A = te.placeholder((*lead, *((k, m) if a_transposed else (m, k))), source, "A")
    B = te.placeholder((*lead, *((n, k) if b_transposed else (k, n))), source, "B")
    r = te.reduce_axis((0, k), "k")

    def element(*axes: Axis) -> Expr:
        *b, y, x = axes
        left = A[(*b, r, y)] if a_transposed else A[(*b, y, r)]
        right = B[(*b, x, r)] if b_transposed else B[(*b, r, x)]
        return te.sum(cast(wide, left) * cast(wide, right), axis=r)

    return te.compute((*lead, m, n), element, "C")


def random_narrow_product(rng: random.Random) -> Tensor:
    """A sum of products of narrow numbers in the layout that dot product instructions take."""
    group, a_dtype, b_dtype, wide = rng.choice(
        ((4, "uint8", "int8", "int32"), (2, "bfloat16", "bfloat16", "float32"))
    )
    m, n, k = rng.choice((1, 3, 5)), rng.choice((16, 16, 32, 48, 24)), rng.choice((1, 2, 3))
    A = te.placeholder((m, k * group), a_dtype, "A")
    B = te.placeholder((k, n, group), b_dtype, "B")
    ki = te.reduce_axis((0, group), "ki")
    if k == 1:
        return te.compute(
            (m, n), lambda y, x: te.sum(cast(wide, A[y, ki]) * cast(wide, B[0, x, ki]), ki), "C"
        )
    ko = te.reduce_axis((0, k), "ko")
    return te.compute(
        (m, n),
        lambda y, x: te.sum(
            cast(wide, B[ko, x, ki]) * cast(wide, A[y, ko * group + ki]), axis=(ko, ki)
        ),
        "C",
    )


def random_cube(rng: random.Random) -> Tensor:
    """A product of the size that the headline's instruction takes, or twice as long."""
    k = te.reduce_axis((0, rng.choice((8, 16))), "k")
    A, B = te.placeholder((k.extent, 8), name="A"), te.placeholder((k.extent, 8), name="B")
    return te.compute((8, 8), lambda y, x: te.sum(A[k, y] * B[k, x], axis=k), "C")


def random_convolution(rng: random.Random) -> Tensor:
    """A padded convolution, dense or depthwise, with stride and dilation."""
    channels, outputs = rng.choice((1, 2, 3)), rng.choice((1, 2, 5))
    height, width, size = rng.choice((4, 5, 7)), rng.choice((3, 6, 7)), rng.choice((1, 2, 3))
    pad, stride, dilation = rng.choice((0, 1, 2)), rng.choice((1, 2)), rng.choice((1, 1, 2))
    out = [max((x + 2 * pad - dilation * (size - 1) - 1) // stride + 1, 1) for x in (height, width)]
    need = [(o - 1) * stride + dilation * (size - 1) + 1 for o in out]
    dtype = rng.choice(("float32", "float32", "float64", "int32"))
    depthwise = rng.random() < 0.4
    X = te.placeholder((channels, height, width), dtype, "X")
    W = te.placeholder(
        (channels, size, size) if depthwise else (outputs, channels, size, size),
        dtype,
        "W",
        finite=rng.random() < 0.7,
    )
    padded = te.compute(
        (channels, *need),
        lambda c, y, x: select(
            (y >= pad) & (y < height + pad) & (x >= pad) & (x < width + pad),
            X[c, y - pad, x - pad],
            const(0, dtype),
        ),
        "P",
    )
    ry, rx = te.reduce_axis((0, size), "ry"), te.reduce_axis((0, size), "rx")
    rc = te.reduce_axis((0, channels), "rc")

    def at(c: Expr, y: Expr, x: Expr) -> Expr:
        return padded[c, y * stride + ry * dilation, x * stride + rx * dilation]

    if depthwise:
        return te.compute(
            (channels, *out),
            lambda c, y, x: te.sum(at(c, y, x) * W[c, ry, rx], axis=(ry, rx)),
            "D",
        )
    return te.compute(
        (outputs, *out),
        lambda o, y, x: te.sum(at(rc, y, x) * W[o, rc, ry, rx], axis=(rc, ry, rx)),
        "O",
    )


def random_softmax(rng: random.Random) -> Tensor:
    """A softmax over the last axis: two folds that later computations read."""
    m, n = rng.choice(EXTENTS), rng.choice(EXTENTS)
    X = te.placeholder((m, n), rng.choice(("float32", "float64")), "X")
    j, k = te.reduce_axis((0, n), "j"), te.reduce_axis((0, n), "k")
    peak = te.compute((m,), lambda y: te.max(X[y, j], axis=j), "peak")
    e = te.compute((m, n), lambda y, x: te.exp(X[y, x] - peak[y]), "e")
    total = te.compute((m,), lambda y: te.sum(e[y, k], axis=k), "total")
    return te.compute((m, n), lambda y, x: e[y, x] / total[y], "Y")


def random_gather(rng: random.Random) -> Tensor:
    """Rows picked by an index tensor."""
    rows, n, m = (rng.choice(EXTENTS) for _ in range(3))
    table = te.placeholder((rows, m), rng.choice(FLOATS), "T")
    index = te.placeholder((n,), rng.choice(("int32", "int64", "uint8")), "I")
    return te.compute((n, m), lambda y, x: table[index[y], x] * 3 + 1, "G")


def random_stencil(rng: random.Random) -> Tensor:
    """Two or three computations that each read a window of the one before, as a blur does."""
    shape = [rng.choice((1, 3, 8)), rng.choice((7, 11, 13))][rng.choice((0, 0, 1)) :]
    dtype = rng.choice(("float32", "float32", "int32"))
    windows = [(rng.choice((1, 2, 3)), rng.choice((1, 1, 1, 2))) for _ in range(rng.choice((2, 3)))]
    axis = rng.randrange(len(shape))
    need = shape[axis]
    extents = [need]
    for size, stride in reversed(windows):
        need = (need - 1) * stride + size
        extents.append(need)

    def at(extent: int) -> tuple[int, ...]:
        return tuple(extent if n == axis else e for n, e in enumerate(shape))

    tensor = te.placeholder(at(extents.pop()), dtype, "A")
    for number, (size, stride) in enumerate(windows):

        def element(*axes: Axis, source: Tensor = tensor, k: int = size, s: int = stride) -> Expr:
            parts = [
                source[tuple(a * s + d if n == axis else a for n, a in enumerate(axes))]
                for d in range(k)
            ]
            total = parts[0]
            for part in parts[1:]:
                total = total + part
            return total * 2

        tensor = te.compute(at(extents.pop()), element, f"S{number}")
    return tensor


FAMILIES: tuple[Callable[[random.Random], Tensor], ...] = (
    random_chain,
    random_chain,
    random_chain,
    random_product,
    random_narrow_product,
    random_cube,
    random_convolution,
    random_softmax,
    random_gather,
    random_stencil,
    random_fold,
    random_several,
    random_recurrence,
    random_extern,
)


class Writer:
    """Writes the computations of a random chain."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.count = 0

    def name(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.count}"

    def stage(self, before: Tensor | None) -> Tensor:
        """A computation of a few dimensions, folding or not, that reads `before` if given."""
        rng = self.rng
        extents = [rng.choice(EXTENTS) for _ in range(rng.randint(1, 3))]
        folded = []
        if rng.random() < 0.5:
            folded = [rng.choice(EXTENTS) for _ in range(rng.randint(1, 2))]
        while product_of(extents) * product_of(folded) > MAX_POINTS:
            largest = max(range(len(extents)), key=lambda n: extents[n])
            extents[largest] = 1
        begins = [rng.choice((0, 0, 2)) for _ in folded]
        axes = [
            te.reduce_axis((begin, begin + extent), self.name("r"))
            for begin, extent in zip(begins, folded, strict=True)
        ]

        def element(*spatial: Axis) -> Expr:
            value = self.value((*spatial, *axes), before)
            if value.dtype == "bool":
                value = cast("int32", value)
            if not axes:
                return value
            fold = rng.choice((te.sum, te.sum, te.max, te.min, te.prod))
            return fold(value, axis=axes)

        return te.compute(tuple(extents), element, self.name("S"))

    def value(self, axes: tuple[Axis, ...], before: Tensor | None) -> Expr:
        """An expression over loads of one placeholder or two and of `before`."""
        rng = self.rng
        is_float = rng.random() < 0.6
        kinds = FLOATS if is_float else INTEGERS
        leaves = [self.fresh(axes, rng.choice(kinds)) for _ in range(rng.randint(1, 2))]
        if before is not None:
            leaves.append(self.within(before, axes))
        dtype = rng.choice(kinds)
        if any(e.dtype in dtypes.FLOATS for e in leaves):
            dtype = rng.choice(FLOATS)
        value = cast(dtype, leaves[-1])
        for leaf in (*leaves[:-1], *rng.choices(leaves, k=rng.randint(0, 2))):
            value = self.combine(value, cast(dtype, leaf), axes)
        return value

    def fresh(self, axes: tuple[Axis, ...], dtype: str) -> Expr:
        """A load of a new placeholder, large enough for a random pattern of access."""
        rng = self.rng
        indices: list[Expr] = []
        extents: list[int] = []
        for axis in rng.sample(axes, rng.randint(1, min(len(axes), 3))):
            last = axis.start + axis.extent - 1
            other = rng.choice(axes)
            patterns: list[tuple[Expr, int]] = [
                (axis + 0, last),
                (axis + 0, last),
                (axis + 2, last + 2),
                (axis * 2 + 1, 2 * last + 1),
                (last - axis, last - axis.start),
                (axis // 2, last // 2),
                (axis % 3, 2),
                (axis & 3, 3),
                (axis >> 1, last >> 1),
                (axis ^ 1, last + 1),
                ((axis << 1) | 1, 2 * last + 1),
                (axis + other, last + other.start + other.extent - 1),
            ]
            index, top = rng.choice(patterns)
            indices.append(index)
            extents.append(top + 1)
        return te.placeholder(extents, dtype, self.name("A"))[tuple(indices)]

    def within(self, tensor: Tensor, axes: tuple[Axis, ...]) -> Expr:
        """A load of `tensor` whose indices stay inside it, or a guarded one that does not."""
        rng = self.rng
        indices: list[Expr] = []
        guard: Expr | None = None
        for extent in tensor.extents:
            axis = rng.choice(axes)
            if axis.start + axis.extent <= extent:
                indices.append(axis)
            elif rng.random() < 0.3:
                indices.append(axis - 1)
                here = (axis >= 1) & (axis < extent + 1)
                guard = here if guard is None else guard & here
            else:
                patterns = (axis % extent, minimum(axis, extent - 1), axis // 16 % extent)
                indices.append(rng.choice(patterns))
        load = tensor[tuple(indices)]
        return load if guard is None else select(guard, load, const(1, tensor.dtype))

    def combine(self, a: Expr, b: Expr, axes: tuple[Axis, ...]) -> Expr:
        """Two values of one dtype as one."""
        rng = self.rng
        dtype = a.dtype
        ways: list[Callable[[], Expr]] = [
            lambda: a + b,
            lambda: a - b,
            lambda: a * b,
            lambda: minimum(a, b),
            lambda: maximum(a, b),
            lambda: select(rng.choice(axes) % 2 == 0, a, b),
            lambda: select(rng.choice(axes) < rng.choice(axes) + 1, a * 2, b),
        ]
        if dtype in dtypes.FLOATS:
            ways += [
                lambda: a / (te.abs(b) + 1),
                lambda: te.exp(minimum(a, 2.0)) - b,
                lambda: te.tanh(a) * b,
                lambda: te.sqrt(te.abs(a)) + b,
                lambda: te.log(te.abs(a) + 2) * b,
                lambda: te.pow(te.abs(a) + 1, 1.5) + te.floor(self.exact(b)) + te.ceil(b * 0),
                lambda: cast(dtype, cast("float64", a) * cast("float64", b)),
                lambda: a * cast(dtype, rng.choice(axes)) + 0.5,
                lambda: select(self.exact(a) < self.exact(b), a, b),
                lambda: te.sigmoid(a) + te.erf(b),
                lambda: te.sin(a) * te.cos(b) + te.atan(a),
                lambda: te.exp2(te.tanh(a)) - te.expm1(te.sin(b)) * te.exp10(te.cos(b)),
                lambda: te.log2(te.fabs(a) + 1) + te.log10(te.abs(b) + 3) - te.log1p(te.abs(a)),
                lambda: te.rsqrt(te.abs(a) + 1) * b + te.tan(te.tanh(a)),
                lambda: te.asin(te.tanh(a)) - te.acos(te.sigmoid(b)),
                lambda: te.sinh(te.sin(a)) + te.asinh(b) * te.cosh(te.cos(b)),
                lambda: te.acosh(te.abs(a) + 2) + te.atanh(te.tanh(b) * 0.5),
                lambda: te.hypot(a, b) + te.copysign(a, self.exact(b)),
                lambda: te.atan2(a, te.abs(b) + 1) + te.fmod(self.exact(a), const(0.75, dtype)),
                lambda: te.round(self.exact(a) * 4) + te.nearbyint(b * 0) - te.trunc(self.exact(b)),
                lambda: (
                    te.ldexp(a, rng.choice(axes) % 5 - 2)
                    + te.clip(b, -0.5, 0.5) * cast(dtype, te.tf32(cast("float32", self.exact(a))))
                ),
                lambda: select(te.isnan(a) | te.isinf(self.exact(b)), b, a),
            ]
        else:
            divisor = const(rng.choice((2, 3, 5, 7)), dtype)
            ways += [
                lambda: a // divisor + b,
                lambda: a % divisor * b,
                lambda: te.abs(a) - b,
                lambda: cast(dtype, cast("int8", a)) + b,
                lambda: cast(dtype, (a < b) & ~(a == b)),
                lambda: select((a < b) | (b > 3), b, a + b),
                lambda: a + cast(dtype, rng.choice(axes) * 3),
                lambda: (a & b) | (a ^ const(5, dtype)),
                lambda: ~a ^ (b >> rng.randrange(dtypes.bits(dtype))),
                lambda: (a << rng.randrange(dtypes.bits(dtype))) - b,
                lambda: (a << (b & 3)) + (a >> (b & (dtypes.bits(dtype) - 1))),
                lambda: te.truncdiv(a, divisor) - te.truncmod(b, divisor),
                lambda: te.truncmod(a, b | 1) + te.truncdiv(b, a | 1),
                lambda: te.clz(a) + te.popcount(b),
                lambda: maximum(a, te.min_value(dtype)) ^ te.max_value(dtype),
            ]
            if dtype != "uint8":
                ways.append(lambda: -a // const(-3, dtype) + b % const(-5, dtype))
        return rng.choice(ways)()

    def exact(self, e: Expr) -> Expr:
        """A part of `e` that no rounding touches: one of its loads of a placeholder."""
        loads = [
            x
            for x in exprs(e)
            if isinstance(x, Load) and isinstance(x.buffer, Tensor) and x.buffer.is_placeholder
        ]
        safe = [x for x in loads if not isinstance(x, Cast) and x.dtype in dtypes.FLOATS]
        return (
            cast(e.dtype, safe[0])
            if safe and _widens(safe[0].dtype, e.dtype)
            else const(0.25, e.dtype)
        )


def _widens(source: str, dtype: str) -> bool:
    return source == dtype or dtypes.bits(source) < dtypes.bits(dtype)


def product_of(numbers: list[int]) -> int:
    total = 1
    for n in numbers:
        total *= n
    return total
