"""The table of docs/privacy.md, generated from the policies."""

from core.privacy.declarations import Erase, Privacy, Restore
from users.privacy.policies import LIBRARIES, models_with_policy, policy_of

ERASED = {Erase.DELETE: "deleted", Erase.ANONYMIZE: "anonymized", Erase.KEEP: "retained"}
RESTORED = {Restore.OWNER: "the customer", Restore.OPERATOR: "an operator", Restore.NEVER: "not imported"}


def line(label: str, policy: Privacy) -> str:
    left_out = f", without {', '.join(policy.withheld)}" if policy.withheld else ""
    exported = f"yes{left_out}" if policy.export else "no"
    imported = RESTORED[policy.restore] if policy.export else "-"
    return f"| {label} | {exported} | {imported} | {ERASED[policy.erase]} | {policy.reason} |"


def table() -> str:
    """Return the table with one line for each model, sorted by name, including models of libraries."""
    policies = {model._meta.label: policy_of(model) for model in models_with_policy()} | LIBRARIES
    head = ["| Model | In the export | Imported by | At erasure | Why |", "|---|---|---|---|---|"]
    return "\n".join([*head, *(line(label, policies[label]) for label in sorted(policies))])
