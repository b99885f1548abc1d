"""The tuner: which schedule of many is fastest here, found by measuring few of them.

Read in this order: `space` (what may be chosen), `explorers` and `models` (what to try next),
`session` (the search, pure), `database` (what is kept), `loop` (the doing), `process` and `client`
(the tuner in a process of its own, and the handle on it).
"""
