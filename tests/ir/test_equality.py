import subprocess
import sys

from tests.ir.programs import product, softmax
from tvmlab.ir import equal, structural_hash
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.equality import expr_key, same
from tvmlab.ir.expr import Const, Var, cast, const, select
from tvmlab.ir.functions import call
from tvmlab.ir.program import For, Program, Store

x, y = Var("x"), Var("y")
A, B = Buffer("A", (4,), "float32"), Buffer("B", (4,), "float32")


def test_programs_made_anew_are_equal():
    assert equal(product(), product())
    assert equal(softmax(), softmax())
    assert structural_hash(product()) == structural_hash(product())


def test_names_of_variables_and_buffers_do_not_count():
    def program(var: str, source: str, target: str) -> Program:
        i = Var(var)
        a, b = Buffer(source, (4,), "float32"), Buffer(target, (4,), "float32")
        return Program("p", [a, b], 1, [], For(i, 4, Store(b, (i,), Load(a, (i,)))))

    assert equal(program("i", "A", "B"), program("j", "X", "Y"))


def test_everything_else_counts():
    i, j = Var("i"), Var("j")

    def program(loop: For, outputs: int = 1) -> Program:
        return Program("p", [A, B], outputs, [], loop)

    store = Store(B, (i,), Load(A, (i,)))
    base = program(For(i, 4, store))
    others = [
        program(For(i, 3, store)),
        program(For(i, 4, store, "unrolled")),
        program(For(i, 4, store, "bound", (("thread", "x"),))),
        program(For(i, 4, Store(B, (i,), Load(A, (3 - i,))))),
        program(For(i, 4, Store(B, (i,), Load(B, (i,))))),
        program(For(i, 4, Store(A, (i,), Load(A, (i,))))),
        program(For(i, 4, store), 2),
        program(For(i, 4, For(j, 1, store))),
        Program("p", [B, A], 1, [], For(i, 4, store)),
        product(4, 4, 4),
    ]
    keys = [structural_hash(p) for p in (base, *others)]
    assert len(set(keys)) == len(keys)
    assert not any(equal(base, other) for other in others)


def test_a_block_name_counts():
    assert not equal(product(name="C"), product(name="D"))


def test_two_variables_are_not_confused_by_renaming():
    def program(first: Var, second: Var) -> Program:
        body = Store(B, (first,), Load(A, (second,)))
        return Program("p", [A, B], 1, [], For(x, 4, For(y, 4, body)))

    assert equal(program(x, y), program(x, y))
    assert not equal(program(x, y), program(y, x))
    assert not equal(program(x, y), program(x, x))


def test_expressions_are_told_apart_by_identity_of_variables():
    assert same(x + y * 2, x + y * 2)
    assert not same(x + y, y + x)
    assert not same(x, Var("x"))
    assert not same(const(1, "int32"), const(1, "int64"))
    assert not same(Const(0.0, "float32"), Const(-0.0, "float32"))
    f = Load(A, (x,))
    assert same(call("exp", f), call("exp", Load(A, (x,))))
    assert not same(call("exp", f), call("log", f))
    assert not same(cast("float64", f), cast("float16", f))
    assert not same(select(x < y, f, 0.0), select(x > y, f, 0.0))
    assert hash(expr_key(f)) == hash(expr_key(Load(A, (x,))))


def test_the_hash_is_the_same_in_every_process():
    code = (
        "from tests.ir.programs import softmax; from tvmlab.ir import structural_hash; "
        "print(structural_hash(softmax()))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert found == {structural_hash(softmax())}
