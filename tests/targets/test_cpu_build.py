from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.targets.llvm_texts import AXPY, EXP
from tvmlab.errors import TargetError
from tvmlab.targets.cpu.build import PRESETS, assembly, compile_object, host, load, optimised_llvm
from tvmlab.targets.cpu.build.presets import preset_for
from tvmlab.targets.object_cache import ObjectCache


def call_with_floats(text: str, name: str, *values: float, preset: str = "full") -> list[float]:
    """The memory cells after `name` was called with the address of each."""
    cells = [ctypes.c_float(v) for v in values]
    code = load(text, name, preset=preset)
    prototype = ctypes.CFUNCTYPE(None, ctypes.c_void_p, *[ctypes.c_void_p] * len(cells))
    prototype(code.symbols[name])(None, *map(ctypes.addressof, cells))
    return [c.value for c in cells]


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_builds_and_reaches_libm(preset: str) -> None:
    assert call_with_floats(EXP, "exponential", 1.0, 0.0, preset=preset)[1] == pytest.approx(
        2.7182817
    )


def test_presets_differ_in_what_they_do() -> None:
    assert "x float>" not in optimised_llvm(AXPY, "explore")
    assert "x float>" in optimised_llvm(AXPY, "full")


def test_light_promotes_memory_to_registers() -> None:
    text = (
        "define i32 @f(i32 %x) {\n  %p = alloca i32\n  store i32 %x, ptr %p\n"
        "  %y = load i32, ptr %p\n  ret i32 %y\n}"
    )
    assert "alloca" in optimised_llvm(text, "explore")
    assert "alloca" not in optimised_llvm(text, "light")


SUM = "  %a{0} = call <8 x float> @llvm.fma.v8f32(<8 x float> %x, <8 x float> %x, <8 x float> %x)\n"
CHOSEN = "  %c{0} = select <8 x i1> %m, <8 x float> %x, <8 x float> %x\n"


def written_out(sums: int, chosen: int, ends: str = ", !llvm.loop !1") -> str:
    """The likeness of a text with so many statements in a loop."""
    body = "".join([SUM.format(n) for n in range(sums)] + [CHOSEN.format(n) for n in range(chosen)])
    return f"begin:\nloop.i:\n{body}  br i1 %again, label %loop.i, label %end{ends}\n"


@pytest.mark.parametrize(
    ("text", "is_enough"),
    [
        (written_out(700, 0), True),
        (written_out(700, 349), True),
        (written_out(700, 350), False),  # masks that O3 combines
        (written_out(0, 700), False),
        (written_out(500, 0), False),  # quick either way
        (written_out(700, 0, ends=""), False),  # a loop that O3 may find vectors in
    ],
)
def test_large_texts_that_are_shaped_throughout_are_not_looked_through_for_more(
    text: str, is_enough: bool
) -> None:
    assert preset_for(text, "full").name == ("light" if is_enough else "full")
    assert preset_for(text, "explore").name == "explore"


@pytest.mark.skipif(not host().is_x86, reason="only x86 has two syntaxes")
def test_assembly_in_both_syntaxes() -> None:
    att, intel = assembly(AXPY, syntax="att"), assembly(AXPY, syntax="intel")
    assert re.search(r"vfmadd\w+\s.*%[xyz]mm", att)
    assert re.search(r"vfmadd\w+\s+[xyz]mm\d+, ", intel)
    assert "%" not in re.sub(r'".*?"|@.*', "", intel)
    assert assembly(AXPY, syntax="att") == att, "the switch is left as it was"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "define void @f() {\n  %a = add i32 %q, 1\n  ret void\n}",
            "line 2, column 16: use of undefined",
        ),
        (
            "define void @f() {\nb:\n  %a = add i32 %d, 1\n  br label %c\n"
            "c:\n  %d = add i32 1, 2\n  ret void\n}",
            "does not dominate all uses",
        ),
        ("rubbish", "expected top-level entity"),
    ],
)
def test_text_that_llvm_refuses(text: str, reason: str) -> None:
    with pytest.raises(TargetError, match=reason) as caught:
        load(text, "f")
    assert "\n" not in str(caught.value)


def test_a_missing_function_is_named() -> None:
    text = (
        "declare void @no_such_function()\n"
        "define void @f() {\n  call void @no_such_function()\n  ret void\n}"
    )
    with pytest.raises(TargetError, match="'no_such_function', which no library"):
        load(text, "f")


