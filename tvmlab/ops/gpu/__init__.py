"""Schedules for processors with many threads: shapes of nests, and the template made of them."""
