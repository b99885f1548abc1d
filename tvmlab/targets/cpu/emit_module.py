"""The parts of a module outside its functions: declarations, attributes, metadata, debug lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tvmlab.ir.buffer import Buffer
from tvmlab.ir.expr import Var
from tvmlab.targets.cpu.emit_context import Machine

_RESERVED = ("launch", "closure", "begin", "end")


@dataclass(frozen=True)
class FunctionLocation:
    """Debug locations inside one function; all empty where no lines are wanted.

    Attributes:
        subprogram: what ends the function's header.
        suffix: what ends an instruction that belongs to no line in particular.
        locations: what ends an instruction of a loop (by its variable) or block (by its name).
    """

    subprogram: str
    suffix: str
    locations: Mapping[Var | str, str]


class Module:
    """A module under construction.

    Attributes:
        functions: the text of each function, line by line.
        attributes: how a function refers to the attributes that all have.
    """

    attributes = "#0"

    def __init__(self, name: str, machine: Machine, lines: Mapping[Var | str, int] | None) -> None:
        self.name = name
        self.functions: list[list[str]] = []
        self._machine = machine
        self._lines = lines
        self._declarations: dict[str, str] = {}
        self._defined: set[str] = set()
        self._metadata: list[str] = []
        self._names: dict[Buffer, str] = {}
        self._taken = set(_RESERVED)
        self._hints = ("", "")
        self._stream_hint = ""
        self._unit = self._debug_unit() if lines is not None else ""

    # Names

    def pointer_name(self, buffer: Buffer) -> str:
        """The parameter that points to `buffer`: its name, made unique."""
        name = self._names.get(buffer)
        if name is None:
            name = re.sub(r"\W", "_", buffer.name, flags=re.ASCII)
            while name in self._taken:
                name += "_"
            self._taken.add(name)
            self._names[buffer] = name
        return f"%{name}"

    def fresh_function(self, hint: str) -> str:
        """A name for a part of the program that becomes a function."""
        plain = re.sub(r"\W", "_", f"{self.name}.{hint}", flags=re.ASCII)
        return f"{plain}.{len(self.functions)}"

    # Declarations and metadata

    def declare(self, result: str, name: str, arguments: tuple[str, ...]) -> None:
        """Note that the intrinsic `name` is called."""
        if name not in self._declarations:
            self._declarations[name] = f"declare {result} @{name}({', '.join(arguments)})"

    def defines(self, name: str) -> bool:
        """Whether a function of that name has been defined."""
        return name in self._defined

    def define(self, name: str, lines: list[str]) -> None:
        """Add a function that is not part of the program, once."""
        self._defined.add(name)
        self.functions.append(lines)

    def loop_hint(self, is_shaped: bool) -> str:
        """Keep LLVM from reshaping a loop whose inside the schedule shaped."""
        if not is_shaped:
            return ""
        if not self._hints[0]:
            self._hints = (
                self._node('!{!"llvm.loop.unroll.disable"}'),
                self._node('!{!"llvm.loop.vectorize.enable", i1 false}'),
            )
        number = len(self._metadata)
        node = self._node(f"distinct !{{!{number}, {self._hints[0]}, {self._hints[1]}}}")
        return f", !llvm.loop {node}"

    def stream_hint(self) -> str:
        """What ends a store that is to pass the caches by."""
        if not self._stream_hint:
            self._stream_hint = f", !nontemporal {self._node('!{i32 1}')}"
        return self._stream_hint

    def _node(self, text: str) -> str:
        self._metadata.append(text)
        return f"!{len(self._metadata) - 1}"

    # Debug lines: numbers of the printed program's lines

    def _debug_unit(self) -> str:
        self._file = self._node(f'!DIFile(filename: "{self.name}.tvmlab", directory: ".")')
        empty = self._node("!{}")
        self._type = self._node(f"!DISubroutineType(types: {empty})")
        return self._node(
            f"distinct !DICompileUnit(language: DW_LANG_C99, file: {self._file}, "
            'producer: "tvmlab", isOptimized: true, runtimeVersion: 0, '
            "emissionKind: LineTablesOnly)"
        )

    def function_location(self, name: str) -> FunctionLocation:
        """The debug locations of function `name`."""
        if self._lines is None:
            return FunctionLocation("", "", {})
        scope = self._node(
            f'distinct !DISubprogram(name: "{name}", scope: {self._file}, file: {self._file}, '
            f"line: 1, type: {self._type}, scopeLine: 1, "
            f"spFlags: DISPFlagDefinition | DISPFlagOptimized, unit: {self._unit})"
        )
        by_line: dict[int, str] = {}
        for line in {1, *self._lines.values()}:
            node = self._node(f"!DILocation(line: {line}, column: 1, scope: {scope})")
            by_line[line] = f", !dbg {node}"
        located = {key: by_line[line] for key, line in self._lines.items()}
        return FunctionLocation(f" !dbg {scope}", by_line[1], located)

    # The whole

    def text(self) -> str:
        """The module, parts before what uses them."""
        return "\n".join(self._all_lines()) + "\n"

    def _all_lines(self) -> Iterator[str]:
        yield f"; {self.name}: generated by tvmlab"
        for function in self.functions:
            yield ""
            yield from function
        yield ""
        yield from self._declarations.values()
        machine = self._machine
        width = f' "prefer-vector-width"="{machine.vector_bits}"'
        yield (
            f'attributes {self.attributes} = {{ nounwind "target-cpu"="{machine.llvm_cpu}"'
            f'{width} "no-trapping-math"="true" }}'
        )
        if self._unit:
            flags = [
                self._node('!{i32 2, !"Debug Info Version", i32 3}'),
                self._node('!{i32 7, !"Dwarf Version", i32 4}'),
            ]
            yield f"!llvm.dbg.cu = !{{{self._unit}}}"
            yield f"!llvm.module.flags = !{{{', '.join(flags)}}}"
        for number, node in enumerate(self._metadata):
            yield f"!{number} = {node}"
