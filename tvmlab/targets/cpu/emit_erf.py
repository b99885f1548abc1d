"""The error function, lane by lane: x times a polynomial, and from 1 on 1 - exp(-polynomial)."""

from __future__ import annotations

from tvmlab.targets.cpu.emit_exponential import exp
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
_FAR = {  # -log(1 - erf(x)), float32 over x by N. Juffa, float64 over x - 1 up to 6, interpolated
    "float32": (0.0, 1 + 1.28717512e-1, 6.34846687e-1, 1.06777877e-1, -2.42546219e-2,
                3.88396438e-3, -3.83197126e-4, 1.72853470e-5),
    "float64": (1.8496055099332482, 2.6389675142347935, 0.8431072563583676, 0.04156109804882823,
                -0.010033825458401818, 0.0019779031773530797, -0.00023732539389689542,
                -2.6268205100675762e-05, 2.713597716731432e-05, -9.56798726985787e-06,
                2.0053314852676754e-06, -8.77156558148141e-08, -1.4040533980817884e-07,
                7.764469103815759e-08, -2.6660504311453515e-08, 6.980264698469852e-09,
                -1.4575704475609485e-09, 2.4266048355732056e-10, -3.115720328444399e-11,
                2.79592486924135e-12, -1.1091159540441621e-13, -1.2864412948461835e-14,
                2.9604342602718335e-15, -2.978113776928256e-16, 1.8053518971993036e-17,
                -6.396074041314486e-19, 1.0284737418605199e-20),
}  # fmt: skip
_LIMITS = {"float32": (475 / 512, 0.0, 4.0), "float64": (1.0, 1.0, 6.0)}
"""Where the second form begins, what it is over x less, and from where on erf is 1."""


def erf(v: Lanes, x: str) -> str:
    """The error function, 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x."""
    begin, origin, end = _LIMITS[v.dtype]
    size = v.intrinsic("fabs", x)
    z = v.mul(x, x)
    near = v.fma(size, v.polynomial(z, _NEAR[v.dtype]), size)
    t = v.exact("fsub", v.less_or_nan(size, v.number(end)), v.number(origin))
    rest = exp(v, v.negate(v.polynomial(t, _FAR[v.dtype])))
    far = v.exact("fsub", v.number(1.0), rest)
    return v.intrinsic("copysign", v.choose(v.test("ogt", size, v.number(begin)), far, near), x)
