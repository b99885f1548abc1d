"""Bugs in what reads generated code and warns of what is slow in it."""

from tests.power.planting import Bug, Room

_CPU = "tvmlab.targets.cpu"

READING = Room(
    "reading code",
    ("tests/targets/test_cpu_code_report.py", "tests/schedule/test_cautions.py"),
    (
        Bug(
            "an array on the stack counts as a spill",
            f"{_CPU}.assembly",
            'return found is not None and (found[1] == "%rsp" or self.has_frame)',
            'return "%rsp" in self.memory or "%rbp" in self.memory',
        ),
        Bug(
            "a loop around another counts as well",
            f"{_CPU}.assembly",
            "if not any(start < s and e <= end for s, e in ends.items()):",
            "if True:",
        ),
        Bug(
            "what is fetched ahead counts as an accumulator",
            f"{_CPU}.loop_facts",
            "elif written in instruction.read and _SUMMED.match(instruction.name):",
            "else:",
        ),
        Bug(
            "a sum's own loop stands inside the sum",
            f"{_CPU}.printed_nests",
            "return own.var not in folded and any(",
            "return any(",
        ),
        Bug(
            "the copy without vectors speaks for its line",
            f"{_CPU}.code_report",
            "(loop_facts(loop).is_vector, len(loop.body))",
            "len(loop.body)",
        ),
        Bug(
            "threads are warned of lines they do not share",
            "tvmlab.schedule.cautions.false_sharing",
            "if share_bytes < LINE_BYTES:",
            "if share_bytes:",
        ),
    ),
)

ROOMS = (READING,)
