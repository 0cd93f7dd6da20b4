"""The addresses of incidents and complaints."""

from django.urls import path

from windows.incidents.api.complaints import Complaints, ComplaintsFromCsv, ComplaintsFromMail
from windows.incidents.api.incidents import EndIncident, Incidents, LinkIncident, OneIncident, UnlinkIncident
from windows.incidents.views.complaints import complaint_list
from windows.incidents.views.incidents import end_page, incident_list, incident_page, link_page, new_incident

api = [
    path("incidents", Incidents.as_view()),
    path("incidents/<int:incident_id>", OneIncident.as_view()),
    path("incidents/<int:incident_id>/end", EndIncident.as_view()),
    path("incidents/<int:incident_id>/link", LinkIncident.as_view()),
    path("incidents/<int:incident_id>/unlink", UnlinkIncident.as_view()),
    path("complaints", Complaints.as_view()),
    path("complaints-from-csv", ComplaintsFromCsv.as_view()),
    path("complaints-from-mail", ComplaintsFromMail.as_view()),
]
pages = [
    path("incidents/", incident_list, name="incidents"),
    path("incidents/new", new_incident, name="new-incident"),
    path("incidents/<int:incident_id>", incident_page, name="incident"),
    path("incidents/<int:incident_id>/end", end_page, name="end-incident"),
    path("incidents/<int:incident_id>/link", link_page, name="link-incident"),
    path("complaints/", complaint_list, name="complaints"),
]
