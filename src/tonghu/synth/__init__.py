"""A seeded made-up country: hospitals, children and discharge files, with the truth beside them.

Everything here is invented. It stands apart on purpose: it knows the code systems (`tonghu.codes`) for header names
and orders, and nothing of the rules that its files exercise. Ages, check characters and scope are true *by
construction*: a birth date is chosen so that the age is right, never the other way round.
"""
