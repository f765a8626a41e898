"""Tests of delta sync, `GET /api/v1/changes/`."""
