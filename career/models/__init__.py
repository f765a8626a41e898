"""How safe a customer's work is, and where he wants it to go."""

from career.models.job_security import JobSecurityAnalysis
from career.models.milestones import CareerMilestone

__all__ = ["CareerMilestone", "JobSecurityAnalysis"]
