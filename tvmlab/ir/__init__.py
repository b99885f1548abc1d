"""What a tensor program is, and what each node means.

A **program** owns parameter buffers (handed in by the caller; the last ones are outputs),
intermediate buffers, and a body. Buffers never alias each other. Memory is row-major. Extents are
numbers, or over **sizes** (`tvmlab.ir.size`): variables that a call fixes by its arrays' shapes,
and that may stand wherever an int64 may. Every extent is at least 1 for all values of its sizes.
Of a parameter the caller may promise that its elements are `finite`, neither infinite nor NaN, and
that they are `constant`, the same at every call.

*Statements* run in order and change buffers:

- `For(var, extent, body, kind)`: body for var = 0, 1, ..., extent - 1. Kinds `serial`,
  `unrolled` mean exactly that order. `tree` means that the contributions of the iterations to an
  element are folded in any order and grouping. `parallel` and `vectorized` mean any order, also at
  once: a program is only well formed if every order gives the same result. `bound` is `parallel` on
  a hardware axis: its annotation `thread` names one of `tvmlab.ir.axis.AXES`. As everywhere, the
  statements of a body run one after the other: where two nests are bound to threads, the first is
  over when the second begins. What else a loop carries in `annotations` is plain data; lowering
  knows the keys that `tvmlab.schedule.pragmas` names.
- `Block(name, iters, bindings, where, reads, writes, init, body)`: one instance of a
  computation. Each iteration variable takes the value of its binding; if `where` is false the
  instance does nothing. `spatial` variables name the element written, `reduce` variables the
  contributions folded into it. `init`, if there is one, runs before the body in the first
  executed instance for a given element, that is, when all reduce variables are at their first
  value. All instances for an element may be executed again, from the first on, where `init`
  starts the fold anew or nothing is folded. Nothing in a block refers to a loop variable outside
  `bindings` and `where`.
  A block that also reads what other instances of it wrote, as a recurrence does, or another block
  under the same loops, depends on the order of the loops around it: there is no mark for that. A
  step that changes the order proves, from the regions, that an element is still written before it
  is read.
- `Seq`, `If`, `Allocate` (a buffer alive in its body, uninitialised), `Store`.
- `Let(var, value, body)`: `value` is evaluated once, and `var` stands for it in `body`, whatever
  `body` stores. So the several results of one fold are all computed from what was there before.
- `Invoke(name, operands, body)`: a hardware instruction; it does exactly what `body` does.
- `Prefetch(buffer, indices)`: a hint that the element will soon be read. It does nothing, and may
  name a place outside the buffer. Only lowered programs contain it.

- `Barrier(buffers)`: every thread of a block of threads comes to it before any goes on, and what
  they wrote to the buffers before is there for all of them after. Where one stands, the loops bound
  to threads around it run their iterations together from one barrier to the next. No condition or
  extent around it differs between threads. Only programs lowered for a device contain it.

- `Commit()`: the copies that a thread began since the last one, by instructions that go on by
  themselves, are a group. `Barrier(buffers, pending)` waits for a thread's copies before threads
  meet, for all but those of its last `pending` groups; what a copy writes is there, to any thread,
  once its own thread has waited for it. Only programs lowered for a device contain it.

- A `Let` may name a shuffle: what another thread of the warp has (`tvmlab.ir.shuffle`). Only
  programs lowered for a device contain it.

*Scopes* say in which memory of a machine an intermediate is kept. They change no value: a machine
without such a memory uses one that it has, and on a CPU every scope but `register` is memory.

- `global`: the memory of the whole program.
- `shared`: of one block of threads; `warp`: of the threads that run in step; `local`: of one
  thread. Each iteration of the loop that owns such a buffer has one of its own.
- `scratch.input`, `scratch.weight`, `scratch.accumulator`: the memories inside an accelerator that
  feed its multiplier with data and weights, and hold its sums.
- `register`: a small tile whose indices are all constant after unrolling, so that each element is
  a machine register. Lowering makes these; a schedule asks for `local`.

*Expressions* have a dtype and no effects:

- Integer `+ - *` wrap around modulo 2**bits. `//` and `%` round towards minus infinity, so that
  `a == (a // b) * b + a % b` and `a % b` has the sign of b; `truncdiv` and `truncmod` round
  towards zero as C does, and `truncmod(a, b)` has the sign of a. Division by zero is undefined.
- `& | ^ << >>` work on the bits of integers, in two's complement. `<<` drops what leaves at the
  top; `>>` repeats the sign of a signed integer and brings in zeros in an unsigned one. A shift by
  a negative amount, or by as many bits as there are or more, is undefined.
- `/` is IEEE division of floats. Float `+ *` may be contracted into a fused multiply-add, and
  are otherwise evaluated as written: reassociation happens only where a schedule step says so.
- `min` and `max` of floats return the other operand if one is NaN.
- `Select(condition, a, b)` evaluates only the chosen side, so a guarded load may be out of
  bounds where it is not chosen. `and`, `or` evaluate both sides.
- `Load` and `Store` outside a buffer's shape are undefined: the verifier and schedule steps keep
  them from happening.
- `Slice(value, start, lanes)` are some lanes of a named vector. Only lowered programs contain it.
- `Ramp(base, lanes)` is the vector `base, base + 1, ...` of indices; any expression over vectors
  is a vector of the same lanes and scalars spread to it. An `If` over a vector (which has no else)
  lets the stores below it happen in the lanes where it holds. Only lowered programs contain ramps.
- `Cast` from float to integer truncates towards zero, and is undefined out of range.

Nodes are immutable by convention: a rewrite builds new nodes and shares the rest.
"""

from tvmlab.ir.buffer import Buffer
from tvmlab.ir.equality import equal, structural_hash
from tvmlab.ir.expr import Expr, Var
from tvmlab.ir.printer import print_program, text
from tvmlab.ir.program import Block, For, Program

__all__ = [
    "Block",
    "Buffer",
    "Expr",
    "For",
    "Program",
    "Var",
    "equal",
    "print_program",
    "structural_hash",
    "text",
]
