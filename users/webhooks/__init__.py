"""Webhooks: HTTP requests to a user's programs when the user's data has changed, as Standard Webhooks specifies.

- `objects` names the kinds of objects whose changes are sent, `outbox` writes a message for each committed change.
- `delivery` sends the messages that are due, with `signatures` and `sender`, which connects to `addresses` that are public.
- `endpoints` has the actions of users on their endpoints.
"""
