"""One form, and who to call."""

from django.urls import path
from shop import views

urlpatterns = [path("", views.contact, name="contact"), path("leads/", views.leads, name="leads")]
