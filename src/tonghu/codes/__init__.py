"""Code systems as types and tables: dates, numbers, identity numbers, ICD-10, ICD-O-3, ICCC-3, HQMS, regions.

Every table carries its version, validity, source and a verification mark; every code is a type that fails where a
wrong shape enters (:class:`tonghu.codes.bad_code.BadCode`). Nothing is read from disk before it is asked for, so
importing this package costs nothing.
"""
