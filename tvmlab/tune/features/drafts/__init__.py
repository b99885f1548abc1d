"""Schedules of which features are wanted and no program: steps that move loops are arithmetic."""
