"""TensorCores' instructions, and asynchronous copies, as text: device functions around PTX.

PTX ISA, "Warp-level matrix instructions". Of `mma`, whose layout is documented ("Matrix fragments
for mma.m16n8k16", "... m16n8k32", "... m16n8k8"), thread `x` of a warp holds, with g = x / 4 and
t = x % 4:

- of A in register r the four bytes from 4 t + 16 (r / 2) on in row g + 8 (r % 2);
- of B in register r the four bytes from 4 t + 16 r on in column g;
- of C in register r the element of row g + 8 (r / 2) and column 2 t + r % 2.

So rows of A and columns of B are 32 bytes long, whatever the dtype. `wmma` keeps its layout to
itself, and loads from and stores to any memory.
"""

from __future__ import annotations

from collections.abc import Sequence

from tvmlab.targets.cuda.row_loads import load

HEAD = "static __device__ __forceinline__ void"

_FUNCTIONS: dict[str, tuple[str, Sequence[str]]] = {
    "copy_async": (
        "void* to, const void* from",
        [
            'asm volatile("cp.async.cg.shared.global [%0], [%1], 16;"',
            '    : : "r"((unsigned)__cvta_generic_to_shared(to)), "l"(from) : "memory");',
        ],
    ),
    "copy_async_or_zeros": (
        "void* to, const void* from, bool is_there",
        [
            'asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"',
            '    : : "r"((unsigned)__cvta_generic_to_shared(to)), "l"(from),',
            '    "r"(is_there ? 16 : 0) : "memory");',
        ],
    ),
    "copy_row": (
        "void* to, const void* from",
        ["for (int n = 0; n < 16; ++n) ((char*)to)[n] = ((const char*)from)[n];"],
    ),
    "wait_for_copies": ("", ['asm volatile("cp.async.wait_all;" : : : "memory");']),
    "wait_for_groups": ("", ['asm volatile("cp.async.wait_group %0;" : : "n"(n) : "memory");']),
    "commit_copies": ("", ['asm volatile("cp.async.commit_group;" : : : "memory");']),
    "clear_float": (
        "float* c, int n",
        ["#pragma unroll", "for (int r = 0; r < n; ++r) c[r] = 0.0f;"],
    ),
    "clear_int": (
        "int* c, int n",
        ["#pragma unroll", "for (int r = 0; r < n; ++r) c[r] = 0;"],
    ),
    **{
        f"store_{kind}": (
            f"{kind}* to, const {kind}* c, int row",
            [
                f"{kind}* p = to + (threadIdx.x >> 2) * row + (threadIdx.x & 3) * 2;",
                "p[0] = c[0]; p[1] = c[1];",
                "p[8 * row] = c[2]; p[8 * row + 1] = c[3];",
            ],
        )
        for kind in ("float", "int")
    },
    **{
        f"store_{kind}2": (
            f"{kind}* to, const {kind}* c, int row",
            [
                f"{kind}* p = to + (threadIdx.x >> 2) * row + (threadIdx.x & 3) * 2;",
                f"*({kind}2*)p = make_{kind}2(c[0], c[1]);",
                f"*({kind}2*)(p + 8 * row) = make_{kind}2(c[2], c[3]);",
            ],
        )
        for kind in ("float", "int")
    },
}
"""Parameters and lines of the functions that have no variants."""


def function(name: str) -> str:
    """The definition of a device function: one without variants, a load of `mma`, or `mma_...` and
    `wmma_...`."""
    parameters, lines = _FUNCTIONS.get(name) or (
        load(name) if name.startswith("load_") else _made(name)
    )
    head = f"template <int n>\n{HEAD}" if name == "wait_for_groups" else HEAD
    return "\n".join([f"{head} {name}({parameters}) {{", *(f"    {x}" for x in lines), "}", ""])


