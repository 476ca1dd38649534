"""A contact form whose enquiry and lead are both there, or neither."""

from collections.abc import Callable

from django import forms
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render

import leadflow
from leadflow.errors import LeadflowError
from shop.models import Enquiry

ATTEMPTS = 5


class EnquiryForm(forms.ModelForm):
    """What the page asks for."""

    class Meta:
        model = Enquiry
        fields = ("email", "company", "question")


def contact(request: HttpRequest) -> HttpResponse:
    """The page."""
    form = EnquiryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        in_transaction(lambda: take(form))
        return redirect("contact")
    return render(request, "shop/contact.html", {"form": form})


def take(form: EnquiryForm) -> None:
    """One enquiry, and its lead, within the transaction that is open."""
    answer = leadflow.join(connection).submit(
        "demo-request", {"email": form.cleaned_data["email"], "company": form.cleaned_data["company"]}
    )
    enquiry = form.save(commit=False)
    enquiry.lead = answer.lead or ""
    enquiry.save()
    reserve(enquiry)


def reserve(enquiry: Enquiry) -> None:
    """Whatever else the shop does about it; when it fails, nothing has happened."""


def in_transaction(work: Callable[[], None]) -> None:
    """Do it in one transaction; all of it again when somebody else was faster."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                work()
            return
        except LeadflowError as error:
            if not error.retryable or attempt == ATTEMPTS:
                raise


@transaction.atomic
def leads(request: HttpRequest) -> JsonResponse:
    """Who to call first."""
    found = leadflow.join(connection).leads(order_by="-updated_at", limit=50)
    return JsonResponse({"leads": [{"id": each.lead.id, "stage": each.lead.stage} for each in found]})
