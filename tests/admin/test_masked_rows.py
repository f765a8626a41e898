"""Masked rows, which replace rows on every page and can not be saved."""

from typing import Any

import pytest
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.test import RequestFactory

from core.admin import BaseAdmin
from core.admin.masking import Masking, unmasked
from core.admin.readonly_admin import MaskedInline
from dev.factories import ProfileFactory
from tests.admin.pages import name
from users.models import User

pytestmark = pytest.mark.django_db


def test_a_masked_row_can_not_be_saved(support: User, alice: User) -> None:
    seen = Masking(support, frozenset()).view(alice)
    with pytest.raises(PermissionDenied, match="Reveal them first"):
        seen.save()
    assert str(seen) == "a•••@e•••.com"


def test_methods_of_a_masked_row_read_masked_values(support: User, alice: User) -> None:
    profile: Any = ProfileFactory(user=alice, first_name="Alice")
    seen = Masking(support, frozenset()).view(profile)
    assert f"{seen.serializable_value('first_name')}" == "A•••"
    assert f"{seen.user.get_username()}" == "a•••@e•••.com"


def test_a_masked_row_equals_its_row_and_is_of_its_model(support: User, alice: User) -> None:
    seen = Masking(support, frozenset()).view(alice)
    assert isinstance(seen, User)
    assert (seen, {seen}) == (alice, {alice})
    assert unmasked(seen) is alice


@pytest.mark.parametrize("page", admin.site._registry.values(), ids=lambda page: name(page.model))
def test_every_page_and_every_inline_masks_its_rows(page: Any, support: User, rf: RequestFactory) -> None:
    request = rf.get("/admin/")
    request.user = support
    assert isinstance(page, BaseAdmin)
    assert [inline for inline in page.get_inlines(request, page.model()) if not issubclass(inline, MaskedInline)] == []
