"""The shop's own table."""

from django.db import models


class Enquiry(models.Model):
    """What somebody asked for, and the lead that it became."""

    email = models.EmailField()
    company = models.CharField(max_length=200, blank=True)
    question = models.TextField()
    lead = models.CharField(max_length=40, editable=False)
