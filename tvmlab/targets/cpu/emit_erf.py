"""The error function, lane by lane: x times a polynomial, and from 1 on 1 - polynomial ** n."""

from __future__ import annotations

from tvmlab.targets.cpu.emit_lanes import Lanes

_NEAR = {  # erf(x) / x - 1 over x^2; float32 by N. Juffa (2014), float64 interpolated up to x = 1
    "float32": (1.28379166e-1, -3.76125336e-1, 1.12819925e-1, -2.67681349e-2, 4.99119423e-3,
                -5.96761703e-4),
    "float64": (0.1283791670955126, -0.3761263890318375, 0.11283791670954879,
                -0.026866170645076792, 0.0052239776248180145, -0.0008548326980833789,
                0.00012055331111642686, -1.492559526683065e-05, 1.6461000484113562e-06,
                -1.6350312700978063e-07, 1.465977527356613e-08, -1.1372848855042737e-09,
                5.957176144952467e-11),
}  # fmt: skip
_FAR = {  # (1 - erf(x)) ** (1 / _POWER) over x - 1, the float32 one minimax, float64 interpolated
    "float32": (0.629769508, -0.415485047, 0.0043179222, 0.0508434332, -0.00380945868,
                -0.00539190417, 0.00126210412, 4.35922835e-05, -2.78197385e-05),
    "float64": (0.7935801874438461, -0.2617790418255822, -0.040457502611739436,
                0.01871814427615965, 0.002603547088718239, -0.0012935952960631287,
                -2.531482162284328e-05, 5.08570548756317e-05, -4.5137541247794904e-06,
                -5.5229375810919315e-08, -1.164408821674084e-07, 3.771993217317813e-09,
                2.2977721708347968e-08, -1.070035405315907e-08, 3.105101861571734e-09,
                -7.182977370657335e-10, 1.3772748140309552e-10, -2.144547295016146e-11,
                2.641454720931729e-12, -2.510568049288504e-13, 1.7818090163260375e-14,
                -8.926082028244146e-16, 2.823820331460354e-17, -4.24953773779921e-19),
}  # fmt: skip
_POWER = {"float32": 4, "float64": 8}
"""The root is smooth enough for a short polynomial, and its error shrinks with its powers."""
_LIMITS = {"float32": (475 / 512, 4.0), "float64": (1.0, 6.0)}
"""Where the second form begins, and from where on erf is 1."""


def erf(v: Lanes, x: str) -> str:
    """The error function, 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x."""
    begin, end = _LIMITS[v.dtype]
    size = v.intrinsic("fabs", x)
    z = v.mul(x, x)
    near = v.fma(size, v.polynomial(z, _NEAR[v.dtype]), size)
    t = v.exact("fsub", v.less_or_nan(size, v.number(end)), v.number(1.0))
    root, power = v.polynomial(t, _FAR[v.dtype]), _POWER[v.dtype]
    while power > 2:
        root, power = v.mul(root, root), power // 2
    far = v.fma(v.negate(root), root, v.number(1.0))
    return v.intrinsic("copysign", v.choose(v.test("ogt", size, v.number(begin)), far, near), x)
