"""Violations of the constraints of users' tables, in SQL and through the API."""

from typing import Any

from django.db.models import F

from core.models.base import IdempotencyKey
from users.models import (
    AccountErasure,
    Approval,
    DataExport,
    DataExportChunk,
    Impersonation,
    LoginCounter,
    OnboardingProgress,
    PersonalAccessToken,
    Upload,
    UploadChunk,
    User,
    UserProfile,
    UserSession,
    WebhookAttempt,
    WebhookEndpoint,
    WebhookMessage,
)

VIOLATIONS: dict[str, tuple[Any, dict[str, Any], dict[str, Any] | None]] = {
    "core_idempotencykey_key_unique": (IdempotencyKey, {"key": "=other"}, None),  # the API replays the response
    "users_user_email_lower": (User, {"email": "Alice@Example.com"}, None),  # the API converts an email to lower case
    "users_user_new_email_expires": (User, {"new_email": "new@example.com"}, None),  # only a requested change sets both
    "users_user_login_attempts_bounds": (User, {"login_attempts": -1}, None),  # only the login counts them
    "users_user_last_totp_step_bounds": (User, {"last_totp_step": -1}, None),
    "users_logincounter_attempts_bounds": (LoginCounter, {"attempts": 0}, None),
    "users_logincounter_source_unique": (LoginCounter, {"account": "=other", "source": "=other"}, None),
    "users_userprofile_first_name_trimmed": (UserProfile, {"first_name": "x "}, {"first_name": ""}),
    "users_userprofile_last_name_trimmed": (UserProfile, {"last_name": " x"}, {"last_name": ""}),
    "users_userprofile_zip_code_us": (UserProfile, {"zip_code": "1000"}, {"zip_code": "1000"}),
    "users_userprofile_zip_code_trimmed": (UserProfile, {"zip_code": " ", "country": "DE"}, {"zip_code": "", "country": "DE"}),
    "users_userprofile_date_of_birth_past": (UserProfile, {"date_of_birth": "2199-01-01"}, {"date_of_birth": "2199-01-01"}),
    "users_userprofile_phone_number_e164": (UserProfile, {"phone_number": "555-0123"}, {"phone_number": "555-0123"}),
    "users_userprofile_timezone_iana": (UserProfile, {"timezone": "Sea/Atlantis"}, {"timezone": "localtime"}),
    "users_userprofile_currency_iso_4217": (UserProfile, {"currency": "usd"}, {"currency": "usd"}),
    "users_userprofile_locale_bcp_47": (UserProfile, {"locale": "de_AT"}, {"locale": "de_AT"}),
    "users_userprofile_first_day_of_week_choice": (
        UserProfile,
        {"first_day_of_week": "friday"},
        {"first_day_of_week": "friday"},
    ),
    "users_userprofile_country_iso_3166": (UserProfile, {"country": "us"}, {"country": "us"}),
    "users_userprofile_dependents_bounds": (UserProfile, {"dependents": -1}, {"dependents": -1}),
    "users_userprofile_household_size_bounds": (UserProfile, {"household_size": 0}, {"household_size": 0}),
    "users_userprofile_annual_income_bounds": (UserProfile, {"annual_income": "-0.01"}, {"annual_income": "-0.01"}),
    "users_userprofile_years_of_experience_bounds": (UserProfile, {"years_of_experience": -1}, {"years_of_experience": -1}),
    "users_userprofile_marital_status_choice": (UserProfile, {"marital_status": "odd"}, {"marital_status": "odd"}),
    "users_userprofile_employment_status_choice": (UserProfile, {"employment_status": "busy"}, {"employment_status": "busy"}),
    "users_userprofile_education_level_choice": (UserProfile, {"education_level": "some"}, {"education_level": "some"}),
    "users_userprofile_company_size_choice": (UserProfile, {"company_size": "0"}, {"company_size": "0"}),
    "users_userprofile_risk_tolerance_choice": (UserProfile, {"risk_tolerance": ""}, {"risk_tolerance": ""}),
    "users_userprofile_naics_code_sector": (UserProfile, {"naics_code": "99"}, {"naics_code": "99"}),
    "users_userprofile_financial_goals_shape": (UserProfile, {"financial_goals": {}}, {"financial_goals": {}}),
    "users_userprofile_preferences_shape": (UserProfile, {"preferences": []}, {"preferences": []}),
    "users_onboardingprogress_step_name_unique": (OnboardingProgress, {"step_name": "=other"}, {"step_name": "=other"}),
    "users_onboardingprogress_step_name_not_blank": (OnboardingProgress, {"step_name": ""}, {"step_name": ""}),
    "users_onboardingprogress_step_order_bounds": (OnboardingProgress, {"step_order": 0}, {"step_order": 0}),
    "users_onboardingprogress_completed_at_matches_is_completed": (
        OnboardingProgress,
        {"is_completed": True},
        {"completed_at": "2026-01-01T00:00:00Z"},
    ),
    "users_onboardingprogress_step_data_shape": (OnboardingProgress, {"step_data": []}, {"step_data": []}),
    "users_usersession_data_ended": (UserSession, {"digest": None, "data": "x"}, None),  # only the session store writes it
    "users_personalaccesstoken_name_not_blank": (PersonalAccessToken, {"name": ""}, None),  # see test_tokens.py
    "users_personalaccesstoken_scope_choice": (PersonalAccessToken, {"scope": "admin"}, None),  # the same
    # exports, uploads and erasures: a customer requests one, and jobs write all columns
    "users_dataexport_state_choice": (DataExport, {"state": "odd"}, None),
    "users_dataexport_progress_bounds": (DataExport, {"progress": 101}, None),
    "users_dataexport_state_one_under_way": (DataExport, {"user_id": "=other", "state": "running"}, None),
    "users_dataexportchunk_number_unique": (DataExportChunk, {"number": "=other", "export_id": "=other"}, None),
    "users_dataexportchunk_number_bounds": (DataExportChunk, {"number": -1}, None),
    "users_upload_kind_choice": (Upload, {"kind": "odd"}, None),
    "users_upload_status_choice": (Upload, {"status": "odd"}, None),
    "users_upload_progress_bounds": (Upload, {"progress": 101}, None),
    "users_upload_attempts_bounds": (Upload, {"attempts": -1}, None),
    "users_webhookendpoint_name_not_blank": (WebhookEndpoint, {"name": " x"}, None),  # see tests/webhooks/test_api.py
    "users_webhookendpoint_url_https": (WebhookEndpoint, {"url": "http://hooks.example.com/"}, None),
    "users_webhookendpoint_event_types_shape": (WebhookEndpoint, {"event_types": {}}, None),
    "users_webhookendpoint_disabled_reason_choice": (WebhookEndpoint, {"disabled_reason": "odd", "is_enabled": False}, None),
    "users_webhookendpoint_disabled_reason_disabled": (WebhookEndpoint, {"disabled_reason": "gone"}, None),
    "users_webhookmessage_position_unique": (WebhookMessage, {"position": "=other", "endpoint_id": "=other"}, None),
    "users_webhookmessage_status_choice": (WebhookMessage, {"status": "odd"}, None),
    "users_webhookmessage_attempt_count_bounds": (WebhookMessage, {"attempt_count": -1}, None),
    "users_webhookmessage_next_attempt_at_pending": (WebhookMessage, {"status": "pending"}, None),
    "users_webhookattempt_response_status_bounds": (WebhookAttempt, {"response_status": 99}, None),
    "users_webhookattempt_error_choice": (WebhookAttempt, {"error": "odd"}, None),
    "users_webhookattempt_duration_ms_bounds": (WebhookAttempt, {"duration_ms": -1}, None),
    "users_uploadchunk_number_unique": (UploadChunk, {"number": "=other", "upload_id": "=other"}, None),
    "users_uploadchunk_number_bounds": (UploadChunk, {"number": -1}, None),
    "users_accounterasure_finished_at_one_under_way": (AccountErasure, {"user_id": "=other", "finished_at": None}, None),
    "users_accounterasure_requested_by_choice": (AccountErasure, {"requested_by": "odd"}, None),
    "users_accounterasure_rows_deleted_bounds": (AccountErasure, {"rows_deleted": -1}, None),
    # an impersonation starts only by a button of the back office
    "users_impersonation_reason_not_blank": (Impersonation, {"reason": " "}, None),
    # approvals are written only by the back office
    "users_approval_action_choice": (Approval, {"action": "odd"}, None),
    "users_approval_state_choice": (Approval, {"state": "odd"}, None),
    "users_approval_reason_not_blank": (Approval, {"reason": " "}, None),
    "users_approval_decided_by_a_second_person": (
        Approval,
        {"state": "approved", "decided_at": "2026-01-01T00:00:00Z", "decided_by_id": F("requested_by_id")},
        None,
    ),
    "users_approval_decided_at_matches_state": (Approval, {"state": "approved"}, None),
    "users_approval_action_one_waiting": (Approval, {"user_id": "=other", "subject_id": "=other"}, None),
    "users_impersonation_ends_at_later": (Impersonation, {"ends_at": "2020-01-01T00:00:00Z"}, None),
}
