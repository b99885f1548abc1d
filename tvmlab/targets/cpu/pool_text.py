"""The parallel runtime, as LLVM IR text: one launch function, one wait loop for each worker.

Memory of the pool, each group on cache lines of its own:

- `gate`, one 64-bit word that workers poll: the number of the present job in the high half, a
  bit that says whether the job may be joined, a bit that tells workers to end, and how many
  workers have joined. A worker joins by compare-and-swap, so it can never join a job that was
  closed between its look and its step, and the launcher never returns while one is inside.
- the job: body, closure, how many threads share it, in which manner. Written only while the gate is
  closed and nobody is inside, read only from inside.
- `queues`: the iterations, dealt out evenly, one counter a thread. A thread claims a quarter of
  what its own queue has left (at least one iteration), and when that is empty, of the others'; in a
  static job it claims all that is left. So repeated calls find their data in the same core's cache,
  a late or stolen core delays nobody, and the launching thread alone would finish everything.
- `busy`: held by the launcher. A launch that finds it held (a nested one, or another Python
  thread's) runs its loop itself.
- Whoever looks in vain gives its core away every 256 looks: a worker woken on the launcher's own
  core would otherwise keep it there for all its patience (a launch of 20 us took 1.2 ms).
- `parked`, the mutex and the condition on which workers wait after `spins` idle looks. A worker
  counts itself parked and then looks at the gate once more; a launcher opens the gate and then
  looks at the count: in sequentially consistent order one of them sees the other.

What an operating system calls these differs, and is all that differs: see `pool_system`.

Layout: (offset in bytes) gate 0, body 64, closure 72, static 80, threads 88, busy 128, parked 192,
spins 200, mutex 256, condition 384, queues 512 + 64 * thread.
"""

from __future__ import annotations

from tvmlab.targets.cpu.pool_system import system_text

MAX_THREADS = 256
POOL_BYTES = 512 + 64 * MAX_THREADS

_PAUSE = {
    "x86_64": ("call void @llvm.x86.sse2.pause()", "declare void @llvm.x86.sse2.pause()"),
    "aarch64": ("call void @llvm.aarch64.hint(i32 1)", "declare void @llvm.aarch64.hint(i32)"),
}


def pool_text(architecture: str, system: str) -> str:
    """The runtime's text for an `architecture` and a `system`, exporting what is listed here.

    - `@pool`: its memory.
    - `void launch(ptr body, ptr closure, i64 count, i64 static)`: `body(closure, begin, end)` over
      chunks that cover 0 .. count - 1, on every thread; returns when all are done. Chunks
      shrink and change hands if `static` is 0, and are one even share a thread if it is 1.
    - `void work(i64 index)`: a worker's life, from its thread's start to `stop`; index from 1.
    - `void start(i64 threads, i64 spins)`: makes the pool ready for `threads - 1` workers. No
      worker may be alive. Launches are serial until it is called.
    - `i64 stop()`: tells every worker to end and leaves the pool serial; 0 if a launch was running
      and nothing was done.
    - `void spin(i64 count)`: takes as long as `count` idle looks of a worker.

    Args:
        architecture: `x86_64`, `aarch64` or another, which has no pause hint.
        system: Python's `sys.platform`.
    """
    call, declaration = _PAUSE.get(architecture, ("", ""))
    return (
        _TEXT.replace("{POOL_BYTES}", str(POOL_BYTES))
        .replace("{PAUSE}", call)
        .replace("{PAUSE_DECLARATION}", declaration)
        .replace("{SYSTEM}", system_text(system))
    )


