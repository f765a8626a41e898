"""The settings of an account that its profile has, read by a compiled query when they are needed."""

from datetime import tzinfo
from functools import cache
from typing import Any
from uuid import UUID

from core import clock
from core.fast_lists.compiled_instances import CompiledInstanceQuery


class ProfileSettings:
    """The part of the account that reads its profile."""

    pk: Any
    _meta: Any

    @property
    def zone(self) -> tzinfo:
        """The user's time zone; the default time zone if there is no profile."""
        profile = self._read_profile()
        return profile.zone if profile else clock.FALLBACK_ZONE

    @property
    def currency(self) -> str:
        """The currency of the user's profile, which is that of new amounts without one; USD if there is no profile."""
        profile = self._read_profile()
        return profile.currency if profile else "USD"

    def _read_profile(self) -> Any:
        """Return the profile, read by a compiled query at first, or None."""
        related: Any = self._meta.get_field("profile")
        if not related.is_cached(self):
            profile = next(iter(_profiles(related.related_model)(pk=self.pk)), None)
            related.set_cached_value(self, profile)
            if profile:
                profile.user = self
        return getattr(self, "profile", None)


@cache
def _profiles(profiles: Any) -> CompiledInstanceQuery:
    """Return the query for the profile of a user, which each calculation with the user's current day needs."""
    return CompiledInstanceQuery(lambda values: profiles.objects.filter(user=values["pk"]), pk=UUID)
