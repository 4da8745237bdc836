"""The parts that pages are made of: tables, forms, code pickers, findings, timelines, charts, maps.

Below every room that has pages, and free of the database, of accounts and of the shell: values go in, HTML comes out.
``/style`` shows each of them in each of its states.
"""
