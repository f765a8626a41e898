"""The table of docs/privacy.md, made from the policies."""

from core.privacy.declarations import Erase, Privacy, Restore
from users.privacy.policies import LIBRARIES, declared, stated

ERASED = {Erase.DELETE: "deleted", Erase.ANONYMIZE: "anonymised", Erase.KEEP: "kept"}
RESTORED = {Restore.OWNER: "the customer", Restore.OPERATOR: "an operator", Restore.NEVER: "nobody"}


def line(label: str, policy: Privacy) -> str:
    left_out = f", without {', '.join(policy.withheld)}" if policy.withheld else ""
    exported = f"yes{left_out}" if policy.export else "no"
    brought = RESTORED[policy.restore] if policy.export else "-"
    return f"| {label} | {exported} | {brought} | {ERASED[policy.erase]} | {policy.because} |"


def table() -> str:
    """One line a model, in the order of their names; models of libraries too, whether they are installed or not."""
    policies = {model._meta.label: stated(model) for model in declared()} | LIBRARIES
    head = ["| Model | In the export | Brought back by | At erasure | Why |", "|---|---|---|---|---|"]
    return "\n".join([*head, *(line(label, policies[label]) for label in sorted(policies))])
