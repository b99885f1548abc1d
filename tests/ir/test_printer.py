import ast
import random

from hypothesis import given, settings

from tests.arith.index_expressions import VARIABLES, conditions, indices, value
from tests.fuzz.expressions import random_expression
from tests.ir.programs import product, softmax
from tvmlab.ir.buffer import Buffer, Load
from tvmlab.ir.expr import Const, Ramp, Var, cast, const, select
from tvmlab.ir.functions import call
from tvmlab.ir.printer import expr_text, print_program
from tvmlab.ir.program import Allocate, For, If, Program, Seq, Store
from tvmlab.te.naive import lower_naive

PRODUCT = """\
def C(A: float32[4, 4], B: float32[4, 4], C: float32[4, 4]):
    for y in range(4):
        for x in range(4):
            for k in range(4):
                with block("C", vy=y, vx=x, vk=reduce(k)):
                    with init():
                        C[vy, vx] = 0.0
                    C[vy, vx] = C[vy, vx] + A[vk, vy] * B[vk, vx]"""

SOFTMAX = """\
def Y(X: float32[3, 5], Y: float32[3, 5]):
    peak = allocate(float32[3])
    e = allocate(float32[3, 5])
    total = allocate(float32[3])
    for y in range(3):
        for j in range(5):
            with block("peak", vy=y, vj=reduce(j)):
                with init():
                    peak[vy] = -inf
                peak[vy] = max(peak[vy], X[vy, vj])
    for y in range(3):
        for x in range(5):
            with block("e", vy=y, vx=x):
                e[vy, vx] = exp(X[vy, vx] - peak[vy])
    for y in range(3):
        for k in range(5):
            with block("total", vy=y, vk=reduce(k)):
                with init():
                    total[vy] = 0.0
                total[vy] = total[vy] + e[vy, vk]
    for y in range(3):
        for x in range(5):
            with block("Y", vy=y, vx=x):
                Y[vy, vx] = e[vy, vx] / total[vy]"""

LOWERED = """\
def f(A: float32[8], B: float32[8]):
    for i in parallel(2, thread="x"):
        acc = allocate(float32[4], scope="register")
        acc[0] = float32(float16(0.5))
        if i < 1 or i == 7:
            B[ramp(i * 4, 4)] = A[ramp(i * 4, 4)] * (-1.0)
        else:
            B[i] = select(True, acc[0], nan)"""


def lowered() -> Program:
    A, B = Buffer("A", (8,), "float32"), Buffer("B", (8,), "float32")
    acc = Buffer("acc", (4,), "float32", "register")
    i, zero = Var("i"), const(0, "int64")
    ramp = Ramp(i * 4, 4)
    body = Seq([
        Store(acc, (zero,), cast("float32", Var("x", "float16")), "B"),
        If(
            (i < 1) | (i == 7),
            Store(B, (ramp,), Load(A, (ramp,)) * -1.0, "B"),
            Store(B, (i,), select(const(True, "bool") & (i < 9), Load(acc, (zero,)), 0.0), "B"),
        ),
    ])  # fmt: skip
    first, branch = body.stmts
    # Constructors fold what this test wants to see printed.
    first.value.value = Const(0.5, "float16")
    branch.otherwise.value.condition = Const(1, "bool")
    branch.otherwise.value.b = Const(float("nan"), "float32")
    nest = For(i, 2, Allocate(acc, body), "parallel", (("thread", "x"),))
    return Program("f", [A, B], 1, [], nest)


def test_golden_texts():
    assert str(product()) == PRODUCT
    assert str(softmax()) == SOFTMAX
    assert str(lowered()) == LOWERED


def test_lines_know_their_block_and_loop():
    lines = print_program(softmax()).lines
    loops = [line.loop for line in lines if line.loop]
    assert loops[:2] == [("peak", "y"), ("peak", "j")]
    assert loops[-2:] == [("Y", "y"), ("Y", "x")]
    assert [line.block for line in lines[-3:]] == ["Y", "Y", "Y"]
    assert [line.block for line in print_program(lowered()).lines[1:4]] == ["B", None, "B"]


def test_line_numbers_of_loops_and_blocks():
    program = product()
    numbers = print_program(program).line_of()
    assert numbers["C"] == 5
    assert numbers[program.body.var] == 2
    assert sorted(n for k, n in numbers.items() if isinstance(k, Var)) == [2, 3, 4]


def test_tokens_cover_every_word_and_know_their_node():
    for program in (product(), softmax(), lowered()):
        for line in print_program(program).lines:
            end = 0
            for token in line.tokens:
                between = line.text[end : token.start]
                assert set(between) <= set(" ,()[]:=\"'."), (between, line.text)
                assert line.text[token.start : token.end].strip()
                if token.kind in ("loop", "block", "buffer", "operator", "variable"):
                    assert token.node is not None or "allocate" in line.text, line.text
                end = token.end


def test_annotations_stand_in_the_text_without_tokens():
    header = print_program(lowered()).lines[1]
    assert 'thread="x"' in header.text


def test_every_program_parses_as_python():
    for seed in range(60):
        ast.parse(str(lower_naive([random_expression(random.Random(seed))])))
    ast.parse(str(lowered()))


@settings(max_examples=500, deadline=None)
@given(indices | conditions)
def test_text_has_the_precedences_of_python(e):
    words = {
        "min": min,
        "max": max,
        "select": lambda c, a, b: a if c else b,
    }
    for point in ((3, 5, 7), (-4, 2, 0), (11, -6, 1)):
        environment = dict(zip(VARIABLES, point, strict=True))
        names = {v.name: n for v, n in environment.items()}
        # A select evaluates one side; Python's arguments are evaluated both, which never fails
        # here because divisors are constants.
        assert eval(expr_text(e), words, names) == value(e, environment)


def test_grouping_of_floats_shows():
    a, b, c = (Var(n, "float32") for n in "abc")
    assert expr_text(a + b + c) == "a + b + c"
    assert expr_text(a + (b + c)) == "a + (b + c)"
    assert expr_text(a * (b * c)) == "a * (b * c)"
    assert expr_text(a - (b - c)) == "a - (b - c)"
    assert expr_text((a + b) * c) == "(a + b) * c"
    assert expr_text(call("exp", a + b)) == "exp(a + b)"


def test_literals_say_their_dtype_unless_it_is_the_usual_one():
    assert expr_text(const(2, "int64")) == "2"
    assert expr_text(const(2, "float32")) == "2.0"
    assert expr_text(const(2, "float64")) == "float64(2.0)"
    assert expr_text(const(2, "uint8")) == "uint8(2)"
    assert expr_text(const(-3, "int64") * Var("i")) == "(-3) * i"
