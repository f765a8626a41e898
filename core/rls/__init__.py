"""Row-level security: the database role that statements run as, and the checks that the policies are in force."""

from core.rls.roles import (
    APPLIED_ATTRIBUTE,
    SET_CONTEXT_SQL,
    SETTING_NAMES,
    apply_context,
    as_accounts,
    as_customer,
    as_login_role,
    as_staff,
    install_execute_wrapper,
    iterate_in_context,
    pending_context,
    setting_values,
)

__all__ = [
    "APPLIED_ATTRIBUTE",
    "SET_CONTEXT_SQL",
    "SETTING_NAMES",
    "as_accounts",
    "as_customer",
    "apply_context",
    "as_staff",
    "install_execute_wrapper",
    "iterate_in_context",
    "as_login_role",
    "setting_values",
    "pending_context",
]
