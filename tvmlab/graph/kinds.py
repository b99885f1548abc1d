"""How an operator may share a kernel with those beside it.

The kinds are those of T. Chen et al., *TVM: An Automated End-to-End Optimizing Compiler for Deep
Learning*, OSDI 2018, section 3 (operator fusion): injective, reduction, complex-out-fusable and
opaque. As TVM's own code does (`include/tvm/relay/op_attr_types.h`: kElemWise, kBroadcast), the
injective operators that keep every element in its place stand apart: only those can follow a
reduction or a convolution into its loops.
"""

from __future__ import annotations

from enum import Enum


class Kind(Enum):
    """What an operator does to the place of an element."""

    ELEMENTWISE = "elementwise"
    """Injective, and element i of the result depends on element i of each input (of its own
    place in one that is broadcast): add, relu."""
    INJECTIVE = "injective"
    """Each element depends on one element of each input, anywhere: transpose, reshape."""
    REDUCTION = "reduction"
    """A fold whose input may be computed on the way: sum."""
    COMPLEX_OUT_FUSABLE = "complex-out-fusable"
    """A fold that reads an element many times, so that only its result is worth fusing: conv2d."""
    OPAQUE = "opaque"
    """Stands alone: softmax."""

    @property
    def is_injective(self) -> bool:
        """Whether it folds nothing."""
        return self in (Kind.ELEMENTWISE, Kind.INJECTIVE)
