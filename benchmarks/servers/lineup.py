"""The entrants of each part: MINGUS by each credential, the checkout of e81ec44, and the other frameworks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.servers.builds import OURS, PLAIN, PLAIN_WITHOUT_SQL
from benchmarks.servers.entrants import COOKIE, SESSION, TOKEN, Credential, Entrant, Population, unchanged
from benchmarks.servers.load import Replay
from benchmarks.servers.peers.commands import NAMES
from benchmarks.servers.processes import Server

BASE = "e81ec44"
CREDENTIALS = (TOKEN, SESSION, COOKIE)
Made = Callable[[Population, Credential], Replay]


@dataclass(frozen=True, slots=True)
class Lineup:
    """The users of today's database, which all other frameworks share, and those of the checkout's, if there is one."""

    ours: Population
    base: Population | None

    def lists(self) -> list[Entrant]:
        return [*self._peers(Population.lists), *self._both(Population.lists, CREDENTIALS)]

    def ablation(self) -> list[Entrant]:
        """Return the lists without the compiled path, and without the serialization in SQL too."""
        return [
            entrant
            for server in (PLAIN, PLAIN_WITHOUT_SQL)
            for entrant in by_credential(server, self.ours, Population.lists, CREDENTIALS)
        ]

    def objects(self) -> list[Entrant]:
        return [*self._peers(Population.objects), *self._both(Population.objects, CREDENTIALS)]

    def posts(self) -> list[Entrant]:
        """Return POST for all, and with an Idempotency-Key for those who support it."""
        keyed = Entrant(f"{OURS}, token, Idempotency-Key", OURS, self.ours.posts_with_key(TOKEN))
        entrants = [*self._peers(Population.posts), *self._both(Population.posts, (TOKEN, SESSION)), keyed]
        if self.base:
            entrants.append(Entrant(f"{BASE}, token, Idempotency-Key", BASE, self.base.posts_with_key(TOKEN), True))
        return entrants

    def patches(self) -> list[Entrant]:
        """Return PATCH with If-Match, which only MINGUS supports."""
        return self._both(Population.patches, (TOKEN, SESSION))

    def unchanged(self, servers: Mapping[str, Server]) -> list[Entrant]:
        """Return lists with and without the tag of what the caller has; none if lists have no tags."""
        pairs = []
        for credential in CREDENTIALS:
            lists = self.ours.lists(credential)
            known = unchanged(servers[OURS], lists)
            if known is None:
                return []
            name = f"{OURS}, {credential.name}"
            pairs += [Entrant(name, OURS, lists), Entrant(f"{name}, 304", OURS, known)]
        return pairs

    def _peers(self, made: Made) -> list[Entrant]:
        replay = made(self.ours, TOKEN)
        return [Entrant(name, name, replay) for name in NAMES]

    def _both(self, made: Made, credentials: Sequence[Credential]) -> list[Entrant]:
        base = by_credential(BASE, self.base, made, credentials, has_other_keys=True) if self.base else []
        return [*by_credential(OURS, self.ours, made, credentials), *base]


def by_credential(
    server: str, population: Population, made: Made, credentials: Sequence[Credential], *, has_other_keys: bool = False
) -> list[Entrant]:
    """Return an entrant for each credential."""
    return [
        Entrant(f"{server}, {credential.name}", server, made(population, credential), has_other_keys)
        for credential in credentials
    ]
