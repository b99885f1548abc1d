"""What languages for kernels say in different words: one object for each language.

The base class says what they have in common. A dialect states its words as attributes and the few
constructs that differ in form as methods, each a pure function to text; it never sees the program.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

from tvmlab.errors import TargetError
from tvmlab.ir.buffer import Buffer
from tvmlab.ir.expr import Expr
from tvmlab.ir.kernel import Kernel
from tvmlab.ir.program import If, Invoke, Region

_C_WORDS = """
    auto bool break case char const continue default do double else enum extern float for goto half
    if inline int kernel local global constant private long register restrict return short signed
    sizeof static struct switch typedef union unsigned void volatile while uchar ushort uint ulong
    main template class this new delete operator asm min max lane
"""
KEYWORDS = frozenset(_C_WORDS.split())
"""Words that no dialect takes for a name, and those that the printer uses itself."""

Address = Callable[[Region], str]
"""The text of a pointer to the first element of a region."""


class Dialect(ABC):
    """A language for kernels.

    Attributes:
        name: what the target is called.
        types: the C type of a value of each dtype; one that is missing cannot be printed.
        memory_types: the C type of an element in memory, where it is another than that of values.
        long_suffix: what ends a literal of 64 bits.
        infinity, not_a_number: these values of float32.
        function: what stands before a helper function.
        unroll: the line before a loop that is written out.
        widths: how many elements a vector access may have, the widest first.
        vector_bytes: the most bytes of a vector access.
        needs_alignment: whether a vector access must be to a multiple of its size.
        axes: the expression for each hardware axis.
        reserved: names that a program may not use, besides `KEYWORDS`.
        hidden: the helper (name, text) through which conditions go that threads differ in, in loops
            of kernels with barriers, so that no compiler moves them out of a loop; none if empty.
        unroll_hidden: the lines before a loop that is written out and holds such conditions.
        instructions: the instructions, by the names that programs print, that `invoke` prints.
    """

    name: str
    types: Mapping[str, str]
    memory_types: Mapping[str, str] = {"bool": "uchar", "bfloat16": "ushort"}
    long_suffix: str = "l"
    infinity: str = "INFINITY"
    not_a_number: str = "NAN"
    function: str = "static inline"
    unroll: str = "#pragma unroll"
    widths: tuple[int, ...] = (4, 2)
    vector_bytes: int = 16
    needs_alignment: bool = True
    axes: Mapping[str, str]
    reserved: frozenset[str] = frozenset()
    hidden: tuple[str, str] = ("", "")
    unroll_hidden: Sequence[str] = ()
    instructions: frozenset[str] = frozenset()

    # Types

    def type_of(self, dtype: str) -> str:
        """The C type of a value of `dtype`.

        Raises:
            TargetError: the language has none.
        """
        if dtype not in self.types:
            raise TargetError(
                f"Target {self.name} does not compute in {dtype}; use "
                f"{', '.join(d for d in self.types if d != 'bool')}."
            )
        return self.types[dtype]

    def memory_type(self, dtype: str) -> str:
        """The C type of an element of `dtype` in memory."""
        self.type_of(dtype)
        return self.memory_types.get(dtype, self.types[dtype])

    def convert(self, text: str, source: str, dtype: str) -> str:
        """A value of dtype `source` as one of `dtype`; both are neither bool nor bfloat16."""
        return f"({self.type_of(dtype)})({text})"

    # Functions

    @abstractmethod
    def kernel_head(self, kernel: Kernel, name: str, parameters: Sequence[str]) -> str:
        """The first line of a kernel, up to its brace."""

    @abstractmethod
    def pointer(self, dtype: str, is_written: bool, name: str) -> str:
        """The parameter that points to a buffer in the device's memory."""

    def preamble(self, dtypes: frozenset[str], kernels: Sequence[Kernel]) -> list[str]:
        """Lines before the kernels: extensions, headers, helpers of this dialect's own."""
        return []

    # Memory

    @abstractmethod
    def array(self, buffer: Buffer, kind: str, name: str, size: int) -> list[str]:
        """The declaration of `size` elements of C type `kind` in the buffer's scope."""

    @abstractmethod
    def barrier(self, buffers: Sequence[Buffer], pending: int = 0) -> str:
        """All threads of a block meet, and see what each wrote to `buffers`, and copied but for the
        last `pending` groups of copies."""

    def commit(self) -> list[str]:
        """What ends a group of copies; nothing where no copy goes on by itself."""
        return []

    @abstractmethod
    def load_vector(self, kind: str, width: int, pointer: str) -> str:
        """`width` elements of C type `kind` from `pointer` on."""

    @abstractmethod
    def store_vector(self, kind: str, width: int, pointer: str, values: Sequence[str]) -> str:
        """The statement that stores the values from `pointer` on."""

    def vector_type(self, kind: str, width: int) -> str:
        """The C type of a vector."""
        return f"{kind}{width}"

    @abstractmethod
    def component(self, vector: str, number: int) -> str:
        """One element of a vector."""

    # Calculation

    @abstractmethod
    def call(self, function: str, dtype: str, arguments: Sequence[str]) -> str:
        """A function of `tvmlab.ir.functions`, or `min` or `max`, on values of `dtype`, which is
        not bfloat16; the result may be of a wider integer type."""

    def operation(self, name: str, arguments: Sequence[str]) -> str | None:
        """A machine operation of `tvmlab.ir.operation`; None to have it spelled out."""
        return None

    def shuffle(self, function: str, dtype: str, value: str, which: str) -> str:
        """What another thread of the warp has for a value of `dtype`: one of `tvmlab.ir.shuffle`,
        where they are among `instructions`.

        Raises:
            TargetError: it has none.
        """
        raise TargetError(f"Target {self.name} has no {function}.")

    def branch(self, branch: If, address: Address, value: Callable[[Expr], str]) -> list[str]:
        """The statements of a branch that is one instruction; none to have it printed as it is.

        Args:
            branch: the statement.
            address, value: as for `invoke`.
        """
        return []

    def invoke(self, invoke: Invoke, address: Address, value: Callable[[Expr], str]) -> list[str]:
        """The statements of an instruction among `instructions`.

        Args:
            invoke: the instruction, its operands as regions of buffers, the result first.
            address: prints the pointer to a region's first element.
            value: prints a scalar expression.

        Raises:
            TargetError: it has none of that name.
        """
        raise TargetError(f"Target {self.name} has no instruction {invoke.name}.")
