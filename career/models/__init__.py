"""Models of job security analyses and career milestones."""

from career.models.job_security import JobSecurityAnalysis
from career.models.milestones import CareerMilestone

__all__ = ["CareerMilestone", "JobSecurityAnalysis"]
