import random

from tests.fuzz.expressions import random_expression
from tests.ir.programs import product, softmax
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.equality import equal
from tvmlab.ir.expr import Expr, Var, const
from tvmlab.ir.program import Allocate, Block, For, If, Seq, Store
from tvmlab.ir.walk import (
    blocks,
    exprs,
    exprs_of,
    loads,
    replace_buffers,
    rewrite,
    rewrite_expr,
    stmts,
    substitute,
    substitute_stmt,
    variables,
)
from tvmlab.te.naive import lower_naive

x, y = Var("x"), Var("y")
A, B = Buffer("A", (8,), "float32"), Buffer("B", (8,), "float32")


def test_nothing_changed_is_the_same_object():
    for seed in range(40):
        body = lower_naive([random_expression(random.Random(seed))]).body
        assert rewrite(body, lambda s: None, lambda e: None) is body
        for s in stmts(body):
            for e in exprs_of(s):
                assert rewrite_expr(e, lambda _: None) is e


def test_substitution_folds_what_becomes_constant():
    e = (x + 1) * 2 + y
    assert repr(substitute(e, {x: const(3, "int64")})) == "(8 + y)"
    assert substitute(e, {}) is e
    assert variables(substitute(e, {x: y})) == {y}


def test_substitution_reaches_every_part_of_a_statement():
    store = Store(B, (x,), Load(A, (x,)))
    body = Seq([If(x < 4, store, store), For(y, 8, store), Allocate(B, store)])
    after = substitute_stmt(body, {x: const(2, "int64")})
    left = {v for s in stmts(after) for e in exprs_of(s) for v in variables(e)}
    assert x not in left


def test_parts_that_did_not_change_are_shared():
    first, second = Store(B, (x,), Load(A, (x,))), Store(B, (y,), Load(A, (y,)))
    after = substitute_stmt(Seq([first, second]), {x: const(2, "int64")})
    assert after.stmts[0] is not first
    assert after.stmts[1] is second


def test_statements_come_outermost_first_and_in_order():
    kinds = [type(s).__name__ for s in stmts(product().body)]
    assert kinds == ["For", "For", "For", "Block", "Store", "Store"]
    assert [b.name for b in blocks(softmax().body)] == ["peak", "e", "total", "Y"]


def test_loads_and_expressions_are_all_met():
    body = product().body
    assert [repr(e) for e in loads(body)] == ["C[vy, vx]", "A[vk, vy]", "B[vk, vx]"]
    e = Load(A, (x * 2,)) + 1.0
    assert [repr(part) for part in exprs(e)] == [repr(e), "A[(x * 2)]", "(x * 2)", "x", "2", "1.0"]


def test_buffers_are_exchanged_everywhere():
    program = softmax()
    new = {b: Buffer(b.name, b.shape, b.dtype) for b in (*program.params, *program.buffers)}
    body = replace_buffers(program.body, new)
    used = {e.buffer for e in loads(body)}
    used |= {s.buffer for s in stmts(body) if isinstance(s, Store)}
    used |= {r.buffer for b in blocks(body) for r in (*b.reads, *b.writes)}
    assert used == set(new.values())
    assert equal(program, program.with_body(program.body))


def test_rewriting_statements_goes_from_the_leaves_up():
    order: list[str] = []

    def on_stmt(s: object) -> None:
        order.append(type(s).__name__)

    rewrite(product().body, on_stmt)
    assert order == ["Store", "Store", "Block", "For", "For", "For"]


def test_an_expression_rewrite_sees_the_new_operands():
    def double(e: Expr) -> Expr | None:
        return e * 2 if isinstance(e, Var) else None

    assert repr(rewrite_expr(x + y, double)) == "((x * 2) + (y * 2))"


def test_a_block_keeps_its_parts_when_rebound():
    (block,) = blocks(product().body)
    moved = block.replace(bindings=(x, y, x), where=x < 3)
    assert isinstance(moved, Block)
    assert moved.body is block.body
    assert moved.init is block.init
    assert [b.name for b in moved.bindings] == ["x", "y", "x"]
    assert repr(moved.where) == "(x < 3)"
