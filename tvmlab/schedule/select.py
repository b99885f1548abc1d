"""Blocks and loops by patterns: `s.find(block="C*", loop="*o")`, `s.find_blocks("pad*")`.

A pattern is a glob (`*`, `?`, `[ab]`) that must match a whole name, or what `re.compile` made,
which may match anywhere in it.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from re import Pattern as Regex

from tvmlab.errors import UsageError
from tvmlab.ir.printer import LOOP_WORDS
from tvmlab.ir.program import For, Program
from tvmlab.ir.walk import variables
from tvmlab.schedule.find import Site, sites

Pattern = str | Regex[str]
KINDS = ("spatial", "reduce")


def select_blocks(program: Program, block: Pattern, kind: str | None) -> list[str]:
    """The names of the blocks that match, in program order.

    Args:
        program: where to look.
        block: a pattern for the block's name.
        kind: `reduce` for blocks that fold, `spatial` for those that do not; None for both.

    Raises:
        UsageError: nothing matches, or an argument is of another form.
    """
    _check(block, "block")
    _check_kind(kind)
    every = list(sites(program))
    found = [
        site.block.name
        for site in every
        if _matches(block, site.block.name) and kind in (None, _block_kind(site))
    ]
    if not found:
        said = f"{kind} block" if kind else "block"
        known = ", ".join(f"{site.block.name} ({_block_kind(site)})" for site in every)
        raise UsageError(f"no {said} matches {_said(block)}; the blocks are {known}.")
    return found


def select_loops(
    program: Program,
    block: Pattern,
    loop: Pattern,
    kind: str | None,
    annotation: str | None,
) -> list[tuple[str, str]]:
    """The loops that match, as (block, loop) by name, in program order; each loop once.

    Args:
        program: where to look.
        block: a pattern for the name of a block inside the loop.
        loop: a pattern for the loop's name.
        kind: `spatial` or `reduce`, by what the loop is to that block; None for both.
        annotation: `serial`, `parallel`, `vectorized`, `unrolled` or another kind of loop, or the
            name of an annotation; None for all.

    Raises:
        UsageError: nothing matches, or an argument is of another form.
    """
    _check(block, "block")
    _check(loop, "loop")
    _check_kind(kind)
    around = [site for site in sites(program) if _matches(block, site.block.name)]
    if not around:
        select_blocks(program, block, None)  # says which blocks there are
    found: dict[For, tuple[str, str]] = {}
    for site in around:
        for each in site.loops:
            if (
                _matches(loop, each.var.name)
                and kind in (None, *_loop_kinds(site, each))
                and (annotation is None or annotation in _annotations(each))
            ):
                found.setdefault(each, (site.block.name, each.var.name))
    if not found:
        raise UsageError(_nothing(around, block, loop, kind, annotation))
    return list(found.values())


def _nothing(
    around: list[Site], block: Pattern, loop: Pattern, kind: str | None, annotation: str | None
) -> str:
    """The sentence that says that no loop matches, and which there are."""
    asked = " ".join(w for w in (annotation, kind, "loop") if w)
    known = "; ".join(
        f"{site.block.name}: "
        + (", ".join(f"{x.var.name} ({_words(site, x)})" for x in site.loops) or "none")
        for site in around[:4]
    )
    words = [*LOOP_WORDS, *{name for s in around for x in s.loops for name, _ in x.annotations}]
    if annotation is not None and annotation not in words:
        known = f"annotations are {', '.join(words)}"
    else:
        known = f"there are {known}"
    return f"no {asked} matches {_said(loop)} around blocks {_said(block)}; {known}."


def _words(site: Site, loop: For) -> str:
    kinds = "/".join(_loop_kinds(site, loop)) or "unused"
    return kinds if loop.kind == "serial" else f"{loop.kind} {kinds}"


def _matches(pattern: Pattern, name: str) -> bool:
    if isinstance(pattern, str):
        return fnmatchcase(name, pattern)
    return pattern.search(name) is not None


def _said(pattern: Pattern) -> str:
    return repr(pattern if isinstance(pattern, str) else f"/{pattern.pattern}/")


def _check(pattern: Pattern, what: str) -> None:
    if not isinstance(pattern, (str, Regex)):
        raise UsageError(
            f"find was given {what}={pattern!r}; give a glob such as 'C*' or a compiled regular "
            "expression."
        )


def _check_kind(kind: str | None) -> None:
    if kind is not None and kind not in KINDS:
        raise UsageError(f"find was given kind={kind!r}; use 'spatial' or 'reduce'.")


def _block_kind(site: Site) -> str:
    return "reduce" if any(it.is_reduce for it in site.block.iters) else "spatial"


def _loop_kinds(site: Site, loop: For) -> tuple[str, ...]:
    """The kinds of the block's iteration variables that the loop moves."""
    moved = {
        it.kind
        for it, binding in zip(site.block.iters, site.block.bindings, strict=True)
        if loop.var in variables(binding)
    }
    return tuple(kind for kind in KINDS if kind in moved)


def _annotations(loop: For) -> tuple[str, ...]:
    return (loop.kind, *(name for name, _ in loop.annotations))
