"""Playback of a history: requests and commands at chosen times, run within the emulator and stored all at once.

A step is `{"at": seconds, "name": "…", "given": {…}}` with one of `"post"`, `"get"` (a path of the API) and `"command"` (one of
`control_api`). Later steps insert the result of a named step: `"${ann:subscription}"` is the field `subscription` of the result
of the step `ann`, and `"${ann:items.data.0.id}"` the id of the first item.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from dev.stripe import ids
from dev.stripe.application import ApiRequest, Application
from dev.stripe.errors import ApiError
from dev.stripe.store import Store, write

Step = dict[str, Any]
REFERENCE = re.compile(r"\$\{([^}]+)\}")


def play(application: Application, commands: dict[str, Any], given: dict[str, Any]) -> Any:
    """Play `{steps, seed, ends, label}` on a stopped clock, which runs from `ends` on as the machine's.

    The same steps on the same account create the same ids. `label` is stored in the settings as `history`. After an error,
    the account is unusable until the emulator is started again, and its file is as before.
    """
    account = application.account
    results: dict[str, Any] = {}
    if account.settings["frozen"] is None:
        raise ValueError("stop the clock first: the history begins at the time at which it is stopped")
    with bulk(application.store), ids.seeded(given["seed"]):
        for step in given["steps"]:
            account.advance("", step["at"])
            results[step.get("name", "")] = run(application, commands, step, results)
        account.advance("", given["ends"])
        with application.store.transaction():
            account.settings.update(frozen=None, offset=0, history=given["label"])
    return {"steps": len(given["steps"])}


@contextmanager
def bulk(store: Store) -> Iterator[None]:
    """Write the transactions of the block to the file in one, at its end. After an error the file is as before."""
    with store.lock:
        database, store.database = store.database, None
        before = dict(store.rows)
        try:
            yield
        finally:
            store.database = database
        if database:
            write(database, {name: body for name, body in store.rows.items() if before.get(name) != body})


def run(application: Application, commands: dict[str, Any], step: Step, results: dict[str, Any]) -> Any:
    """Run a step and return its result. Raise ValueError, which names the step, if it is refused."""
    parameters = inserted(step.get("given", {}), results)
    if "command" in step:
        try:
            return commands[step["command"]](application, parameters)
        except ApiError as error:
            raise ValueError(f"{step}: {error}") from error
    method = "POST" if "post" in step else "GET"
    path = inserted(step[method.lower()], results)
    headers = {"authorization": f"Bearer {application.account.key}"}
    response = application.handle(ApiRequest(method, path, "", urlencode(list(flat(parameters))).encode(), headers))
    if response.status != 200:
        raise ValueError(f"{step}: {response.json['error']['message']}")
    return response.json


def inserted(value: Any, results: dict[str, Any]) -> Any:
    """Return a value with the results in place of the references in its texts."""
    if isinstance(value, dict):
        return {name: inserted(inner, results) for name, inner in value.items()}
    if isinstance(value, list):
        return [inserted(inner, results) for inner in value]
    return REFERENCE.sub(lambda found: str(looked_up(found[1], results)), value) if isinstance(value, str) else value


def looked_up(reference: str, results: dict[str, Any]) -> Any:
    name, _, path = reference.partition(":")
    found = results[name]
    for part in path.split("."):
        found = found[int(part)] if isinstance(found, list) else found[part]
    return found


def flat(value: Any, name: str = "") -> Iterable[tuple[str, str]]:
    """Yield nested parameters as form fields: `items[0][price]`."""
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in pairs:
            yield from flat(inner, f"{name}[{key}]" if name else str(key))
    else:
        yield name, {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
