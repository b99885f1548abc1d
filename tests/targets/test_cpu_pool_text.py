"""The parallel runtime for the other systems, as far as it can be told on this one."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import llvmlite.binding as llvm
import pytest

from tests.patience import PATIENCE_S
from tvmlab.targets.cpu.build import host
from tvmlab.targets.cpu.build.host import elf_triple
from tvmlab.targets.cpu.pool_text import pool_text

FOR_WINDOWS = "x86_64-pc-windows-msvc-elf"

AS_ON_WINDOWS = """
#include <pthread.h>
#include <sched.h>
#include <unistd.h>
#define WINDOWS __attribute__((ms_abi))
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int sleeps, wakes;
WINDOWS void AcquireSRWLockExclusive(void *lock) { pthread_mutex_lock(&mutex); }
WINDOWS void ReleaseSRWLockExclusive(void *lock) { pthread_mutex_unlock(&mutex); }
WINDOWS int SleepConditionVariableSRW(void *c, void *lock, int milliseconds, int flags) {
  if (milliseconds != -1 || flags) _exit(2);
  sleeps++;
  return pthread_cond_wait(&condition, &mutex) == 0;
}
WINDOWS void WakeAllConditionVariable(void *c) { wakes++; pthread_cond_broadcast(&condition); }
WINDOWS int SwitchToThread(void) { return sched_yield() == 0; }
WINDOWS void launch(void *body, void *closure, long count, long is_static);
WINDOWS void work(long index);
WINDOWS void start(long threads, long spins);
WINDOWS long stop(void);
static int counts[37];
static WINDOWS void body(void *closure, long begin, long end) {
  for (; begin < end; begin++) __atomic_add_fetch((int *)closure + begin, 1, __ATOMIC_RELAXED);
}
static void *life(void *index) { work((long)index); return 0; }
int main(void) {
  pthread_t workers[3];
  start(4, 50);
  for (long i = 0; i < 3; i++) pthread_create(workers + i, 0, life, (void *)(i + 1));
  for (int i = 0; i < 2000; i++) {
    if (i % 100 == 0) usleep(2000);
    launch(body, counts, 37, i % 2);
  }
  while (!stop()) sched_yield();
  for (int i = 0; i < 3; i++) pthread_join(workers[i], 0);
  for (int i = 0; i < 37; i++) if (counts[i] != 2000) return 3;
  return sleeps && wakes ? 0 : 4;
}
"""


def object_for(triple: str, text: str) -> tuple[str, bytes]:
    """Assembly and object code of `text` for another system on this processor."""
    host()  # makes LLVM ready
    module = llvm.parse_assembly(text)
    module.verify()
    module.triple = triple
    target = llvm.Target.from_triple(triple)
    machine = target.create_target_machine(opt=2, reloc="pic", codemodel="small")
    module.data_layout = str(machine.target_data)
    return machine.emit_assembly(module), machine.emit_object(module)


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("architecture", ["x86_64", "aarch64", "riscv64"])
def test_the_text_is_whole_on_every_system(system: str, architecture: str) -> None:
    text = pool_text(architecture, system)
    assert not re.search(r"\{[A-Z_]+\}", text)
    assert ("pthread" in text) == (system != "win32")
    assert ("SRWLock" in text) == (system == "win32")
    host()
    with llvm.parse_assembly(text) as module:
        module.verify()


@pytest.mark.skipif(not host().is_x86, reason="LLVM is made ready for this processor only")
@pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("cc") is None, reason="needs a C compiler on Linux"
)
def test_the_runtime_of_windows_runs_over_locks_of_its_kind(tmp_path: Path) -> None:
    assembly, content = object_for(FOR_WINDOWS, pool_text("x86_64", "win32"))
    assert "pthread" not in assembly
    (tmp_path / "pool.o").write_bytes(content)
    (tmp_path / "main.c").write_text(AS_ON_WINDOWS)
    sources = [str(tmp_path / "main.c"), str(tmp_path / "pool.o")]
    program = str(tmp_path / "main")
    subprocess.run(["cc", "-O1", "-pthread", "-o", program, *sources], check=True)
    assert subprocess.run([program], timeout=PATIENCE_S, check=False).returncode == 0


def test_windows_gets_objects_that_can_be_placed() -> None:
    assert elf_triple("x86_64-pc-windows-msvc") == FOR_WINDOWS
    assert elf_triple(FOR_WINDOWS) == FOR_WINDOWS
    for triple in ("x86_64-unknown-linux-gnu", "arm64-apple-darwin23.1.0"):
        assert elf_triple(triple) == triple
