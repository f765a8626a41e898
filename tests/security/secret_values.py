"""Values that must not occur in responses, logs or dumps."""

NUMBER = "60414243444546"
PERSON = "very.private+person@example.org"
BODY = '{"password": "a-password-in-a-body"}'
TEXT = "a name of an account that only its owner knows"
