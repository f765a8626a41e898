"""The account API under `/_allauth/`: django-allauth's headless API, and views of our own where MINGUS does something else."""
