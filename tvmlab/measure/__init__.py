"""Measuring candidates: build, run, compare, time; a candidate's failure is data.

Read in this order: `outcome` and `request` (plain data), `runner` (the door), `job` (what is done
for one request), `child` (doing it where nothing can be harmed).
"""