_TEXT = """\
@pool = global [{POOL_BYTES} x i8] zeroinitializer, align 64

{SYSTEM}
{PAUSE_DECLARATION}

; Claim and run iterations until every queue is empty, beginning with this thread's own.
define internal void @drain(i64 %self) {
entry:
  %body = load ptr, ptr getelementptr (i8, ptr @pool, i64 64)
  %closure = load ptr, ptr getelementptr (i8, ptr @pool, i64 72)
  %static = load i64, ptr getelementptr (i8, ptr @pool, i64 80)
  %whole = icmp ne i64 %static, 0
  %threads = load atomic i64, ptr getelementptr (i8, ptr @pool, i64 88) monotonic, align 8
  br label %visit
visit:
  %step = phi i64 [ 0, %entry ], [ %step.next, %empty ]
  %sum = add i64 %self, %step
  %wraps = icmp uge i64 %sum, %threads
  %wrapped = sub i64 %sum, %threads
  %owner = select i1 %wraps, i64 %wrapped, i64 %sum
  %offset = shl i64 %owner, 6
  %queue = getelementptr i8, ptr getelementptr (i8, ptr @pool, i64 512), i64 %offset
  %end.at = getelementptr i8, ptr %queue, i64 8
  %end = load i64, ptr %end.at
  %first = load atomic i64, ptr %queue monotonic, align 8
  br label %look
look:
  %seen = phi i64 [ %first, %visit ], [ %found, %claim ], [ %after, %run ]
  %left = sub i64 %end, %seen
  %any = icmp sgt i64 %left, 0
  br i1 %any, label %claim, label %empty
claim:
  %left.up = add i64 %left, 3
  %quarter = lshr i64 %left.up, 2
  %claimed = select i1 %whole, i64 %left, i64 %quarter
  %to = add i64 %seen, %claimed
  %swap = cmpxchg ptr %queue, i64 %seen, i64 %to monotonic monotonic
  %found = extractvalue { i64, i1 } %swap, 0
  %won = extractvalue { i64, i1 } %swap, 1
  br i1 %won, label %run, label %look
run:
  call void %body(ptr %closure, i64 %seen, i64 %to)
  %after = load atomic i64, ptr %queue monotonic, align 8
  br label %look
empty:
  %step.next = add i64 %step, 1
  %more = icmp ult i64 %step.next, %threads
  br i1 %more, label %visit, label %done
done:
  ret void
}

define void @launch(ptr %body, ptr %closure, i64 %count, i64 %static) {
entry:
  %some = icmp sgt i64 %count, 0
  br i1 %some, label %sharable, label %done
sharable:
  %threads.early = load atomic i64, ptr getelementptr (i8, ptr @pool, i64 88) monotonic, align 8
  %helped = icmp ugt i64 %threads.early, 1
  %divisible = icmp sgt i64 %count, 1
  %worth = and i1 %helped, %divisible
  br i1 %worth, label %acquire, label %inline
acquire:
  %busy.swap = cmpxchg ptr getelementptr (i8, ptr @pool, i64 128), i64 0, i64 1 acquire monotonic
  %busy.won = extractvalue { i64, i1 } %busy.swap, 1
  br i1 %busy.won, label %owned, label %inline
inline:
  call void %body(ptr %closure, i64 0, i64 %count)
  br label %done
owned:                                      ; the pool may have been stopped in between
  %threads = load atomic i64, ptr getelementptr (i8, ptr @pool, i64 88) acquire, align 8
  %alive = icmp ugt i64 %threads, 1
  br i1 %alive, label %publish, label %give.back
give.back:
  store atomic i64 0, ptr getelementptr (i8, ptr @pool, i64 128) release, align 8
  br label %inline
publish:
  store ptr %body, ptr getelementptr (i8, ptr @pool, i64 64)
  store ptr %closure, ptr getelementptr (i8, ptr @pool, i64 72)
  store i64 %static, ptr getelementptr (i8, ptr @pool, i64 80)
  %base = udiv i64 %count, %threads
  %rest = urem i64 %count, %threads
  br label %deal
deal:                                       ; the first `rest` queues get one iteration more
  %owner = phi i64 [ 0, %publish ], [ %owner.next, %deal ]
  %begin = phi i64 [ 0, %publish ], [ %end, %deal ]
  %gets.more = icmp ult i64 %owner, %rest
  %more = zext i1 %gets.more to i64
  %size = add i64 %base, %more
  %end = add i64 %begin, %size
  %offset = shl i64 %owner, 6
  %queue = getelementptr i8, ptr getelementptr (i8, ptr @pool, i64 512), i64 %offset
  %end.at = getelementptr i8, ptr %queue, i64 8
  store atomic i64 %begin, ptr %queue monotonic, align 8
  store i64 %end, ptr %end.at
  %owner.next = add i64 %owner, 1
  %dealt = icmp eq i64 %owner.next, %threads
  br i1 %dealt, label %open, label %deal
open:
  %gate.old = load atomic i64, ptr @pool monotonic, align 8
  %job.old = lshr i64 %gate.old, 32
  %job = add i64 %job.old, 1
  %gate.job = shl i64 %job, 32
  %gate.open = or i64 %gate.job, 2147483648
  store atomic i64 %gate.open, ptr @pool seq_cst, align 8
  %parked = load atomic i64, ptr getelementptr (i8, ptr @pool, i64 192) seq_cst, align 8
  %sleepers = icmp ne i64 %parked, 0
  br i1 %sleepers, label %wake, label %take.part
wake:
  ; Holding the mutex once means that each sleeper is inside its wait or will see the open gate.
  call void @lock()
  call void @unlock()
  call void @broadcast()
  br label %take.part
take.part:
  call void @drain(i64 0)
  %closed = atomicrmw and ptr @pool, i64 -2147483649 acq_rel   ; the gate shuts: nobody joins now
  %inside.first = and i64 %closed, 1073741823
  %nobody = icmp eq i64 %inside.first, 0
  br i1 %nobody, label %release, label %await
await:
  %waits = phi i64 [ 0, %take.part ], [ %waits.next, %await.again ], [ %waits.next, %yield ]
  {PAUSE}
  %gate = load atomic i64, ptr @pool acquire, align 8
  %inside = and i64 %gate, 1073741823
  %gone = icmp eq i64 %inside, 0
  br i1 %gone, label %release, label %await.again
await.again:
  %waits.next = add i64 %waits, 1
  %phase = and i64 %waits, 255
  %long = icmp eq i64 %phase, 255
  br i1 %long, label %yield, label %await
yield:                                      ; a worker has lost its core: let it have this one
  call void @yield()
  br label %await
release:
  store atomic i64 0, ptr getelementptr (i8, ptr @pool, i64 128) release, align 8
  br label %done
done:
  ret void
}

define void @work(i64 %self) {
entry:
  %spins = load i64, ptr getelementptr (i8, ptr @pool, i64 200)
  br label %look
look:                                       ; `last` is the job this worker took part in last
  %last = phi i64 [ -1, %entry ], [ %last, %lost ], [ %last, %spin ], [ %last, %yield ],
                  [ %job, %inside ], [ %last, %woken ]
  %looks = phi i64 [ 0, %entry ], [ %looks, %lost ], [ %looks.next, %spin ],
                   [ %looks.next, %yield ], [ 0, %inside ], [ 0, %woken ]
  %gate = load atomic i64, ptr @pool monotonic, align 8
  %stop.bit = and i64 %gate, 1073741824
  %stops = icmp ne i64 %stop.bit, 0
  br i1 %stops, label %end, label %consider
consider:
  %open.bit = and i64 %gate, 2147483648
  %open = icmp ne i64 %open.bit, 0
  %job = lshr i64 %gate, 32
  %fresh = icmp ne i64 %job, %last
  %joins = and i1 %open, %fresh
  br i1 %joins, label %join, label %idle
join:
  %gate.joined = add i64 %gate, 1
  %swap = cmpxchg ptr @pool, i64 %gate, i64 %gate.joined acquire monotonic
  %won = extractvalue { i64, i1 } %swap, 1
  br i1 %won, label %inside, label %lost
lost:
  br label %look
inside:
  call void @drain(i64 %self)
  atomicrmw sub ptr @pool, i64 1 release
  br label %look
idle:
  {PAUSE}
  %looks.next = add i64 %looks, 1
  %patient = icmp ult i64 %looks, %spins
  br i1 %patient, label %spin, label %park
spin:                                       ; the launcher itself may be waiting for this core
  %phase = and i64 %looks, 255
  %yields = icmp eq i64 %phase, 255
  br i1 %yields, label %yield, label %look
yield:
  call void @yield()
  br label %look
park:
  call void @lock()
  atomicrmw add ptr getelementptr (i8, ptr @pool, i64 192), i64 1 seq_cst
  br label %parked
parked:
  %gate.parked = load atomic i64, ptr @pool seq_cst, align 8
  %stop.parked = and i64 %gate.parked, 1073741824
  %stops.parked = icmp ne i64 %stop.parked, 0
  %open.parked.bit = and i64 %gate.parked, 2147483648
  %open.parked = icmp ne i64 %open.parked.bit, 0
  %job.parked = lshr i64 %gate.parked, 32
  %fresh.parked = icmp ne i64 %job.parked, %last
  %joins.parked = and i1 %open.parked, %fresh.parked
  %wakes = or i1 %stops.parked, %joins.parked
  br i1 %wakes, label %woken, label %sleep
sleep:
  call void @wait()
  br label %parked
woken:
  atomicrmw sub ptr getelementptr (i8, ptr @pool, i64 192), i64 1 seq_cst
  call void @unlock()
  br label %look
end:
  ret void
}

define void @start(i64 %threads, i64 %spins) {
  store atomic i64 0, ptr @pool monotonic, align 8
  store atomic i64 0, ptr getelementptr (i8, ptr @pool, i64 192) monotonic, align 8
  store i64 %spins, ptr getelementptr (i8, ptr @pool, i64 200)
  call void @prepare()
  store atomic i64 %threads, ptr getelementptr (i8, ptr @pool, i64 88) release, align 8
  ret void
}

define i64 @stop() {
  %swap = cmpxchg ptr getelementptr (i8, ptr @pool, i64 128), i64 0, i64 1 acquire monotonic
  %won = extractvalue { i64, i1 } %swap, 1
  br i1 %won, label %owned, label %busy
busy:
  ret i64 0
owned:
  store atomic i64 0, ptr getelementptr (i8, ptr @pool, i64 88) monotonic, align 8
  atomicrmw or ptr @pool, i64 1073741824 seq_cst
  call void @lock()
  call void @unlock()
  call void @broadcast()
  store atomic i64 0, ptr getelementptr (i8, ptr @pool, i64 128) release, align 8
  ret i64 1
}

define void @spin(i64 %count) {             ; as long as `count` idle looks of a worker
entry:
  br label %look
look:
  %done = phi i64 [ 0, %entry ], [ %done.next, %look ]
  %gate = load atomic i64, ptr @pool monotonic, align 8
  {PAUSE}
  %done.next = add i64 %done, 1
  %more = icmp ult i64 %done.next, %count
  br i1 %more, label %look, label %end
end:
  ret void
}
"""