def _made(name: str) -> tuple[str, list[str]]:
    """A product, or a copy of `wmma`."""
    family, *what, short = name.split("_")
    result, kind, constraint = ("s32", "int", "r") if short in ("s8", "s32") else (
        "f32", "float", "f"
    )  # fmt: skip
    if family == "mma":
        steps = {"s8": 32, "tf32": 8}.get(short, 16)
        order = f"mma.sync.aligned.m16n8k{steps}.row.col.{result}.{short}.{short}.{result}"
        made = _product(order, kind, constraint, (4, 4, 2))
        if short in ("f16", "s8"):
            return made[0], [
                "#if __CUDA_ARCH__ >= 800",
                *made[1],
                "#else",
                *_halves(short),
                "#endif",
            ]
        return _rounded(*made) if short == "tf32" else made
    operands = {"f16": 8, "bf16": 4, "s8": 2}.get(short, 8)
    layout = "col" if "t" in what else "row"
    if what[:1] == ["load"]:
        side = "a" if "a" in what else "b"
        order = f"wmma.load.{side}.sync.aligned.{layout}.m16n16k16.{short}"
        return _wmma_load(order, operands)
    if what[:1] == ["store"]:
        order = f"wmma.store.d.sync.aligned.row.m16n16k16.{short}"
        return _wmma_store(order, kind, constraint)
    types = f"{result}.{result}" if short == "f16" else f"{result}.{short}.{short}.{result}"
    order = f"wmma.mma.sync.aligned.row.{layout}.m16n16k16.{types}"
    return _product(order, kind, constraint, (8, operands, operands))


def _product(
    order: str, kind: str, constraint: str, counts: tuple[int, int, int]
) -> tuple[str, list[str]]:
    """c += a * b, the operands in this many registers."""
    c, a, b = counts
    places = [f"%{n}" for n in range(c + a + b)]
    groups = (places[:c], places[c : c + a], places[c + a :], places[:c])
    text = ", ".join(f"{{{', '.join(group)}}}" for group in groups)
    sums = ", ".join(f'"+{constraint}"(c[{n}])' for n in range(c))
    given = ", ".join(f'"r"({x}[{n}])' for x, count in (("a", a), ("b", b)) for n in range(count))
    return f"{kind}* c, const unsigned* a, const unsigned* b", [
        f'asm("{order} "',
        f'    "{text};"',
        f"    : {sums}",
        f"    : {given});",
    ]


def _halves(short: str) -> list[str]:
    """The product by those of sm_75, whose tiles are parts of it: m16n8k8 takes half of the terms,
    m8n8k16 half of them for half of the rows ("Matrix fragments for mma.m16n8k8", "m8n8k16")."""
    if short == "f16":
        order = "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32"
        return [
            line
            for part in range(2)
            for line in (
                f'asm("{order} {{%0, %1, %2, %3}}, {{%4, %5}}, {{%6}}, {{%0, %1, %2, %3}};"',
                '    : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])',
                f'    : "r"(a[{2 * part}]), "r"(a[{2 * part + 1}]), "r"(b[{part}]));',
            )
        ]
    order = "mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32"
    return [
        line
        for below in range(2)
        for part in range(2)
        for line in (
            f'asm("{order} {{%0, %1}}, {{%2}}, {{%3}}, {{%0, %1}};"',
            f'    : "+r"(c[{2 * below}]), "+r"(c[{2 * below + 1}])',
            f'    : "r"(a[{2 * part + below}]), "r"(b[{part}]));',
        )
    ]


def _rounded(parameters: str, product: list[str]) -> tuple[str, list[str]]:
    """The product of float32 operands, each rounded to tf32 beforehand."""
    lines = ["unsigned ra[4], rb[2];"]
    for n, (to, of) in enumerate([("ra", "a")] * 4 + [("rb", "b")] * 2):
        at = n % 4
        lines.append(f'asm("cvt.rna.tf32.f32 %0, %1;" : "=r"({to}[{at}]) : "f"({of}[{at}]));')
    renamed = [x.replace('"r"(a[', '"r"(ra[').replace('"r"(b[', '"r"(rb[') for x in product]
    return parameters.replace("unsigned", "float"), [*lines, *renamed]


def _wmma_load(order: str, count: int) -> tuple[str, list[str]]:
    places = ", ".join(f"%{n}" for n in range(count))
    made = ", ".join(f'"=r"(f[{n}])' for n in range(count))
    return "unsigned* f, const void* from, int row", [
        f'asm volatile("{order} {{{places}}}, [%{count}], %{count + 1};"',
        f"    : {made}",
        '    : "l"(from), "r"(row) : "memory");',
    ]


def _wmma_store(order: str, kind: str, constraint: str) -> tuple[str, list[str]]:
    places = ", ".join(f"%{n + 2}" for n in range(8))
    given = ", ".join(f'"{constraint}"(c[{n}])' for n in range(8))
    return f"{kind}* to, const {kind}* c, int row", [
        f'asm volatile("{order} [%0], {{{places}}}, %1;" : : "l"(to), "r"(row),',
        f'    {given} : "memory");',
    ]
