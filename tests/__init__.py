"""The tests of tvmlab; the folders mirror the rooms of the package."""
