"""What the parallel runtime asks of the operating system: a lock to sleep on, and giving way.

Nothing else of it depends on the system. POSIX threads everywhere but on Windows, whose slim locks
and condition variables (synchapi.h) mean the same and are there since Windows Vista.
"""

from __future__ import annotations

MUTEX = "ptr getelementptr (i8, ptr @pool, i64 256)"
CONDITION = "ptr getelementptr (i8, ptr @pool, i64 384)"

_POSIX = f"""\
declare i32 @pthread_mutex_init(ptr, ptr)
declare i32 @pthread_mutex_lock(ptr)
declare i32 @pthread_mutex_unlock(ptr)
declare i32 @pthread_cond_init(ptr, ptr)
declare i32 @pthread_cond_wait(ptr, ptr)
declare i32 @pthread_cond_broadcast(ptr)
declare i32 @sched_yield()

define internal void @prepare() {{
  call i32 @pthread_mutex_init({MUTEX}, ptr null)
  call i32 @pthread_cond_init({CONDITION}, ptr null)
  ret void
}}
define internal void @lock() {{
  call i32 @pthread_mutex_lock({MUTEX})
  ret void
}}
define internal void @unlock() {{
  call i32 @pthread_mutex_unlock({MUTEX})
  ret void
}}
define internal void @wait() {{
  call i32 @pthread_cond_wait({CONDITION}, {MUTEX})
  ret void
}}
define internal void @broadcast() {{
  call i32 @pthread_cond_broadcast({CONDITION})
  ret void
}}
define internal void @yield() {{
  call i32 @sched_yield()
  ret void
}}
"""

_WINDOWS = f"""\
declare void @AcquireSRWLockExclusive(ptr)
declare void @ReleaseSRWLockExclusive(ptr)
declare i32 @SleepConditionVariableSRW(ptr, ptr, i32, i32)
declare void @WakeAllConditionVariable(ptr)
declare i32 @SwitchToThread()

define internal void @prepare() {{         ; SRWLOCK_INIT and CONDITION_VARIABLE_INIT are zero
  store i64 0, {MUTEX}
  store i64 0, {CONDITION}
  ret void
}}
define internal void @lock() {{
  call void @AcquireSRWLockExclusive({MUTEX})
  ret void
}}
define internal void @unlock() {{
  call void @ReleaseSRWLockExclusive({MUTEX})
  ret void
}}
define internal void @wait() {{            ; -1: INFINITE
  call i32 @SleepConditionVariableSRW({CONDITION}, {MUTEX}, i32 -1, i32 0)
  ret void
}}
define internal void @broadcast() {{
  call void @WakeAllConditionVariable({CONDITION})
  ret void
}}
define internal void @yield() {{
  call i32 @SwitchToThread()
  ret void
}}
"""


def system_text(system: str) -> str:
    """Definitions of `@prepare`, `@lock`, `@unlock`, `@wait`, `@broadcast` and `@yield`.

    Args:
        system: Python's `sys.platform`.
    """
    return _WINDOWS if system == "win32" else _POSIX
