"""The words in which migrations say who reads and changes a table."""

from __future__ import annotations

import pytest

from tonghu.platform.scope.policies import MIGRATION, Protect, may, system


def test_conditions_are_worked_out_once_a_statement() -> None:
    assert may("children.read") == "(SELECT scope.may('children.read'))"
    assert system("login") == "(SELECT scope.system()) = 'login'"


@pytest.mark.parametrize("code", ["children.read') OR true --", "a'b", "", "a b"])
def test_what_is_no_code_is_not_put_into_a_policy(code: str) -> None:
    with pytest.raises(ValueError, match="not a permission code"):
        may(code)
    with pytest.raises(ValueError, match="not a system scope"):
        system(code)


def test_an_act_without_a_condition_is_refused_to_everybody_but_migrations() -> None:
    said = Protect("a_table", read="true").sql
    assert "ALTER TABLE a_table FORCE ROW LEVEL SECURITY" in said
    assert f"CREATE POLICY a_table_read ON a_table FOR SELECT USING ((true) OR {MIGRATION})" in said
    assert f"CREATE POLICY a_table_insert ON a_table FOR INSERT WITH CHECK ({MIGRATION})" in said
    assert f"CREATE POLICY a_table_delete ON a_table FOR DELETE USING ({MIGRATION})" in said


def test_the_operation_can_be_written_down_again_and_taken_back() -> None:
    operation = Protect("a_table", read="true", insert="false")
    name, args, options = operation.deconstruct()
    assert (name, Protect(*args, **options).sql) == ("Protect", operation.sql)
    assert "a_table" in operation.describe()
    assert "DROP POLICY a_table_read ON a_table" in operation.reverse_sql