def test_a_missing_symbol_is_named() -> None:
    with pytest.raises(TargetError, match="no_such_kernel"):
        load(AXPY, "no_such_kernel")


@pytest.mark.parametrize(
    "call", [lambda: load(AXPY, "axpy", preset="fast"), lambda: assembly(AXPY, syntax="arm")]
)
def test_unknown_options(call: object) -> None:
    with pytest.raises(TargetError, match="is not known; use"):
        call()  # type: ignore[operator]


# ---- the object cache


def unique(text: str, number: int) -> str:
    return f"{text}\n; {number} {os.urandom(8).hex()}\n"


def test_objects_are_kept_on_disk(own_cache: Path) -> None:
    text = unique(AXPY, 1)
    content = compile_object(text)
    [entry] = (own_cache / "objects").iterdir()
    assert entry.read_bytes().endswith(content)
    assert ObjectCache().get(entry.stem) == content, "another process finds it"
    compile_object(text, "explore")
    assert len(list((own_cache / "objects").iterdir())) == 2, "presets are kept apart"


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-1], lambda b: b"", lambda b: b[:99] + b"?" + b[100:]]
)
def test_a_damaged_entry_is_forgotten_and_written_anew(tmp_path: Path, damage: object) -> None:
    cache = ObjectCache(tmp_path / "o")
    cache.put("k", b"code" * 99)
    path = tmp_path / "o" / "k.o"
    good = path.read_bytes()
    path.write_bytes(damage(good))  # type: ignore[operator]
    reader = ObjectCache(tmp_path / "o")
    assert reader.get("k") is None
    reader.put("k", b"code" * 99)
    assert path.read_bytes() == good


def test_a_build_survives_a_damaged_entry(own_cache: Path) -> None:
    text = unique(EXP, 2)
    compile_object(text)
    [entry] = (own_cache / "objects").iterdir()
    entry.write_bytes(b"\x7fELF" + os.urandom(500))
    script = (
        "import sys; from tvmlab.targets.cpu.build import load; "
        "load(sys.stdin.read(), 'exponential'); print('built')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], input=text, capture_output=True, text=True
    )
    assert done.stdout == "built\n", done.stderr
    assert len(entry.read_bytes()) > 500


def test_the_cache_is_bounded_and_drops_what_was_unused_longest(tmp_path: Path) -> None:
    writer = ObjectCache(tmp_path, memory_limit=2)
    for i in range(12):
        writer.put(f"k{i}", bytes(968))
        os.utime(tmp_path / f"k{i}.o", (i, i))
    assert ObjectCache(tmp_path).get("k0") is not None, "reading makes an entry young"
    # Its own bound, for which write it falls to look at the bound depends on the process.
    ObjectCache(tmp_path, disk_limit_bytes=10_000).prune()
    left = {p.stem for p in tmp_path.iterdir()}
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) <= 7_500
    assert {"k0", "k11"} <= left
    assert "k1" not in left
    assert len(writer._memory) == 2


def test_the_cache_is_bounded_in_number_and_looks_through_itself_now_and_then(
    tmp_path: Path,
) -> None:
    cache = ObjectCache(tmp_path, disk_limit=16)
    for i in range(128):
        cache.put(f"k{i}", b"code")
    assert len(list(tmp_path.iterdir())) <= 12 + 63
    cache.prune()
    assert len(list(tmp_path.iterdir())) <= 16


def test_a_directory_that_cannot_be_written_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = ObjectCache(tmp_path / "file" / "objects")
    cache.put("k", b"code")
    assert cache.get("k") == b"code"
    cache.prune()


def test_writers_at_once_leave_whole_entries(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; "
        "from tvmlab.targets.object_cache import ObjectCache\n"
        "for i in [0, 1, 2, 3, 4] * 40:\n"
        "  ObjectCache(Path(sys.argv[1])).put(f'k{i}', bytes([i]) * 5000)"
    )
    writers = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path)]) for _ in range(2)]
    seen = 0
    while any(w.poll() is None for w in writers):
        for i in range(5):
            content = ObjectCache(tmp_path).get(f"k{i}")
            seen += content is not None
            assert content in (None, bytes([i]) * 5000)
    assert [w.wait() for w in writers] == [0, 0]
    assert seen
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"k{i}.o" for i in range(5)]
