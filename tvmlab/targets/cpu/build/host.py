"""The machine this process runs on, as LLVM sees it: its CPU, and compilers for it."""

from __future__ import annotations

import ctypes
import sys
import threading
from dataclasses import dataclass
from functools import cache

import llvmlite
import llvmlite.binding as llvm

_OPTION_LOCK = threading.Lock()

_MATH_LIBRARIES = {
    # expf and its kin; then the half-precision conversions that LLVM calls on CPUs without them.
    "linux": ("libm.so.6", "libgcc_s.so.1"),
    "darwin": ("libSystem.B.dylib",),
}


@dataclass(frozen=True)
class Host:
    """What code is generated for.

    Attributes:
        triple: LLVM's name of architecture, vendor and system.
        cpu: LLVM's name of the processor, e.g. `znver4`.
        features: LLVM's feature string, e.g. `+avx2,-sse4a`.
        compiler: version of llvmlite and of the LLVM inside.
    """

    triple: str
    cpu: str
    features: str
    compiler: str

    def has(self, feature: str) -> bool:
        """Whether the processor offers `feature`, by LLVM's name, e.g. `avx512f`."""
        return f"+{feature}" in self.features.split(",")

    @property
    def architecture(self) -> str:
        """`x86_64`, `aarch64`, ...: what the triple begins with, arm64 being aarch64."""
        name = self.triple.partition("-")[0]
        return "aarch64" if name == "arm64" else name

    @property
    def is_x86(self) -> bool:
        """Whether the architecture is x86-64."""
        return self.architecture == "x86_64"

    @property
    def is_arm(self) -> bool:
        """Whether the architecture is 64-bit ARM."""
        return self.architecture == "aarch64"


@cache
def host() -> Host:
    """The processor of this machine, and LLVM made ready to compile for it."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    llvm.initialize_native_asmparser()
    version = ".".join(map(str, llvm.llvm_version_info))
    return Host(
        triple=elf_triple(llvm.get_process_triple()),
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        compiler=f"llvmlite {llvmlite.__version__}, LLVM {version}",
    )


def elf_triple(triple: str) -> str:
    """The triple with a format of object code that the just-in-time linker can place.

    On Windows that is ELF (calling convention and libraries stay the system's): constants of COFF
    objects are symbols which the linker does not find again.
    """
    return f"{triple}-elf" if "windows" in triple and not triple.endswith("-elf") else triple


@cache
def target_machine(codegen_level: int, intel_syntax: bool = False) -> llvm.TargetMachine:
    """LLVM's code generator for this host at `codegen_level` 0 to 3.

    The small code model with position-independent code gives the shortest addressing; JITLink
    places a kernel's sections near each other, which it needs.
    """
    machine = host()
    target = llvm.Target.from_triple(machine.triple)
    # LLVM reads the syntax from a global option when the machine is made, and only then.
    with _OPTION_LOCK:
        if intel_syntax and machine.is_x86:
            llvm.set_option("", "-x86-asm-syntax=intel")
        try:
            return target.create_target_machine(
                cpu=machine.cpu,
                features=machine.features,
                opt=codegen_level,
                reloc="pic",
                codemodel="small",
            )
        finally:
            if intel_syntax and machine.is_x86:
                llvm.set_option("", "-x86-asm-syntax=att")


@cache
def linker() -> llvm.LLJIT:
    """The one just-in-time linker of this process; it resolves libm's symbols."""
    for name in _MATH_LIBRARIES.get(sys.platform, ()):
        try:
            ctypes.CDLL(name)
            llvm.load_library_permanently(name)
        except (OSError, RuntimeError):
            continue  # a kernel that needs it will say which symbol is missing
    return llvm.create_lljit_compiler(target_machine(2), use_jit_link=True, suppress_errors=True)
