"""The addresses of reviews."""

from django.urls import path

from windows.reviews.api import Measures, OneMeasure

api = [path("measures", Measures.as_view()), path("measures/<slug:measure_id>", OneMeasure.as_view())]
