"""Choices of the career models."""

from django.db import models


class SecurityLevel(models.TextChoices):
    VERY_SECURE = "very_secure"
    SECURE = "secure"
    MODERATE = "moderate"
    AT_RISK = "at_risk"
    HIGH_RISK = "high_risk"


class RiskLevel(models.TextChoices):
    LOW = "Low Risk", "Low Risk"
    MODERATE = "Moderate Risk", "Moderate Risk"
    ELEVATED = "Elevated Risk", "Elevated Risk"
    HIGH = "High Risk", "High Risk"
    CRITICAL = "Critical Risk", "Critical Risk"


class MilestoneType(models.TextChoices):
    PROMOTION = "promotion"
    RAISE = "raise"
    CERTIFICATION = "certification"
    EDUCATION = "education"
    SKILL_DEVELOPMENT = "skill_development"
    JOB_CHANGE = "job_change"


class MilestoneStatus(models.TextChoices):
    COMPLETED = "completed"
    OVERDUE = "overdue"
    ACHIEVED = "achieved"
    ON_TRACK = "on_track"
    IN_PROGRESS = "in_progress"
    JUST_STARTED = "just_started"


class Priority(models.TextChoices):
    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    NORMAL = "normal"
