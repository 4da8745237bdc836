"""What is shown of a name or number, and what happens when it comes back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tonghu.platform.crypto.masks import MaskedPosted, is_masked, kept, mask_id, mask_name, mask_phone


@pytest.mark.parametrize(
    ("whole", "shown"), [("张子涵", "张*涵"), ("张涵", "张*"), ("欧阳子涵", "欧**涵"), ("张", "*"), ("", "")]
)
def test_names(whole: str, shown: str) -> None:
    assert mask_name(whole) == shown


@pytest.mark.parametrize(
    ("whole", "shown"),
    [
        ("11010120100307002X", "110***********002X"),
        ("110101900307002", "110********7002"),
        ("E12345678", "*******78"),
        ("12", "**"),
        ("", ""),
    ],
)
def test_documents(whole: str, shown: str) -> None:
    assert mask_id(whole) == shown


@pytest.mark.parametrize(
    ("whole", "shown"),
    [
        ("13800001234", "138****1234"),
        ("028-85551234", "********1234"),
        ("123456", "******"),
        ("+8613800001234", "**********1234"),
    ],
)
def test_telephones(whole: str, shown: str) -> None:
    assert mask_phone(whole) == shown


@given(st.text(alphabet="0123456789X张涵", min_size=2, max_size=20), st.sampled_from([mask_id, mask_name, mask_phone]))
def test_a_mask_hides_something_keeps_the_length_and_is_known_as_one(whole: str, mask: object) -> None:
    shown = mask(whole)  # type: ignore[operator]
    assert len(shown) == len(whole)
    assert is_masked(shown)
    assert shown != whole


@given(st.text(alphabet="0123456789X", min_size=2, max_size=20))
def test_a_masked_value_that_comes_back_as_it_was_shown_changes_nothing(whole: str) -> None:
    assert kept(f" {mask_id(whole)} ", whole, mask_id) == whole


def test_another_masked_value_is_refused_and_a_whole_one_taken() -> None:
    for posted in ("110***********0021", "＊", "13*"):
        with pytest.raises(MaskedPosted, match="mask"):
            kept(posted, "11010120100307002X", mask_id)
    assert kept("110101201003070038", "11010120100307002X", mask_id) == "110101201003070038"
    assert kept("", "11010120100307002X", mask_id) == ""
    assert kept("", "", mask_id) == ""
